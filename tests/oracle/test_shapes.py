"""Sequences, habits, breaks and returns (meanings 18 to 24), worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle import Rec
from tests.oracle.story import did, flips, order, refund


def cart(second: float, cart_id: str | None = None, **more: Any) -> Rec:
    return did(second, "cart_updated", cart_id=cart_id, **more)


def then(*steps: Any, **parts: Any) -> dict[str, Any]:
    return {"sequence": list(steps), **parts}


LEFT = then("cart_updated", {"did_not": "order_placed", "for": "3s"})


class TestSequences:
    def test_in_order(self) -> None:
        both = then("product_viewed", "order_placed")
        assert flips(both, [order(0), did(1), order(5)]) == [5]

    def test_the_same_instant_will_do_in_both_orders_of_arrival(self) -> None:
        both = then("product_viewed", "order_placed")
        assert flips(both, [did(3), order(3)]) == [3]
        assert flips(both, [order(3), did(3)]) == [3]

    def test_different_events(self) -> None:
        assert flips(then("product_viewed", "product_viewed"), [did(0, event_id="a"), did(4, event_id="b")]) == [4]

    def test_occurred_at_decides_not_arrival(self) -> None:
        both = then("product_viewed", "order_placed")
        assert flips(both, [order(5), did(9, occurred=4)]) == [9]
        assert flips(both, [order(5), did(9, occurred=6)]) == []

    def test_the_gap_is_half_open(self) -> None:
        soon = then("product_viewed", {"did": "order_placed", "max_gap": "5s"})
        assert flips(soon, [did(0), order(4.999)]) == [4.999]
        assert flips(soon, [did(0), order(5)]) == []

    def test_greedy_traps(self) -> None:
        soon = then(
            "product_viewed", {"did": "cart_updated", "max_gap": "5s"}, {"did": "order_placed", "max_gap": "5s"}
        )
        # the newest cart (7) is too late for the view (1), the older one (4) is not; the order at 8 fits the older
        assert flips(soon, [did(1), cart(4), cart(7), order(8)]) == [8]
        # the first view (0) is too old, the newer one fits
        assert flips(soon, [did(0), did(6), cart(8), order(9)]) == [9]

    def test_all_of_them_within(self) -> None:
        inside = then("product_viewed", "order_placed", within="10s")
        assert flips(inside, [did(0), order(4), order(9)], until=99) == [4, 10]
        assert flips(inside, [did(0), did(3), order(4)], until=99) == [4, 13]

    def test_silence_from_exactly_its_length_until_it_breaks(self) -> None:
        assert flips(LEFT, [cart(0)], until=99) == [3]
        assert flips(LEFT, [cart(0), order(3)], until=99) == []
        assert flips(LEFT, [cart(0), order(3.001)], until=99) == [3, 3.001]

    def test_an_answer_of_the_same_instant_answers(self) -> None:
        assert flips(LEFT, [order(0), cart(0)], until=99) == []

    def test_more_of_the_same_step_does_not_restart_it(self) -> None:
        assert flips(LEFT, [cart(0), cart(2)], until=99) == [3]

    def test_a_late_answer_ends_it(self) -> None:
        assert flips(LEFT, [cart(0), order(9, occurred=1)], until=99) == [3, 9]

    def test_an_answer_that_never_was_is_none(self) -> None:
        assert flips(LEFT, [cart(0), order(1, 5, "o"), refund(8, "o")], until=99) == [8]

    def test_silence_ends_with_the_window_of_the_sequence(self) -> None:
        left = then("cart_updated", {"did_not": "order_placed", "for": "3s"}, within="8s")
        assert flips(left, [cart(0)], until=99) == [3, 8]

    def test_each_value_is_followed_by_itself(self) -> None:
        each = {**LEFT, "per": "cart_id"}
        records = [cart(0, "a"), cart(1, "b"), order(2, cart_id="a")]
        assert flips(each, records, until=99) == [4]
        assert flips(each, [*records, order(3, cart_id="b")], until=99) == []

    def test_events_without_the_value_take_no_part(self) -> None:
        each = {**LEFT, "per": "cart_id"}
        assert flips(each, [cart(0), cart(5, "a"), order(6)], until=99) == [8]

    def test_a_second_value_while_true_is_no_new_entry(self) -> None:
        each = {**LEFT, "per": "cart_id"}
        assert flips(each, [cart(0, "a"), cart(5, "b"), order(9, cart_id="a"), order(10, cart_id="b")]) == [3, 10]


HABIT: dict[str, Any] = {"regularly": "order_placed", "at_least": 1, "every": "10s", "in_at_least": 2, "of_last": 3}


class TestHabits:
    def test_periods_are_counted_back_from_now(self) -> None:
        # at 12: (2, 12], (-8, 2]; at 22 the order of 12 is in the second, that of 0 in the third; at 30 it is out
        assert flips(HABIT, [order(0), order(12)], until=99) == [12, 30]

    def test_an_event_on_the_edge_belongs_to_the_older_period(self) -> None:
        assert flips(HABIT, [order(0), order(9.999)], until=99) == [10, 19.999, 20, 29.999]

    def test_stopped_from_quiet_for_until_did_within(self) -> None:
        stopped = {"stopped": "product_viewed", "did_within": "10s", "quiet_for": "4s"}
        assert flips(stopped, [did(0)], until=99) == [4, 10]
        assert flips(stopped, [did(0), did(4)], until=99) == [8, 14]
        assert flips(stopped, [did(0), did(7, occurred=2)], until=99) == [4, 12]

    def test_restarted_needs_a_predecessor_at_least_so_quiet(self) -> None:
        back = {"restarted": "product_viewed", "quiet_for": "5s", "again_within": "3s"}
        assert flips(back, [did(0)], until=99) == []
        assert flips(back, [did(0), did(5)], until=99) == [5, 8]
        assert flips(back, [did(0), did(4.999)], until=99) == []

    def test_a_late_event_inside_the_gap_ends_a_restart(self) -> None:
        back = {"restarted": "product_viewed", "quiet_for": "5s", "again_within": "3s"}
        assert flips(back, [did(0), did(5), did(6, occurred=2)], until=99) == [5, 6]

    def test_the_last_event_has(self) -> None:
        bounced = {"last_event": "message_sent", "where": {"channel": "email"}, "has": {"status": "bounced"}}
        records = [
            did(0, "message_sent", channel="email", status="bounced"),
            did(1, "message_sent", channel="push", status="sent"),
            did(2, "message_sent", channel="email", status="sent"),
        ]
        assert flips(bounced, records) == [0, 2]

    def test_of_one_instant_the_later_in_the_log_is_last(self) -> None:
        bounced = {"last_event": "message_sent", "has": {"status": "bounced"}}
        two = [did(0, "message_sent", status="bounced"), did(5, "message_sent", occurred=0, status="sent")]
        assert flips(bounced, two) == [0, 5]
