"""Bad input on a real broker: each kind comes out as a dead letter with every byte, and the next record is served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.client import AIOKafkaClient

from stream.adapters.kafka_fetch import read_again
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import KafkaProducer
from stream.ports import Message, Record
from stream.wire.instant import to_text
from stream.wire.placing import partition_of
from tests.brokers.kafka_broker import KafkaBroker
from tests.e2e.outside import Address
from tests.e2e.running import Command
from tests.e2e.site import Site
from tests.fake_log import FakeLog
from tests.histories import DAY_MS, START_MS
from tests.laws.letters import reasons
from tests.laws.test_bad_input import BAD
from tests.redis_server import RedisServer
from tests.town import TOPICS, memberships

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.redis]

MINE = ("mine", b"\x00kept")
LARGE = b'{"event_id":"' + b"x" * 20_000_000 + b'"}'
CASES = {**BAD, "twenty MB in a small batch": ("too_large", LARGE, ())}


@dataclass(frozen=True)
class Aftermath:
    """What the topics hold after every bad record was served, and where each of them was."""

    site: Site
    log: FakeLog
    places: dict[str, tuple[int, int]]
    """Partition and offset by case."""

    def letter(self, case: str) -> Record:
        """Return the one dead letter of a case."""
        partition, offset = self.places[case]
        told = [(reasons(each), each) for each in self.log.all(TOPICS.dead_letters)]
        (found,) = (each for why, each in told if (why["partition"], why["offset"]) == (str(partition), str(offset)))
        return found


def good(case: str, partition: int) -> dict[str, Any]:
    """Return a good event whose customer belongs to a partition."""
    names = (f"{case}-{n}" for n in range(1_000))
    customer_id = next(each for each in names if partition_of(each, 4) == partition)
    return {"event_id": f"good {case}", "customer_id": customer_id, "name": "product_viewed"}


def records() -> Iterator[tuple[str, Address, Address]]:
    """Yield every case with its bad record and the good one behind it."""
    for number, (case, (_, value, headers)) in enumerate(CASES.items()):
        partition = number % 4
        bad = partition, (b"its key", value, [MINE, *headers], START_MS)
        yield case, bad, served(case, partition)
    home = partition_of("c-1", 4)
    stray = json.dumps({"event_id": "stray", "customer_id": "c-1", "name": "product_viewed"}).encode()
    away = (home + 1) % 4
    yield "a record of another partition", (away, (b"its key", stray, [MINE], START_MS)), served("stray", away)


def served(case: str, partition: int) -> Address:
    """Return the good record behind a case."""
    return partition, (b"k", json.dumps(good(case, partition)).encode(), [], START_MS + 1)


@pytest.fixture(scope="module")
def aftermath(kafka_node: KafkaBroker, redis_node: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Aftermath:
    """Write everything, let a worker serve it, and read what it left."""
    site = Site(kafka_node.bootstrap, redis_node.url, tmp_path_factory.mktemp("bad")).open()
    places: dict[str, tuple[int, int]] = {}
    ends = dict.fromkeys(range(4), 0)
    written: list[Address] = []
    for case, bad, after in records():
        places[case] = bad[0], ends[bad[0]]
        ends[bad[0]] += 2
        written += [bad, after]
    # a producer that compresses gets far more than a MiB past the broker's limit; one record in a batch keeps the order
    options = {"compression.type": "gzip", "message.max.bytes": 50_000_000, "batch.num.messages": 1}
    site.outside.write(site.topics.events, written, **options)
    with Command(site.environment(), site.folder / "worker.log") as worker:
        site.settle(worker)
        assert worker.stop() == 0
        assert "Traceback" not in worker.said
    return Aftermath(site, site.dump(), places)


@pytest.mark.parametrize("case", [*CASES, "a record of another partition"])
def test_a_dead_letter_carries_the_reason_and_every_byte(aftermath: Aftermath, case: str) -> None:
    code, value, headers = CASES.get(case, ("misrouted", None, ()))
    letter = aftermath.letter(case)
    partition, offset = aftermath.places[case]
    source = aftermath.log.logs[TOPICS.events, partition][offset]
    assert source.value == value or case not in CASES
    assert (letter.key, letter.value) == (source.key, source.value)
    assert letter.headers[: len(source.headers)] == source.headers == (MINE, *headers)
    told = reasons(letter)
    assert told.pop("message")
    assert told == {
        "stage": "worker",
        "code": code,
        "topic": aftermath.site.topics.events,
        "partition": str(partition),
        "offset": str(offset),
        "at": to_text(START_MS),
    }
    after = json.loads(aftermath.log.logs[TOPICS.events, partition][offset + 1].value or b"")
    assert memberships(aftermath.log)[after["customer_id"]]["memberships"]["lifecycle"]["segment"] == "prospect"


NAME = b"na\xffme".decode(errors="surrogateescape")


def test_a_header_name_that_is_no_text_is_in_the_letter_byte_for_byte(real_site: Site, tmp_path: Path) -> None:
    """Written and read past the clients, which raise on such a name (and so does the outside one)."""
    address = served("behind a name", 0)
    bad: Message = (b"its key", b"\x00\xff", [MINE, (NAME, b"\x00")], START_MS)
    asyncio.run(write(real_site, [bad, address[1]]))
    with Command(real_site.environment(), tmp_path / "log") as worker:
        real_site.settle(worker)
        assert worker.stop() == 0
    letter = asyncio.run(first_letter(real_site))
    assert (letter.key, letter.value, letter.headers[:2]) == (b"its key", b"\x00\xff", (MINE, (NAME, b"\x00")))
    assert (reasons(letter)["code"], reasons(letter)["offset"]) == ("header", "0")
    customer_id = good("behind a name", 0)["customer_id"]
    assert memberships_of(real_site)[customer_id]["memberships"]["lifecycle"]["segment"] == "prospect"


async def write(site: Site, messages: list[Message]) -> None:
    """Write these records to the first partition."""
    producer = KafkaProducer(KafkaOptions(site.bootstrap))
    await producer.start()
    await producer.send_batch(site.topics.events, 0, messages)
    await producer.stop()


async def first_letter(site: Site) -> Record:
    """Return the first dead letter of the first partition."""
    client = AIOKafkaClient(bootstrap_servers=site.bootstrap)
    await client.bootstrap()
    await client.set_topics([site.topics.dead_letters])
    place = TopicPartition(site.topics.dead_letters, 0)
    records, _, error = await read_again(client, place, 0, KafkaOptions(site.bootstrap))
    await client.close()
    assert error is None
    return records[0]


def memberships_of(site: Site) -> dict[str, Any]:
    """Return the memberships that the topic holds."""
    read = site.outside.read(site.topics.membership, site.partitions)
    return {(each.key or b"").decode(): json.loads(each.value or b"") for some in read.values() for each in some}


def test_a_stamp_five_years_ahead_ages_nobody_else(real_site: Site, tmp_path: Path) -> None:
    first, other = good("first", 0), good("other", 0)
    when = START_MS, START_MS + 5 * 365 * DAY_MS, START_MS + DAY_MS
    told = first, other, {**first, "event_id": "next"}
    lines: list[Address] = [(0, (b"k", json.dumps(each).encode(), [], at)) for each, at in zip(told, when, strict=True)]
    real_site.outside.write(real_site.topics.events, lines)
    with Command(real_site.environment(), tmp_path / "log") as worker:
        real_site.settle(worker)
        assert worker.stop() == 0
    held = memberships(real_site.dump())
    assert held[first["customer_id"]]["memberships"]["lifecycle"] == {"segment": "prospect", "since": to_text(START_MS)}
    assert [head.tick_ms for head in real_site.heads()] == [0, 0, 0, 0]
