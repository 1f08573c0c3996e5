"""The layout of a plan: its gauges, what is so of a customer of whom nothing is known, and who looks at whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stream.core.condition import is_in_place
from stream.core.deciding import decide
from stream.core.dimension import Dimension
from stream.core.gauge import Gauge, Untouched, remember
from stream.core.profile import NEVER, Profile


@dataclass(frozen=True, slots=True)
class Layout:
    """What a plan works out once, so that a step need not."""

    number: int
    """Stands for the dimensions and the numbers of the gauges in stored profiles; never 0."""
    bits: Mapping[int, int]
    """By the key of a dimension."""
    gauges: tuple[tuple[Gauge, ...], ...]
    """By dimension: those that it asks."""
    upstream: tuple[tuple[Dimension, ...], ...]
    """By dimension: itself and all that it looks at, directly or not, in topological order."""
    resting: int
    """The bits of the dimensions in which everybody of whom nothing is known rests, whenever it is asked."""
    signs: int
    """The bits of the gauges that hold of everybody of whom nothing is known."""
    untouched: Mapping[int, Untouched]
    """By slot: what silence never changes of everybody of whom nothing is known."""
    slots: Mapping[int, Sequence[int]]
    """By state key: the slots of the verdicts that depend on it."""


def layout_of(
    number: int,
    dimensions: Sequence[Dimension],
    lookers: Sequence[int],
    gauges: Sequence[Sequence[Gauge]],
    slots: Mapping[int, Sequence[int]],
) -> Layout:
    """Return the layout of dimensions in topological order; `lookers` are the bits of those that look at each."""
    blank = Profile("")
    blank.known_since, blank.layout = 0, number
    resting = 0
    for dimension in dimensions:
        remember(gauges[dimension.index], blank, 0)
        if _rests(dimension, blank):
            resting |= 1 << dimension.index
        else:
            blank.standings.pop(dimension.key, None)
    for dimension in dimensions:  # whoever looks at one that moves is asked, too
        if not resting >> dimension.index & 1:
            resting &= ~lookers[dimension.index]
    upstream = tuple(_upstream(dimension, dimensions, lookers) for dimension in dimensions)
    return Layout(
        number,
        {one.key: 1 << one.index for one in dimensions},
        tuple(map(tuple, gauges)),
        upstream,
        resting,
        blank.signs,
        _untouched(dimensions, gauges, blank, slots),
        slots,
    )


def _untouched(
    dimensions: Sequence[Dimension],
    gauges: Sequence[Sequence[Gauge]],
    blank: Profile,
    slots: Mapping[int, Sequence[int]],
) -> dict[int, Untouched]:
    """Return the verdicts, by slot, that are the same of everybody unknown, whenever they are asked for."""
    leaves = [leaf for dimension in dimensions for segment in dimension.order for leaf in segment.leaves]
    personal = {id(leaf.shared) for leaf in leaves if leaf.is_personal}
    kept = [gauge for each in gauges for gauge in each if not is_in_place(gauge.sketch)]
    found = {gauge.slot: gauge.read(blank, 0) for gauge in kept if id(gauge.read) not in personal}
    keys: dict[int, list[int]] = {slot: [] for slot in found}
    for key, fed in slots.items():
        for slot in keys.keys() & fed:
            keys[slot].append(key)
    return {slot: Untouched(tuple(keys[slot]), verdict) for slot, verdict in found.items() if abs(verdict) == NEVER}


def _rests(dimension: Dimension, blank: Profile) -> bool:
    """Tell whether nothing moves somebody unknown, at the beginning of time and in all the silence after it."""
    asked = [leaf for segment in dimension.order for leaf in segment.leaves]
    if dimension.announces_first or any(leaf.is_personal for leaf in asked):
        return False
    decide(dimension, blank, 0, is_new=True)
    standing = blank.standings[dimension.key]
    return standing.until == NEVER and blank.is_resting(standing, dimension.place.rest)


def _upstream(dimension: Dimension, dimensions: Sequence[Dimension], lookers: Sequence[int]) -> tuple[Dimension, ...]:
    wanted = 1 << dimension.index
    for other in reversed(dimensions[: dimension.index]):
        if lookers[other.index] & wanted:
            wanted |= 1 << other.index
    return tuple(each for each in dimensions if wanted >> each.index & 1)
