"""The demo from its first record on: history, catching up, then made-up behaviour in fast time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stream.adapters.clock import ScaledClock
from stream.adapters.kafka_reader import KafkaReader
from stream.demo.history import SHOP_ZONE, customers, orders
from stream.demo.state import Remembered
from stream.demo.traffic import Shop, behaviour
from stream.demo.watcher import Watcher
from stream.demo.writer import Event, EventWriter, write_history, write_live
from stream.ports import Frontier, Producer
from stream.service.partition import Partition
from stream.service.topics import Topics
from stream.wire.instant import to_ms

SOURCE = "demo"
"""The writer whose frontier holds the clock."""
LIVE_LANE = "traffic-1/0"
LOOK_S = 0.05
QUIET_LOOKS = 2
"""What is handed from one part to the next is in neither for a moment: so one look is not enough."""
MOST_UNREAD = 4_000
"""The log in memory forgets: no more is caused than the reader of the transitions can take."""


@dataclass(slots=True)
class Show:
    """One run of the demo beside its worker."""

    producer: Producer
    frontier: Frontier
    owned: Mapping[int, Partition]
    """The worker's partitions: how far each is, for pacing only; what is shown comes from outside."""
    partitions: int
    topics: Topics
    clock: ScaledClock
    reader: KafkaReader
    remembered: Remembered
    history: Path
    read: int = 0
    """Records of the history read so far."""
    stage: str = "starting"
    watcher: Watcher = field(init=False)
    writer: EventWriter = field(init=False)
    backfill_until: int = field(init=False)
    _events: list[Event] = field(init=False)

    def __post_init__(self) -> None:
        """Read the history."""
        self.watcher = Watcher(self.clock)
        self._events = list(orders(self.history, self.remembered.last_day))
        self.backfill_until = to_ms(self._events[-1]["occurred_at"])

    @property
    def records(self) -> int:
        """Return how many records the history has."""
        return len(self._events)

    async def watch(self) -> None:
        """Read memberships and transitions as an outside consumer, for ever."""
        while True:
            for seen in await self.reader.read():
                if seen.topic == self.topics.transitions and seen.value is not None:
                    self.watcher.transition(seen.value)
                elif seen.topic == self.topics.membership and seen.key is not None:
                    self.watcher.membership(seen.key, seen.value)

    async def load(self, ends: dict[int, int]) -> None:
        """Load the history, or what is missing of it, and return when everything it causes is published and read."""
        self.writer = EventWriter(
            self.producer, self.topics.events, ends, self._position, lambda: self.reader.behind < MOST_UNREAD
        )
        if min(each.head.tick_ms for each in self.owned.values()) <= self.backfill_until:
            self.stage = "loading a year of purchases"
            await write_history(
                self.writer,
                self._events,
                self.remembered.lane,
                SHOP_ZONE,
                self.backfill_until,
                lambda number: self.owned[number].head.intake.get(self.remembered.lane, -1),
                self._progress,
            )
        self.read = self.records
        self.stage = "catching up"
        await _until(self._is_caught_up)

    async def live(self, speed: float, rate: float) -> None:
        """Go on in simulated time from where it stood, for ever."""
        self.stage = f"live, {speed:,.0f} times as fast as the wall"
        begins_ms = self.backfill_until + 1
        shop = Shop(self.remembered.seed, tuple(customers(self.history)), begins_ms, rate)
        self.clock.resume(begins_ms)
        timed = behaviour(shop, self.clock.now_ms())
        self.clock.run(speed)

        async def report(before_ms: int) -> None:
            await self.frontier.report(SOURCE, before_ms)

        def sent(event: Event) -> None:
            self.watcher.sent(event["event_id"])

        await write_live(self.writer, timed, LIVE_LANE, self.clock, report, sent)

    async def taken(self) -> None:
        """Return when the worker has all partitions."""
        await _until(lambda: len(self.owned) == self.partitions and all(each.is_taken for each in self.owned.values()))

    def _progress(self, read: int) -> None:
        self.read += read

    def _position(self, partition: int) -> int:
        owned = self.owned.get(partition)
        return owned.head.position if owned else 0

    def _is_caught_up(self) -> bool:
        ends = self.writer.ends
        return self.reader.behind == 0 and all(
            each.is_taken
            and each.head.position >= ends[number]
            and not each.relay.waiting
            and each.earliest_wake >= each.head.tick_ms
            for number, each in self.owned.items()
        )


async def _until(holds: Callable[[], bool]) -> None:
    quiet = 0
    while quiet < QUIET_LOOKS:
        await asyncio.sleep(LOOK_S)
        quiet = quiet + 1 if holds() else 0
