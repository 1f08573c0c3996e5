"""Orders, refunds and the customer's own rhythm, worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle import run
from tests.oracle.story import (
    DAY_S,
    at_ms,
    audience,
    did,
    flips,
    order,
    refund,
)

BOUGHT: dict[str, Any] = {"sum": "order_placed.amount", "at_least": 100}
LONG_QUIET: dict[str, Any] = {"did_not": "order_placed", "within": {"personal_gaps": 2, "at_least": "1d"}}
QUIET: dict[str, Any] = {"all": [{"did": "order_placed"}, LONG_QUIET]}


class TestOrders:
    def test_a_sum_of_nothing_is_no_value(self) -> None:
        below = {"sum": "order_placed.amount", "below": 100}
        assert flips(below, [did(0)]) == []
        assert flips({"not": BOUGHT}, [did(0)]) == [0]

    def test_a_sum_rises_and_ages(self) -> None:
        enter = {**BOUGHT, "within": "10s"}
        assert flips(enter, [order(0, "40.50"), order(5, 59.5), order(6, 1)], until=99) == [5, 10]

    def test_a_refund_makes_its_order_smaller_as_of_the_order(self) -> None:
        assert flips(BOUGHT, [order(0, 100, "o"), refund(5, "o", "0.01")]) == [0, 5]

    def test_a_refund_to_nothing_means_it_never_was(self) -> None:
        first = {"first_time": "order_placed", "within": "50s"}
        records = [order(0, 10, "o"), order(20, 10, "p"), refund(30, "o", 10)]
        assert flips(first, records, until=99) == [0, 70]

    def test_a_cancelled_order_never_was(self) -> None:
        cancelled = did(5, "order_cancelled", order_id="o")
        assert flips({"did": "order_placed"}, [order(0, 10, "o"), cancelled]) == [0, 5]

    def test_a_refund_before_its_order_waits_for_it(self) -> None:
        assert flips(BOUGHT, [refund(0, "o", 30), order(5, 120, "o"), order(6, 20, "p")]) == [6]

    def test_two_part_refunds_add_up(self) -> None:
        records = [order(0, 10, "o"), refund(1, "o", 4), refund(2, "o", 6)]
        assert flips({"did": "order_placed"}, records) == [0, 2]

    def test_a_doubled_refund_counts_once(self) -> None:
        back = refund(1, "o", 5, event_id="r")
        assert flips({"did": "order_placed"}, [order(0, 10, "o"), back, refund(2, "o", 5, event_id="r")]) == [0]

    def test_the_same_order_under_another_event_id_is_no_second_order(self) -> None:
        rules = audience({"did": "order_placed", "at_least": 2})
        found = run(rules, [order(0, 10, "o", event_id="a"), order(1, 10, "o", event_id="b")])
        assert (found.outcomes, found.transitions) == (["accepted", "duplicate_order"], [])

    def test_where_sees_what_is_left_of_the_order(self) -> None:
        enter = {"did": "order_placed", "where": {"amount": {"at_least": 8}}}
        assert flips(enter, [order(0, 10, "o"), refund(1, "o", 3)]) == [0, 1]

    def test_the_refund_is_an_event_of_its_own(self) -> None:
        assert flips({"did": "order_refunded"}, [refund(3, "nobody")]) == [3]

    def test_an_order_for_nothing_is_an_order(self) -> None:
        assert flips({"did": "order_placed"}, [order(0, 0, "o")]) == [0]

    def test_first_time_is_never_true_again(self) -> None:
        assert flips({"first_time": "order_placed", "within": "5s"}, [order(0), order(20)], until=99) == [0, 5]

    def test_a_late_earlier_order_ends_the_first_time(self) -> None:
        late = did(32, "order_placed", occurred=10)
        assert flips({"first_time": "order_placed", "within": "5s"}, [order(30), late], until=99) == [30, 32]


class TestPersonalGap:
    def test_one_order_draws_on_the_mean(self) -> None:
        assert flips(QUIET, [order(0)], until=100 * DAY_S) == [60 * DAY_S]

    def test_days_with_an_order_shorten_it(self) -> None:
        # two days with orders, 6 days apart: (2 * 30 + 6) // 3 = 22 days, two of them 44
        records = [order(0), order(60), order(6 * DAY_S)]
        assert flips(QUIET, records, until=100 * DAY_S) == [50 * DAY_S]

    def test_the_floor_holds(self) -> None:
        enter = {"did_not": "order_placed", "within": {"personal_gaps": 0.001, "at_least": "2d"}}
        assert flips(enter, [order(0)], until=9 * DAY_S) == [2 * DAY_S]

    def test_a_multiple_is_exact_and_then_floored(self) -> None:
        mean = {"personal_gap_mean": "3944756s"}
        enter = {"did_not": "order_placed", "within": {"personal_gaps": 3.5, "at_least": "30d"}}
        found = run(audience(enter, mean), [order(0)], at_ms(400 * DAY_S)).transitions
        assert [one["at"] - at_ms(0) for one in found] == [3_944_756_000 * 7 // 2]
