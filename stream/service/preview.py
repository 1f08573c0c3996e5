"""What rules would do: recorded events played once for each version, counted by segment, and compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from stream.core.engine import Step
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.ruleset.explain import segment_id
from stream.service.replay import Replay

YEAR_MS = 365.25 * 86_400_000
SAMPLES = 5
OVERLAPS = 3
FEWEST = 0.005
"""A segment with less than this share of the base is said to hold too few."""
MOST = 0.95
"""A segment with more than this share of the base is said to hold nearly all."""


class Counting(Timeline):
    """A timeline that counts who enters, leaves and comes back at once, by `dimension.segment`."""

    def __init__(self, plan: Plan) -> None:
        """Start before the first record."""
        super().__init__(plan)
        self.enters: Counter[str] = Counter()
        self.leaves: Counter[str] = Counter()
        self.flaps: Counter[str] = Counter()
        self.told: Counter[str] = Counter()
        """Transitions by dimension."""

    def apply(self, event: Event) -> Step:
        """Apply one event, and count."""
        return self._counted(super().apply(event))

    def tick(self, before: int) -> Iterator[Step]:
        """Let time pass, and count."""
        return map(self._counted, super().tick(before))

    def _counted(self, done: Step) -> Step:
        for move in done.moves:
            if move.is_announced:
                name = move.dimension.name
                self.told[name] += 1
                if move.entered:
                    self.enters[segment_id(name, move.entered)] += 1
                    self.flaps[segment_id(name, move.entered)] += move.is_return
                if move.left:
                    self.leaves[segment_id(name, move.left)] += 1
        return done


@dataclass(slots=True)
class Outcome:
    """What one version of the rules made of the events."""

    events: int = 0
    bad_lines: int = 0
    customers: int = 0
    customer_years: float = 0.0
    enters: Counter[str] = field(default_factory=Counter)
    leaves: Counter[str] = field(default_factory=Counter)
    flaps: Counter[str] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    members: dict[str, set[str]] = field(default_factory=dict)
    """Customers in each segment at the end."""

    @property
    def transitions(self) -> int:
        """Return how many transitions there were."""
        return sum(self.told.values())


def play(plan: Plan, lines: Iterable[bytes], ends_at: int | None) -> Outcome:
    """Play the lines and let time pass to `ends_at`, by default the last record; return what came of it."""
    plan = replace(plan, tells=False)
    run, timeline = Replay(plan, ends_at), Counting(plan)
    run.timeline = timeline
    for _ in run.lines(lines):
        pass  # what is published is counted by the timeline
    end = run.last_record_time if ends_at is None else ends_at
    for _ in run.until(end):
        pass
    known = timeline.profiles.values()
    return Outcome(
        events=sum(run.outcomes[name] for name in run.outcomes if name not in {"tick", "use", "left_out"}),
        bad_lines=len(run.bad_lines),
        customers=len(known),
        customer_years=sum(end - profile.known_since for profile in known) / YEAR_MS,
        enters=timeline.enters,
        leaves=timeline.leaves,
        flaps=timeline.flaps,
        told=timeline.told,
        members=_members(timeline),
    )


def _members(timeline: Timeline) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for dimension in timeline.plan.dimensions:
        for customer, profile in timeline.profiles.items():
            standing = profile.standings.get(dimension.key)
            if standing is not None and standing.segment:
                found.setdefault(segment_id(dimension.name, standing.segment), set()).add(customer)
    return found


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many members of one segment are in another one, too."""

    segment: str
    members: int
    share: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the new rules mean for one segment; shares from 0 to 1."""

    segment: str
    members_before: int
    members: int
    share: float
    """Of all known customers."""
    would_enter: int
    would_leave: int
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    enters: int
    leaves: int
    flaps_per_customer_year: float
    overlaps: tuple[Overlap, ...]
    warnings: tuple[str, ...]


def forecasts(old: Outcome, new: Outcome, segments: Sequence[str], catch_alls: frozenset[str]) -> list[Forecast]:
    """Return what the new rules mean for these segments; `catch_alls` take everyone else and are never too wide."""
    return [_forecast(old, new, segment, segment in catch_alls) for segment in segments]


def _forecast(old: Outcome, new: Outcome, segment: str, is_catch_all: bool) -> Forecast:
    before, after = old.members.get(segment, set()), new.members.get(segment, set())
    entering, leaving = sorted(after - before), sorted(before - after)
    share = len(after) / new.customers if new.customers else 0.0
    return Forecast(
        segment=segment,
        members_before=len(before),
        members=len(after),
        share=share,
        would_enter=len(entering),
        would_leave=len(leaving),
        entering=tuple(entering[:SAMPLES]),
        leaving=tuple(leaving[:SAMPLES]),
        enters=new.enters[segment],
        leaves=new.leaves[segment],
        flaps_per_customer_year=new.flaps[segment] / new.customer_years if new.customer_years else 0.0,
        overlaps=tuple(_overlaps(new, segment, after)),
        warnings=() if is_catch_all else tuple(_warnings(len(after), new.customers, share)),
    )


def _overlaps(new: Outcome, segment: str, members: set[str]) -> list[Overlap]:
    found = [
        Overlap(other, both, both / len(members))
        for other, theirs in new.members.items()
        if other != segment and (both := len(members & theirs))
    ]
    return sorted(found, key=lambda each: (-each.members, each.segment))[:OVERLAPS]


def _warnings(members: int, customers: int, share: float) -> Iterator[str]:
    if customers and share < FEWEST:
        yield f"would hold too few to act on: {members:,} of {customers:,} customers; is a bar too high?"
    if share > MOST:
        yield f"would hold nearly all: {members:,} of {customers:,} customers; does it say anything?"
