"""Short histories and rules for the oracle's own tests: instants are seconds after a Monday's midnight in UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.oracle.records import Rec
from tests.oracle.replay import run

MONDAY_MS = 1_767_571_200_000  # 2026-01-05T00:00Z
DAY_S = 86_400

VOCABULARY: dict[str, Any] = {
    "zone": "UTC",
    "currency": "EUR",
    "personal_gap_mean": "30d",
    "events": {
        "order_placed": {
            "title": "Ordered",
            "aliases": ["Order Completed"],
            "properties": {
                "order_id": "text",
                "cart_id": "text",
                "amount": "money",
                "category": "text",
                "coupon": "text",
                "items": "list",
                "due": "moment",
            },
        },
        "order_refunded": {
            "title": "Money back",
            "reverses": "order_placed",
            "properties": {"order_id": "text", "amount": "money"},
        },
        "order_cancelled": {"title": "Cancelled", "reverses": "order_placed", "properties": {"order_id": "text"}},
        "cart_updated": {"title": "Cart", "properties": {"cart_id": "text", "value": "money", "due": "date"}},
        "product_viewed": {
            "title": "Viewed",
            "properties": {"category": "text", "seconds": "number", "due": "date"},
        },
        "message_sent": {"title": "We wrote", "properties": {"channel": "text", "status": "text"}},
        "message_clicked": {"title": "Clicked", "properties": {"channel": "text"}},
    },
    "traits": {
        "plan": {"title": "Plan", "type": "text"},
        "visits": {"title": "Visits", "type": "number"},
        "interests": {"title": "Interests", "type": "list"},
        "birthday": {"title": "Birthday", "type": "date"},
        "renews_on": {"title": "Renews", "type": "date"},
        "home": {"title": "Home", "type": "place"},
        "time_zone": {"title": "Zone", "type": "text"},
        "postcode": {"title": "Postcode", "type": "text", "path": ["address", "post code"]},
    },
    "lists": {"openings": {"title": "Openings"}},
    "consents": {
        "email": {"title": "E-mail", "unless_told": "not_given"},
        "post": {"title": "Post", "unless_told": "given"},
    },
    "places": {"flagship": {"lat": 38.7139, "lon": -9.1394}},
}


def at_ms(second: float) -> int:
    """Return the instant of a second of the story."""
    return MONDAY_MS + round(second * 1000)


def did(
    second: float, name: str = "product_viewed", occurred: float | None = None, event_id: str = "", **properties: Any
) -> Rec:
    """Return an event that reached us at a second; its id, unless given, names its whole content."""
    done = second if occurred is None else occurred
    content = {
        "event_id": event_id or f"{name}@{second}/{done}/{sorted(properties.items())}",
        "source": "shop",
        "name": name,
        "customer_id": "c-1",
        "occurred_at": at_ms(done),
        "properties": properties,
    }
    return Rec(at_ms(second), "event", content)


def order(second: float, amount: object = 10, order_id: str | None = None, **more: Any) -> Rec:
    """Return an order; without an id it cannot be refunded."""
    named: dict[str, Any] = {"order_id": order_id} if order_id else {}
    return did(second, "order_placed", amount=amount, **named, **more)


def refund(second: float, order_id: str, amount: object = None, **more: Any) -> Rec:
    """Return a refund of one order, of all of it if no amount is given."""
    part: dict[str, Any] = {} if amount is None else {"amount": amount}
    return did(second, "order_refunded", order_id=order_id, **part, **more)


def told(second: float, occurred: float | None = None, **what: Any) -> Rec:
    """Return a record without behaviour: traits, consents, lists or scores."""
    done = second if occurred is None else occurred
    content = {
        "event_id": f"told@{second}/{done}/{what}",
        "source": "shop",
        "name": "",
        "customer_id": "c-1",
        "occurred_at": at_ms(done),
        **what,
    }
    return Rec(at_ms(second), "event", content)


def tick(second: float) -> Rec:
    """Return a tick: everything due before this second may fire."""
    return Rec(at_ms(second), "tick", {"before": at_ms(second)})


def audience(enter: dict[str, Any], vocabulary: dict[str, Any] | None = None, **parts: Any) -> dict[str, Any]:
    """Return rules with the one audience `x`."""
    return {
        "vocabulary.yaml": VOCABULARY | (vocabulary or {}),
        "audiences/x.yaml": {"title": "X", "owner": "o", "enter": enter, **parts},
    }


def dimension(segments: dict[str, dict[str, Any]], name: str = "d", **parts: Any) -> dict[str, Any]:
    """Return the files of one exclusive dimension, the segments from the top, `rest` for everybody else."""
    files: dict[str, Any] = {
        f"{name}/dimension.yaml": {
            "title": name,
            "owner": "o",
            "question": "?",
            "order": list(segments),
            "otherwise": "rest",
            **parts,
        },
        f"{name}/rest.yaml": {"title": "Rest", "owner": "o"},
    }
    return files | {f"{name}/{key}.yaml": {"title": key, "owner": "o", **one} for key, one in segments.items()}


def with_vocabulary(*files: dict[str, Any], **vocabulary: Any) -> dict[str, Any]:
    """Return whole rules from the files of dimensions."""
    rules: dict[str, Any] = {"vocabulary.yaml": VOCABULARY | vocabulary}
    for one in files:
        rules |= one
    return rules


def changes(
    rules: dict[str, Any], records: Sequence[Rec], until: float | None = None, given: dict[str, Any] | None = None
) -> list[tuple[float, str | None, str | None]]:
    """Return (second, left, entered) of every transition."""
    end = None if until is None else at_ms(until)
    found = run(rules, records, end, given).transitions
    return [((one["at"] - MONDAY_MS) / 1000, one["left"], one["entered"]) for one in found]


def flips(enter: dict[str, Any], records: Sequence[Rec], until: float | None = None, **given: Any) -> list[float]:
    """Return the seconds at which a customer enters, leaves, enters … the audience of one condition."""
    return [second for second, _, _ in changes(audience(enter), records, until, given)]
