"""The plan: rules compiled once into tables, so that an event touches only what it concerns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from stream.core import ledger as books
from stream.core.bundle import NO_BUNDLE, Bundle
from stream.core.dimension import Dimension
from stream.core.event import Event
from stream.core.fold import Fold, reference_of
from stream.core.profile import Profile
from stream.core.telling import Renumber, Told
from stream.core.vocabulary import Vocabulary


def identity(text: str) -> int:
    """Return 63 bits of BLAKE2b that stand for an id; never 0."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1 or 1


def state_key(text: str) -> int:
    """Return the 32-bit key of a state or dimension by the canonical text of what it matches."""
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


@dataclass(frozen=True, slots=True)
class Route:
    """What one event name sets in motion: folds, each with the dimensions (bits) that read what it keeps."""

    folds: tuple[tuple[Fold, int], ...]

    def read_by(self, renumber: Renumber, *, keeps_all: bool) -> Route:
        """Return the route for dimensions numbered anew; folds that none of them reads are left out, or kept silent."""
        renumbered = [(fold, renumber(readers)) for fold, readers in self.folds]
        return Route(tuple((fold, readers) for fold, readers in renumbered if readers or keeps_all))


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a step needs to know of one version of the rules."""

    version: str
    vocabulary: Vocabulary
    dimensions: tuple[Dimension, ...]
    """In topological order: a dimension after those it looks at, otherwise by name."""
    lookers: tuple[int, ...]
    """By dimension: the bits of those that look at it."""
    routes: Mapping[str, Route]
    other: Route
    """For names that the vocabulary does not know, where it lets them in."""
    told: Told
    """What is kept of traits, consents, lists and scores."""
    orders: Mapping[str, int] = field(default_factory=dict)
    """By reversible event name: the key of its ledger."""
    bundle: Bundle = NO_BUNDLE
    """The bars and scores that the rules were compiled with."""
    remembers_ids: bool = True
    is_silent: bool = False
    tells: bool = True
    """False where only the moves are asked for, as in a preview: transitions, and why, are not made."""
    identity: Callable[[str], int] = identity

    @property
    def everything(self) -> int:
        """Return the bits of all dimensions."""
        return (1 << len(self.dimensions)) - 1

    def upstream_of(self, keys: set[int]) -> list[Dimension]:
        """Return the dimensions of these keys and all that they look at, directly or not, in topological order."""
        wanted = 0
        for dimension in reversed(self.dimensions):
            if dimension.key in keys or self.lookers[dimension.index] & wanted:
                wanted |= 1 << dimension.index
        return [dimension for dimension in self.dimensions if wanted >> dimension.index & 1]

    def only(self, keys: set[int]) -> Plan:
        """Return the plan that decides the dimensions of these keys, and all that they look at, as this one does.

        What is kept for them is kept by the same folds, so that it is the same; what nobody of them reads is not.
        """
        played = self.upstream_of(keys)

        def renumber(bits: int) -> int:
            return sum(1 << number for number, one in enumerate(played) if bits >> one.index & 1)

        return replace(
            self,
            dimensions=tuple(replace(one, index=number) for number, one in enumerate(played)),
            lookers=tuple(renumber(self.lookers[one.index]) for one in played),
            routes={
                name: route.read_by(renumber, keeps_all=self._is_booked(name)) for name, route in self.routes.items()
            },
            other=self.other.read_by(renumber, keeps_all=False),
            told=self.told.read_by(renumber),
        )

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

    def is_repeated_order(self, profile: Profile, event: Event) -> bool:
        """Tell whether an order of this id was already counted for the customer."""
        key = self.orders.get(event.name)
        if key is None or (ledger := profile.states.get(key)) is None:
            return False
        return books.knows(ledger, reference_of(event, self.identity))

    def fold(self, profile: Profile, event: Event) -> int:
        """Let the event change what the profile remembers, and return the bits of the dimensions to decide."""
        touched = 0
        profile.derived.clear()
        if event.name:
            for fold, readers in self.routes.get(event.name, self.other).folds:
                if fold(profile, event):
                    touched |= readers
        return touched | self.told.fold(profile, event)
