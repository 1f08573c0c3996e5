"""Folds: how one event changes what we remember. Each returns whether anything that is read changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stream.core import ledger as books
from stream.core.event import Event
from stream.core.matching import looked_up
from stream.core.profile import NEVER, Profile
from stream.core.window import forget_before, keep_apart, keep_newest, keep_oldest

Fold = Callable[[Profile, Event], bool]
Matches = Callable[[Mapping[str, Any]], bool]
Identity = Callable[[str], int]
Columns = Mapping[str, Callable[[Mapping[str, Any]], Any]]
"""By name: what reads from the properties of an event what a row keeps of it."""
Thin = Callable[[list[books.Row]], None]
"""Drops the rows that nobody asks for."""


@dataclass(frozen=True, slots=True)
class Newest:
    """The fold that keeps the newest `depth` instants of matching events."""

    key: int
    depth: int
    matches: Matches | None

    def __call__(self, profile: Profile, event: Event) -> bool:
        """Keep the instant of an event."""
        if self.matches is not None and not self.matches(event.properties):
            return False
        instants = profile.states.get(self.key)
        if instants is None:
            profile.states[self.key] = [event.occurred_at]
        else:
            keep_newest(instants, event.occurred_at, self.depth)
        return True


def oldest(key: int, depth: int, matches: Matches | None) -> Fold:
    """Return the fold that keeps the oldest `depth` instants of matching events."""

    def fold(profile: Profile, event: Event) -> bool:
        if matches is not None and not matches(event.properties):
            return False
        at, instants = event.occurred_at, profile.states.get(key)
        if instants is None:
            profile.states[key] = [at]
        elif len(instants) == depth and at >= instants[-1]:
            return False
        else:
            keep_oldest(instants, at, depth)
        return True

    return fold


def spread(key: int, gap_ms: int, most: int, span_ms: int, matches: Matches | None) -> Fold:
    """Return the fold that keeps the instants that tell of any window of `gap_ms` whether it holds `most` of them.

    `span_ms` is how far back windows reach; the newest instant before that is kept too.
    """

    def fold(profile: Profile, event: Event) -> bool:
        if matches is not None and not matches(event.properties):
            return False
        instants = profile.states.setdefault(key, [])
        keep_apart(instants, event.occurred_at, gap_ms, most)
        forget_before(instants, event.record_time - span_ms)
        return True

    return fold


def book(
    key: int,
    matches: Matches | None,
    columns: Columns,
    day_of: Callable[[int], int],
    span_ms: int,
    identity: Identity | None,
    thin: Thin | None = None,
) -> Fold:
    """Return the fold that books a matching event, with the columns that rules ask for.

    `identity` makes the reference out of the order id of a reversible event; None books without one,
    and then rows that no window reaches any more are forgotten, and those that `thin` drops.
    """

    def fold(profile: Profile, event: Event) -> bool:
        properties = event.properties
        if matches is not None and not matches(properties):
            return False
        ledger = profile.states.get(key)
        if ledger is None:
            ledger = profile.states[key] = books.new_ledger()
        kept = _columns(columns, properties)
        reference = reference_of(event, identity) if identity else 0
        at = event.occurred_at
        books.place(ledger, at, reference, looked_up(properties, "amount"), day_of(at), kept, span_ms)
        if identity is None:
            if span_ms < NEVER:
                books.forget_before(ledger, event.record_time - span_ms)
            if thin is not None:
                thin(ledger[books.ROWS])
        return True

    return fold


@dataclass(frozen=True, slots=True)
class Latest:
    """The fold that keeps the newest row only; of two at one instant the later in the log. Nobody asks for its day."""

    key: int
    matches: Matches | None
    columns: Columns

    def __call__(self, profile: Profile, event: Event) -> bool:
        """Keep the row of an event that is the newest."""
        properties, at = event.properties, event.occurred_at
        if self.matches is not None and not self.matches(properties):
            return False
        ledger = profile.states.get(self.key)
        if ledger is None:
            ledger = profile.states[self.key] = books.new_ledger()
        rows = ledger[books.ROWS]
        if rows and at < rows[0][books.AT]:
            return False
        rows[:] = [[at, 0, looked_up(properties, "amount"), 0, 1, _columns(self.columns, properties)]]
        return True


def _columns(columns: Columns, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return what rules ask for of one event, without what is missing."""
    return {path: got for path, read in columns.items() if (got := read(properties)) is not None} if columns else {}


def reversal(key: int, identity: Identity) -> Fold:
    """Return the fold that takes the amount of a refund (without one: everything) off the order it names."""

    def fold(profile: Profile, event: Event) -> bool:
        reference = reference_of(event, identity)
        if not reference:
            return False
        ledger = profile.states.get(key)
        if ledger is None:
            ledger = profile.states[key] = books.new_ledger()
        amount = event.properties.get("amount")
        books.reverse(ledger, reference, books.WHOLE if amount is None else amount)
        return True

    return fold


def only_last(rows: list[books.Row]) -> None:
    """Keep the newest row only."""
    del rows[:-1]


def only_first(rows: list[books.Row]) -> None:
    """Keep the oldest row only."""
    del rows[1:]


def only_records(value: Callable[[books.Row], Any], *, is_largest: bool) -> Thin:
    """Return what drops every row that a newer one reaches or surpasses: no window that ends now asks for it."""

    def thin(rows: list[books.Row]) -> None:
        kept: list[books.Row] = []
        for row in reversed(rows):
            got = value(row)
            if got is None:
                continue
            best = value(kept[-1]) if kept else None
            if best is None or (got > best if is_largest else got < best):
                kept.append(row)
        rows[:] = reversed(kept)

    return thin


def reference_of(event: Event, identity: Identity) -> int:
    """Return the number that stands for the event's order id, 0 where it has none."""
    order_id = looked_up(event.properties, "order_id")
    return identity(str(order_id)) if order_id is not None else 0


def column(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the reader of one property by its dotted path."""
    return lambda properties: looked_up(properties, path)
