"""One worker: all partitions it owns, and the clock that makes time pass where nothing happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stream.errors import FencedError, LayoutError, UnavailableError
from stream.ports import Frontier, Record
from stream.service.partition import Neighbours, Partition
from stream.wire.control import Tick, control_headers, encode_control

PACE_S = 0.05
"""How often timers are looked at: well within the second in which an exit is to be received."""
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


@dataclass(slots=True)
class Pulse:
    """What is remembered of one partition's ticks."""

    asked_ms: int = 0
    at_s: float = 0.0


def _nothing(partition: int) -> None:
    """Do nothing: where there is no log to ask."""


@dataclass(slots=True)
class Worker:
    """Handles the records of its partitions, fires their timers, and keeps their outboxes short."""

    shared: Neighbours
    time: Time
    retake: Callable[[int], None] = _nothing
    """Asks the log to have a partition taken again."""
    owned: dict[int, Partition] = field(default_factory=dict)
    _pulses: dict[int, Pulse] = field(default_factory=dict)

    # -- what the log hands in --------------------------------------------------------------

    async def assigned(self, partition: int, log_start: int, log_end: int) -> int:
        """Take the partition; return the offset to seek to."""
        owned = self.owned.get(partition)
        if owned is None:
            owned = self.owned[partition] = Partition(partition, self.shared)
        self._pulses[partition] = Pulse()
        return await owned.take(log_start, log_end)

    async def revoked(self, partitions: list[int]) -> None:
        """Let go of these partitions."""
        for number in partitions:
            owned = self.owned.pop(number, None)
            if owned is not None:
                await owned.release()

    async def records(self, partition: int, records: list[Record]) -> None:
        """Commit a batch; FencedError or UnavailableError mean that the partition is to be taken again."""
        try:
            await self.owned[partition].records(records)
        except FencedError:
            self.shared.metrics.commits_refused()
            raise

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
        owned = self.owned.get(number)
        if owned is None or not owned.is_taken:
            return False
        try:
            more = await owned.fire_due()
            await self._tick(number, owned)
            if not more and owned.relay.published:
                await owned.trim()
        except FencedError:
            self.shared.metrics.commits_refused()
            self.retake(number)
            return False
        except UnavailableError:
            self.retake(number)
            return False
        return more

    async def _tick(self, number: int, owned: Partition) -> None:
        """Append a tick when the earliest timer is due and no tick covers it."""
        shared, pulse = self.shared, self._pulses[number]
        if not self.time.appends_ticks:
            return
        now_ms = shared.clock.now_ms()
        due_ms = owned.earliest_wake
        shared.metrics.timers_overdue(number, int(due_ms < now_ms))
        covered_ms = max(owned.head.tick_ms, pulse.asked_ms)
        if not covered_ms <= due_ms < now_ms or shared.clock.elapsed() - pulse.at_s < TICK_EVERY_S:
            return
        before_ms = await self.reached(now_ms)
        if before_ms is None or before_ms <= due_ms:
            return
        tick = Tick(before_ms)
        sent = await shared.producer.send(
            shared.topics.events, number, None, encode_control(tick), control_headers(tick), now_ms
        )
        pulse.asked_ms, pulse.at_s = before_ms, shared.clock.elapsed()
        await sent

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

    def not_ready(self) -> list[str]:
        """Return why this worker is not ready to serve, an empty list when it is."""
        return [f"partition {number} is being taken" for number, owned in self.owned.items() if not owned.is_taken]


def check_layout(stored: bytes | None, wanted: bytes, where: str) -> None:
    """Raise LayoutError where the stored layout is another than this deployment's."""
    if stored is not None and stored != wanted:
        raise LayoutError(
            f"{where} was laid out as {stored.decode()}, this deployment has {wanted.decode()}; "
            "adding partitions would give every customer a second, empty profile: keep the count, or rebuild"
        )
