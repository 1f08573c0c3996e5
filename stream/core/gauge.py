"""Gauges: numbered conditions, of which a profile remembers which ones held when they were last read.

The gate they make: an event that turns none of them, and lets none end before the dimension is looked at anyway,
cannot move a dimension. This is sound because all, any and not of verdicts are three-valued logic at each instant:
whatever was decided from signs that still stand, and that stand at least as long, still stands. It needs that a
decision reads all its gauges and remembers their signs.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from stream.core.condition import Read, Sketch
from stream.core.profile import NEVER, Profile

ANYTHING = -1
"""No sign is out of the reach of an event."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """One condition, asked by one or several dimensions."""

    bit: int
    """Its number in the layout, as a bit of `Profile.signs`."""
    read: Read
    readers: int
    """The bits of the dimensions that ask it."""
    keys: tuple[int, ...]
    """Their keys."""
    slot: int
    """Where its verdict is kept while it lasts."""
    leans: int = 0
    ended_by: frozenset[str] = frozenset()
    sketch: Sketch | None = None
    anew: Read | None = None
    """The same verdict, worked out whatever is kept of it."""

    def settled_by(self, name: str) -> int:
        """Return its bit where an event cannot end what holds, 0 where it cannot begin what does not, else ANYTHING."""
        return {1: self.bit, -1: 0}.get(-1 if name in self.ended_by else self.leans, ANYTHING)


class Untouched(NamedTuple):
    """A verdict that silence never changes as long as a customer has none of some states."""

    keys: tuple[int, ...]
    verdict: int
    """NEVER or its negative."""


class Reach(NamedTuple):
    """What the events of one name can turn by changing one state."""

    asked: tuple[tuple[Gauge, int], ...] = ()
    """The gauges that read it, each with the sign that such an event leaves as it is, or ANYTHING."""
    always: int = 0
    """The bits of the dimensions whose conditions on it have no sign to go by."""
    slots: tuple[int, ...] = ()
    """Of the verdicts that depend on it."""


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads a state: gauges, dimensions (bits) whose conditions have no sign to go by, slots of verdicts."""

    gauges: tuple[Gauge, ...] = ()
    always: int = 0
    slots: tuple[int, ...] = ()

    @property
    def dimensions(self) -> int:
        """Return the bits of all dimensions that read it."""
        found = self.always
        for gauge in self.gauges:
            found |= gauge.readers
        return found

    def reach(self, name: str) -> Reach:
        """Return what one more event of this name can turn."""
        return Reach(tuple((gauge, gauge.settled_by(name)) for gauge in self.gauges), self.always, self.slots)

    def reach_back(self) -> Reach:
        """Return what taking an event back can turn."""
        return Reach(tuple((gauge, ANYTHING) for gauge in self.gauges), self.always, self.slots)


NOBODY = Readers()

Renumber = Callable[[int], int]
"""From bits of dimensions to those of the same dimensions in another plan; 0 where none of them is in it."""


class Fewer:
    """The gauges of a plan as they are for some of its dimensions, numbered anew."""

    def __init__(self, renumber: Renumber, keys: Container[int]) -> None:
        """Keep those who have one of these keys."""
        self._renumber, self._keys = renumber, keys
        self._made: dict[int, Gauge] = {}

    def gauge(self, gauge: Gauge) -> Gauge:
        """Return the gauge with the readers that are left; the same for the same."""
        made = self._made.get(gauge.bit)
        if made is None:
            keys = tuple(key for key in gauge.keys if key in self._keys)
            made = self._made[gauge.bit] = replace(gauge, readers=self._renumber(gauge.readers), keys=keys)
        return made

    def reach(self, reach: Reach) -> Reach:
        """Return what is left to turn."""
        asked = [(self.gauge(gauge), settled) for gauge, settled in reach.asked if self._renumber(gauge.readers)]
        return Reach(tuple(asked), self._renumber(reach.always), reach.slots)


def turned(asked: Iterable[tuple[Gauge, int]], touched: int, profile: Profile, now: int) -> int:
    """Return the bits of the dimensions to decide: the touched ones, and those whose gauges turned or end earlier."""
    signs = profile.signs
    for gauge, settled in asked:
        readers, sign = gauge.readers, signs & gauge.bit
        if sign != settled and readers & ~touched:
            verdict = gauge.read(profile, now)
            if (verdict > 0) is (sign == 0) or ends_sooner(gauge, profile, verdict):
                touched |= readers
    return touched


def ends_sooner(gauge: Gauge, profile: Profile, verdict: int) -> bool:
    """Tell whether a verdict ends before one of its dimensions would be looked at anyway."""
    until = verdict if verdict > 0 else -verdict
    return until < NEVER and any([profile.until(key) > until for key in gauge.keys])


def remember(gauges: Iterable[Gauge], profile: Profile, now: int) -> None:
    """Read all gauges of a dimension that is about to be decided, and remember which of them hold."""
    signs, verdicts = profile.signs, profile.verdicts
    for gauge in gauges:
        verdict = verdicts.get(gauge.slot, 0)
        if -now <= verdict <= now:
            verdict = gauge.read(profile, now)
        if verdict > 0:
            signs |= gauge.bit
        elif signs & gauge.bit:
            signs ^= gauge.bit
    profile.signs = signs
