"""The broker is killed, stopped and frozen under load: nothing is lost, doubled or out of order."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence

import pytest

from stream.adapters.kafka_producer import KafkaProducer
from stream.errors import UnavailableError
from stream.ports import Record
from tests.brokers.fixtures import Log
from tests.brokers.kafka_broker import KafkaBroker
from tests.brokers.member import Notebook, member, numbered, write

pytestmark = [pytest.mark.kafka, pytest.mark.faults]

PARTITIONS = 4
SLICE = 25


class Relay:
    """What the service's relay does: one slice in flight, and after any failure the same slice under a new claim."""

    def __init__(self, producer: KafkaProducer, topic: str) -> None:
        self.producer = producer
        self.topic = topic
        self.claim: object | None = None
        self.failures = 0

    def start(self, partition: int, values: Sequence[bytes]) -> asyncio.Task[None]:
        """Publish in the background."""
        return asyncio.create_task(self.publish(partition, values))

    async def publish(self, partition: int, values: Sequence[bytes]) -> None:
        """Publish slice by slice until all are acknowledged; a repeated slice is possible, a lost one is not."""
        for start in range(0, len(values), SLICE):
            await self._publish_slice(partition, values[start : start + SLICE])

    async def _publish_slice(self, partition: int, values: Sequence[bytes]) -> None:
        while True:
            try:
                self.claim = self.claim or await self.producer.claim(partition)
                told = {self.topic: [(b"k", value, [], 1) for value in values]}
                await self.producer.publish(partition, told, self.claim)
            except UnavailableError:
                self.claim = None
                self.failures += 1
                await asyncio.sleep(0.1)
            else:
                return


async def strike(broker: KafkaBroker, how: str) -> None:
    """Hit the broker and bring it back."""
    if how == "freeze":
        broker.freeze()
        await asyncio.sleep(8)
        broker.thaw()
        return
    await asyncio.to_thread(broker.kill if how == "kill" else broker.stop)
    await asyncio.to_thread(broker.restart)


@pytest.mark.parametrize("how", ["kill", "stop", "freeze"])
async def test_nothing_is_lost_while_the_broker_is_away(mortal_kafka: KafkaBroker, how: str) -> None:
    log = Log(mortal_kafka.bootstrap, is_real=True)
    topic = await log.topic(PARTITIONS)
    options = log.options(topic, request_timeout_ms=6_500)
    values = {partition: [b"%d/%05d" % (partition, n) for n in range(3_000)] for partition in range(PARTITIONS)}
    notebook = Notebook()
    relays = [Relay(KafkaProducer(options), topic) for _ in values]
    for relay in relays:
        await relay.producer.start()
    async with member(options, notebook):
        await notebook.until(lambda: len(notebook.owned) == PARTITIONS)  # or all is written before anything is read
        publishing = [relay.start(partition, values[partition]) for partition, relay in enumerate(relays)]
        await notebook.until(lambda: notebook.count > 500)
        assert not any(each.done() for each in publishing), "a relay was done before the broker was struck"
        await strike(mortal_kafka, how)
        await asyncio.gather(*publishing)
        await notebook.until(lambda: all(ends_with(notebook.kept[p], own[-1]) for p, own in values.items()))
    for relay in relays:
        await relay.producer.stop()
    for partition, own in values.items():
        records = notebook.kept[partition]
        assert [record.offset for record in records] == list(range(len(records))), "each offset once, in order"
        assert first_occurrences(records) == own, "all values, the first occurrences in the order they were sent"


def first_occurrences(records: Sequence[Record]) -> list[bytes]:
    """Return the values without repeats: what a reader with a sequence test keeps."""
    return list(dict.fromkeys(record.value or b"" for record in records))


def ends_with(records: Sequence[Record], value: bytes) -> bool:
    """Return whether this value is the last one kept."""
    return bool(records) and records[-1].value == value


@pytest.mark.parametrize("how", ["kill", "freeze"])
@pytest.mark.timeout(120)
async def test_a_worker_stops_also_when_the_broker_is_away(mortal_kafka: KafkaBroker, how: str) -> None:
    """Its goodbye cannot be said; a stop that hangs until the supervisor kills would look like a crash."""
    log = Log(mortal_kafka.bootstrap, is_real=True)
    topic = await log.topic(PARTITIONS)
    notebook = Notebook()
    async with member(log.options(topic), notebook):
        await write(log, topic, numbered(100))
        await notebook.until(lambda: notebook.count == 100)
        if how == "kill":
            mortal_kafka.kill()
        else:
            mortal_kafka.freeze()
    assert notebook.owned == set()


async def test_a_worker_frozen_longer_than_its_session_loses_its_partitions_and_takes_them_again(
    mortal_kafka: KafkaBroker,
) -> None:
    """The handler's position is the truth for both owners, so nothing is lost or doubled in between."""
    log = Log(mortal_kafka.bootstrap, is_real=True)
    topic = await log.topic(PARTITIONS)
    state = Notebook()
    async with member(log.options(topic), state):
        frozen = await asyncio.create_subprocess_exec(
            sys.executable, "-c", NEIGHBOUR, log.bootstrap, topic, stdout=PIPE
        )
        assert frozen.stdout is not None
        await frozen.stdout.readline()
        await state.until(lambda: len(state.owned) == 2)
        frozen.send_signal(signal.SIGSTOP)
        await state.until(lambda: len(state.owned) == PARTITIONS)
        frozen.send_signal(signal.SIGCONT)
        await state.until(lambda: len(state.owned) == 2)
        frozen.terminate()
        await frozen.communicate()


NEIGHBOUR = """
import asyncio, sys
from stream.adapters.kafka import events_app, serve
from stream.adapters.kafka_options import KafkaOptions

class Idle:
    async def assigned(self, partition, log_start, log_end):
        print(partition, flush=True)
        return log_start
    async def revoked(self, partitions):
        pass
    async def records(self, partition, records):
        pass
    def position(self, partition):
        return 0

async def main():
    limits = {"session_timeout_ms": 2_000, "heartbeat_ms": 500}
    options = KafkaOptions(sys.argv[1], topic=sys.argv[2], group="group-" + sys.argv[2], **limits)
    await serve(events_app(options, Idle()), asyncio.Event())

asyncio.run(main())
"""
