"""Time, the frontier and the metrics in memory."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stream.adapters.clock import WallClock


@dataclass
class FakeClock:
    """The `Clock` port: it moves only when told, or when somebody sleeps."""

    ms: int = 0
    passed_s: float = 0.0
    resumed: list[int] = field(default_factory=list)

    def resume(self, at_ms: int) -> None:
        self.resumed.append(at_ms)

    def jumped_ms(self) -> int:
        return 0

    def now_ms(self) -> int:
        return self.ms

    def waited_ms(self, since_ms: Iterable[int]) -> list[int]:
        return [self.ms - each for each in since_ms]

    def elapsed(self) -> float:
        return self.passed_s

    async def sleep(self, seconds: float) -> None:
        self.passed_s += seconds
        await asyncio.sleep(0)

    def go(self, ms: int) -> None:
        """Let time pass up to an instant."""
        self.passed_s += max(0, ms - self.ms) / 1000
        self.ms = ms


@dataclass
class Machine:
    """Both clocks of a machine, under the clocks of the service: the wall may be set, what has passed may not."""

    ms: int
    s: float = 1_000.0

    def wall(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.s

    def pass_ms(self, ms: int) -> None:
        """Let time pass on both."""
        self.ms += ms
        self.s += ms / 1000

    def wall_clock(self) -> WallClock:
        """Return a clock that starts now."""
        return WallClock(self.wall, self.monotonic)


@dataclass
class FakeFrontier:
    """The `Frontier` port."""

    reports: dict[str, int] = field(default_factory=dict)

    async def report(self, source: str, before_ms: int) -> None:
        self.reports[source] = before_ms

    async def reached(self, sources: Sequence[str]) -> int | None:
        if any(source not in self.reports for source in sources):
            return None
        return min(self.reports[source] for source in sources)


@dataclass
class FakeMetrics:
    """The `Metrics` port: adds everything up."""

    counts: Counter[str] = field(default_factory=Counter)
    letters: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    flaps_told: Counter[str] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=list)
    timer_waits: list[int] = field(default_factory=list)
    by_partition: dict[int, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    frontier_ages: list[int] = field(default_factory=list)
    largest_commit: int = 0
    outboxes: dict[int, int] = field(default_factory=dict)
    overdue: dict[int, int] = field(default_factory=dict)

    def events(self, outcome: str, n: int) -> None:
        self.counts[outcome] += n

    def transitions(self, dimension: str, entered: str, cause: str, n: int) -> None:
        self.told[dimension, entered, cause] += n

    def event_to_transition(self, waited_ms: Iterable[int]) -> None:
        self.waits += waited_ms

    def timer_lag(self, waited_ms: Iterable[int]) -> None:
        self.timer_waits += waited_ms

    def timers_overdue(self, partition: int, n: int) -> None:
        self.overdue[partition] = n

    def members(self, partition: int, counts: Mapping[tuple[str, str], int]) -> None:
        self.by_partition[partition] = counts

    def commit(self, took_ms: float, records: int) -> None:
        self.counts["commits"] += 1
        self.counts["committed records"] += records
        self.largest_commit = max(self.largest_commit, records)

    def lag(self, topic: str, partition: int, records: int, age_ms: int) -> None:
        raise AssertionError("lag is told by the worker's surroundings")

    def intake_frontier_age(self, age_ms: int) -> None:
        self.frontier_ages.append(age_ms)

    def clock_jump(self, by_ms: int) -> None:
        raise AssertionError("jumps are told by the worker's surroundings")

    def outbox(self, partition: int, records: int) -> None:
        self.outboxes[partition] = records

    def commits_refused(self, n: int = 1) -> None:
        self.counts["refused commits"] += n

    def dead_letters(self, stage: str, code: str, n: int) -> None:
        self.letters[stage, code] += n

    def late(self, n: int) -> None:
        self.counts["late"] += n

    def duplicates(self, n: int) -> None:
        self.counts["duplicates"] += n

    def flaps(self, dimension: str, n: int) -> None:
        self.flaps_told[dimension] += n

    def profiles(self, n: int, total_bytes: int) -> None:
        self.counts["profiles"] += n
        self.counts["profile bytes"] += total_bytes

    def forget(self, partition: int) -> None:
        self.by_partition.pop(partition, None)
