"""What is told of why a customer is where they are; every instant in ms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of what a segment asks: a group (`all`, `any`, `not`) or a condition; instants in ms."""

    depth: int
    word: str
    """`all`, `any`, `not`; empty for a condition."""
    holds: bool
    condition: str = ""
    value: Any = None
    test: str = ""
    bar: Any = None
    unit: str = ""
    since: int | None = None
    changes_at: int | None = None
    """When it changes if nothing is heard; None: never."""
    is_exact: bool = True
    """False: not before `changes_at`, which is as far as was looked."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A span that calms a segment, and the instant at which it is over."""

    word: str
    until: int


@dataclass(frozen=True, slots=True)
class LeavingTold:
    """Of `SEGMENT.about_to_leave`: when silence makes the customer leave the segment, and what ends then."""

    segment: str
    is_in: bool
    """Whether the customer is in that segment at all."""
    leaves_at: int | None
    """None: never."""
    is_exact: bool
    """False: not before `leaves_at`, which is as far as was looked."""
    condition: str
    """The condition or the clock that ends (or begins) at that instant."""
    warn_before_ms: int


@dataclass(frozen=True, slots=True)
class SegmentTold:
    """One segment, what it asks, and how the customer answers; of a warning what the segment asks that it is of."""

    id: str
    title: str
    is_member: bool
    is_on: bool
    enter: tuple[Asked, ...]
    stay_while: tuple[Asked, ...]
    clocks: tuple[Clock, ...]
    leaving: LeavingTold | None = None
    """Set for `SEGMENT.about_to_leave` only."""
    notes: tuple[str, ...] = ()
    """What else keeps the customer out: the segment around, who may come in, a stay that was used up, the order."""


@dataclass(frozen=True, slots=True)
class DimensionTold:
    """Where the customer stands in one dimension (`segment` empty: outside), and where silence leads."""

    name: str
    segment: str
    since: int
    times: int
    next_segment: str
    next_at: int | None
    """When it moves if nothing is heard; None: never."""
    next_condition: str
    """The condition or the clock that makes it move then."""
    segments: tuple[SegmentTold, ...]
