"""How many members each segment has, after the moves of a slice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from stream.core.dimension import Change
from stream.core.plan import Plan

FLAP_MS = 30 * 86_400_000
"""A return within this time after leaving counts as a flap."""
Members = dict[str, dict[str, int]]
"""By dimension and segment."""


def members_after(
    before: Mapping[str, Mapping[str, int]], moves: Iterable[Change], rested: Mapping[int, int], plan: Plan
) -> Members:
    """Return the members after these moves; `rested` are new customers by the dimensions (bits) they rest in."""
    after = {dimension: dict(counts) for dimension, counts in before.items()}
    for bits, customers in rested.items():
        for dimension in plan.dimensions:
            if bits >> dimension.index & 1:
                _add(after, dimension.name, dimension.place.rest, customers)
    for move in moves:
        if not move.is_first:
            _add(after, move.dimension.name, move.left, -1)
        _add(after, move.dimension.name, move.entered, 1)
    return after


def _add(members: Members, dimension: str, segment: str, number: int) -> None:
    if segment:
        counts = members.setdefault(dimension, {})
        counts[segment] = counts.get(segment, 0) + number
