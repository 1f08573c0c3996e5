"""`where` with dates that compare with time: an event counts while its own date does; engine and oracle agree."""

from __future__ import annotations

from typing import Any

import pytest

from stream.errors import RuleError
from tests.core.side_by_side import flips, plan_with, played
from tests.oracle import Rec
from tests.oracle.story import DAY_S, VOCABULARY, audience, did, told

EVENTS = VOCABULARY["events"] | {
    "trip_booked": {"title": "Booked a trip", "properties": {"departs": "date", "price": "number"}},
    "order_placed": {
        "title": "Ordered",
        "properties": {"order_id": "text", "amount": "money", "departs": "moment", "items": "list"},
    },
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


TRIPS = [booked(0, "2026-01-10"), booked(0, "2026-01-11"), booked(0, "2026-01-20")]


def test_a_share_moves_with_the_dates() -> None:
    """Of three trips one departs soon from the 8th, two from the 9th, the first is gone on the 10th; the last later."""
    enter = {"share": "trip_booked", "where": SOON, "at_least": 0.6}
    assert days(enter, *TRIPS) == [4, 5]
    assert days({"share": "trip_booked", "where": SOON, "above": 0}, *TRIPS) == [3, 6, 13, 15]


def test_a_share_counts_what_has_no_date_among_all() -> None:
    """Two trips, one without a date: half of them at most."""
    trips = [booked(0, "2026-01-10"), did(0, "trip_booked")]
    assert days({"share": "trip_booked", "where": SOON, "at_least": 0.5}, *trips) == [3, 5]
    assert days({"share": "trip_booked", "where": SOON, "above": 0.5}, *trips) == []


def test_the_last_event_has_a_date_that_compares() -> None:
    """Only the newest is asked: the one before, whose date comes round too, says nothing."""
    enter = {"last_event": "trip_booked", "has": SOON}
    assert days(enter, booked(0, "2026-01-10")) == [3, 5]
    assert days(enter, booked(0, "2026-01-10"), booked(3.5, "2026-01-15")) == [3, 3.5, 8, 10]


def test_the_last_event_whose_date_fits_has_something() -> None:
    """A date in where chooses which is the last; a date in has asks it."""
    trips = [booked(0, "2026-01-10", price=30), booked(1, "2026-01-12", price=50)]
    assert days({"last_event": "trip_booked", "where": SOON, "has": {"price": {"below": 40}}}, *trips) == [3, 5]
    both = {"last_event": "trip_booked", "where": SOON, "has": {"departs": {"falls": "today"}}}
    assert days(both, *trips) == []


def test_a_last_event_keeps_one_row_where_only_has_reads_a_date() -> None:
    """What is newest is enough, however many there were."""
    rules = audience({"last_event": "trip_booked", "has": SOON}, WORDS)
    _, _, profile = played(rules, [booked(number / 8, "2026-01-10", number=number) for number in range(8)], None)
    assert profile is not None
    assert [len(state[0]) for state in profile.states.values()] == [1]


def test_a_step_counts_while_its_date_compares() -> None:
    """Viewed after a trip that departs soon."""
    enter = {"sequence": [{"did": "trip_booked", "where": SOON}, "product_viewed"]}
    assert days(enter, booked(0, "2026-01-10"), did(1 * DAY_S)) == [3, 5]
    assert days(enter, booked(2, "2026-01-10"), did(1 * DAY_S)) == []


def test_a_silence_that_is_a_date_ends_when_the_date_compares() -> None:
    """No trip that departs soon, a day long after a view: that of the 6th breaks it from the 8th to the 10th."""
    enter = {"sequence": ["product_viewed", {"did_not": "trip_booked", "where": SOON, "for": "1d"}]}
    assert days(enter, did(0), booked(1, "2026-01-10")) == [1, 3, 5]


def test_one_event_is_not_two_steps_whose_dates_compare() -> None:
    """Two trips are asked for; one, or an order and a trip of one instant, is not two trips."""
    enter = {"sequence": [{"did": "trip_booked", "where": SOON}, {"did": "trip_*", "where": SOON}]}
    assert days(enter, booked(0, "2026-01-10")) == []
    assert days(enter, booked(0, "2026-01-10"), booked(0, "2026-01-10", price=2)) == [3, 5]


def test_steps_with_dates_are_followed_apart() -> None:
    """Per destination."""
    words = {"events": EVENTS | {"trip_booked": {"title": "T", "properties": {"departs": "date", "to": "text"}}}}
    enter = {"sequence": [{"did": "trip_booked", "where": SOON}, "trip_booked"], "per": "to"}
    records = [booked(0, "2026-01-10", to="rome"), booked(1, "2026-01-30", to="oslo")]
    assert flips(enter, records, 20 * DAY_S, vocabulary=words) == []
    records.append(booked(1, "2026-01-31", to="rome"))
    assert flips(enter, records, 20 * DAY_S, vocabulary=words) == [3 * DAY_S, 5 * DAY_S]


def test_any_item_with_a_date_is_one_item_on_which_all_of_it_holds() -> None:
    """The mug is due soon; the bowl that is due soon is no mug."""
    item = {"sku": "mug", "best_by": {"within_next": "2d"}}
    enter = {"did": "order_placed", "where": {"any_item": item}}
    mug, bowl = {"sku": "mug", "best_by": "2026-01-10"}, {"sku": "bowl", "best_by": "2026-01-15"}
    late_mug = {"sku": "mug", "best_by": "2026-01-18"}

    def ordered(*items: dict[str, str]) -> Rec:
        return did(0, "order_placed", order_id="a", amount=5, items=list(items))

    assert days(enter, ordered(mug, bowl)) == [3, 5]
    assert days(enter, ordered(bowl)) == []
    assert days(enter, ordered(mug, late_mug, mug)) == [3, 5, 11, 13]
    assert days(enter, did(0, "order_placed", order_id="b", amount=5)) == []


def test_an_item_of_a_refunded_order_is_gone() -> None:
    """It never was."""
    enter = {"did": "order_placed", "where": {"any_item": {"best_by": {"within_next": "2d"}}}}
    order = did(0, "order_placed", order_id="a", amount=5, items=[{"best_by": "2026-01-10"}])
    assert days(enter, order, did(4 * DAY_S, "order_refunded", order_id="a")) == [3, 4]


def test_a_personal_gap_counts_all_orders_and_the_window_those_whose_date_compares() -> None:
    """Orders of the 5th and the 9th: a gap of (2 × 30 + 4) ÷ 3 days, in which the first was placed, still counts."""
    gap = {"personal_gaps": 0.25, "at_least": "1d"}  # a quarter of 21 days and 8 hours: 5 days and 8 hours
    enter = {"did": "order_placed", "where": {"departs": {"within_next": "30d"}}, "within": gap}
    first = did(0, "order_placed", order_id="a", amount=5, departs="2026-01-30T00:00:00Z")
    assert days(enter, first) == [0, 7.5]
    assert days(enter, first, did(4 * DAY_S, "order_placed", order_id="b", amount=5)) == [0, pytest.approx(5 + 1 / 3)]


@pytest.mark.parametrize(
    ("enter", "expected"),
    [
        ({"last_value": "trip_booked.departs", "falls": "today"}, [7, 8]),
        ({"first_value": "trip_booked.departs", "within_next": "2d"}, [3, 5]),
        ({"most_frequent": "trip_booked.departs", "falls": "tomorrow"}, [6, 7]),
        ({"last_value": "trip_booked.departs", "within": "3d", "within_next": "9d"}, [0, 4]),
        ({"last_value": "trip_booked.departs", "anniversary": "this_month"}, [0]),
        ({"first_value": "trip_booked.departs", "on_day": "2026-01-10"}, [0]),
    ],
)
def test_a_value_of_the_events_compares_with_time(enter: dict[str, Any], expected: list[float]) -> None:
    """Booked on the 5th for the 10th, on the 6th for the 12th; `within` is the window, not the date."""
    assert days(enter, booked(0, "2026-01-10"), booked(1, "2026-01-12")) == expected


def test_a_value_of_nothing_compares_with_no_time() -> None:
    """Neither does one that is missing, or no date."""
    enter = {"last_value": "trip_booked.departs", "falls": "this_month"}
    assert days(enter, did(0)) == []
    assert days(enter, booked(0, "2026-01-10"), did(1 * DAY_S, "trip_booked")) == [0, 1]
    assert days(enter, booked(0, "2026-01-10"), booked(1, "soon")) == [0, 1]


def test_dates_in_where_are_the_customers_days() -> None:
    """A customer who moves is decided again at once: in Kiritimati the 10th begins 14 hours earlier."""
    enter = {"last_event": "trip_booked", "has": {"departs": {"falls": "today"}}}
    trip = booked(0, "2026-01-10")
    assert days(enter, trip, told(1 * DAY_S, traits={"time_zone": "Pacific/Kiritimati"})) == [
        5 - 14 / 24,
        6 - 14 / 24,
    ]


def test_a_first_time_with_a_date_may_lie_long_before_its_span() -> None:
    """The first in life that fits now: while the old one fits, it is the first, and its time is over."""
    enter = {"first_time": "trip_booked", "where": {"departs": {"within_next": "9d"}}, "within": "2d"}
    assert days(enter, booked(0, "2026-01-10"), booked(6, "2026-01-14")) == [0, 2, 6, 8]
    assert days(enter, booked(0, "2026-01-12"), booked(6, "2026-01-14")) == [0, 2, 7, 8]


def test_an_event_that_no_window_reaches_is_forgotten() -> None:
    """A row of a windowed condition is not kept for life."""
    rules = audience({"did": "trip_booked", "where": SOON, "within": "2d"}, WORDS)
    _, _, profile = played(rules, [booked(number, "2026-01-30") for number in range(10)], None)
    assert profile is not None
    assert [len(state[0]) for state in profile.states.values()] == [2]


def test_personal_gaps_need_orders() -> None:
    """Without them there is no gap to be a multiple of."""
    rules = audience({"did_not": "product_viewed", "within": {"personal_gaps": 2, "at_least": "1d"}})
    rules["vocabulary.yaml"] = {"zone": "UTC", "currency": "EUR", "events": {"product_viewed": {"title": "Viewed"}}}
    with pytest.raises(RuleError, match="personal gaps lie between events"):
        plan_with(rules)


def test_personal_gaps_need_no_refunds() -> None:
    """Where nothing takes orders back, their days are kept all the same."""
    events = {"order_placed": {"title": "Ordered", "properties": {"amount": "money"}}}
    enter = {"did_not": "order_placed", "within": {"personal_gaps": 1, "at_least": "1d"}}
    records = [did(0, "order_placed", amount=1), did(3 * DAY_S, "order_placed", amount=1)]
    gap = 3 + (2 * 30 + 3) / 3
    assert flips(enter, records, 90 * DAY_S, vocabulary={"events": events}) == [gap * DAY_S]
