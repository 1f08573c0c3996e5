"""One worker: all partitions it owns, and the clock that makes time pass where nothing happens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from stream.errors import FencedError, UnavailableError
from stream.ports import Frontier, Record
from stream.service.neighbours import Neighbours
from stream.service.partition import Partition
from stream.wire.control import Tick, control_headers, encode_control

PACE_S = 0.05
"""How often timers are looked at: well within the second in which an exit is to be received."""
MOST_OVERDUE = 1_000
"""So many overdue timers are counted in one partition; it is a sign of trouble, not a census."""
COUNT_EVERY_S = 0.5
"""At most so often they are counted."""
TRIM_AFTER_S = 0.25
"""A partition without a commit for so long trims its outbox by one of its own; until then the next does it."""
TICK_EVERY_S = 0.2
"""At most so often a tick is appended to one partition."""


@dataclass(frozen=True, slots=True)
class Time:
    """How time passes for a worker."""

    appends_ticks: bool
    """False for `clock: log`: time moves with the records only."""
    frontier: Frontier
    sources: Sequence[str] = ()
    """The writers whose frontier holds the clock; none where the broker stamps the records itself."""
    tick_every_s: float = TICK_EVERY_S
    trim_after_s: float = TRIM_AFTER_S


@dataclass(slots=True)
class Pulse:
    """The tick on its way to one partition, and where the last one stands in its log."""

    sending: asyncio.Task[int] | None = None
    offset: int = -1
    at_s: float = -TICK_EVERY_S
    counted_s: float = -COUNT_EVERY_S
    """When overdue timers were counted."""

    def is_quiet(self, position: int) -> bool:
        """Tell whether every tick is sent (or failed, being sent later) and was read."""
        if self.sending is not None and self.sending.done():
            sent, self.sending = self.sending, None
            with suppress(UnavailableError):
                self.offset = sent.result()
        return self.sending is None and self.offset < position

    async def stop(self) -> None:
        """Forget the tick on its way; if it arrives nevertheless it does no harm."""
        if self.sending is not None:
            self.sending.cancel()
            await asyncio.gather(self.sending, return_exceptions=True)


def _nothing(partition: int, is_held: bool = False) -> None:
    """Do nothing: where there is no log to ask."""


@dataclass(slots=True)
class Worker:
    """Handles the records of its partitions, fires their timers, and keeps their outboxes short."""

    shared: Neighbours
    time: Time
    retake: Callable[[int], None] = _nothing
    """Asks the log to have a partition taken again."""
    hold: Callable[[int, bool], None] = _nothing
    """Tells the log that a partition waits on purpose, or no more."""
    owned: dict[int, Partition] = field(default_factory=dict)
    _pulses: dict[int, Pulse] = field(default_factory=dict)

    # -- what the log hands in --------------------------------------------------------------

    async def assigned(self, partition: int, log_start: int, log_end: int) -> int:
        """Take the partition; return the offset to seek to."""
        owned = self.owned.get(partition)
        if owned is None:
            owned = self.owned[partition] = Partition(partition, self.shared, partial(self.hold, partition))
        await self._pulses.pop(partition, Pulse()).stop()
        self._pulses[partition] = Pulse()
        position = await owned.take(log_start, log_end)
        if self.time.appends_ticks:
            self.shared.clock.resume(max(owned.head.tick_ms, owned.head.anchor_ms))
        return position

    async def revoked(self, partitions: list[int]) -> None:
        """Let go of these partitions."""
        for number in partitions:
            await self._pulses.pop(number, Pulse()).stop()
            owned = self.owned.pop(number, None)
            if owned is not None:
                await owned.release()

    def position(self, partition: int) -> int:
        """Return the offset behind the last committed record, 0 where the partition is not ours."""
        owned = self.owned.get(partition)
        return owned.head.position if owned else 0

    async def records(self, partition: int, records: list[Record]) -> None:
        """Commit a batch; FencedError or UnavailableError mean that the partition is to be taken again."""
        await self.owned[partition].records(records)

    # -- the passing of time ------------------------------------------------------------------

    async def run(self) -> None:
        """Look at every partition again and again until cancelled."""
        while True:
            worked = False
            for number in list(self.owned):
                worked |= await self.tend(number)
            if not worked:
                await self.shared.clock.sleep(PACE_S)

    async def tend(self, number: int) -> bool:
        """Fire what is due, append a tick if one is needed, trim; tell whether there is more to do at once."""
        owned = self._taken(number)
        if owned is None:
            return False
        try:
            more = await owned.fire_due()
            await self._keep_ticking(number, owned)
            if not more and owned.relay.published and owned.quiet_s >= self.time.trim_after_s:
                await owned.trim()
        except (FencedError, UnavailableError):
            more = False
        if not owned.is_taken and self.owned.get(number) is owned:
            self.retake(number)
        return more

    def _taken(self, number: int) -> Partition | None:
        owned = self.owned.get(number)
        return owned if owned is not None and owned.is_taken else None

    async def _keep_ticking(self, number: int, owned: Partition) -> None:
        """Append a tick when the earliest timer is due and no tick, read or on its way, may cover it."""
        shared, pulse = self.shared, self._pulses.get(number)
        if not self.time.appends_ticks or pulse is None:
            return
        now_ms, due_ms = shared.clock.now_ms(), owned.earliest_wake
        await self._count_overdue(number, pulse, now_ms if due_ms < now_ms else None)
        if not owned.head.tick_ms <= due_ms < now_ms or not pulse.is_quiet(owned.head.position):
            return
        if shared.clock.elapsed() - pulse.at_s < self.time.tick_every_s:
            return
        before_ms = await self.reached(now_ms)
        if before_ms is not None and before_ms > due_ms:
            pulse.at_s = shared.clock.elapsed()
            pulse.sending = asyncio.create_task(self._append(number, Tick(before_ms), now_ms), name=f"tick-{number}")

    async def _count_overdue(self, number: int, pulse: Pulse, before_ms: int | None) -> None:
        """Say how many timers are overdue; None for none. Counting costs a read, so it is done now and then."""
        if before_ms is None:
            self.shared.metrics.timers_overdue(number, 0)
        elif self.shared.clock.elapsed() - pulse.counted_s >= COUNT_EVERY_S:
            pulse.counted_s = self.shared.clock.elapsed()
            overdue = await self.shared.store.due(number, before_ms, MOST_OVERDUE)
            self.shared.metrics.timers_overdue(number, len(overdue))

    async def _append(self, number: int, tick: Tick, now_ms: int) -> int:
        """Append a tick and return its offset. It goes on by itself: a slow broker must not hold up other timers."""
        shared = self.shared
        topic, headers = shared.topics.events, control_headers(tick)
        return await (await shared.producer.send(topic, number, None, encode_control(tick), headers, now_ms))

    async def reached(self, now_ms: int) -> int | None:
        """Return up to where the clock may go: now, held by the slowest writer; None while one has said nothing."""
        if not self.time.sources:
            return now_ms
        frontier_ms = await self.time.frontier.reached(self.time.sources)
        self.shared.metrics.intake_frontier_age(now_ms - (frontier_ms or 0))
        return None if frontier_ms is None else min(now_ms, frontier_ms)

    async def release_all(self) -> None:
        """Let go of everything, for a graceful stop."""
        await self.revoked(list(self.owned))
