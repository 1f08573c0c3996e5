"""Drawn histories: late, doubled, of equal instants, refunded before the order, out of order, with ticks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from hypothesis import strategies as st

from tests.oracle.records import Rec
from tests.oracle.story import MONDAY_MS

MOSTLY: st.SearchStrategy[bool] = st.sampled_from([True, True, True, False])
RARELY: st.SearchStrategy[bool] = st.sampled_from([False] * 5 + [True])
ORDER_IDS = ["o1", "o2", "o3", "o4", None]
AMOUNTS = ["10", "10", "25.50", 5, 40, 0]
DUE = ["2026-01-05", "2026-01-06", "2026-01-09", "2026-01-05T00:00:04+00:00", "2026-01-06T12:00:00.001+01:00", None]
ITEMS = [{"sku": "a", "quantity": 2, "due": "2026-01-06"}, {"sku": "b", "quantity": 1, "due": "2026-01-05T00:00:06Z"}]
CATEGORIES = ["garden", "tools", "", None]
PLANS = ["family", "solo", "studio", None, ""]
EVENTS = ["order_placed", "cart_updated", "product_viewed", "message_sent", "message_clicked", "order_refunded"]


@dataclass(frozen=True)
class Grid:
    """How long one step is, how a span of so many steps is written, and which events play in this story.

    In a simple story every condition is one leaf that flips often, so that the clocks of staying meet each other.
    """

    step_ms: int
    cast: tuple[str, ...]
    is_simple: bool = False

    def span(self, steps: int) -> str:
        """Return the span of so many steps as text."""
        return f"{steps * self.step_ms // 1000}s"


CASTS = [
    ("order_placed", "order_placed", "order_refunded"),
    ("order_placed", "order_refunded", "order_cancelled", "product_viewed"),
    ("order_placed", "order_refunded"),
    ("order_placed", "order_placed", "order_cancelled"),
    ("product_viewed",),
    ("product_viewed", "order_placed"),
    ("cart_updated", "order_placed"),
    ("message_sent", "message_clicked", ""),
    ("product_viewed", "", "", "", "", ""),
    ("message_sent", "", "", ""),
    (*EVENTS, "order_cancelled", ""),
]
"""A story of few events makes them meet; an empty name is a record that only tells something."""


PROPERTIES: dict[str, dict[str, list[Any]]] = {
    "order_placed": {
        "order_id": ORDER_IDS,
        "amount": AMOUNTS,
        "category": CATEGORIES,
        "cart_id": ["k1", "k2", None],
        "items": [None, [], [{"sku": "a", "quantity": 1, "due": "2026-01-07"}], ITEMS],
        "due": DUE,
    },
    "order_refunded": {"order_id": ORDER_IDS, "amount": [None, "10", "10", 5, 5, 40]},
    "order_cancelled": {"order_id": ORDER_IDS},
    "cart_updated": {"cart_id": ["k1", "k2", None], "value": [10, "30", None], "due": DUE},
    "product_viewed": {"category": CATEGORIES, "seconds": [1, 5, 60, None], "due": [*DUE, "soon"]},
    "message_sent": {"channel": ["email", "push"], "status": ["sent", "bounced", None]},
}


@st.composite
def properties(draw: st.DrawFn, name: str) -> dict[str, Any]:
    """Return plausible properties of one event, some of them missing."""
    choose = PROPERTIES.get(name, {"channel": ["email", "push"]})
    found = {key: draw(st.sampled_from(values)) for key, values in choose.items()}
    return {key: value for key, value in found.items() if value is not None or draw(st.booleans())}


@st.composite
def told(draw: st.DrawFn) -> dict[str, Any]:
    """Return what one record tells beside or instead of behaviour."""
    what = draw(st.sampled_from(["traits"] * 5 + ["consents", "lists"]))
    if what == "consents":
        return {"consents": {draw(st.sampled_from(["email", "post"])): draw(st.sampled_from(["given", "not_given"]))}}
    if what == "lists":
        return {"lists": {"openings": draw(st.sampled_from(["added", "removed"]))}}
    traits: dict[str, list[Any]] = {
        "plan": PLANS,
        "visits": [0, 1, 2, 3.5, None],
        "interests": [["a"], ["a", "b"], [], None],
        "birthday": ["1980-01-05", "1996-02-29", "1975-12-31", None],
        "renews_on": ["2026-01-06", "2026-01-10", "2026-02-01", None],
        "home": [{"lat": 38.7, "lon": -9.1}, {"lat": 48.9, "lon": 2.4}, None],
        "time_zone": ["Asia/Tokyo", "Pacific/Kiritimati", "Nowhere/Land", None],
    }
    names = draw(st.lists(st.sampled_from(["plan"] * 7 + list(traits)), min_size=1, max_size=2, unique=True))
    return {"traits": {name: draw(st.sampled_from(traits[name])) for name in names}}


@st.composite
def contents(draw: st.DrawFn, grid: Grid, number: int, occurred_at: int, before: list[Rec]) -> dict[str, Any]:
    """Return one canonical event; a refund mostly names an order that came before it."""
    name = draw(st.sampled_from(EVENTS)) if draw(RARELY) else draw(st.sampled_from(grid.cast))
    orders = [record.content["properties"] for record in before if record.content.get("name") == "order_placed"]
    content: dict[str, Any] = {
        "event_id": f"e{number}",
        "source": "shop",
        "name": name,
        "customer_id": "c-1",
        "occurred_at": occurred_at,
        "properties": draw(properties(name)) if name else {},
    }
    if orders and name in ("order_refunded", "order_cancelled") and draw(MOSTLY):
        order = draw(st.sampled_from(orders))
        amounts = [order.get("amount"), None, 5] if name == "order_refunded" else [None]
        content["properties"] = {"order_id": order.get("order_id"), "amount": draw(st.sampled_from(amounts))}
    return content | (draw(told()) if not name or draw(RARELY) else {})


@st.composite
def histories(draw: st.DrawFn, grid: Grid, start_ms: int = MONDAY_MS, most: int = 16, exact: bool = False) -> list[Rec]:
    """Return records in log order: late, doubled, of equal instants, backwards, and ticks that keep their promise.

    `exact` keeps every instant on the grid; else some lie a millisecond beside it.
    """
    records: list[Rec] = []
    now = promised = start_ms
    beside: st.SearchStrategy[int] = st.just(0) if exact else st.sampled_from([0, 0, 0, 0, 0, 0, 1, -1])
    for number in range(draw(st.sampled_from([2, most // 2, most - 4, most]))):
        now += draw(st.sampled_from([0, 0, 1, 1, 2, 3, 5, 8, -1])) * grid.step_ms + draw(beside)
        now = max(now, promised)
        is_tick, is_again = draw(RARELY), draw(RARELY)
        if is_tick:
            records.append(Rec(now, "tick", {"before": now}))
            promised = now
        elif records and is_again:
            again = draw(st.sampled_from(records))
            records.append(Rec(now, again.kind, again.content if again.kind == "event" else {"before": now}))
            promised = now if again.kind == "tick" else promised
        else:
            late = draw(st.sampled_from([0, 0, 0, 0, 0, 1, 2, 4, 9, -1])) * grid.step_ms + draw(beside)
            same = [now - late, *(record.content.get("occurred_at", now) for record in records[-3:])]
            occurred_at = now - late if draw(MOSTLY) else draw(st.sampled_from(same))
            records.append(Rec(now, "event", draw(contents(grid, number, occurred_at, records))))
    return draw(loaded(grid, records)) if draw(RARELY) else records


@st.composite
def loaded(draw: st.DrawFn, grid: Grid, records: list[Rec]) -> list[Rec]:
    """Return the records with the first of them as loaded history, which ends at a record or a step beside it."""
    count = draw(st.integers(1, len(records)))
    until = records[count - 1].record_time + draw(st.sampled_from([0, 0, -1, 1])) * grid.step_ms
    first = [replace(one, backfill_until=until) if one.kind == "event" else one for one in records[:count]]
    return first + records[count:]
