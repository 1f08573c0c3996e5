"""`where` with dates that compare with time: an event counts while its own date does; engine and oracle agree."""

from __future__ import annotations

from typing import Any

import pytest

from stream.errors import RuleError
from tests.core.side_by_side import flips, plan_with
from tests.oracle import Rec
from tests.oracle.story import DAY_S, VOCABULARY, audience, did

EVENTS = VOCABULARY["events"] | {
    "trip_booked": {"title": "Booked a trip", "properties": {"departs": "date", "price": "number"}},
    "order_placed": {"title": "Ordered", "properties": {"order_id": "text", "amount": "money", "departs": "moment"}},
}
WORDS = {"events": EVENTS}
SOON = {"departs": {"within_next": "2d"}}


def booked(day: float, departs: str, **properties: Any) -> Rec:
    """Return a trip booked so many days after Monday the 5th."""
    return did(day * DAY_S, "trip_booked", departs=departs, **properties)


def days(enter: dict[str, Any], *records: Rec) -> list[float]:
    """Return on which days (from 0) the audience is entered, left, entered …"""
    return [second / DAY_S for second in flips(enter, list(records), 20 * DAY_S, vocabulary=WORDS)]


def test_an_event_counts_while_its_date_compares() -> None:
    """Booked on the 5th, departs on the 10th: within the next two days from the 8th to the 10th."""
    assert days({"did": "trip_booked", "where": SOON}, booked(0, "2026-01-10")) == [3, 5]
    assert days({"did_not": "trip_booked", "where": SOON}, booked(0, "2026-01-10")) == [0, 3, 5]


def test_counts_rise_and_fall_with_each_date() -> None:
    """Two trips, two days apart."""
    trips = [booked(0, "2026-01-10"), booked(1, "2026-01-11")]
    assert days({"did": "trip_booked", "where": SOON, "at_least": 2}, *trips) == [4, 5]
    assert days({"did": "trip_booked", "where": SOON, "exactly": 1}, *trips) == [3, 4, 5, 6]


def test_other_tests_and_the_window_hold_on_the_same_event() -> None:
    """A dear trip, booked within three days."""
    enter = {"did": "trip_booked", "where": SOON | {"price": {"above": 10}}, "within": "4d"}
    assert days(enter, booked(0, "2026-01-10", price=9)) == []
    assert days(enter, booked(0, "2026-01-10", price=11)) == [3, 4]


def test_sums_and_values_look_at_those_only() -> None:
    """The price of what departs soon, and the last of it."""
    trips = [booked(0, "2026-01-10", price=30), booked(1, "2026-01-12", price=50)]
    assert days({"sum": "trip_booked.price", "where": SOON, "at_least": 40}, *trips) == [5, 7]
    assert days({"largest": "trip_booked.price", "where": SOON, "below": 40}, *trips) == [3, 5]
    assert days({"last_value": "trip_booked.price", "where": SOON, "is": 50}, *trips) == [5, 7]


def test_an_order_that_was_refunded_does_not_count() -> None:
    """Its ledger is asked like any other."""
    enter = {"did": "order_placed", "where": {"departs": {"falls": "tomorrow"}}}
    order = did(0, "order_placed", order_id="a", amount=5, departs="2026-01-10T12:00:00Z")
    refund = did(4.5 * DAY_S, "order_refunded", order_id="a")
    assert days(enter, order) == [4, 5]
    assert days(enter, order, refund) == [4, 4.5]


def test_an_event_without_the_date_never_counts() -> None:
    """Missing satisfies no comparison with dates."""
    assert days({"did": "trip_booked", "where": SOON}, did(0, "trip_booked")) == []


@pytest.mark.parametrize(
    "enter",
    [
        {"share": "trip_booked", "where": SOON, "at_least": 0.5},
        {"sequence": ["product_viewed", {"did": "trip_booked", "where": SOON}]},
        {"last_event": "trip_booked", "has": SOON},
        {"did": "order_placed", "where": SOON, "within": {"personal_gaps": 2, "at_least": "1d"}},
        {"last_value": "trip_booked.departs", "falls": "today"},
    ],
)
def test_where_it_cannot_be_exact_it_is_refused(enter: dict[str, Any]) -> None:
    """Nothing is guessed."""
    with pytest.raises(RuleError, match="cannot be evaluated yet"):
        plan_with(audience(enter, WORDS))
