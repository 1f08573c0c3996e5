"""Folds: how one event changes what we remember. Each returns whether anything that is read changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stream.core import ledger as books
from stream.core.event import Event
from stream.core.matching import looked_up
from stream.core.profile import Profile
from stream.core.window import keep_newest, keep_oldest

Fold = Callable[[Profile, Event], bool]
Matches = Callable[[Mapping[str, Any]], bool]
Identity = Callable[[str], int]


def newest(key: int, depth: int, matches: Matches | None) -> Fold:
    """Return the fold that keeps the newest `depth` instants of matching events."""
    return _instants(key, depth, matches, keep_newest)


def oldest(key: int, depth: int, matches: Matches | None) -> Fold:
    """Return the fold that keeps the oldest `depth` instants of matching events."""
    return _instants(key, depth, matches, keep_oldest)


def _instants(key: int, depth: int, matches: Matches | None, keep: Callable[[list[int], int, int], None]) -> Fold:
    def fold(profile: Profile, event: Event) -> bool:
        if matches is not None and not matches(event.properties):
            return False
        instants = profile.states.get(key)
        if instants is None:
            profile.states[key] = [event.occurred_at]
        else:
            keep(instants, event.occurred_at, depth)
        return True

    return fold


def book(
    key: int,
    matches: Matches | None,
    columns: Mapping[str, Callable[[Mapping[str, Any]], Any]],
    day_of: Callable[[int], int],
    span_ms: int,
    identity: Identity | None,
) -> Fold:
    """Return the fold that books a matching event, with the columns that rules ask for.

    `identity` makes the reference out of the order id of a reversible event; None books without one.
    """

    def fold(profile: Profile, event: Event) -> bool:
        properties = event.properties
        if matches is not None and not matches(properties):
            return False
        ledger = profile.states.get(key)
        if ledger is None:
            ledger = profile.states[key] = books.new_ledger()
        kept = {path: got for path, read in columns.items() if (got := read(properties)) is not None}
        reference = reference_of(event, identity) if identity else 0
        at = event.occurred_at
        books.place(ledger, at, reference, properties.get("amount"), day_of(at), kept, span_ms)
        return True

    return fold


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


def reference_of(event: Event, identity: Identity) -> int:
    """Return the number that stands for the event's order id, 0 where it has none."""
    order_id = looked_up(event.properties, "order_id")
    return identity(str(order_id)) if order_id is not None else 0


def column(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """Return the reader of one property by its dotted path."""
    return lambda properties: looked_up(properties, path)


def tell_trait(profile: Profile, key: int, value: Any, at: int) -> bool:
    """Keep a trait unless a later value is known; of equal instants the later in the log wins."""
    kept = profile.states.get(key)
    if kept is not None and at < kept[1]:
        return False
    profile.states[key] = [value, at]
    return kept is None or kept[0] != value or type(kept[0]) is not type(value)
