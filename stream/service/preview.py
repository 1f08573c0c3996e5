"""What new rules mean beside old ones: recorded events played under both, compared segment by segment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from stream.core.plan import Plan, identity
from stream.ruleset.asks_for import never_came
from stream.ruleset.beside import OLD, beside, decided_otherwise
from stream.ruleset.canonical import meaning_of
from stream.ruleset.compile import compile_plan
from stream.ruleset.compile_questions import dimension_of
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import Ruleset
from stream.service.outcome import Outcome

SAMPLES = 5
"""So many customers who would enter, and who would leave, are named."""
OVERLAPS = 5
"""So many other segments are named, those that share most members first."""
LOOKED_AT = 200
"""Of so many members it is asked in which other segments they are, unless more are wished."""
FEWEST_LOOKED_AT = 20
"""Of so many members of each segment at least, however many segments there are."""
TIMED = 300
"""The cost of an event is measured with the events of so many customers."""
FEWEST = 0.005
"""A segment with less than this share of the base is said to hold too few."""
MOST = 0.95
"""A segment with more than this share of the base is said to hold nearly all."""

Rules = tuple[Ruleset, Plan]


class Player(Protocol):
    """What plays the recorded events."""

    def everybody(self, plan: Plan, label: str) -> Outcome:
        """Play the events of all customers; `label` says to a person what for."""
        ...

    def some(self, plan: Plan, label: str, customers: Collection[str], ends_at: int) -> Outcome:
        """Play the events of these customers, and let time pass up to an instant."""
        ...


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many of the members that were looked at are in another segment, too."""

    segment: str
    members: int
    of: int
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


@dataclass(frozen=True, slots=True)
class Preview:
    """Both plays, and what they mean for each segment that was asked about."""

    old: Outcome
    new: Outcome
    dimensions: tuple[str, ...]
    """Those of the segments that were asked about."""
    looked_at: tuple[str, ...]
    """The dimensions that these look at: they were played along."""
    forecasts: tuple[Forecast, ...]
    microseconds_per_event: float
    """What deciding these dimensions, and those they look at, takes of one core for each event, under the new rules."""

    def per_thousand(self, outcome: Outcome) -> float:
        """Return the transitions of these dimensions for each thousand events."""
        return 1000 * outcome.transitions(self.dimensions) / outcome.events if outcome.events else 0.0


def compare(old: Rules, new: Rules, segments: Sequence[str], play: Player, most: int = LOOKED_AT) -> Preview:
    """Play the dimensions of these segments, and all that they look at, under both rules, and compare.

    Which other segments the members are in is asked of `most` of them, so that the rest need not be played for all.
    """
    ruleset, plan = new
    asked = frozenset(dimension_of(each)[0] for each in segments)
    before, after = _play_both(old, new, asked, play)
    part = only(plan, asked)
    others = _Others(plan, frozenset(one.name for one in part.dimensions), _catch_alls(ruleset), play)
    found = others.overlaps(after, segments, most)
    return Preview(
        before,
        after,
        tuple(sorted(asked)),
        tuple(one.name for one in part.dimensions if one.name not in asked),
        tuple(
            forecast(
                before,
                after,
                each,
                found.get(each, ()),
                is_wide=each in others.catch_alls,
                missing=_missing(ruleset, each, after),
            )
            for each in segments
        ),
        _cost(part, after, play, is_alone=before is after),
    )


def only(plan: Plan, names: Collection[str]) -> Plan:
    """Return the plan of the dimensions of these names, and of all that they look at."""
    return plan.only({one.key for one in plan.dimensions if one.name in names})


def _play_both(old: Rules, new: Rules, asked: frozenset[str], play: Player) -> tuple[Outcome, Outcome]:
    """Return what old and new rules make of the events: of what is equal in both, the same."""
    if meaning_of(old[0].vocabulary) != meaning_of(new[0].vocabulary):
        return play.everybody(only(old[1], asked), "old rules"), play.everybody(only(new[1], asked), "new rules")
    moved = decided_otherwise(old[0], new[0])
    if not asked & moved:
        outcome = play.everybody(only(new[1], asked), "play")
        return outcome, outcome
    both = compile_plan(beside(new[0], old[0], moved), new[1].version, new[1].bundle)
    names = asked | {name + OLD for name in asked & moved}
    outcome = play.everybody(only(both, names), "old and new rules")
    return outcome.renamed(lambda name: _old_name(name, moved)), outcome.renamed(_new_name)


