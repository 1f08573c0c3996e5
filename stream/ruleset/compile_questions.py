"""The questions of a ruleset in the order in which they are decided: dimensions, audiences, warnings of both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import PointsRules, Ruleset, SegmentRules
from stream.ruleset.schema import Condition, walk
from stream.ruleset.schema_customers import InSegment
from stream.ruleset.schema_events import Points


@dataclass(slots=True)
class Question:
    """One dimension or audience of the ruleset, on its way to a Dimension."""

    name: str
    order: tuple[SegmentRules, ...] = ()
    otherwise: SegmentRules | None = None
    inside: str | None = None
    announces_first: bool = False
    warns_of: SegmentRules | None = None
    """Set where the question is who is about to leave a segment; then there is no order."""
    points: Mapping[str, PointsRules] = field(default_factory=dict)

    def looks_at(self) -> set[str]:
        """Return the names of the dimensions that must be decided before this one."""
        if self.warns_of is not None:
            return {dimension_of(self.warns_of.id)[0]}
        found = {dimension_of(self.inside)[0]} if self.inside else set()
        for segment in self.order:
            found |= self._looked_at(condition for _, condition in segment.conditions())
        return found

    def _looked_at(self, conditions: Iterable[Condition]) -> set[str]:
        found: set[str] = set()
        for condition in conditions:
            if isinstance(condition, InSegment):
                found.add(dimension_of(condition.in_segment)[0])
            elif isinstance(condition, Points):
                for line in self.points[condition.points].lines:
                    found |= self._looked_at(each for _, each in walk(line.when))
        return found


def questions_of(ruleset: Ruleset) -> list[Question]:
    """Return the questions, each after those it looks at, otherwise by name."""
    dimensions = [
        Question(
            dimension.id,
            tuple(dimension.segments[name] for name in dimension.order if _asks(dimension.segments[name])),
            dimension.segments[dimension.otherwise],
            dimension.inside,
            dimension.announce_first,
            points=ruleset.points,
        )
        for dimension in ruleset.dimensions
        if dimension.otherwise
    ]
    audiences = [
        Question(segment.id, (segment,), points=ruleset.points)
        for segment in ruleset.audiences.values()
        if _asks(segment)
    ]
    asked = dimensions + audiences
    return _in_order([*asked, *_warnings(asked)])


def _warnings(questions: Iterable[Question]) -> Iterator[Question]:
    for question in questions:
        for segment in question.order:
            if segment.warn_before_ms is not None:
                yield Question(segment.id + ABOUT_TO_LEAVE, warns_of=segment)


def _asks(segment: SegmentRules) -> bool:
    return segment.is_on and segment.enter is not None


def _in_order(questions: list[Question]) -> list[Question]:
    """Of those that need nothing more the first by name, again and again; each is asked once what it looks at."""
    named = {question.name: question for question in questions}
    needs = {name: question.looks_at() & (named.keys() - {name}) for name, question in named.items()}
    needed_by: dict[str, list[str]] = {name: [] for name in named}
    for name, needed in needs.items():
        for each in needed:
            needed_by[each].append(name)
    ready = sorted(name for name, needed in needs.items() if not needed)  # a sorted list is a heap
    done: list[Question] = []
    while ready:
        name = heappop(ready)
        done.append(named[name])
        for other in needed_by[name]:
            needs[other].remove(name)
            if not needs[other]:
                heappush(ready, other)
    return done


def dimension_of(name: str) -> tuple[str, str]:
    """Return (dimension, segment) of `dimension.segment`, `audiences.name`, or either with `.about_to_leave`."""
    dimension, _, segment = name.partition(".")
    if name.endswith(ABOUT_TO_LEAVE):
        return name, ABOUT_TO_LEAVE[1:]
    return (name, segment) if dimension == AUDIENCES else (dimension, segment)
