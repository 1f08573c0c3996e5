"""The engine's lifecycle on real purchases: the published snapshots, to the customer."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.wire.event import decode_event
from stream.wire.instant import to_ms
from tests.rules.arithmetic import states
from tests.rules.snapshots import (
    CDNOW,
    ONLINE_RETAIL,
    CustomerDay,
    Snapshot,
    cdnow_days,
    full_folder,
    orders,
    shipped_days,
)

RULES = Path(__file__).parents[2] / "rules"


def lifecycle_plan(snapshot: Snapshot) -> Plan:
    """Return the shipped lifecycle, alone, with the vocabulary that the snapshot's input asks for."""
    vocabulary = {
        "zone": "UTC",
        "currency": "GBP",
        "history_since": snapshot.history_since,
        "personal_gap_mean": f"{snapshot.personal_gap_mean_ms // 1000}s",
        "events": {
            "order_placed": {"title": "Order", "properties": {"order_id": "text", "amount": "money"}},
            "order_refunded": {"title": "Refund", "reverses": "order_placed", "properties": {"order_id": "text"}},
            "cart_updated": {"title": "Cart"},
            "checkout_started": {"title": "Checkout"},
            "product_viewed": {"title": "View"},
        },
    }
    lifecycle = {f"lifecycle/{path.name}": path.read_text() for path in (RULES / "lifecycle").glob("*.yaml")}
    rules = {path: text for path, text in lifecycle.items() if not path.endswith(".test.yaml")}
    return compile_plan(load({"vocabulary.yaml": json.dumps(vocabulary), **rules}), "snapshot")


def segments(snapshot: Snapshot, days: Iterable[CustomerDay]) -> dict[str, str]:
    """Return the lifecycle of each customer as of the snapshot's instant, what is due then included."""
    plan = lifecycle_plan(snapshot)
    timeline = Timeline(plan)
    for event in orders(days):
        at_ms = to_ms(event["occurred_at"])
        if at_ms <= snapshot.as_of_ms:
            timeline.apply(plan.vocabulary.accept(decode_event(json.dumps(event).encode()), at_ms))
    for _ in timeline.tick(snapshot.as_of_ms + 1):
        pass
    (dimension,) = plan.dimensions
    return {name: profile.standing(dimension.place).segment for name, profile in timeline.profiles.items()}


def agrees(snapshot: Snapshot, days: list[CustomerDay]) -> None:
    """Fail unless every customer is where plain arithmetic has them, and all together are the published figures."""
    found = segments(snapshot, days)
    assert found == states(days, snapshot)
    assert Counter(found.values()) == snapshot.members


def test_online_retail() -> None:
    agrees(ONLINE_RETAIL, shipped_days())


@pytest.mark.nightly
def test_cdnow() -> None:
    folder = full_folder()
    if folder is None:
        pytest.skip("PUBLIC_DATA names no folder with the CDNOW file")
    agrees(CDNOW, cdnow_days(folder))
