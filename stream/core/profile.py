"""What we remember of one customer.

Every value is made of ints, floats, texts, lists and dicts only, so that the bytes of a
profile are its parts and nothing else. States are keyed by what they match, dimensions by
their name: neither knows the order of a ruleset. Only what left its default is kept: a customer
of a hundred dimensions who moved in three has three standings.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from stream.core.past import NO_PAST, Past, read_past

NEVER = 1 << 62
"""The instant that silence never reaches; also "nothing happened yet" where a clock is meant."""

RECENT_IDS = 16
"""How many event ids a customer remembers, for producers that send twice."""

MARK_BYTES = 6
"""Of the mark of an event id: two in 281,474,976,710,656 are alike, and a customer compares with sixteen."""
RECENT_BYTES = RECENT_IDS * MARK_BYTES


_begun = blake2b(digest_size=MARK_BYTES)


def mark_of(event_id: str) -> bytes:
    """Return the mark of an event id: bytes of its BLAKE2b."""
    mark = _begun.copy()  # to make one with its size takes half as long again
    mark.update(event_id.encode())
    return mark.digest()


def is_among(mark: bytes, recent: bytes) -> bool:
    """Tell whether a mark is one of these, and not made of the end of one and the beginning of the next."""
    place = recent.find(mark)
    while place % MARK_BYTES and place >= 0:
        place = recent.find(mark, place + 1)
    return place >= 0


class Place(NamedTuple):
    """A dimension as a profile knows it."""

    key: int
    rest: str
    """The segment of everybody who never moved, empty for outside."""


class Standing(msgspec.Struct, array_like=True, eq=False, gc=False):
    """Where a customer stands in one dimension: the segment (empty: outside) since an instant; stored as it is here."""

    segment: str
    since: int
    packed: msgspec.Raw = NO_PAST
    """What was before, as it was stored; no more asked once it was opened."""
    until: int = NEVER
    """Decided anew at this instant at the latest."""
    opened: Past | None = None

    @property
    def past(self) -> Past:
        """Return what was before, to be read and changed; ValueError or IndexError where that cannot be read."""
        if self.opened is None:
            self.opened = read_past(self.packed, self.segment)
        return self.opened

    def move(self, segment: str, at: int) -> Past:
        """Stand in another segment from an instant on; return what was before."""
        past = self.past  # it is packed beside the segment that is left here
        self.segment, self.since = segment, at
        return past

    def copy(self) -> Standing:
        """Return an independent copy, for stepping ahead without consequences."""
        past = self.opened.copy() if self.opened else None
        return Standing(self.segment, self.since, self.packed, self.until, past)


class Profile(msgspec.Struct, array_like=True, eq=False):
    """One customer: states by what they match, standings by dimension, and the next wake-up.

    Its fields up to the standings stand in this order in the bytes of a profile.

    One without standings and layout belongs to a customer not seen before. A struct is made several times as fast as
    a class of Python's own, and one is made for every customer of every slice.
    """

    customer_id: str
    as_of: int = 0
    sequence: int = 0
    wake: int = NEVER
    indexed: int = NEVER
    known_since: int = NEVER
    """The as-of of the first record."""
    backfill_until: int = -1
    layout: int = 0
    """The layout of the plan that decided last: every dimension of it is known, and `signs` are numbered by it.
    0 where there is none: then what is not among `standings` was never decided."""
    states: dict[int, Any] = {}
    standings: dict[int, Standing] = {}
    """By dimension, where the customer does not rest in it."""
    signs: int = 0
    """By the numbers of the gauges of the layout: the bits of those that held when they were last read."""
    recent: bytes = b""
    """Marks of the newest event ids, each of `MARK_BYTES`, the newest last."""
    derived: dict[object, Any] = {}
    """What was worked out of the states since they last changed; never stored."""
    verdicts: dict[int, int] = {}
    """By slot: verdicts whose states did not change since they were worked out; never stored."""

    @property
    def is_new(self) -> bool:
        """Tell whether no record of this customer was accepted yet."""
        return not self.standings and not self.layout and self.as_of == 0

    def standing(self, place: Place) -> Standing | None:
        """Return where the customer stands in a dimension of the plan that decided last; None if it never was."""
        found = self.standings.get(place.key)
        return self.resting(place.rest) if found is None and self.layout else found

    def since_in(self, place: Place, segment: str) -> int | None:
        """Return since when the customer is in a segment, None if not in it."""
        found = self.standings.get(place.key)
        if found is not None:
            return found.since if found.segment == segment else None
        return self.known_since if self.layout and place.rest == segment else None

    def resting(self, segment: str) -> Standing:
        """Return the standing of a customer who never left the segment that takes everybody."""
        return Standing(segment, self.known_since)

    def is_resting(self, standing: Standing, segment: str) -> bool:
        """Tell whether a standing is what `resting` returns."""
        return (
            standing.until == NEVER
            and standing.segment == segment
            and standing.since == self.known_since
            and not standing.past.came_from
            and not standing.past.clocks
        )

    def until(self, key: int) -> int:
        """Return until when a dimension need not be looked at in silence."""
        standing = self.standings.get(key)
        return NEVER if standing is None else standing.until

    def ahead(self, keys: Iterable[int] | None = None) -> Profile:
        """Return a copy that time may be played on: standings copied, states shared (time never changes them).

        With `keys` only the standings of these dimensions are there.
        """
        kept = self.standings if keys is None else keys
        return Profile(
            self.customer_id,
            self.as_of,
            self.sequence,
            self.wake,
            known_since=self.known_since,
            layout=self.layout,
            signs=self.signs,
            states=self.states,
            standings={key: standing.copy() for key in kept if (standing := self.standings.get(key))},
            derived=self.derived,
            # a copy: what it works out for later instants is no answer for this profile, which is still before them
            verdicts=self.verdicts.copy(),
        )
