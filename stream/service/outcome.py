"""What rules make of recorded events: who enters, leaves and comes back, counted by segment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from time import process_time

from stream.core.engine import Step
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.ruleset.explain import segment_id
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.service.members import FLAP_MS
from stream.service.replay import Replay
from stream.wire.replay import customer_of

YEAR_MS = 365.25 * 86_400_000

Passing = Callable[[Iterable[Step], int], Iterable[Step]]
"""Shows that time passes: gives the steps again, of which there are at most so many."""


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
        self.heard: dict[str, set[str]] = {}
        """The properties that events of each name had."""
        self.seconds = 0.0
        """How long the processor was at applying and deciding."""

    def apply(self, event: Event) -> Step:
        """Apply one event, and count."""
        if event.name:
            names = (name for name, value in event.properties.items() if value is not None)
            self.heard.setdefault(event.name, set()).update(names)
        began = process_time()
        done = super().apply(event)
        self.seconds += process_time() - began
        return self._counted(done)

    def tick(self, before: int) -> Iterator[Step]:
        """Let time pass, and count."""
        began = process_time()
        for done in super().tick(before):
            self.seconds += process_time() - began
            yield self._counted(done)
            began = process_time()
        self.seconds += process_time() - began

    def join(self, stays: str, goes: str, at: int) -> Iterator[Step]:
        """Join two ids, and count."""
        return map(self._counted, super().join(stays, goes, at))

    def _counted(self, done: Step) -> Step:
        for move in done.moves:
            if move.is_announced:
                name = move.dimension.name
                self.told[name] += 1
                if move.entered:
                    entered = full_id(name, move.entered)
                    self.enters[entered] += 1
                    self.flaps[entered] += move.is_return and move.at - move.left_since < FLAP_MS
                if move.left:
                    self.leaves[full_id(name, move.left)] += 1
        return done


def full_id(dimension: str, segment: str) -> str:
    """Return `dimension.segment`; an audience and the warning of a segment are their own dimensions."""
    return dimension if dimension.endswith(ABOUT_TO_LEAVE) else segment_id(dimension, segment)


@dataclass(slots=True)
class Outcome:
    """What one version of the rules made of the events."""

    events: int = 0
    bad_lines: int = 0
    known: Collection[str] = ()
    """All customers of whom a record was played."""
    ends_at: int = 0
    """The instant up to which time passed."""
    customer_years: float = 0.0
    enters: Counter[str] = field(default_factory=Counter)
    leaves: Counter[str] = field(default_factory=Counter)
    flaps: Counter[str] = field(default_factory=Counter)
    """Returns within 30 days to the segment that was left just before."""
    told: Counter[str] = field(default_factory=Counter)
    """Transitions by dimension."""
    members: dict[str, set[str]] = field(default_factory=dict)
    """Customers in each segment at the end."""
    heard: dict[str, set[str]] = field(default_factory=dict)
    """The properties that events of each name had."""
    seconds: float = 0.0
    """How long the processor was at applying and deciding, reading not counted."""

    @property
    def customers(self) -> int:
        """Return how many customers are known."""
        return len(self.known)

    def transitions(self, dimensions: Collection[str]) -> int:
        """Return how many transitions these dimensions had."""
        return sum(self.told[name] for name in dimensions)

    def renamed(self, name_of: Callable[[str], str | None]) -> Outcome:
        """Return the outcome with dimensions and segments called otherwise; those called None are left out."""

        def counts(counted: Counter[str]) -> Counter[str]:
            return Counter({name: n for each, n in counted.items() if (name := name_of(each)) is not None})

        return replace(
            self,
            enters=counts(self.enters),
            leaves=counts(self.leaves),
            flaps=counts(self.flaps),
            told=counts(self.told),
            members={name: them for each, them in self.members.items() if (name := name_of(each)) is not None},
        )


def play(
    plan: Plan,
    lines: Iterable[bytes],
    ends_at: int | None,
    passing: Passing = lambda steps, _: steps,
) -> Outcome:
    """Play the lines and let time pass to `ends_at`, by default the last record; return what came of it."""
    run = Replay(replace(plan, tells=False), ends_at)
    timeline = run.timeline = Counting(run.plan)
    for _ in run.lines(lines):
        pass  # what is published is counted by the timeline
    end = run.last_record_time if ends_at is None else ends_at
    for _ in passing(timeline.tick(end + 1), len(timeline.profiles)):
        pass
    return Outcome(
        events=sum(run.outcomes[name] for name in run.outcomes if name not in {"tick", "use", "merge", "left_out"}),
        bad_lines=len(run.bad_lines),
        ends_at=end,
        known=timeline.profiles.keys(),
        customer_years=sum(end - profile.known_since for profile in timeline.profiles.values()) / YEAR_MS,
        enters=timeline.enters,
        leaves=timeline.leaves,
        flaps=timeline.flaps,
        told=timeline.told,
        members=_members(timeline),
        heard=timeline.heard,
        seconds=timeline.seconds,
    )


def lines_of(customers: Collection[str], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the lines with events of these customers."""
    return (line for line in lines if customer_of(line) in customers)


def _members(timeline: Timeline) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for dimension in timeline.plan.dimensions:
        for customer, profile in timeline.profiles.items():
            standing = profile.standing(dimension.place)
            if standing is not None and standing.segment:
                found.setdefault(full_id(dimension.name, standing.segment), set()).add(customer)
    return found
