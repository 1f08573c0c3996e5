"""Plays the cases beside the rules on the engine, and tells what differs from what they expect."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from stream.core.dimension import Dimension, Segment
from stream.core.event import NOTHING, Event
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.core.timeline import Timeline
from stream.core.transition import Evidence, Transition
from stream.errors import InputError
from stream.ruleset.given import begun, plain, with_given
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_cases import DEFAULT_START, Case, CaseEvent, Expected
from stream.ruleset.spans import span_text

CUSTOMER = "customer"
SOURCE = "case"


@dataclass(frozen=True, slots=True)
class Move:
    """One change that the engine made; `at_ms` since the start of the case, empty names for outside."""

    at_ms: int
    left: str
    entered: str

    def __str__(self) -> str:
        """Return `at 8d: enters active (leaves new)`."""
        if not self.entered:
            return f"at {span_text(self.at_ms)}: leaves {self.left}"
        return f"at {span_text(self.at_ms)}: enters {self.entered}" + (f" (leaves {self.left})" if self.left else "")


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that did not go as expected, the line that says otherwise, and the values of that instant."""

    line: int
    column: int
    at_ms: int
    message: str
    stands_in: str = ""
    """Where the customer stood at that instant, empty for outside."""
    asked: str = ""
    """The segment whose conditions the values belong to."""
    values: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Played:
    """One case after it was played."""

    segment: str
    name: str
    file: str
    line: int
    expected: tuple[str, ...]
    got: tuple[Move, ...] = ()
    differences: tuple[Difference, ...] = ()
    is_off: bool = False
    """Whether the segment is off, so that nothing was played."""

    @property
    def passed(self) -> bool:
        """Tell whether everything went as expected."""
        return not self.differences


def play_cases(
    ruleset: Ruleset, plan: Plan, is_wanted: Callable[[str], bool] = lambda segment: True
) -> Iterator[Played]:
    """Play every case of the segments that are wanted (`dimension.segment`), file by file, in order."""
    parts = _Parts(plan)
    for segment, cases in sorted(ruleset.cases.items()):
        if is_wanted(segment):
            for index, case in enumerate(cases):
                stage = _Stage(ruleset, with_given(ruleset, plan, case), segment, index, case)
                stage.plan = parts.of(stage.plan, frozenset(stage.dimensions))
                yield stage.result()


class _Parts:
    """Plans of the dimensions that cases ask about; those of the plan that most cases share are made once."""

    def __init__(self, whole: Plan) -> None:
        self.whole = whole
        self.made: dict[frozenset[str], Plan] = {}

    def of(self, plan: Plan, names: frozenset[str]) -> Plan:
        """Return the plan of these dimensions and of all that they look at."""
        if plan is not self.whole:  # a case has given bars or buckets of its own
            return self._part(plan, names)
        if names not in self.made:
            self.made[names] = self._part(plan, names)
        return self.made[names]

    @staticmethod
    def _part(plan: Plan, names: frozenset[str]) -> Plan:
        return plan.only({one.key for one in plan.dimensions if one.name in names})


def expected_text(expected: Expected) -> str:
    """Return an expectation as words: `at 8d: enters active`."""
    words = [f"{word} {name}" for word, name in (("enters", expected.enters), ("leaves", expected.leaves)) if name]
    return f"at {span_text(expected.at)}: {' and '.join(words)}"


