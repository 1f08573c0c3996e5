"""The whole way: one customer's records in, every transition out."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tests.oracle.conditions import chance, holds
from tests.oracle.dimension import WARNING, Answer, Dimension, Move, decide, dimensions_of, go_out, segment_in
from tests.oracle.instants import next_instant
from tests.oracle.records import Accepted, Rec, judge
from tests.oracle.spans import span_ms
from tests.oracle.world import World

Rules = dict[str, dict[str, Any]]


@dataclass
class Result:
    """All transitions in order, where the customer stands at the end, and what became of each record."""

    transitions: list[dict[str, Any]] = field(default_factory=list)
    memberships: dict[str, tuple[str | None, int]] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)


class Replay:
    """One customer on the way through the log."""

    def __init__(self, rules: Rules, given: dict[str, Any] | None = None, every_ms: int | None = None) -> None:
        """Start before the first record; `every_ms` looks at each such step instead of at worked-out instants."""
        self.dimensions = dimensions_of(rules)
        self.answers: dict[str, Answer] = {}
        self.world = World(rules, (), entered=self.entered, given=given or {})
        self.as_of: int | None = None
        self.last_tick = 0
        self.backfill_until = -1
        self.every_ms = every_ms
        self.transitions: list[dict[str, Any]] = []
        self.ready: dict[str, int] = {}

    def entered(self, segment: str) -> int | None:
        """Return since when the customer is in a segment, None if not in it."""
        return segment_in(segment, self.answers)

    def pass_time(self, before: int) -> None:
        """Decide at every instant earlier than `before` at which something could change."""
        while self.as_of is not None:
            instant = self.next_instant(self.as_of)
            if instant is None or instant >= before:
                return
            self.as_of = instant
            self.decide_all(None)

    def next_instant(self, after: int) -> int | None:
        """Return when to look again."""
        if self.every_ms is not None:
            return after - after % self.every_ms + self.every_ms
        found = next_instant(self.world, self.answers, after)
        if found is None:
            return None
        begins = [self.warning_at(one, found) for one in self.dimensions if one.warns_of is not None]
        return min([found, *(one for one in begins if one is not None and one > after)])

    def apply(self, one: Accepted) -> None:
        """Catch up to one accepted record and decide together with it."""
        self.pass_time(max(one.record_time, self.last_tick))
        first = self.as_of is None
        self.as_of = one.record_time if self.as_of is None else max(self.as_of, one.record_time)
        since = self.as_of if first else self.world.known_since
        self.world = replace(self.world, accepted=(*self.world.accepted, one), known_since=since)
        self.backfill_until = max(self.backfill_until, one.backfill_until)
        self.decide_all(one)

    def tick(self, before: int) -> None:
        """Fire what is due before a tick."""
        self.last_tick = max(self.last_tick, before)
        self.pass_time(before)

    def warm_up(self, latest: int) -> None:
        """Let the segments go that stand still, each when its history is there, if that is by `latest`."""
        for at in sorted({at for at in self.ready.values() if at <= latest}):
            self.ready = {segment: ready for segment, ready in self.ready.items() if ready > at}
            if self.as_of is not None:
                self.pass_time(max(at, self.last_tick))
                self.as_of = max(self.as_of, at)
            self.stand_still()
            if self.as_of is not None:
                self.decide_all(None, "backfill")

    def stand_still(self) -> None:
        """Say of each dimension which of its segments nobody enters or leaves."""
        self.dimensions = [
            replace(one, still=frozenset(name for name, _ in one.segments if f"{one.name} {name}" in self.ready))
            for one in self.dimensions
        ]

    def switch(self, rules: Rules, at: int, accepted: Sequence[Accepted], ready: Mapping[str, int]) -> None:
        """Go on under other rules, which accept these of the records so far: all is decided once.

        The same rules again are nothing.
        """
        if rules == self.world.rules:
            return
        self.pass_time(max(at, self.last_tick))
        self.as_of = max([at if self.as_of is None else self.as_of, at, *(one.record_time for one in accepted)])
        before, self.dimensions = self.dimensions, dimensions_of(rules)
        self.ready = {segment: instant for segment, instant in ready.items() if instant > at}
        self.stand_still()
        since = accepted[0].record_time if accepted else self.world.known_since
        self.world = replace(self.world, rules=rules, accepted=tuple(accepted), known_since=since, given={})
        if not self.answers and not accepted:
            self.as_of = None
            return
        names = {each.name for each in self.dimensions}
        self.leave_for_good([one for one in before if one.name in self.answers.keys() - names])
        clocked = {one.name: one.clocked() for one in before}
        for one in self.dimensions:
            if one.name in self.answers:
                self.answers[one.name].keep_clocks(one.clocked() & clocked.get(one.name, set()))
        self.decide_all(None, "rule_changed")

    def leave_for_good(self, dimensions: Sequence[Dimension]) -> None:
        """Leave what is asked no more; who was in an exclusive dimension is told so, should it come back."""
        assert self.as_of is not None
        for one in dimensions:
            answer = self.answers[one.name]
            if answer.current is not None:
                gone = Move(answer.current, None, self.as_of - answer.since, 0)
                self.transitions.append(self.transition(one, gone, None, "rule_changed"))
            if one.otherwise is None:
                del self.answers[one.name]
            else:
                go_out(one, self.answers, self.as_of)

    def decide_all(self, cause: Accepted | None, kind: str = "time") -> None:
        """Decide every dimension as of now, those looked at first, and number what changed; `kind` without a record."""
        assert self.as_of is not None
        for dimension in self.dimensions:
            for move in self.decide(dimension, self.as_of):
                self.transitions.append(self.transition(dimension, move, cause, kind))

    def decide(self, dimension: Dimension, now: int) -> list[Move]:
        """Return the moves of one dimension as of now."""
        if WARNING in dimension.still:
            self.answers.setdefault(dimension.name, Answer(None, now))
            return []
        if dimension.warns_of is None:
            return decide(dimension, self.answers, self.world, now)
        answer = self.answers.setdefault(dimension.name, Answer(None, now))
        begins = self.warning_at(dimension, now)
        current = WARNING if begins is not None and begins <= now else None
        return [] if current == answer.current else [answer.go(current, now)]

    def transition(
        self, dimension: Dimension, move: Move, cause: Accepted | None, kind: str = "time"
    ) -> dict[str, Any]:
        """Return the next transition, numbered."""
        told_of = move.entered or move.left
        return {
            "sequence": len(self.transitions) + 1,
            "dimension": dimension.name,
            "left": move.left,
            "entered": move.entered,
            "at": self.as_of,
            "cause": kind if cause is None else "event",
            "event_id": None if cause is None else cause.content["event_id"],
            "late": cause is not None and cause.late,
            "act": self.may_act(dimension.about(told_of), dimension.lottery(told_of), kind),
            "dwell_ms": move.dwell_ms,
            "entry_count": move.entry_count,
        }

    def may_act(self, about: dict[str, Any], lottery: str, kind: str) -> bool:
        """Return whether campaigns may act: not on loaded history, nor a control group, nor silently on other rules."""
        assert self.as_of is not None
        is_loud = kind == "time" or about.get("on_rule_change") == "announce"
        is_control = chance(f"holdout.{lottery}", self.world) < about.get("holdout_percent", 0)
        return is_loud and not is_control and self.as_of > self.backfill_until

    def warning_at(self, dimension: Dimension, latest: int) -> int | None:
        """Return from when a member of the watched segment is about to leave it, None if not by `latest`."""
        assert dimension.warns_of is not None
        if self.entered(dimension.warns_of) is None:
            return None
        warn_ms = span_ms(dict(dimension.segments)[WARNING]["warn_before"])
        leaves = self.leaves_at(dimension.warns_of, latest + warn_ms)
        return None if leaves is None else leaves - warn_ms

    def leaves_at(self, segment: str, latest: int) -> int | None:
        """Return when the member leaves a segment if nothing is heard, by living through the silence on a copy."""
        silence = self.copy_without_warnings_of(segment)
        while True:
            assert silence.as_of is not None
            instant = silence.next_instant(silence.as_of)
            if instant is None or instant > latest:
                return None
            silence.as_of = instant
            silence.decide_all(None)
            if silence.entered(segment) is None:
                return instant

    def copy_without_warnings_of(self, segment: str) -> Replay:
        """Return a copy that lives on by itself with only the dimensions that the segment depends on."""
        twin = copy.copy(self)
        twin.answers, twin.transitions = copy.deepcopy(self.answers), []
        twin.world = replace(self.world, entered=twin.entered)
        twin.dimensions = upstream(self.dimensions, segment)
        return twin


def upstream(dimensions: Sequence[Dimension], segment: str) -> list[Dimension]:
    """Return the dimensions that decide about a segment, in order."""
    names = {segment if segment.startswith("audiences.") else segment.partition(".")[0]}
    kept: list[Dimension] = []
    for one in reversed(dimensions):
        if one.name in names:
            names |= one.looks_at
            kept.insert(0, one)
    return kept


def run(
    rules: Rules,
    records: Sequence[Rec],
    until: int | None = None,
    given: dict[str, Any] | None = None,
    every_ms: int | None = None,
) -> Result:
    """Return what one customer's records must cause, up to the last record or up to `until` inclusive."""
    replay, outcomes = played(rules, records, until, given, every_ms)
    asked = {one.name for one in replay.dimensions}
    where = {name: (one.current, one.since) for name, one in replay.answers.items() if name in asked}
    return Result(replay.transitions, where, outcomes)


