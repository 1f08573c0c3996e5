"""Writes made-up and recorded events into the log as intake would: stamped, numbered, acknowledged, with a frontier.

The log of the demo lives in memory and drops what lies further back than a few MiB, without a word: so no more is
sent than the worker, and whoever reads the transitions, can take.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from stream.ports import Clock, Message, Producer
from stream.wire.control import BACKFILL_UNTIL, MODE, SOURCE, Tick, control_headers, encode_control
from stream.wire.instant import to_ms
from stream.wire.placing import partition_of

Event = dict[str, Any]
Timed = tuple[int, Event]
"""When the record is stamped, in ms, and what it says."""

LARGEST_BACKLOG_BYTES = 1 << 20
PAUSE_S = 0.02
PER_MS = 1_000
"""So many events of one millisecond are told apart by their number."""

_encode = msgspec.json.Encoder().encode


class EventWriter:
    """Writes events of one source into all partitions, in order."""

    def __init__(
        self,
        producer: Producer,
        topic: str,
        ends: dict[int, int],
        committed: Callable[[int], int],
        has_room: Callable[[], bool],
    ) -> None:
        """Write behind the offsets `ends`; `committed` tells how far the worker is, `has_room` how the readers are."""
        self._producer, self._topic = producer, topic
        self._ends = dict(ends)
        self._committed, self._has_room = committed, has_room
        self._backlog: dict[int, deque[tuple[int, int]]] = {number: deque() for number in ends}
        self.sent = 0

    @property
    def partitions(self) -> int:
        """Return how many partitions there are."""
        return len(self._ends)

    async def write(self, messages: dict[int, list[Message]]) -> None:
        """Write these messages, by partition, and return when all are acknowledged."""
        await asyncio.gather(*(self._write(number, each) for number, each in messages.items() if each))

    async def _write(self, partition: int, messages: list[Message]) -> None:
        for start in range(0, len(messages), 500):
            part = messages[start : start + 500]
            await self._room(partition)
            self._ends[partition] += await self._producer.send_batch(self._topic, partition, part)
            size = sum(len(value or b"") for _, value, _, _ in part)
            self._backlog[partition].append((self._ends[partition], size))

    async def _room(self, partition: int) -> None:
        backlog = self._backlog[partition]
        while True:
            while backlog and backlog[0][0] <= self._committed(partition):
                backlog.popleft()
            if sum(size for _, size in backlog) < LARGEST_BACKLOG_BYTES and self._has_room():
                return
            await asyncio.sleep(PAUSE_S)

    @property
    def ends(self) -> dict[int, int]:
        """Return the offset behind the last record written, by partition."""
        return dict(self._ends)


def numbered(timed: Iterable[Timed]) -> Iterator[tuple[int, int, Event]]:
    """Yield (instant, number, event); the number grows with time and is the same whenever the events are made again."""
    last, n = -1, 0
    for at_ms, event in timed:
        last, n = (at_ms, 0) if at_ms != last else (last, n + 1)
        yield at_ms, at_ms * PER_MS + n, event


def message(lane: str, at_ms: int, number: int, event: Event, backfill_until: int | None) -> Message:
    """Return one event as a record of the log."""
    headers = [(SOURCE, f"{lane}/{number}".encode())]
    if backfill_until is not None:
        headers += [(MODE, b"backfill"), (BACKFILL_UNTIL, str(backfill_until).encode())]
    return event["customer_id"].encode(), _encode(event), headers, at_ms


def tick(before_ms: int) -> Message:
    """Return a tick, stamped with its own instant."""
    control = Tick(before_ms)
    return None, encode_control(control), control_headers(control), before_ms


async def write_history(
    writer: EventWriter,
    events: Iterable[Event],
    lane: str,
    zone: ZoneInfo,
    backfill_until: int,
    taken_in: Callable[[int], int],
    progress: Callable[[int], None],
) -> int:
    """Write recorded events as backfill, a tick behind each local day, and return how many were written.

    What the worker took in before (`taken_in`: highest number by partition) is left out.
    """
    written = 0
    timed = numbered((to_ms(event["occurred_at"]), event) for event in events)
    for day, of_day in groupby(timed, key=lambda each: _local_day(each[0], zone)):
        messages: dict[int, list[Message]] = defaultdict(list)
        read = 0
        for at_ms, number, event in of_day:
            read += 1
            partition = partition_of(event["customer_id"], writer.partitions)
            if number > taken_in(partition):
                messages[partition].append(message(lane, at_ms, number, event, backfill_until))
                written += 1
        behind = tick(min(_start_ms(day + timedelta(days=1), zone), backfill_until + 1))
        for partition in range(writer.partitions):
            messages[partition].append(behind)
        await writer.write(messages)
        progress(read)
    await writer.write({number: [tick(backfill_until + 1)] for number in range(writer.partitions)})
    return written


def _local_day(at_ms: int, zone: ZoneInfo) -> datetime:
    local = datetime.fromtimestamp(at_ms // 1000, zone)
    return datetime(local.year, local.month, local.day, tzinfo=zone)


def _start_ms(day: datetime, zone: ZoneInfo) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) * 1000


async def write_live(
    writer: EventWriter,
    timed: Iterator[Timed],
    lane: str,
    clock: Clock,
    report: Callable[[int], Awaitable[None]],
    sent: Callable[[Event], None],
) -> None:
    """Write events when their instant has come, for ever, and report the frontier after each acknowledged batch."""
    upcoming = numbered(timed)
    at_ms, number, event = next(upcoming)
    while True:
        now_ms = clock.now_ms()
        messages: dict[int, list[Message]] = defaultdict(list)
        while at_ms <= now_ms:
            partition = partition_of(event["customer_id"], writer.partitions)
            messages[partition].append(message(lane, at_ms, number, event, None))
            sent(event)
            at_ms, number, event = next(upcoming)
        await writer.write(messages)
        await report(now_ms)
        await clock.sleep(PAUSE_S)
