"""Warming: segments whose history was not kept stand still until it is there."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace

from stream.core.condition import always, negation
from stream.core.dimension import Dimension, Segment
from stream.core.keeping import Keeping
from stream.core.layout import layout_of
from stream.core.plan import Plan
from stream.core.profile import NEVER

SegmentKey = tuple[int, str]
"""The key of a dimension, and a segment in it."""
Keeps = Mapping[int, Keeping]
"""By state key: how much of the past is kept."""
FROM_THE_BEGINNING = -NEVER


@dataclass(frozen=True, slots=True)
class Version:
    """One version of the rules that may come into use, and from when on what it asks for was kept."""

    plan: Plan
    kept_since_ms: int = FROM_THE_BEGINNING
    """What the versions before it did not keep was kept from this instant on."""
    rebuilt_at_ms: int = NEVER
    """The instant at which what was missing is read again from the log."""

    def ready_at(self, kept: Keeps) -> dict[SegmentKey, int]:
        """Return from when on the history of each segment is there that reads what was not `kept` so far back."""
        if self.kept_since_ms == FROM_THE_BEGINNING:
            return {}
        return {segment: self._covered_at(reach_ms) for segment, reach_ms in missing(self.plan, kept)}

    def _covered_at(self, reach_ms: int) -> int:
        covered = NEVER if reach_ms == NEVER else self.kept_since_ms + reach_ms
        return min(covered, self.rebuilt_at_ms)

    def kept_whole(self, kept: Keeps) -> Keeps:
        """Return what it keeps with all of its history, where `kept` was kept before."""
        return {key: one for key, one in self.plan.keeps.items() if key in kept and kept[key].is_enough_for(one)}


def missing(plan: Plan, kept: Keeps) -> Iterator[tuple[SegmentKey, int]]:
    """Yield the segments of a plan that read what was not `kept`, and how far back they look, in ms."""
    for dimension in plan.dimensions:
        for segment in dimension.order:
            asked = {key: plan.keeps[key] for leaf in segment.leaves for key in leaf.states if key in plan.keeps}
            reach = [one.reach_ms for key, one in asked.items() if key not in kept or not kept[key].is_enough_for(one)]
            if reach:
                yield (dimension.key, segment.name), max(reach)


def warming(plan: Plan, segments: Container[SegmentKey]) -> Plan:
    """Return the plan in which nobody enters or leaves these segments, except with what they are inside of."""
    dimensions = tuple(_with_still_ones(one, segments) for one in plan.dimensions)
    layout = layout_of(plan.layout.number, dimensions, plan.lookers, plan.layout.gauges, plan.layout.slots)
    return replace(plan, dimensions=dimensions, layout=layout)


def _with_still_ones(dimension: Dimension, segments: Container[SegmentKey]) -> Dimension:
    """Return the dimension with those segments on top that keep their members from all others, and ask for nobody."""
    still = [_still(one) for one in dimension.order if (dimension.key, one.name) in segments]
    names = {one.name for one in still}
    return replace(dimension, order=(*still, *(one for one in dimension.order if one.name not in names)))


def _still(segment: Segment) -> Segment:
    return replace(
        segment,
        enter=negation(always),
        stay=always,
        only_from=None,
        wait_ms=0,
        stay_at_least_ms=0,
        stay_at_most_ms=0,
        cooldown_ms=0,
        is_warming=True,
    )
