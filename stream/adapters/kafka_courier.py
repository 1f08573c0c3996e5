"""Batches straight to the leaders of their partitions: all that waits for one leader goes in one request.

The client's own way, with an accumulator and a sender that wakes up at every change of either, took three times as
many turns of the loop. What it promises is kept: every replica has what is acknowledged; what may pass (no leader, a
lost connection, no answer) is tried again with the same bytes, for as long as it takes, and the stamp in them keeps it
from being written twice; behind a partition's batch nothing of the same partition is sent before that has its answer.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import (
    DuplicateSequenceNumber,
    InvalidProducerEpoch,
    LeaderNotAvailableError,
    NoError,
    ProducerClosed,
    ProducerFenced,
    UnknownError,
    for_code,
)

from stream.adapters.kafka_errors import CLIENT_ERRORS
from stream.adapters.kafka_request import Stamped, Write

WRITTEN = (NoError, DuplicateSequenceNumber)
"""Answers to a batch that is in the log; the second where an earlier request of the same bytes brought it there."""
WELL: BaseException = NoError()
RETRY_S = 0.1
SAY_AGAIN_S = 30.0
MOST_BYTES = 32 << 20
"""Batches in one request: a broker reads no larger one than its `socket.request.max.bytes`, 100 MiB by default."""
GIVEN_UP = "the producer was given up"

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Parcel:
    """One batch on its way, and the error that it will meet: `NoError` where it arrives."""

    place: TopicPartition
    written: bytes | bytearray
    answer: asyncio.Future[BaseException]


class Courier:
    """Carries stamped batches over the connections of a client, one request at a time to each node."""

    def __init__(self, client: Any, timeout_ms: int) -> None:
        self._client, self._timeout_ms = client, timeout_ms
        self._waiting: dict[int, list[Parcel]] = defaultdict(list)
        self._tours: dict[int, asyncio.Task[None]] = {}
        self._is_closed = False

    async def carry(self, batches: Sequence[Stamped]) -> None:
        """Return when all are acknowledged; raises the client's error for the first that cannot be.

        They are of different partitions of topics, and nobody else carries to any of them meanwhile. Whoever is
        cancelled, or told of a failure, leaves what is on its way where it is, and takes back what is not.
        """
        now_s = asyncio.get_running_loop().time
        left, since_s = batches, now_s()
        say_s = since_s
        while left := await self._tried(left):
            if now_s() >= say_s:
                say_s = now_s() + SAY_AGAIN_S
                waiting = [f"{each.topic}/{each.partition}" for each, _ in left]
                log.warning("publishing_again", waiting=waiting, waited_s=round(now_s() - since_s))
            await asyncio.sleep(RETRY_S)
            await self._client._maybe_wait_metadata()

    async def _tried(self, batches: Sequence[Stamped]) -> Sequence[Stamped]:
        """Carry each once; return those that may be tried again, raise what no repetition mends."""
        parcels = [Parcel(*each, asyncio.get_running_loop().create_future()) for each in batches]
        try:
            for parcel in parcels:
                await self._hand_in(parcel)
            return [each for each, parcel in zip(batches, parcels, strict=True) if not _is_written(await parcel.answer)]
        finally:
            for parcel in parcels:
                parcel.answer.cancel()

    def close(self) -> None:
        """Give up what is on its way; whoever waits for it is told."""
        self._is_closed = True
        for tour in self._tours.values():
            tour.cancel()
        for parcels in self._waiting.values():
            self._tell(parcels, ProducerClosed(GIVEN_UP))

    async def _hand_in(self, parcel: Parcel) -> None:
        topic = parcel.place.topic
        if self._client.cluster.partitions_for_topic(topic) is None:
            await self._client._wait_on_metadata(topic)
        if self._is_closed:
            raise ProducerClosed(GIVEN_UP)
        leader = self._client.cluster.leader_for_partition(parcel.place)
        if leader is None or leader < 0:
            self._tell([parcel], LeaderNotAvailableError())
            return
        self._waiting[leader].append(parcel)
        if leader not in self._tours:
            self._tours[leader] = asyncio.create_task(self._tour(leader), name=f"courier-{leader}")

    async def _tour(self, node: int) -> None:
        """Carry what waits for a node, request by request, until nothing does."""
        try:
            while parcels := self._load(node):
                await self._deliver(node, parcels)
                await asyncio.sleep(0)  # who was told just now has more, which goes with the others' next
        finally:
            del self._tours[node]
            self._tell(self._waiting.pop(node, ()), ProducerClosed(GIVEN_UP))

    def _load(self, node: int) -> list[Parcel]:
        """Return what goes next, at most one batch of each partition, without what was taken back.

        What is too much for one request waits for the next, and whatever is behind it, too: the order stays.
        """
        taken: dict[TopicPartition, Parcel] = {}
        size = 0
        for parcel in self._waiting.pop(node, ()):
            if parcel.answer.done():
                continue
            size += len(parcel.written)
            is_room = size <= MOST_BYTES or not taken
            if not is_room or taken.setdefault(parcel.place, parcel) is not parcel:
                self._waiting[node].append(parcel)
        return list(taken.values())

    async def _deliver(self, node: int, parcels: list[Parcel]) -> None:
        try:
            said = await self._client.send(
                node, Write([(each.place, each.written) for each in parcels], self._timeout_ms)
            )
            found = {(topic, number): code for topic, told in said.topics for number, code, *_ in told}
            for each in parcels:
                self._tell([each], _error(found.get(each.place), each.place))
        except CLIENT_ERRORS as error:
            self._tell(parcels, error)
        finally:
            self._tell(parcels, ProducerClosed(GIVEN_UP))

    def _tell(self, parcels: Iterable[Parcel], error: BaseException) -> None:
        """Answer those who have no answer yet."""
        for each in parcels:
            if not each.answer.done():
                each.answer.set_result(error)
                if getattr(error, "invalid_metadata", False):
                    self._client.force_metadata_update()


def _error(code: int | None, place: TopicPartition) -> BaseException:
    """Return what a broker said of a partition, None being nothing."""
    if code == NoError.errno:
        return WELL
    kind = UnknownError if code is None else for_code(code)
    error: BaseException = kind(f"{place.topic}/{place.partition}")
    return error


def _is_written(error: BaseException) -> bool:
    """Tell whether a batch is in the log, False where it may be tried again; raises what no repetition mends."""
    if isinstance(error, WRITTEN):
        return True
    if getattr(error, "retriable", False):
        return False
    raise ProducerFenced if isinstance(error, InvalidProducerEpoch) else error
