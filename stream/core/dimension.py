"""Dimensions: one question with exactly one answer, its segments, and a customer's move from one to another.

An audience is a dimension with one segment and an outside.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from stream.core.condition import Leaf, Read, either
from stream.core.profile import Place, Profile
from stream.core.transition import Evidence

OUTSIDE = ""
"""The answer of a dimension that does not have the customer: outside an audience, not in scope."""

TRUE_SINCE, LEFT_AT, SPENT = range(3)
"""A clock: since when `enter` holds (-1: it does not), when the customer left (-1: never), and whether
`stay_at_most` ran out and `enter` has not been false since."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One answer: who may come in, who stays, and for how long."""

    name: str
    enter: Read
    stay: Read | None = None
    only_from: frozenset[str] | None = None
    wait_ms: int = 0
    stay_at_least_ms: int = 0
    stay_at_most_ms: int = 0
    cooldown_ms: int = 0
    leaves: tuple[Leaf, ...] = ()
    """The conditions of `enter`, then those of `stay`."""
    entering: int = 0
    """How many of the leaves are those of `enter`."""
    title: str = ""
    owner: str = ""
    next_action: str = ""
    holdout_percent: int = 0
    lottery: str = ""
    """Names the lottery of its control group: `dimension.segment`, the same for the warning that it is left soon."""
    announces_rules: bool = False
    """Whether campaigns may act where another version of the rules moved somebody."""
    is_warming: bool = False
    """Whether nobody enters or leaves it for now: the history that it needs was not kept."""
    has_clock: bool = field(init=False)
    """Whether something must be remembered beyond the conditions themselves."""
    keep: Read = field(init=False)
    """Whether it keeps its own, as far as conditions say: until `enter` and `stay` have both ended."""
    turning: tuple[Leaf, ...] = field(init=False)
    """The leaves that silence may turn."""
    asked: tuple[Asked, ...] = field(init=False)
    """What is told of the leaves, as far as every transition tells the same."""

    def __post_init__(self) -> None:
        """Note what is asked of it most often."""
        object.__setattr__(self, "has_clock", bool(self.wait_ms or self.stay_at_most_ms or self.cooldown_ms))
        object.__setattr__(self, "keep", self.enter if self.stay is None else either([self.enter, self.stay]))
        object.__setattr__(self, "turning", tuple([leaf for leaf in self.leaves if not leaf.is_timeless]))
        asked = [_asked(self, leaf, number < self.entering) for number, leaf in enumerate(self.leaves)]
        object.__setattr__(self, "asked", tuple(asked))


class Asked(NamedTuple):
    """One condition of a segment, ready to be told of."""

    value: Callable[[Profile, int], Any]
    holds: Read
    told: Evidence
    """Everything but the value, and whether it holds."""


def _asked(segment: Segment, leaf: Leaf, is_entering: bool) -> Asked:
    told = Evidence(
        leaf.text,
        leaf.test,
        None,
        leaf.bar,
        False,
        leaf.unit,
        segment.name,
        "enter" if is_entering else "stay_while",
        leaf.is_negated,
        leaf.is_instant,
    )
    return Asked(leaf.value, leaf.shared or leaf.read, told)


@dataclass(frozen=True, slots=True)
class Dimension:
    """One question; `otherwise` takes everyone whom no segment of the order has."""

    index: int
    key: int
    name: str
    order: tuple[Segment, ...]
    otherwise: Segment
    inside: tuple[Place, str] | None = None
    announces_first: bool = False
    around: str = ""
    """The id of the segment that `inside` means, for people."""
    place: Place = field(init=False)
    """Who never moved is in `otherwise`, in a nested dimension outside."""
    by_name: dict[str, Segment] = field(init=False)
    ranks: dict[str, int] = field(init=False)
    """By name, the place in the order of the segments that ask something."""
    clocked: tuple[Segment, ...] = field(init=False)
    """The segments that are looked at always, because a clock of theirs may run."""
    told: dict[tuple[str, str], tuple[Asked, ...]] = field(init=False, default_factory=dict, compare=False, repr=False)
    """By the segments that were left and entered: the conditions that are told of such a move, found when it is first
    told."""
    is_plain: bool = field(init=False)
    """Whether the first segment that asks or keeps has the customer, if the own one may be left downwards."""

    is_timed: bool = field(init=False)
    """Whether a stay or a clock of a segment may say when to look again."""

    def __post_init__(self) -> None:
        """Index the segments by name."""
        object.__setattr__(self, "place", Place(self.key, OUTSIDE if self.inside else self.otherwise.name))
        ranks = {segment.name: rank for rank, segment in enumerate(self.order) if segment.leaves}
        object.__setattr__(self, "ranks", ranks)
        object.__setattr__(self, "clocked", tuple(segment for segment in self.order if segment.has_clock))
        is_free = all(segment.only_from is None for segment in self.order)
        object.__setattr__(self, "is_plain", is_free and not self.clocked)
        is_timed = bool(self.clocked) or any(segment.stay_at_least_ms for segment in self.order)
        object.__setattr__(self, "is_timed", is_timed)
        object.__setattr__(self, "by_name", {segment.name: segment for segment in (*self.order, self.otherwise)})


class Change(msgspec.Struct):
    """A customer's move inside one dimension, before it is numbered and told."""

    dimension: Dimension
    left: str
    entered: str
    at: int
    left_since: int
    is_first: bool
    is_announced: bool = True
    is_return: bool = False
    """Whether `entered` is what was held just before `left`."""

    @property
    def is_placement(self) -> bool:
        """Tell whether the customer only came to stand in `otherwise`."""
        return self.left == OUTSIDE and self.entered == self.dimension.otherwise.name

    def after(self, placement: Change) -> Change:
        """Return both as one: a first time leaves `otherwise`, a coming back leaves the outside that was told."""
        self.is_first = placement.is_first
        if not self.is_first:
            self.left = OUTSIDE
        return self
