"""Plays the cases beside the rules on the engine, and tells what differs from what they expect."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from stream.core.dimension import Dimension, Segment
from stream.core.event import NOTHING, Event
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.core.reason import evidence
from stream.core.timeline import Timeline
from stream.core.transition import Evidence, Transition
from stream.errors import InputError
from stream.ruleset.cases_told import SECOND_MS, Difference, Move, Played, expected_text, words_of
from stream.ruleset.given import begun, plain, with_given
from stream.ruleset.kept_out import clocks_of, notes
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_cases import DEFAULT_START, Case, CaseEvent, Expected
from stream.ruleset.spans import span_text
from stream.wire.sentence import because_words, instant_words
from stream.wire.transition import body

CUSTOMER = "customer"
SOURCE = "case"


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
        if self.is_off():
            return Played(*told, is_off=True)
        try:
            transitions = self.play(self.end())[1]
        except _RefusedError as refused:
            return Played(*told, differences=(refused.difference,))
        moves = [(self.move(each), each) for each in transitions if each.dimension in self.dimensions]
        return Played(*told, tuple(move for move, _ in moves), tuple(self.differences(moves)))

    def is_off(self) -> bool:
        """Tell whether the segment is off, or takes everybody else of an order that is off as a whole."""
        rules = self.ruleset.segment(self.segment)
        if rules is None:
            return False
        home = next((one for one in self.ruleset.dimensions if one.id == rules.dimension), None)
        if home is None or rules.name != home.otherwise:
            return not rules.is_on
        return not any(home.segments[name].is_on for name in home.order)

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
            at = min([one.at for _, one in wanted[:1]] + [move.second_ms for move, _ in got[:1]])
            here = [pair for pair in wanted if pair[1].at == at]
            there = [pair for pair in got if pair[0].second_ms == at]
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
        line, column = self.place("expect", number)
        message = f"expected {self.when(expected.at)}: {words_of(expected)}; it did not happen"
        if dimension is None or segment is None or profile is None or profile.is_new:
            return Difference(line, column, expected.at, message, stands_in, name)
        notes = tuple(self.notes(dimension, segment, profile, now)) if expected.enters else ()
        if not segment.leaves and stands_in in dimension.by_name:
            segment = dimension.by_name[stands_in]
            name = self.dimensions[dimension.name] + stands_in
        return Difference(line, column, expected.at, message, stands_in, name, values_of(segment, profile, now), notes)

    def notes(self, dimension: Dimension, segment: Segment, profile: Profile, now: int) -> Iterator[str]:
        """Yield what beside its conditions kept a customer out of a segment."""
        yield from notes(dimension, segment, profile, now, self.plan.vocabulary.zone)
        standing = profile.standing(dimension.place)
        assert standing is not None
        for clock in clocks_of(segment, standing, now):
            yield f"{clock.word} until {self.shown(clock.until)}"

    def when(self, at_ms: int) -> str:
        """Return `at 8d (2026-01-13 00:00)`, in the zone of the vocabulary."""
        return f"at {span_text(at_ms - at_ms % SECOND_MS)} ({self.shown(self.start + at_ms)})"

    def shown(self, instant: int) -> str:
        """Return an instant in the zone of the vocabulary."""
        return instant_words(instant, self.plan.vocabulary.zone)

    def unexpected(self, move: Move, transition: Transition) -> Difference:
        """Return what happened and was not expected, with the evidence that the transition carries."""
        line, column = self.ruleset.position(self.file, ("tests", self.index, "expect"), key=True)
        because = because_words(json.loads(body(transition)), self.plan.vocabulary.zone)
        message = f"not expected {self.when(move.at_ms)}: {move.words}{because}"
        asked = transition.evidence[0].of if transition.evidence else ""
        values = tuple(each for each in transition.evidence if each.of == asked)
        name = self.dimensions[transition.dimension] + asked
        return Difference(line, column, move.second_ms, message, move.entered, name, values)

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
        standing = profile.standing(dimension.place) if dimension and profile else None
        return standing.segment if standing else ""


def values_of(segment: Segment, profile: Profile, now: int) -> tuple[Evidence, ...]:
    """Return the conditions of a segment with the values that they have for a customer at an instant."""
    return tuple(
        replace(evidence(profile, segment, number, now), holds=leaf.read(profile, now) > 0)
        for number, leaf in enumerate(segment.leaves)
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
