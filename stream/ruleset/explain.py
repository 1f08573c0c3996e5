"""Why a customer is where they are: each condition with its value, since when, and when silence changes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from zoneinfo import ZoneInfo

from stream.core.condition import Leaf
from stream.core.dimension import Change, Dimension, Segment
from stream.core.engine import Step, catch_up, step
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile, Standing
from stream.core.reason import what_ran_out
from stream.core.timeline import Timeline
from stream.ruleset.compile_questions import dimension_of
from stream.ruleset.explained import Asked, DimensionTold, LeavingTold, SegmentTold
from stream.ruleset.kept_out import clocks_of, notes
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import Ruleset, SegmentRules
from stream.ruleset.schema import All, AnyOf, Condition, Not

WARNING = ABOUT_TO_LEAVE[1:]
SOMEBODY_ELSE = "somebody_else"
"""The outcome of events of other customers."""

FARTHEST = 1_000
"""How many instants of silence are looked through before it says "not before"."""


class Watch(Timeline):
    """The timeline of one customer alone, which sees every instant at which a condition changes."""

    def __init__(self, plan: Plan, customer_id: str, profile: Profile | None = None) -> None:
        """Start before the first record, or with a profile of which it is not known since when its conditions hold."""
        super().__init__(plan)
        self.profile = profile or Profile(customer_id)
        self._leaves = [leaf for dimension in plan.dimensions for one in dimension.order for leaf in one.leaves]
        self._signs: list[bool | None] = [None] * len(self._leaves)
        self._since: list[int | None] = [None] * len(self._leaves)
        self._until = [NEVER] * len(self._leaves)
        if profile is not None:
            self._look(profile.as_of)
            self._since = [None] * len(self._leaves)

    def apply(self, event: Event) -> Step:
        """Apply one event of the customer; those of others are nothing to us."""
        if event.customer_id != self.profile.customer_id:
            return Step(SOMEBODY_ELSE, [], [])
        self.let_pass(max(self.clock, event.record_time))
        done = step(self.profile, event, self.clock, self.plan)
        self._look(self.profile.as_of)
        return done

    def tick(self, before: int) -> Iterator[Step]:
        """Take note of a tick; time passes with the next event of the customer."""
        self.clock = max(self.clock, before)
        return iter(())

    def let_pass(self, before: int) -> None:
        """Let time pass up to an instant, not included."""
        while not self.profile.is_new and (now := min([self.profile.wake, *self._until])) < before:
            catch_up(self.profile, now + 1, self.plan)
            self._look(now)

    def _look(self, now: int) -> None:
        for index, leaf in enumerate(self._leaves):
            verdict = leaf.read(self.profile, now)
            self._until[index] = abs(verdict)
            if self._signs[index] is not (verdict > 0):
                self._signs[index], self._since[index] = verdict > 0, now

    def explain(self, ruleset: Ruleset, at: int, is_wanted: Callable[[str, str], bool]) -> list[DimensionTold]:
        """Return what is so at an instant, after time passed up to it; of segments the wanted (dimension, segment)."""
        self.let_pass(at + 1)
        ahead = _Ahead(self.plan, self.profile, self._leaves, at)
        since = {id(leaf): instant for leaf, instant in zip(self._leaves, self._since, strict=True)}
        return [
            self._dimension(ruleset, dimension, standing, ahead, since, at, is_wanted)
            for dimension in self.plan.dimensions
            if (standing := self.profile.standing(dimension.place)) is not None
        ]

    def _dimension(
        self,
        ruleset: Ruleset,
        dimension: Dimension,
        standing: Standing,
        ahead: _Ahead,
        since: dict[int, int | None],
        at: int,
        is_wanted: Callable[[str, str], bool],
    ) -> DimensionTold:
        told = _Telling(self.profile, ahead, since, at, self.plan.vocabulary.zone)
        segments = [one for one in (*dimension.order, dimension.otherwise) if is_wanted(dimension.name, one.name)]
        move = ahead.moves.get(dimension.name)
        return DimensionTold(
            name=dimension.name,
            segment=standing.segment,
            since=standing.since,
            times=standing.past.entries.get(standing.segment, 1),
            next_segment=move.entered if move else "",
            next_at=move.at if move else None,
            next_condition=ahead.reasons.get(dimension.name, ""),
            segments=tuple(
                told.segment(rules, one, standing, dimension)
                for one in segments
                if (rules := ruleset.segment(warned_of(segment_id(dimension.name, one.name)))) is not None
            ),
        )


class _Ahead:
    """What silence will bring, found by living through it on a copy."""

    def __init__(self, plan: Plan, profile: Profile, leaves: Sequence[Leaf], at: int) -> None:
        """Live on from `at` until everything changed once, nothing changes any more, or it is far enough."""
        self.moves: dict[str, Change] = {}
        self.reasons: dict[str, str] = {}
        self.changes: dict[int, int] = {}
        self.stood = {
            each.name: standing.segment
            for each in plan.dimensions
            if (standing := profile.standing(each.place)) is not None
        }
        """Where the customer stood at `at`, by dimension."""
        self.seen_until = NEVER
        pending = {id(leaf): (leaf, leaf.read(profile, at) > 0) for leaf in leaves}
        twin = profile.ahead()
        for now in islice(_instants(twin, pending, at), FARTHEST):
            for move in catch_up(twin, now + 1, plan).moves:
                if self.moves.setdefault(move.dimension.name, move) is move:
                    self.reasons[move.dimension.name] = what_ran_out(twin, move, now)
            for key, (leaf, holds) in list(pending.items()):
                if (leaf.read(twin, now) > 0) != holds:
                    self.changes[key] = now
                    del pending[key]
            self.seen_until = now
        if next(_instants(twin, pending, at if self.seen_until == NEVER else self.seen_until), None) is None:
            self.seen_until = NEVER


def _instants(twin: Profile, pending: dict[int, tuple[Leaf, bool]], now: int) -> Iterator[int]:
    """Yield the next instant at which anything may differ, as long as there is one."""
    while True:
        now = min([twin.wake, *(abs(leaf.read(twin, now)) for leaf, _ in pending.values())])
        if now >= NEVER:
            return
        yield now


@dataclass(frozen=True, slots=True)
class _Telling:
    """One customer at one instant, for telling what segments ask."""

    profile: Profile
    ahead: _Ahead
    since: dict[int, int | None]
    at: int
    zone: ZoneInfo

    def segment(self, rules: SegmentRules, segment: Segment, standing: Standing, dimension: Dimension) -> SegmentTold:
        """Return what a segment asks; `rules` are those of the segment that it warns of, if it is a warning."""
        leaving = self.leaving(rules) if segment.name == WARNING else None
        leaves = iter(segment.leaves[1:] if leaving else segment.leaves)
        is_asked = bool(segment.leaves) and rules.is_on
        return SegmentTold(
            id=dimension.name if leaving else rules.id,
            title=segment.title if leaving else rules.title,
            is_member=standing.segment == segment.name,
            is_on=rules.is_on,
            enter=tuple(self.lines(rules.enter, leaves)) if is_asked and rules.enter else (),
            stay_while=tuple(self.lines(rules.stay_while, leaves)) if is_asked and rules.stay_while else (),
            clocks=() if leaving else tuple(clocks_of(segment, standing, self.at)),
            leaving=leaving,
            notes=() if leaving or not rules.is_on else self.notes(dimension, segment),
        )

    def notes(self, dimension: Dimension, segment: Segment) -> tuple[str, ...]:
        """Return what beside its conditions and its clocks keeps the customer out of a segment."""
        return tuple(notes(dimension, segment, self.profile, self.at, self.zone))

    def leaving(self, rules: SegmentRules) -> LeavingTold:
        """Return when the customer leaves a segment if nothing is heard."""
        name, segment = dimension_of(rules.id)
        move = self.ahead.moves.get(name)
        is_in = self.ahead.stood.get(name) == segment
        is_known = move is not None or self.ahead.seen_until >= NEVER or not is_in
        at = move.at if move else None if is_known else self.ahead.seen_until
        return LeavingTold(
            segment=rules.id,
            is_in=is_in,
            leaves_at=at if is_in else None,
            is_exact=is_known,
            condition=self.ahead.reasons.get(name, "") if is_in else "",
            warn_before_ms=rules.warn_before_ms or 0,
        )

    def lines(self, condition: Condition, leaves: Iterator[Leaf], depth: int = 0) -> list[Asked]:
        """Return the lines of a condition, groups before what is in them; leaves come in the order of the rule."""
        match condition:
            case All(all=inner) | AnyOf(any=inner):
                parts = [self.lines(each, leaves, depth + 1) for each in inner]
                verdicts = [part[0].holds for part in parts]
                holds = all(verdicts) if isinstance(condition, All) else any(verdicts)
                return [Asked(depth, condition.word, holds), *(line for part in parts for line in part)]
            case Not(not_=one):
                part = self.lines(one, leaves, depth + 1)
                return [Asked(depth, "not", not part[0].holds), *part]
            case _:
                return [self.leaf(next(leaves), depth)]

    def leaf(self, leaf: Leaf, depth: int) -> Asked:
        """Return what one condition asks, and when silence changes its answer."""
        at, is_known = self.ahead.changes.get(id(leaf)), id(leaf) in self.ahead.changes
        if not is_known and self.ahead.seen_until < NEVER:
            at = self.ahead.seen_until
        return Asked(
            depth=depth,
            word="",
            holds=leaf.read(self.profile, self.at) > 0,
            condition=leaf.text,
            value=leaf.value(self.profile, self.at),
            test=leaf.test,
            bar=leaf.bar,
            unit=leaf.unit,
            since=self.since[id(leaf)],
            changes_at=at,
            is_exact=is_known or at is None,
        )


def segment_id(dimension: str, segment: str) -> str:
    """Return `dimension.segment`; an audience is its own dimension, and so is who is about to leave a segment."""
    is_own = dimension.startswith(f"{AUDIENCES}.") or dimension.endswith(ABOUT_TO_LEAVE)
    return dimension if is_own else f"{dimension}.{segment}"


def warned_of(segment: str) -> str:
    """Return the id of the segment that a warning is of, and of any other segment its own."""
    return segment.removesuffix(ABOUT_TO_LEAVE)


def told_ids(ruleset: Ruleset) -> list[str]:
    """Return the ids of all segments that can be asked about, those of who is about to leave one included."""
    ids = [one.id for one in ruleset.all_segments()]
    warning = [one.id for one in ruleset.all_segments() if one.is_on and one.warn_before_ms is not None]
    return ids + [one + ABOUT_TO_LEAVE for one in warning]
