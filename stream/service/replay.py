"""Replay: the same engine on a file of records, without servers; the reference for every other way to run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from stream.core.engine import DUPLICATE, Step
from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.core.warming import Version
from stream.errors import InputError
from stream.service.versions import Versions
from stream.wire.control import Tick, Use
from stream.wire.event import CanonicalEvent
from stream.wire.merge import Merge
from stream.wire.replay import Replayed, decode_line


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
    """The rules at the beginning."""
    ends_at: int | None = None
    """Records after this instant are left out, and time passes up to it, included; None: up to the last record."""
    versions: Mapping[str, Version] = field(default_factory=dict)
    """Those that come later, by the hash or the number of their `use`; by any name where `begin` names them."""
    begin: Mapping[int, str] = field(default_factory=dict)
    """By instant: the version that is taken then, without a `use`."""
    timeline: Timeline = field(init=False)
    outcomes: Counter[str] = field(default_factory=Counter)
    bad_lines: list[BadLine] = field(default_factory=list)
    last_record_time: int = 0
    _rules: Versions = field(init=False)
    _intake: dict[str, int] = field(default_factory=dict)
    """Highest offset taken in, by generation and source partition."""

    def __post_init__(self) -> None:
        """Start before the first record."""
        self.timeline = Timeline(self.plan)
        self._rules = Versions(self.plan, self.versions, self.begin)

    def lines(self, lines: Iterable[bytes]) -> Iterator[Transition]:
        """Yield every transition that these lines cause, in the order in which they come about."""
        for number, text in enumerate(lines, 1):
            if text.strip():
                try:
                    for done in self._line(text):
                        yield from done.transitions
                except InputError as error:
                    self.outcomes["dead_letter"] += 1
                    self.bad_lines.append(BadLine(number, error.code, str(error)))

    def all(self, lines: Iterable[bytes]) -> Iterator[Transition]:
        """Yield every transition of these lines and of the time up to the end of the run."""
        yield from self.lines(lines)
        if self.ends_at is not None:
            yield from self.until(self.ends_at)

    def _line(self, text: bytes) -> Iterator[Step]:
        """Yield what one record causes, and the versions and histories whose instant has come by it."""
        line = decode_line(text)
        if self.ends_at is not None and line.record_time > self.ends_at:
            self.outcomes["left_out"] += 1
            return
        self.last_record_time = max(self.last_record_time, line.record_time)
        yield from self._rules.due(line.record_time, self.timeline)
        if isinstance(line.content, Tick):
            self.outcomes["tick"] += 1
            yield from self.timeline.tick(min(line.content.before, line.record_time))
        elif isinstance(line.content, Use):
            self.outcomes["use"] += 1
            yield from self._rules.use(line.content, line.record_time, self.timeline)
        elif isinstance(line.content, Merge):
            self.outcomes["merge"] += 1
            self._rules.join(line.content, line.record_time)
            yield from self.timeline.join(line.content.stays, line.content.goes, line.record_time)
        else:
            yield from self._event(line.content, line)

    def _event(self, content: CanonicalEvent, line: Replayed) -> Iterator[Step]:
        origin = line.origin
        is_repeated = origin is not None and origin.offset <= self._intake.get(origin.lane, -1)
        if not is_repeated:
            self._rules.hear(content, line.record_time, line.backfill_until)
        event = self.timeline.plan.vocabulary.accept(content, line.record_time, line.backfill_until)
        if is_repeated:
            self.outcomes[DUPLICATE] += 1
            return
        if origin is not None:
            self._intake[origin.lane] = origin.offset
        done = self.timeline.apply(event)
        self.outcomes[done.outcome] += 1
        yield done

    @property
    def passed_over(self) -> Sequence[Use]:
        """Return the versions that the log takes into use and nobody named: the one before each went on."""
        return self._rules.passed_over

    def until(self, instant_ms: int) -> Iterator[Transition]:
        """Let time pass up to an instant, included, and yield what it causes."""
        for done in self.passing(instant_ms):
            yield from done.transitions

    def passing(self, instant_ms: int) -> Iterator[Step]:
        """Let time pass up to an instant, included, and yield each step."""
        yield from self._rules.due(instant_ms, self.timeline)
        yield from self.timeline.tick(instant_ms + 1)

    def members(self) -> dict[str, dict[str, int]]:
        """Return the members by dimension and segment."""
        found: dict[str, Counter[str]] = {dimension.name: Counter() for dimension in self.timeline.plan.dimensions}
        for profile in self.timeline.profiles.values():
            for dimension in self.timeline.plan.dimensions:
                standing = profile.standing(dimension.place)
                if standing is not None and standing.segment:
                    found[dimension.name][standing.segment] += 1
        return {name: dict(sorted(counts.items())) for name, counts in found.items()}
