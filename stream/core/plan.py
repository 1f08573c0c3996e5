"""The plan: rules compiled once into tables, so that an event touches only what it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

from stream.core import ledger as books
from stream.core.bundle import NO_BUNDLE, Bundle
from stream.core.deciding import Look
from stream.core.dimension import Dimension
from stream.core.event import Event
from stream.core.fold import Fold, reference_of
from stream.core.gauge import Fewer, Reach
from stream.core.keeping import Keeping
from stream.core.layout import Layout, layout_of
from stream.core.looking import written_look
from stream.core.profile import Profile
from stream.core.telling import Told
from stream.core.vocabulary import Vocabulary
from stream.core.written import Written, written_out

Join = Callable[[Any, Any], Any]
"""From the states of two customers to that of both; which of them comes first does not matter."""
Fade = Callable[[Any, int], bool]
"""From a state and an instant: forgets what no condition reaches from there on, and tells whether anything is left."""


def identity(text: str) -> int:
    """Return 63 bits of BLAKE2b that stand for an id; never 0."""
    return _whole(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1 or 1


_whole = int.from_bytes


def state_key(text: str) -> int:
    """Return the 32-bit key of a state or dimension by the canonical text of what it matches."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


@dataclass(frozen=True, slots=True)
class Route:
    """What one event name sets in motion: folds, each with what it can turn."""

    folds: tuple[tuple[Fold, Reach], ...]

    def read_by(self, fewer: Fewer, *, keeps_all: bool) -> Route:
        """Return the route for fewer dimensions; folds that none of them reads are left out, or kept silent."""
        left = [(fold, fewer.reach(reach)) for fold, reach in self.folds]
        return Route(tuple((fold, reach) for fold, reach in left if reach.asked or reach.always or keeps_all))


def _fewer(number: int, played: Sequence[Dimension]) -> int:
    """Return the number of the layout of some dimensions of a plan."""
    return identity(" ".join([str(number), *(one.name for one in played)]))


