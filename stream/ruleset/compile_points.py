"""Leaves of the conditions that compare one number of the customer: points of rules, scores of models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce

from stream.core import points as core
from stream.core.bundle import ToldScore
from stream.core.condition import Leaf
from stream.core.profile import Profile
from stream.ruleset.compile_conditions import Conditions, Makers, told_count
from stream.ruleset.compile_tests import count_test
from stream.ruleset.schema import All, AnyOf, Not
from stream.ruleset.schema_events import Points, Score
from stream.ruleset.schema_files import PointsLine
from stream.ruleset.schema_parts import Count


def points(conditions: Conditions, asked: Points) -> Leaf:
    """Return the leaf of `points`: what the conditions of its file give that hold."""
    inner: list[Leaf] = []
    written = conditions.points[asked.points]
    scale = _scale(written)
    lines = [(int(line.give * scale), conditions.compile(line.when, inner)) for line in written]
    count = asked.count
    assert count is not None
    return Leaf(
        f"points {asked.points}",
        *told_count(count),
        unit="",
        read=core.points(lines, count_test(count, scale)),
        value=_shown(core.total(lines), scale),
        states=frozenset[int]().union(*(leaf.states for leaf in inner)),
        dimensions=frozenset[int]().union(*(leaf.dimensions for leaf in inner)),
        is_personal=any(leaf.is_personal for leaf in inner),
        leans=_leans(written, inner, count),
    )


def _leans(lines: Sequence[PointsLine], inner: Sequence[Leaf], count: Count) -> int:
    """Return what one more event does: where each line is one condition and gives some, it gives more."""
    is_growing = all(line.give >= 0 and not isinstance(line.when, All | AnyOf | Not) for line in lines)
    if not is_growing or not all(leaf.leans == 1 for leaf in inner):
        return 0
    return {"at_least": 1, "above": 1, "at_most": -1, "below": -1}.get(count.op, 0)


def _scale(lines: Sequence[PointsLine]) -> int:
    """Return by how much points are multiplied to be whole numbers."""
    fractions = [line.give for line in lines if isinstance(line.give, Decimal)]
    digits = [-int(give.as_tuple().exponent) for give in fractions]
    return int(10 ** reduce(max, digits, 0))


def _shown(total: Callable[[Profile, int], int], scale: int) -> Callable[[Profile, int], float]:
    return lambda profile, now: got if (got := total(profile, now) / scale) % 1 else int(got)


def score(conditions: Conditions, asked: Score) -> Leaf:
    """Return the leaf of `score`: of the model that publishes it, else what records told."""
    source = conditions.bundle.scores.get(asked.score) or ToldScore(conditions.tellings.score(asked.score))
    count = asked.count
    assert count is not None
    return Leaf(
        f"score {asked.score}",
        *told_count(count),
        unit="",
        read=source.read(count_test(count, 1)),
        value=source.value,
        states=source.states,
    )


MAKERS: Makers = {Points: points, Score: score}
