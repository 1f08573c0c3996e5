"""Replay: the same engine on a file of records, without servers; the reference for every other way to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from stream.core.engine import DUPLICATE, Step
from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.errors import InputError
from stream.wire.control import Tick, Use
from stream.wire.replay import decode_line


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that could not be used; it changes nothing."""

    number: int
    code: str
    message: str


@dataclass(slots=True)
class Replay:
    """One run over a file."""

    plan: Plan
    ends_at: int | None = None
    """Records after this instant are left out, and time passes up to it, included; None: up to the last record."""
    timeline: Timeline = field(init=False)
    outcomes: Counter[str] = field(default_factory=Counter)
    bad_lines: list[BadLine] = field(default_factory=list)
    last_record_time: int = 0
    _intake: dict[str, int] = field(default_factory=dict)
    """Highest offset taken in, by generation and source partition."""

    def __post_init__(self) -> None:
        """Start before the first record."""
        self.timeline = Timeline(self.plan)

    def lines(self, lines: Iterable[bytes]) -> Iterator[Transition]:
        """Yield every transition that these lines cause, in the order in which they come about."""
        for number, text in enumerate(lines, 1):
            if text.strip():
                try:
                    done = self._line(text)
                except InputError as error:
                    self.outcomes["dead_letter"] += 1
                    self.bad_lines.append(BadLine(number, error.code, str(error)))
                else:
                    for each in done:
                        yield from each.transitions

    def all(self, lines: Iterable[bytes]) -> Iterator[Transition]:
        """Yield every transition of these lines and of the time up to the end of the run."""
        yield from self.lines(lines)
        if self.ends_at is not None:
            yield from self.until(self.ends_at)

    def _line(self, text: bytes) -> Iterable[Step]:
        record_time, content, backfill_until, origin = decode_line(text)
        if self.ends_at is not None and record_time > self.ends_at:
            self.outcomes["left_out"] += 1
            return ()
        self.last_record_time = max(self.last_record_time, record_time)
        if isinstance(content, Tick):
            self.outcomes["tick"] += 1
            return self.timeline.tick(min(content.before, record_time))
        if isinstance(content, Use):
            self.outcomes["use"] += 1
            return ()
        event = self.plan.vocabulary.accept(content, record_time, backfill_until)
        if origin is not None:
            if origin.offset <= self._intake.get(origin.lane, -1):
                self.outcomes[DUPLICATE] += 1
                return ()
            self._intake[origin.lane] = origin.offset
        done = self.timeline.apply(event)
        self.outcomes[done.outcome] += 1
        return (done,)

    def until(self, instant_ms: int) -> Iterator[Transition]:
        """Let time pass up to an instant, included, and yield what it causes."""
        for done in self.timeline.tick(instant_ms + 1):
            yield from done.transitions

    def members(self) -> dict[str, dict[str, int]]:
        """Return the members by dimension and segment."""
        found: dict[str, Counter[str]] = {dimension.name: Counter() for dimension in self.plan.dimensions}
        for profile in self.timeline.profiles.values():
            for dimension in self.plan.dimensions:
                standing = profile.standing(dimension.place)
                if standing is not None and standing.segment:
                    found[dimension.name][standing.segment] += 1
        return {name: dict(sorted(counts.items())) for name, counts in found.items()}