@dataclass(slots=True)
class _Stage:
    """One case on its way through the engine."""

    ruleset: Ruleset
    plan: Plan
    segment: str
    index: int
    case: Case
    file: str = field(init=False)
    start: int = field(init=False)
    dimensions: dict[str, str] = field(init=False)
    """The dimensions whose moves count, each with what its segments are called in front."""

    def __post_init__(self) -> None:
        """Find out where the case stands, when it starts and which moves it must account for."""
        folder, _, name = self.segment.partition(".")
        self.file = f"{folder}/{name}.test.yaml"
        self.start = start_ms(self.case, self.plan.vocabulary.zone)
        self.dimensions = {self.segment if folder == AUDIENCES else folder: ""}
        for one in self.case.expect:
            for spoken in (one.enters, one.leaves):
                if spoken and spoken.endswith(ABOUT_TO_LEAVE):
                    self.dimensions[f"{folder}.{spoken}"] = spoken.removesuffix(ABOUT_TO_LEAVE) + "."

    def result(self) -> Played:
        """Play the case and compare."""
        line, _ = self.place("name")
        expected = tuple(map(expected_text, self.case.expect))
        told = (self.segment, self.case.name, self.file, line, expected)
        rules = self.ruleset.segment(self.segment)
        if rules is not None and not rules.is_on:
            return Played(*told, is_off=True)
        try:
            transitions = self.play(self.end())[1]
        except _RefusedError as refused:
            return Played(*told, differences=(refused.difference,))
        moves = [(self.move(each), each) for each in transitions if each.dimension in self.dimensions]
        return Played(*told, tuple(move for move, _ in moves), tuple(self.differences(moves)))

    def place(self, *path: str | int) -> tuple[int, int]:
        """Return line and column of a part of the case."""
        return self.ruleset.position(self.file, ("tests", self.index, *path), key=False)

    def end(self) -> int:
        """Return the instant at which the case ends: `until`, or its last event."""
        last = max((event.at for event in self.case.events), default=0)
        return self.start + max(self.case.until or 0, last)

    def play(self, until: int) -> tuple[Profile | None, list[Transition]]:
        """Play all events up to an instant, let time pass to it, and return the customer and the transitions."""
        timeline = Timeline(self.plan)
        if self.case.given is not None:
            timeline.profiles[CUSTOMER] = begun(self.plan, self.case.given, CUSTOMER)
        found: list[Transition] = []
        for number, event in enumerate(self.case.events):
            if self.start + event.at <= until:
                found += timeline.apply(self.event(number, event)).transitions
        if self.case.until is not None:
            for done in timeline.tick(until + 1):
                found += done.transitions
        return timeline.profiles.get(CUSTOMER), found

    def event(self, number: int, written: CaseEvent) -> Event:
        """Return an event as the service would accept it."""
        at = self.start + written.at
        occurred = getattr(written, "occurred", None)
        told = _Told(
            event_id=str(number),
            occurred_ms=at if occurred is None else self.start + occurred,
            name=getattr(written, "did", ""),
            properties=plain(getattr(written, "properties", NOTHING)),
            traits=self.plan.told.as_sent(plain(getattr(written, "traits", NOTHING))),
            consents=getattr(written, "consents", NOTHING),
            lists=getattr(written, "lists", NOTHING),
        )
        try:
            event = self.plan.vocabulary.accept(told, at)
        except InputError as error:
            line, column = self.place("events", number)
            message = f"the service would refuse this event: {error} [{error.code}]"
            raise _RefusedError(Difference(line, column, written.at, message)) from error
        event.scores = plain(getattr(written, "scores", NOTHING))
        return event

    def move(self, transition: Transition) -> Move:
        """Return a transition as a move of this case."""
        front = self.dimensions[transition.dimension]
        left, entered = (f"{front}{name}" if name else "" for name in (transition.left, transition.entered))
        return Move(transition.at - self.start, left, entered)

    # -- comparing ------------------------------------------------------------------------

    def differences(self, moves: Sequence[tuple[Move, Transition]]) -> Iterator[Difference]:
        """Yield what was expected and did not happen, and what happened and was not expected, by instant."""
        wanted, got = list(enumerate(self.case.expect)), list(moves)
        while wanted or got:
            at = min([one.at for _, one in wanted[:1]] + [move.at_ms for move, _ in got[:1]])
            here = [pair for pair in wanted if pair[1].at == at]
            there = [pair for pair in got if pair[0].at_ms == at]
            wanted, got = wanted[len(here) :], got[len(there) :]
            for number, expected in here:
                found = next((pair for pair in there if _is_as_expected(expected, pair[0])), None)
                if found is None:
                    yield self.missing(number, expected)
                else:
                    there.remove(found)
            for move, transition in there:
                yield self.unexpected(move, transition)

    def missing(self, number: int, expected: Expected) -> Difference:
        """Return what did not happen, with the values of the segment that should have been entered or left."""
        now = self.start + expected.at
        profile, _ = self.play(now)
        name = expected.enters or expected.leaves or ""
        dimension, segment = self.asked(name)
        stands_in = self.standing(dimension, profile)
        values = values_of(segment, profile, now) if segment and profile and not profile.is_new else ()
        line, column = self.place("expect", number)
        message = f"expected {expected_text(expected)}; it did not happen"
        return Difference(line, column, expected.at, message, stands_in, name, values)

    def unexpected(self, move: Move, transition: Transition) -> Difference:
        """Return what happened and was not expected, with the evidence that the transition carries."""
        line, column = self.ruleset.position(self.file, ("tests", self.index, "expect"), key=True)
        cause = transition.cause
        why = cause.condition and f"{cause.condition} ran out" if cause.kind == "time" else cause.name or "the record"
        message = f"not expected {move}" + (f", because of: {why}" if why else "")
        return Difference(
            line, column, move.at_ms, message, move.entered, move.entered or move.left, transition.evidence
        )

    def asked(self, name: str) -> tuple[Dimension | None, Segment | None]:
        """Return the dimension and the segment that an expectation speaks of."""
        for dimension in self.plan.dimensions:
            front = self.dimensions.get(dimension.name)
            if front is not None and name.startswith(front):
                segment = dimension.by_name.get(name.removeprefix(front))
                if segment is not None:
                    return dimension, segment
        return None, None

    @staticmethod
    def standing(dimension: Dimension | None, profile: Profile | None) -> str:
        """Return where a customer stands, empty for outside."""
        standing = profile.standings.get(dimension.key) if dimension and profile else None
        return standing.segment if standing else ""


def values_of(segment: Segment, profile: Profile, now: int) -> tuple[Evidence, ...]:
    """Return the conditions of a segment with the values that they have for a customer at an instant."""
    return tuple(
        Evidence(leaf.text, leaf.test, leaf.value(profile, now), leaf.bar, leaf.read(profile, now) > 0, leaf.unit)
        for leaf in segment.leaves
    )


def start_ms(case: Case, zone: ZoneInfo) -> int:
    """Return the instant at which a case starts, by default a Monday's midnight in the zone."""
    if case.starts is not None:
        return case.starts.at_ms
    return round(datetime.fromisoformat(DEFAULT_START).replace(tzinfo=zone).timestamp() * 1000)


def _is_as_expected(expected: Expected, move: Move) -> bool:
    return expected.enters in {None, move.entered} and expected.leaves in {None, move.left}


class _RefusedError(Exception):
    """An event of a case that the service would not accept."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.message)
        self.difference = difference


@dataclass(frozen=True, slots=True)
class _Told:
    """An event of a case in the shape in which decoded events are judged."""

    event_id: str
    occurred_ms: int | None
    name: str
    properties: Mapping[str, Any]
    traits: Mapping[str, Any]
    consents: Mapping[str, str]
    lists: Mapping[str, str]
    source: str = SOURCE
    customer: str = CUSTOMER
