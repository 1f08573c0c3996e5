"""Conditions: one question with a yes or no, and the instant until which silence keeps the answer.

The families stand beside this file (counting, figures, told, …): each function there binds what the rule said
once and returns closures that read a profile. They are the readable reference of what a condition means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from stream.core.profile import NEVER, Profile

Read = Callable[[Profile, int], int]
"""From a profile and an instant to a verdict: +u true until u, -u false until u."""


class Counted(NamedTuple):
    """A verdict that is a count of one list of newest instants: how it is worked out, for who writes it out."""

    key: int
    within_ms: int
    """NEVER for ever."""
    low: int
    high: int


class Judged(NamedTuple):
    """A verdict that silence never changes: whether what one state holds passes."""

    key: int
    judge: Callable[[Any], bool]
    place: str = ""
    """Where the number that is judged stands in the state, as `[1]`; empty where it is no number of its own."""
    least: int | None = None
    """A whole number passes that is so much at least; None where the test is another."""


Sketch = Counted | Judged


def is_in_place(sketch: Sketch | None) -> bool:
    """Tell whether a verdict is so simple that it is worked out wherever it is asked, and kept nowhere."""
    if not isinstance(sketch, Counted):
        return sketch is not None
    return sketch.within_ms == NEVER or sketch.low == 0 or sketch.high == NEVER


def never(profile: Profile) -> bool:
    """Return false: such a condition is exact for everybody."""
    return False


@dataclass(frozen=True, slots=True)
class Leaf:
    """One condition as the engine sees it, and what a person is told of it."""

    text: str
    """What is asked of the customer, in words."""
    test: str
    """How the value is compared with the bar, in words; empty where there is nothing to compare."""
    bar: Any
    unit: str
    """The currency of value and bar, both in minor units; empty where they are no money."""
    read: Read
    """Works the verdict out anew, at any instant."""
    value: Callable[[Profile, int], Any]
    states: frozenset[int] = frozenset()
    """Keys of the states it reads."""
    dimensions: frozenset[int] = frozenset()
    """Keys of the dimensions it reads."""
    shared: Read | None = None
    """The same verdict where equal conditions share it; for instants that only go forward."""
    is_negated: bool = False
    """Whether it stands under `not` in its rule, so that it speaks for the segment where it does not hold."""
    is_instant: bool = False
    """Whether its value is an instant."""
    is_personal: bool = False
    """Whether it depends on who the customer is, and not only on what happened: a place in a lottery."""
    leans: int = 0
    """What one more of its events can do: 1 make it true, or true for longer; -1 make it false, or false for longer; 0
    anything. Taking events back can do anything always."""
    ended_by: frozenset[str] = frozenset()
    """Names of events that lean to -1, whatever the others do."""
    sketch: Sketch | None = None
    """What its verdict is, where that is simple enough to be written out as source."""
    is_inexact: Callable[[Profile], bool] = never
    """Whether the customer did more than its states keep, so that the verdict may be wrong."""

    @property
    def is_timeless(self) -> bool:
        """Tell whether it is known that silence never changes it."""
        sketch = self.sketch
        return isinstance(sketch, Judged) or (isinstance(sketch, Counted) and sketch.within_ms == NEVER)

    def holds(self, profile: Profile, now: int) -> bool:
        """Tell whether it holds at `now`, which must not lie before an instant that was asked about."""
        return (self.shared or self.read)(profile, now) > 0


# -- how conditions join ------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """The verdict of all: true until the first ends, false until the last begins."""

    reads: tuple[Read, ...]

    def __call__(self, profile: Profile, now: int) -> int:
        """Return it as of an instant."""
        return min([read(profile, now) for read in self.reads])


@dataclass(frozen=True, slots=True, eq=False)
class Either:
    """The verdict of any: true until the last ends, false until the first begins."""

    reads: tuple[Read, ...]

    def __call__(self, profile: Profile, now: int) -> int:
        """Return it as of an instant."""
        return max([read(profile, now) for read in self.reads])


@dataclass(frozen=True, slots=True, eq=False)
class Negation:
    """The verdict of not."""

    read: Read

    def __call__(self, profile: Profile, now: int) -> int:
        """Return it as of an instant."""
        return -self.read(profile, now)


def every(reads: Sequence[Read]) -> Read:
    """Return the verdict of all."""
    return reads[0] if len(reads) == 1 else Every(tuple(reads))


def either(reads: Sequence[Read]) -> Read:
    """Return the verdict of any."""
    return reads[0] if len(reads) == 1 else Either(tuple(reads))


def negation(read: Read) -> Read:
    """Return the verdict of not."""
    return Negation(read)


def judged(sketch: Judged) -> Read:
    """Return whether what a state holds passes; what is not there does not."""
    key, judge, *_ = sketch

    def read(profile: Profile, now: int) -> int:
        state = profile.states.get(key)
        return NEVER if state is not None and judge(state) else -NEVER

    return read


def holds_in_place(sketch: Judged, judge: str) -> str:
    """Return, as source, whether the `state` that is there passes; `judge` is the name of who judges it."""
    if sketch.least is None:
        return f"{judge}(state)"
    return f"got >= {sketch.least} if type(got := state{sketch.place}) is int else {judge}(state)"


def lasting(slot: int, read: Read) -> Read:
    """Return the same verdict, worked out again only when its states changed or when it may have ended.

    Sound because a verdict says until when silence keeps it. Readers of one slot share it; time must not go back.
    """

    def reader(profile: Profile, now: int) -> int:
        verdicts = profile.verdicts
        known = verdicts.get(slot, 0)
        if known > now or -known > now:
            return known
        found = verdicts[slot] = read(profile, now)
        return found

    return reader


def always(profile: Profile, now: int) -> int:
    """Return true for ever: every known customer."""
    return NEVER
