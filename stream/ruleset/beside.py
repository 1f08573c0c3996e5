"""Two versions of rules in one ruleset, so that what is equal in both is played once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from stream.ruleset.canonical import meaning_of
from stream.ruleset.compile_questions import Question, dimension_of, questions_of
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.ruleset import DimensionRules, PointsRules, Ruleset, SegmentRules
from stream.ruleset.schema import All, AnyOf, Condition, Not, walk
from stream.ruleset.schema_customers import InSegment
from stream.ruleset.schema_events import Points

OLD = " (old)"
"""Ends the name of what is played as the old rules say; names in files have no blanks."""


def decided_otherwise(old: Ruleset, new: Ruleset) -> frozenset[str]:
    """Return the dimensions and audiences of which a customer may be told something else: their own rules differ,
    or those of what they look at.

    All of both where the vocabularies differ: then the events themselves are read otherwise.
    """
    before, after = _meanings(old), _meanings(new)
    if meaning_of(old.vocabulary) != meaning_of(new.vocabulary):
        return frozenset(before.keys() | after.keys())
    return frozenset(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _meanings(ruleset: Ruleset) -> dict[str, tuple[object, ...]]:
    """Return by question what it and all that it looks at means."""
    written = {one.id: meaning_of(one.written) for one in ruleset.dimensions}
    found: dict[str, tuple[object, ...]] = {}
    for question in questions_of(ruleset):
        rules = (*question.order, *([question.warns_of] if question.warns_of else []))
        found[question.name] = (
            written.get(question.name, b""),
            tuple((one.name, meaning_of(one.written)) for one in rules),
            tuple(sorted((name, meaning_of(ruleset.points[name].written)) for name in _points_of(question, ruleset))),
            tuple(sorted((name, found.get(name, ())) for name in question.looks_at())),
        )
    return found


def _points_of(question: Question, ruleset: Ruleset) -> set[str]:
    """Return the points that a question asks for, and those that these ask for."""
    found: set[str] = set()
    asked = [condition for segment in question.order for _, condition in segment.conditions()]
    while asked:
        condition = asked.pop()
        if isinstance(condition, Points) and condition.points not in found:
            found.add(condition.points)
            asked += [each for line in ruleset.points[condition.points].lines for _, each in walk(line.when)]
    return found


def beside(new: Ruleset, old: Ruleset, names: Collection[str]) -> Ruleset:
    """Return the new rules together with these dimensions and audiences of the old ones, whose names end in OLD.

    Both must have one vocabulary, and `names` must have with a dimension all that look at it: `decided_otherwise`.
    """
    renaming = _Renaming(new, old, names)
    audiences = {each.name: each for one in old.audiences.values() if (each := renaming.segment(one)) is not one}
    return replace(
        new,
        dimensions=(*new.dimensions, *(renaming.dimension(one) for one in old.dimensions if one.id in names)),
        audiences={**new.audiences, **audiences},
        points={**new.points, **{one.name: one for one in renaming.all_points()}},
    )


@dataclass(frozen=True, slots=True)
class _Renaming:
    """The old rules on their way to stand beside the new ones."""

    new: Ruleset
    old: Ruleset
    names: Collection[str]

    def dimension(self, rules: DimensionRules) -> DimensionRules:
        """Return the old dimension under the name it has beside the new one."""
        segments = {name: self.segment(one) for name, one in rules.segments.items()}
        inside = rules.inside and self.named(rules.inside)
        return replace(rules, id=rules.id + OLD, segments=segments, inside=inside)

    def segment(self, rules: SegmentRules) -> SegmentRules:
        """Return the rules of a segment under another name, the very same where nothing of it is renamed."""
        if rules.dimension == AUDIENCES:
            if rules.id not in self.names:
                return rules
            told = replace(rules, name=rules.name + OLD)
        else:
            told = replace(rules, dimension=rules.dimension + OLD)
        enter = self.condition(rules.enter) if rules.enter is not None else None
        stay_while = self.condition(rules.stay_while) if rules.stay_while is not None else None
        return replace(told, enter=enter, stay_while=stay_while)

    def all_points(self) -> Iterator[PointsRules]:
        """Yield the points of which the old dimensions must have a version of their own."""
        for name, rules in self.old.points.items():
            if self.points_name(name) != name:
                lines = tuple(line.model_copy(update={"when": self.condition(line.when)}) for line in rules.lines)
                yield replace(rules, name=name + OLD, lines=lines)

    def points_name(self, name: str) -> str:
        """Return what points are called: those that differ, or look at what differs, have a name of their own."""
        rules, other = self.old.points[name], self.new.points.get(name)
        if other is None or meaning_of(rules.written) != meaning_of(other.written):
            return name + OLD
        conditions = [condition for line in rules.lines for _, condition in walk(line.when)]
        looks = any(isinstance(one, InSegment) and self.named(one.in_segment) != one.in_segment for one in conditions)
        nested = any(isinstance(one, Points) and self.points_name(one.points) != one.points for one in conditions)
        return name + OLD if looks or nested else name

    def named(self, segment: str) -> str:
        """Return what a segment is called."""
        if segment.endswith(ABOUT_TO_LEAVE):
            return self.named(segment.removesuffix(ABOUT_TO_LEAVE)) + ABOUT_TO_LEAVE
        dimension, name = dimension_of(segment)
        if dimension not in self.names:
            return segment
        return dimension + OLD if dimension == segment else f"{dimension}{OLD}.{name}"

    def condition(self, condition: Condition) -> Condition:
        """Return a condition that speaks of the old segments and points."""
        match condition:
            case All(all=inner):
                return condition.model_copy(update={"all": tuple(map(self.condition, inner))})
            case AnyOf(any=inner):
                return condition.model_copy(update={"any": tuple(map(self.condition, inner))})
            case Not(not_=inner):
                return condition.model_copy(update={"not_": self.condition(inner)})
            case InSegment():
                return condition.model_copy(update={"in_segment": self.named(condition.in_segment)})
            case Points():
                return condition.model_copy(update={"points": self.points_name(condition.points)})
            case _:
                return condition
