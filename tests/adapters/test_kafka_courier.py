"""The courier by itself: what goes together, what is tried again, and who is told what, on a cluster in memory."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import (
    DuplicateSequenceNumber,
    InvalidProducerEpoch,
    KafkaError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    ProducerClosed,
    RequestTimedOutError,
)
from aiokafka.protocol.produce import ProduceRequest_v7
from structlog.testing import capture_logs

from stream.adapters import kafka_courier
from stream.adapters.kafka_courier import Courier

A0, A1, B0 = TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)
SILENT = -1
"""As an answer: the partition is not in it."""


@dataclass
class Brokers:
    """Nodes that note what they are asked to write; `faults` says what becomes of the next requests."""

    leaders: dict[TopicPartition, int | None] = field(default_factory=lambda: {A0: 1, A1: 1, B0: 1})
    faults: deque[type[KafkaError] | dict[TopicPartition, int]] = field(default_factory=deque)
    asked: list[tuple[int, dict[TopicPartition, bytes]]] = field(default_factory=list)
    refreshed: int = 0
    on_refresh: dict[TopicPartition, int] = field(default_factory=dict)
    on_asked: Callable[[], None] = lambda: None
    held: asyncio.Event | None = None

    @property
    def cluster(self) -> Brokers:
        return self

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return {each.partition for each in self.leaders if each.topic == topic} or None

    def leader_for_partition(self, place: TopicPartition) -> int | None:
        return self.leaders[place]

    def force_metadata_update(self) -> None:
        self.refreshed += 1
        self.leaders |= self.on_refresh

    async def _maybe_wait_metadata(self) -> None:
        await asyncio.sleep(0)

    async def send(self, node: int, request: Any) -> Any:
        topics = request.build(ProduceRequest_v7).topics
        asked = {TopicPartition(topic, number): written for topic, told in topics for number, written in told}
        self.asked.append((node, asked))
        self.on_asked()
        if self.held is not None:
            await self.held.wait()
        fault = self.faults.popleft() if self.faults else {}
        if isinstance(fault, type):
            raise fault("on the way")
        answers = [(place.topic, [(place.partition, fault.get(place, 0), 5, -1, 0)]) for place in asked]
        return SimpleNamespace(topics=[each for each in answers if each[1][0][1] != SILENT])


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_courier, "RETRY_S", 0.0)


def carried(courier: Courier, *batches: tuple[TopicPartition, bytes]) -> asyncio.Task[None]:
    return asyncio.create_task(courier.carry(batches))


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_all_that_waits_for_a_node_goes_in_one_request_and_one_at_a_time() -> None:
    brokers = Brokers({A0: 1, A1: 2, B0: 1}, held=asyncio.Event())
    courier = Courier(brokers, 1_000)
    both = [carried(courier, (A0, b"1"), (B0, b"2")), carried(courier, (A1, b"3"))]
    await turns()
    first = [(1, {A0: b"1", B0: b"2"}), (2, {A1: b"3"})]
    assert brokers.asked == first
    brokers.leaders = {A0: 1, A1: 1, B0: 1}
    later = [carried(courier, (TopicPartition("b", 1), b"4")), carried(courier, (A1, b"5"))]
    brokers.leaders[TopicPartition("b", 1)] = 1
    await turns()
    assert brokers.asked == first, "a second request to a node that has not answered the first"
    assert brokers.held is not None
    brokers.held.set()
    await asyncio.gather(*both, *later)
    assert brokers.asked == [*first, (1, {TopicPartition("b", 1): b"4", A1: b"5"})]


async def test_one_partition_has_one_batch_in_a_request_and_keeps_their_order() -> None:
    brokers = Brokers()
    courier = Courier(brokers, 1_000)
    await asyncio.gather(carried(courier, (A0, b"1")), carried(courier, (A0, b"2"), (B0, b"3")))
    assert brokers.asked == [(1, {A0: b"1", B0: b"3"}), (1, {A0: b"2"})]


async def test_a_request_is_not_larger_than_a_broker_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_courier, "MOST_BYTES", 4)
    brokers = Brokers()
    courier = Courier(brokers, 1_000)
    await asyncio.gather(
        carried(courier, (A0, b"11"), (A1, b"22"), (B0, b"33333")),
        carried(courier, (B0, b"4")),
        carried(courier, (A0, b"5")),
    )
    assert [asked for _, asked in brokers.asked] == [{A0: b"11", A1: b"22"}, {B0: b"33333"}, {B0: b"4", A0: b"5"}]


@pytest.mark.parametrize("error", [RequestTimedOutError, NotLeaderForPartitionError])
async def test_what_may_pass_is_tried_again_with_the_same_bytes_where_the_leader_is_now(
    error: type[KafkaError],
) -> None:
    brokers = Brokers(faults=deque([error, {A0: NotLeaderForPartitionError.errno}]), on_refresh={A0: 2})
    await Courier(brokers, 1_000).carry([(A0, b"1"), (B0, b"2")])
    assert brokers.asked[0] == (1, {A0: b"1", B0: b"2"})
    assert brokers.asked[-1] == (2, {A0: b"1"})
    assert sum(B0 in asked for _, asked in brokers.asked) == 2, "what is written is not written again"


async def test_without_a_leader_it_asks_who_it_is_until_there_is_one() -> None:
    brokers = Brokers({A0: None})
    on_its_way = carried(Courier(brokers, 1_000), (A0, b"1"))
    await turns()
    assert (brokers.asked, brokers.refreshed > 0) == ([], True)
    brokers.leaders[A0] = 3
    await on_its_way
    assert brokers.asked == [(3, {A0: b"1"})]


async def test_what_waits_for_long_is_said_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    passed_s, begun_s = [0.0], loop.time()

    def pass_seconds() -> None:
        passed_s[0] += 7.0

    monkeypatch.setattr(loop, "time", lambda: begun_s + passed_s[0])
    brokers = Brokers(faults=deque([RequestTimedOutError] * 10), on_asked=pass_seconds)
    with capture_logs() as said:
        await Courier(brokers, 1_000).carry([(A0, b"1")])
    assert {(each["event"], *each["waiting"]) for each in said} == {("publishing_again", "a/0")}
    assert [each["waited_s"] for each in said] == [7, 42]
    assert len(brokers.asked) == 11


async def test_what_the_broker_has_already_is_written() -> None:
    brokers = Brokers(faults=deque([{A0: DuplicateSequenceNumber.errno}]))
    await Courier(brokers, 1_000).carry([(A0, b"1")])
    assert len(brokers.asked) == 1


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (InvalidProducerEpoch.errno, "ProducerFenced"),
        (MessageSizeTooLargeError.errno, "MessageSizeTooLargeError: a/0"),
        (SILENT, "UnknownError: a/0"),
    ],
)
async def test_what_no_repetition_mends_is_raised_to_whoever_it_concerns(answer: int, raised: str) -> None:
    brokers = Brokers(faults=deque([{A0: answer}]))
    courier = Courier(brokers, 1_000)
    other = carried(courier, (A1, b"2"))
    with pytest.raises(KafkaError, match=raised):
        await courier.carry([(B0, b"1"), (A0, b"1")])
    await other
    assert len(brokers.asked) == 1


async def test_whoever_is_cancelled_takes_back_what_is_not_on_its_way_and_harms_nobody() -> None:
    brokers = Brokers(held=asyncio.Event())
    courier = Courier(brokers, 1_000)
    on_its_way, other = carried(courier, (A0, b"1")), carried(courier, (A1, b"2"))
    await turns()
    waits = carried(courier, (B0, b"3"))
    await turns()
    on_its_way.cancel()
    waits.cancel()
    await asyncio.gather(on_its_way, waits, return_exceptions=True)
    assert brokers.held is not None
    brokers.held.set()
    await other
    await turns()
    assert brokers.asked == [(1, {A0: b"1", A1: b"2"})]


async def test_when_it_is_closed_all_are_told() -> None:
    brokers = Brokers(held=asyncio.Event())
    courier = Courier(brokers, 1_000)
    on_its_way = carried(courier, (A0, b"1"))
    await turns()
    waits = carried(courier, (B0, b"3"))
    await turns()
    courier.close()
    for each in (on_its_way, waits, carried(courier, (A1, b"4"))):
        with pytest.raises(ProducerClosed, match="given up"):
            await each
    assert len(brokers.asked) == 1