@dataclass(frozen=True, slots=True, eq=False)  # a plan is itself: what others work out once per plan, they find by it
class Plan:
    """Everything a step needs to know of one version of the rules."""

    version: str
    vocabulary: Vocabulary
    dimensions: tuple[Dimension, ...]
    """In topological order: a dimension after those it looks at, otherwise by name."""
    lookers: tuple[int, ...]
    """By dimension: the bits of those that look at it."""
    layout: Layout
    routes: Mapping[str, Route]
    other: Route
    """For names that the vocabulary does not know, where it lets them in."""
    told: Told
    """What is kept of traits, consents, lists and scores."""
    orders: Mapping[str, int] = field(default_factory=dict)
    """By reversible event name: the key of its ledger."""
    keeps: Mapping[int, Keeping] = field(default_factory=dict)
    """By state key: how much of the past is kept."""
    joins: Mapping[int, Join] = field(default_factory=dict)
    """By state key: what makes one state of those of two customers who are one."""
    fades: Mapping[int, Fade] = field(default_factory=dict)
    """By state key: what forgets the past when a customer is woken, where nobody looks back for ever."""
    bundle: Bundle = NO_BUNDLE
    """The bars and scores that the rules were compiled with."""
    remembers_ids: bool = True
    is_silent: bool = False
    tells: bool = True
    """False where only the moves are asked for, as in a preview: transitions, and why, are not made."""
    identity: Callable[[str], int] = identity
    written: dict[str, Written] = field(init=False, default_factory=dict, compare=False, repr=False)
    """The routes as functions, by event name; "" of names that the vocabulary does not know."""

    looks: dict[int, Look] = field(init=False, default_factory=dict, compare=False, repr=False)
    """The looks at dimensions as functions, by index."""

    @property
    def everything(self) -> int:
        """Return the bits of all dimensions."""
        return (1 << len(self.dimensions)) - 1

    def only(self, keys: set[int]) -> Plan:
        """Return the plan that decides the dimensions of these keys, and all that they look at, as this one does.

        What is kept for them is kept by the same folds, so that it is the same; what nobody of them reads is not.
        """
        played = self._upstream_of(keys)

        def renumber(bits: int) -> int:
            return sum(1 << number for number, one in enumerate(played) if bits >> one.index & 1)

        fewer = Fewer(renumber, {one.key for one in played})
        gauges = [[fewer.gauge(each) for each in self.layout.gauges[one.index]] for one in played]
        dimensions = tuple(replace(one, index=number) for number, one in enumerate(played))
        lookers = tuple(renumber(self.lookers[one.index]) for one in played)
        return replace(
            self,
            dimensions=dimensions,
            lookers=lookers,
            layout=layout_of(_fewer(self.layout.number, played), dimensions, lookers, gauges, self.layout.slots),
            routes={name: route.read_by(fewer, keeps_all=self._is_booked(name)) for name, route in self.routes.items()},
            other=self.other.read_by(fewer, keeps_all=False),
            told=self.told.read_by(renumber),
        )

    def keeping(self) -> Plan:
        """Return the plan that keeps of every event what this one keeps, and decides nothing."""
        nobody = Fewer(lambda bits: 0, ())
        return replace(
            self,
            dimensions=(),
            lookers=(),
            layout=layout_of(_fewer(self.layout.number, ()), (), (), (), {}),
            routes={name: route.read_by(nobody, keeps_all=True) for name, route in self.routes.items()},
            other=self.other.read_by(nobody, keeps_all=True),
            told=self.told.read_by(lambda bits: 0, keeps_all=True),
        )

    def _upstream_of(self, keys: set[int]) -> list[Dimension]:
        """Return the dimensions of these keys and all that they look at, directly or not, in topological order."""
        found = {each.index for one in self.dimensions if one.key in keys for each in self.layout.upstream[one.index]}
        return [one for one in self.dimensions if one.index in found]

    def _is_booked(self, name: str) -> bool:
        """Tell whether events of this name stand in a ledger of orders, or take something off one.

        That is kept whatever is asked: an order that is repeated changes nothing, wherever it is read.
        """
        kind = self.vocabulary.events.get(name)
        return kind is not None and bool(kind.is_reversible or kind.reverses)

    @property
    def lateness_ms(self) -> int:
        """Return how far `occurred_at` may lie before the record time without being called late."""
        return self.vocabulary.future_tolerance_ms

    def is_of(self, profile: Profile) -> bool:
        """Tell whether this plan decided about a customer last, or nobody did who left a layout."""
        return profile.layout in (0, self.layout.number)

    def is_repeated_order(self, profile: Profile, event: Event) -> bool:
        """Tell whether an order of this id was already counted for the customer."""
        key = self.orders.get(event.name)
        if key is None or (ledger := profile.states.get(key)) is None:
            return False
        return books.knows(ledger, reference_of(event, self.identity))

    def fold(self, profile: Profile, event: Event, touched: int = 0) -> int:
        """Let the event change what the profile remembers, and return the bits of the dimensions to decide.

        Those `touched` already are among them.
        """
        if profile.derived:
            profile.derived.clear()
        if event.traits or event.consents or event.lists or event.scores:
            touched |= self._tell(profile, event)
        name = event.name
        if not name:
            return touched
        written = self.written.get(name) or self._write(name)
        return written(profile, event, touched)

    def forget(self, profile: Profile) -> None:
        """Forget what no condition reaches any more from the last instant on that was looked at."""
        states, fades = profile.states, self.fades
        for key in fades.keys() & states.keys():
            if not fades[key](states[key], profile.as_of):
                del states[key]

    def _tell(self, profile: Profile, event: Event) -> int:
        """Keep what a record tells, forget the verdicts that depend on what changed, and return who is to decide."""
        touched, changed = self.told.fold(profile, event)
        slots, verdicts = self.layout.slots, profile.verdicts
        for key in changed:
            for slot in slots.get(key, ()):
                verdicts.pop(slot, None)
        return touched

    def _write(self, name: str) -> Written:
        """Write out what an event of this name does when the first one comes; those unknown by name share one."""
        known = name if name in self.routes else ""
        made = self.written.get(known)
        if made is None:
            route = self.routes[known] if known else self.other
            made = self.written[known] = written_out(known, route.folds)
        return made

    def look(self, index: int) -> Look:
        """Return the look at a dimension, written out when it is first decided."""
        made = self.looks.get(index)
        if made is None:
            layout = self.layout
            made = self.looks[index] = written_look(self.dimensions[index], layout.gauges[index], layout.untouched)
        return made
