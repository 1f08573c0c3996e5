"""Advice that fails nothing: rules that are hard to read, dimensions that are too wide, reviews that are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from stream.errors import Problem
from stream.ruleset.ruleset import DimensionRules, Ruleset, SegmentRules
from stream.ruleset.schema import All, AnyOf, Condition, Not
from stream.ruleset.schema_values import EventField
from stream.ruleset.schema_words import Words

MOST_LEAVES: Final = 12
MOST_LEVELS: Final = 3
MOST_SEGMENTS: Final = 12


def advice(ruleset: Ruleset) -> list[Problem]:
    """Return warnings [warn-…] about rules that are hard to live with; none of them is a failure."""
    found: list[Problem] = []
    for segment in ruleset.all_segments():
        found += _about_segment(ruleset, segment)
    for dimension in ruleset.dimensions:
        found += _about_dimension(ruleset, dimension)
    return sorted(found)


def overdue_reviews(ruleset: Ruleset, today: date) -> list[Problem]:
    """Return a warning for each segment whose `review_by` is before `today`."""
    return [
        ruleset.problem(
            one.file, ("review_by",), f"the review was due on {due.date}; look at it, set a new day", "warn-review"
        )
        for one in ruleset.all_segments()
        if (due := one.written.review_by) is not None and due.date < today
    ]


def _about_segment(ruleset: Ruleset, segment: SegmentRules) -> Iterator[Problem]:
    for word, condition in (("enter", segment.enter), ("stay_while", segment.stay_while)):
        if condition is None:
            continue
        leaves, levels = _size(condition)
        if leaves > MOST_LEAVES:
            message = f"{leaves} conditions, more than {MOST_LEAVES}; make a segment or points of some"
            yield ruleset.problem(segment.file, (word,), message, "warn-leaves")
        if levels > MOST_LEVELS:
            message = f"{levels} levels, more than {MOST_LEVELS}; make a segment of the innermost"
            yield ruleset.problem(segment.file, (word,), message, "warn-levels")


def _size(condition: Condition) -> tuple[int, int]:
    """Return the number of leaves and of levels of groups."""
    match condition:
        case All(all=inner) | AnyOf(any=inner):
            sizes = [_size(one) for one in inner]
            return sum(leaves for leaves, _ in sizes), 1 + max(levels for _, levels in sizes)
        case Not(not_=inner_one):
            leaves, levels = _size(inner_one)
            return leaves, levels + 1
        case _:
            return 1, 0


def _about_dimension(ruleset: Ruleset, dimension: DimensionRules) -> Iterator[Problem]:
    if len(dimension.segments) > MOST_SEGMENTS:
        message = f"{len(dimension.segments)} segments, more than {MOST_SEGMENTS}; nobody can act on so many"
        yield ruleset.problem(dimension.file, ("order",), message, "warn-segments")
    fields = {_field(leaf) for one in dimension.segments.values() for _, leaf in one.conditions()}
    if len(fields) == 1 and (only := fields.pop()) is not None:
        message = f"every segment rests on {only.event}.{only.property} alone; one wrong value moves them all"
        yield ruleset.problem(dimension.file, ("order",), message, "warn-one-property")


def _field(leaf: Words) -> EventField | None:
    named = leaf.value_of(leaf.word)
    return named if isinstance(named, EventField) else None