def _new_name(name: str) -> str | None:
    return None if OLD in name else name


def _old_name(name: str, moved: Collection[str]) -> str | None:
    return name.replace(OLD, "") if OLD in name else None if dimension_of(name)[0] in moved else name


def _cost(part: Plan, after: Outcome, play: Player, *, is_alone: bool) -> float:
    """Return the microseconds that an event takes; where old rules were played along, some customers tell."""
    timed = after if is_alone else play.some(part, "cost", _some(after.known, TIMED), after.ends_at)
    return 1e6 * timed.seconds / timed.events if timed.events else 0.0


def _catch_alls(ruleset: Ruleset) -> frozenset[str]:
    """Return the segments that take everyone else: never too wide, and no news that somebody is in one."""
    return frozenset(f"{one.id}.{one.otherwise}" for one in ruleset.dimensions)


def _some(customers: Iterable[str], most: int) -> frozenset[str]:
    """Return at most so many customers, by chance and always the same."""
    return frozenset(sorted(customers, key=identity)[:most])


@dataclass(frozen=True, slots=True)
class _Others:
    """The segments that nobody asked about."""

    plan: Plan
    played: frozenset[str]
    """The dimensions of which everybody's segment is known."""
    catch_alls: frozenset[str]
    play: Player

    def overlaps(self, after: Outcome, segments: Sequence[str], most: int) -> dict[str, tuple[Overlap, ...]]:
        """Return by segment in which others its members are, too."""
        each = max(most // max(len(segments), 1), FEWEST_LOOKED_AT) if most else 0
        samples = {segment: _some(after.members.get(segment, ()), each) for segment in segments}
        looked_at = frozenset[str]().union(*samples.values())
        found = after.members | self._members(looked_at, after.ends_at)
        theirs = {
            name: members
            for name, members in found.items()
            if name not in self.catch_alls and not name.endswith(ABOUT_TO_LEAVE)
        }
        return {segment: tuple(_overlaps(segment, sample, theirs)) for segment, sample in samples.items()}

    def _members(self, customers: frozenset[str], ends_at: int) -> dict[str, set[str]]:
        """Return which of these customers are in each segment of the dimensions that were not played for all."""
        rest = [one for one in self.plan.dimensions if one.name not in self.played]
        names = {one.name for one in rest if not one.name.endswith(ABOUT_TO_LEAVE)}
        if not customers or not names:
            return {}
        return self.play.some(only(self.plan, names), "overlaps", customers, ends_at).members


def _overlaps(segment: str, sample: frozenset[str], members: dict[str, set[str]]) -> list[Overlap]:
    found = [
        Overlap(other, both, len(sample), both / len(sample))
        for other, theirs in members.items()
        if other != segment and (both := len(sample & theirs))
    ]
    return sorted(found, key=lambda each: (-each.members, each.segment))[:OVERLAPS]


def _missing(ruleset: Ruleset, segment: str, outcome: Outcome) -> Sequence[str]:
    """Return what the segment asks for to enter it and what never came with the events."""
    rules = ruleset.segment(segment)
    return never_came(rules.enter, outcome.heard) if rules is not None and rules.enter is not None else ()


def forecast(
    old: Outcome,
    new: Outcome,
    segment: str,
    overlaps: tuple[Overlap, ...],
    *,
    is_wide: bool,
    missing: Sequence[str] = (),
) -> Forecast:
    """Return what the new rules mean for a segment; one that `is_wide` takes everyone else and is not warned of.

    What is `missing` never came with the events, and is named where hardly anybody is in it.
    """
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
        overlaps=overlaps,
        warnings=() if is_wide else tuple(_warnings(len(after), new.customers, share, missing)),
    )


def _warnings(members: int, customers: int, share: float, missing: Sequence[str]) -> Iterator[str]:
    if customers and share < FEWEST:
        why = f"{', '.join(missing)} never came in these events" if missing else "is a bar too high?"
        yield f"would hold too few to act on: {members:,} of {customers:,} customers; {why}"
    if share > MOST:
        yield f"would hold nearly all: {members:,} of {customers:,} customers; does it say anything?"
