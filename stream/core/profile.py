"""What we remember of one customer.

Every value is made of ints, floats, texts, lists and dicts only, so that the bytes of a
profile are its parts and nothing else. States are keyed by what they match, dimensions by
their name: neither knows the order of a ruleset.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

NEVER = 1 << 62
"""The instant that silence never reaches; also "nothing happened yet" where a clock is meant."""

RECENT_IDS = 16
"""How many event ids a customer remembers, for producers that send twice."""


class Standing:
    """Where a customer stands in one dimension."""

    __slots__ = ("came_from", "clocks", "entries", "segment", "since", "until")

    def __init__(self, segment: str, since: int, until: int) -> None:
        """Stand in `segment` (empty: outside) since the instant `since`; decided anew at `until` at the latest."""
        self.segment = segment
        self.since = since
        self.until = until
        self.came_from = ""
        self.clocks: dict[str, list[int]] = {}
        self.entries: dict[str, int] = {}

    def copy(self) -> Standing:
        """Return an independent copy, for stepping ahead without consequences."""
        other = Standing(self.segment, self.since, self.until)
        other.came_from = self.came_from
        other.clocks = {name: list(clock) for name, clock in self.clocks.items()}
        other.entries = dict(self.entries)
        return other


class Profile:
    """One customer: states by what they match, standings by dimension, and the next wake-up."""

    __slots__ = (
        "as_of",
        "backfill_until",
        "customer_id",
        "derived",
        "indexed",
        "known_since",
        "recent",
        "sequence",
        "standings",
        "states",
        "wake",
    )

    def __init__(self, customer_id: str) -> None:
        """Know nothing yet: a profile without standings belongs to a customer not seen before."""
        self.customer_id = customer_id
        self.as_of = 0
        self.sequence = 0
        self.wake = NEVER
        self.indexed = NEVER
        self.known_since = NEVER
        """The as-of of the first record."""
        self.backfill_until = -1
        self.recent: list[int] = []
        self.states: dict[int, Any] = {}
        self.standings: dict[int, Standing] = {}
        self.derived: dict[object, Any] = {}
        """What was worked out of the states since they last changed; never stored."""

    @property
    def is_new(self) -> bool:
        """Tell whether no record of this customer was accepted yet."""
        return not self.standings and self.as_of == 0

    def ahead(self, keys: Iterable[int] | None = None) -> Profile:
        """Return a copy that time may be played on: standings copied, states shared (time never changes them).

        With `keys` only the standings of these dimensions are there.
        """
        other = Profile(self.customer_id)
        other.as_of, other.sequence, other.wake = self.as_of, self.sequence, self.wake
        other.known_since = self.known_since
        # a copy: what it works out for later instants is no answer for this profile, which is still before them
        other.states, other.derived = self.states, dict(self.derived)
        kept = self.standings if keys is None else keys
        other.standings = {key: self.standings[key].copy() for key in kept}
        return other
