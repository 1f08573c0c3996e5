"""Figures over events (meanings 9, 10, 16), worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import Rec, value_of
from tests.oracle.story import at_ms, audience, changes, did, flips, order, refund, told

AMOUNT = "order_placed.amount"
CATEGORY = "order_placed.category"
NOBODY = told(0, traits={"plan": "solo"})


def holds_after(condition: dict[str, Any], records: list[Rec], second: float) -> bool:
    return value_of(audience({"everyone": True}), condition, records, at_ms(second))


class TestNoValue:
    @pytest.mark.parametrize("word", ["sum", "average", "smallest", "largest"])
    @pytest.mark.parametrize(
        "count", [{"at_least": 0}, {"at_most": 9}, {"above": -1}, {"below": 9}, {"exactly": 0}, {"between": [0, 9]}]
    )
    @pytest.mark.parametrize("records", [[NOBODY], [order(0, 5, "o"), refund(1, "o")], [order(0, None)]])
    def test_a_figure_of_nothing_satisfies_nothing(self, word: str, count: dict[str, Any], records: list[Rec]) -> None:
        condition = {word: AMOUNT, **count}
        assert not holds_after(condition, records, 2)
        assert holds_after({"not": condition}, records, 2)

    @pytest.mark.parametrize("word", ["first_value", "last_value", "most_frequent"])
    @pytest.mark.parametrize("compare", [{"is_not": "x"}, {"none_of": ["x"]}, {"exists": False}])
    def test_a_value_of_nothing_satisfies_not_even_is_not(self, word: str, compare: dict[str, Any]) -> None:
        assert not holds_after({word: CATEGORY, **compare}, [NOBODY], 2)

    def test_distinct_of_nothing_is_zero(self) -> None:
        assert holds_after({"distinct": CATEGORY, "exactly": 0}, [NOBODY], 2)

    def test_a_share_of_nothing_is_no_value(self) -> None:
        share = {"share": "order_placed", "where": {"coupon": {"exists": True}}, "at_most": 1}
        assert not holds_after(share, [NOBODY], 2)

    def test_a_bar_that_is_not_published_satisfies_nothing(self) -> None:
        assert not holds_after({"sum": AMOUNT, "at_least": {"bar": "value.vip"}}, [order(0, 1000)], 2)


class TestFigures:
    ORDERS = (order(0, "10.10", category="garden"), order(2, 5, category="tools"), order(4, "0.20", category="garden"))

    @pytest.mark.parametrize(
        ("word", "count"),
        [
            ("sum", {"exactly": "15.30"}),
            ("average", {"exactly": "5.1"}),
            ("smallest", {"exactly": 0.2}),
            ("largest", {"exactly": 10.1}),
        ],
    )
    def test_money_is_exact(self, word: str, count: dict[str, Any]) -> None:
        assert holds_after({word: AMOUNT, **count}, list(self.ORDERS), 9)

    def test_the_smallest_ages_out(self) -> None:
        smallest = {"smallest": AMOUNT, "within": "10s", "above": 5}
        assert flips(smallest, [order(0, 5), order(3, 9)], until=99) == [10, 13]

    def test_distinct_rises_and_ages(self) -> None:
        distinct = {"distinct": CATEGORY, "within": "10s", "at_least": 2}
        assert flips(distinct, list(self.ORDERS), until=99) == [2, 12]

    def test_a_tie_goes_to_the_value_seen_last(self) -> None:
        frequent = {"most_frequent": CATEGORY, "within": "10s", "is": "tools"}
        # at 4 garden has two; at 10 one each, garden seen last; at 12 only garden
        assert flips(frequent, list(self.ORDERS), until=99) == [2, 4]

    def test_a_tie_turns_when_an_event_ages(self) -> None:
        frequent = {"most_frequent": CATEGORY, "within": "10s", "is": "tools"}
        two = [order(0, category="garden"), order(1, category="garden"), order(2, category="tools")]
        assert flips(frequent, two, until=99) == [10, 12]

    def test_first_and_last_read_the_edge_of_the_window(self) -> None:
        assert flips({"first_value": CATEGORY, "within": "10s", "is": "tools"}, list(self.ORDERS), until=99) == [10, 12]
        assert flips({"last_value": CATEGORY, "within": "10s", "is": "tools"}, list(self.ORDERS), until=99) == [2, 4]

    def test_a_property_missing_on_the_last_event_is_missing(self) -> None:
        last = {"last_value": "order_placed.coupon", "is_not": "WELCOME"}
        assert flips(last, [order(0, coupon="WELCOME"), order(1)]) == [1]

    def test_a_share_ages_both_ways(self) -> None:
        share = {"share": "order_placed", "where": {"category": "garden"}, "within": "10s", "at_least": 0.6}
        # 1/1, 1/2, 2/3; at 10: 1/2, at 12: 1/1, at 14: nothing
        assert flips(share, list(self.ORDERS), until=99) == [0, 2, 4, 10, 12, 14]

    def test_a_share_of_too_few_is_no_value(self) -> None:
        share = {"share": "order_placed", "where": {"category": "garden"}, "at_least": 0.5, "of_at_least": 3}
        assert flips(share, list(self.ORDERS)) == [4]

    def test_a_bar_and_a_part_of_it(self) -> None:
        enter = {"sum": AMOUNT, "at_least": {"bar": "vip"}}
        rules = audience(enter, stay_while={"sum": AMOUNT, "at_least": {"bar": "vip", "percent": 80}})
        records = [order(0, 100, "o"), refund(1, "o", 20), refund(2, "o", "0.01")]
        assert changes(rules, records, given={"bars": {"vip": 100}}) == [(0, None, "x"), (2, "x", None)]

    def test_per_asks_for_one_value(self) -> None:
        per = {"did": "cart_updated", "per": "cart_id", "at_least": 2}
        records = [did(0, "cart_updated", cart_id="a"), did(1, "cart_updated", cart_id="b"), did(2, "cart_updated")]
        assert flips(per, records) == []
        assert flips(per, [*records, did(3, "cart_updated", cart_id="b")]) == [3]

    def test_a_late_order_in_the_middle_changes_an_average(self) -> None:
        average = {"average": AMOUNT, "at_least": 10}
        assert flips(average, [order(0, 10), order(9, 4, occurred=5), order(10, 16)]) == [0, 9, 10]
