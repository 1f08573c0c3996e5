"""From the records of the log to what counts: which ones are accepted, and what refunds leave of the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.days import day_start
from tests.oracle.spans import as_day, exact, instant_ms, span_ms

MINOR_DIGITS = {"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "VND": 0, "BHD": 3, "KWD": 3, "OMR": 3, "TND": 3}


@dataclass(frozen=True)
class Rec:
    """One record of one customer's partition log: an event, a tick `{"before": ms}`, or a use `{"rules": …}`.

    With a use comes, where history is missing, `"ready"`: by `dimension segment` when it is there. A record of
    loaded history says until when that goes.
    """

    record_time: int
    kind: str
    content: dict[str, Any]
    backfill_until: int = -1


@dataclass(frozen=True)
class Accepted:
    """A record that counts: when the customer did it (clamped), its place in the log, its canonical name."""

    at: int
    index: int
    name: str
    content: dict[str, Any]
    record_time: int
    late: bool
    backfill_until: int = -1


@dataclass(frozen=True)
class Happening:
    """One thing the customer did, as it stands after refunds; money is exact, in units of the currency."""

    at: int
    index: int
    name: str
    properties: dict[str, Any] = field(hash=False)


def canonical_name(vocabulary: dict[str, Any], name: object) -> str:
    """Return the vocabulary's name of an event ("" for a record without behaviour)."""
    if not name:
        return ""
    for known, about in (vocabulary.get("events") or {}).items():
        if name == known or name in (about.get("aliases") or ()):
            return str(known)
    return str(name)


def judge(vocabulary: dict[str, Any], records: Sequence[Rec]) -> tuple[list[Accepted | None], list[str]]:
    """Return for each record what is accepted of it (None: nothing) and the outcome by name."""
    kept: list[Accepted | None] = []
    outcomes: list[str] = []
    for index, record in enumerate(records):
        before = [one for one in kept if one is not None]
        one, outcome = judge_one(vocabulary, before, index, record)
        kept.append(one)
        outcomes.append(outcome)
    return kept, outcomes


def judge_one(
    vocabulary: dict[str, Any], before: Sequence[Accepted], index: int, record: Rec
) -> tuple[Accepted | None, str]:
    """Return what one record adds to those accepted before it, and its outcome."""
    if record.kind in ("tick", "use"):
        return None, record.kind
    content = record.content
    name = canonical_name(vocabulary, content.get("name"))
    occurred = instant_ms(content["occurred_at"]) if content.get("occurred_at") is not None else record.record_time
    tolerance = span_ms(vocabulary.get("future_tolerance") or "5min")
    one = Accepted(
        at=min(occurred, record.record_time),
        index=index,
        name=name,
        content=content,
        record_time=record.record_time,
        late=occurred < record.record_time - tolerance,
        backfill_until=record.backfill_until,
    )
    is_known = not name or name in (vocabulary.get("events") or {})
    outcomes = {
        "unknown_event": not is_known and vocabulary.get("known_events_only", True),
        "future": occurred > record.record_time + tolerance,
        "past": occurred < history_starts(vocabulary),
        "currency": is_in_another_currency(vocabulary, one),
        "duplicate": any(other.content["event_id"] == content["event_id"] for other in before),
        "duplicate_order": is_order_again(vocabulary, before, one),
    }
    refused = next((outcome for outcome, is_so in outcomes.items() if is_so), None)
    return (None, refused) if refused else (one, "accepted")


def history_starts(vocabulary: dict[str, Any]) -> int:
    """Return the first instant that counts; everything before it is a dead letter."""
    day = as_day(vocabulary.get("history_since") or "2000-01-01")
    assert day is not None
    return day_start(day, ZoneInfo(vocabulary.get("zone", "UTC")))


def reversible(vocabulary: dict[str, Any]) -> set[str]:
    """Return the events that another event takes back."""
    return {about["reverses"] for about in (vocabulary.get("events") or {}).values() if about.get("reverses")}


def order_id(one: Accepted) -> object:
    """Return the order that a record names, None when it names none."""
    named = (one.content.get("properties") or {}).get("order_id")
    return None if named in (None, "", []) else named


def is_order_again(vocabulary: dict[str, Any], before: Sequence[Accepted], one: Accepted) -> bool:
    """Return whether the order of this record has been placed before, under another event id."""
    if one.name not in reversible(vocabulary) or order_id(one) is None:
        return False
    return any(other.name == one.name and order_id(other) == order_id(one) for other in before)


def happenings(vocabulary: dict[str, Any], accepted: Sequence[Accepted]) -> list[Happening]:
    """Return what the customer did, in the order of doing it; orders of which nothing is left are not there."""
    found = []
    for one in accepted:
        if not one.name:
            continue
        properties = with_money(vocabulary, one)
        if one.name in reversible(vocabulary):
            left = what_is_left(vocabulary, accepted, one, properties)
            if left is None:
                continue
            properties = left
        found.append(Happening(one.at, one.index, one.name, properties))
    return sorted(found, key=lambda one: (one.at, one.index))


def with_money(vocabulary: dict[str, Any], one: Accepted) -> dict[str, Any]:
    """Return the properties of a record with its money values as exact amounts, whole in minor units."""
    types = ((vocabulary.get("events") or {}).get(one.name) or {}).get("properties") or {}
    properties = dict(one.content.get("properties") or {})
    for name, kind in types.items():
        if kind == "money" and properties.get(name) not in (None, "", []):
            properties[name] = whole_minor(vocabulary, properties[name])
    return properties


def is_in_another_currency(vocabulary: dict[str, Any], one: Accepted) -> bool:
    """Return whether a record tells of money in a currency that is not the base one."""
    types = ((vocabulary.get("events") or {}).get(one.name) or {}).get("properties") or {}
    properties = one.content.get("properties") or {}
    currency = properties.get("currency")
    is_money_told = any(kind == "money" and name in properties for name, kind in types.items())
    return is_money_told and currency not in (None, "", [], vocabulary.get("currency", "EUR"))


def whole_minor(vocabulary: dict[str, Any], value: object) -> Fraction:
    """Return an amount rounded half-even to the currency's minor unit."""
    amount = exact(value)
    assert amount is not None, f"not an amount: {value!r}"
    minor = 10 ** MINOR_DIGITS.get(vocabulary.get("currency", "EUR"), 2)
    return Fraction(round(amount * minor), minor)


def what_is_left(
    vocabulary: dict[str, Any], accepted: Sequence[Accepted], order: Accepted, properties: dict[str, Any]
) -> dict[str, Any] | None:
    """Return the order's properties with the amount that its reversals leave, None when they leave nothing."""
    back = [one for one in accepted if reverses(vocabulary, one, order)]
    if not back:
        return properties
    left: Fraction = properties.get("amount") or Fraction(0)
    for one in back:
        amount = with_money(vocabulary, one).get("amount")
        if amount in (None, "", []):
            return None
        left -= abs(amount)
    return properties | {"amount": left} if left > 0 else None


def reverses(vocabulary: dict[str, Any], one: Accepted, order: Accepted) -> bool:
    """Return whether `one` takes (part of) `order` back."""
    if not one.name or order_id(order) is None or order_id(one) != order_id(order):
        return False
    about = (vocabulary.get("events") or {}).get(one.name) or {}
    return bool(about.get("reverses") == order.name)
