"""The layout of a plan: its gauges, what is so of a customer of whom nothing is known, and who looks at whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stream.core.condition import is_timeless
from stream.core.deciding import decide
from stream.core.dimension import Dimension
from stream.core.gauge import Gauge, remember
from stream.core.profile import NEVER, Profile

KNOWN = -1
"""The slot that says that the verdicts of what a customer never did are there."""
MOST_KNOWN = 4096
"""Of so many kinds of customers, by what they did at all, these verdicts are remembered."""


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
    verdicts: Mapping[int, int]
    """By slot: what silence never changes of everybody of whom nothing is known."""
    slots: Mapping[int, Sequence[int]]
    """By state key: the slots of the verdicts that depend on it."""
    _known: dict[frozenset[int], dict[int, int]] = field(init=False, default_factory=dict, compare=False, repr=False)

    def know(self, profile: Profile) -> None:
        """Let a customer whose verdicts were forgotten have those that depend on nothing that they did."""
        states = frozenset(profile.states)
        known = self._known.get(states)
        if known is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            known = self._known[states] = self._unmoved_by(states)
        profile.verdicts.update(known)

    def _unmoved_by(self, states: Iterable[int]) -> dict[int, int]:
        moved = {slot for key in states for slot in self.slots.get(key, ())}
        return {slot: verdict for slot, verdict in self.verdicts.items() if slot not in moved}


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
        _for_ever(dimensions, gauges, blank),
        slots,
    )


def _for_ever(dimensions: Sequence[Dimension], gauges: Sequence[Sequence[Gauge]], blank: Profile) -> dict[int, int]:
    """Return the verdicts, by slot, that are the same of everybody unknown, whenever they are asked for."""
    leaves = [leaf for dimension in dimensions for segment in dimension.order for leaf in segment.leaves]
    personal = {id(leaf.shared) for leaf in leaves if leaf.is_personal}
    kept = [gauge for each in gauges for gauge in each if not is_timeless(gauge.sketch)]
    asked = {gauge.slot: gauge.read for gauge in kept if id(gauge.read) not in personal}
    verdicts = {slot: read(blank, 0) for slot, read in asked.items()}
    return {KNOWN: NEVER} | {slot: verdict for slot, verdict in verdicts.items() if abs(verdict) == NEVER}


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