def played(
    rules: Rules,
    records: Sequence[Rec],
    until: int | None,
    given: dict[str, Any] | None = None,
    every_ms: int | None = None,
) -> tuple[Replay, list[str]]:
    """Return the replay after all records, and each record's outcome."""
    kept, outcomes = judge(rules["vocabulary.yaml"], records)
    replay = Replay(rules, given, every_ms)
    for index, record in enumerate(records):
        one = kept[index]
        replay.warm_up(record.record_time)
        if record.kind == "tick":
            replay.tick(record.content["before"])
        elif record.kind == "use":
            told, ready = record.content["rules"], record.content.get("ready", {})
            kept, _ = judge(told["vocabulary.yaml"], records)
            before = [each for each in kept[:index] if each is not None]
            replay.switch(told, record.record_time, before, ready)
        elif one is not None:
            replay.apply(one)
    if until is not None:
        replay.warm_up(until)
        replay.pass_time(until + 1)
    return replay, outcomes


def value_of(
    rules: Rules, condition: dict[str, Any], records: Sequence[Rec], at: int, given: dict[str, Any] | None = None
) -> bool:
    """Return the truth of one condition as of `at` after these records; of an unknown customer nothing holds."""
    replay, _ = played(rules, records, at, given)
    return bool(replay.world.accepted) and holds(condition, replay.world, at)
