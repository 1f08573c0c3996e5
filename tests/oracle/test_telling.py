"""How long something has been so; lists, consents, places, lots, scores and points (meanings 15, 25, 27), by hand."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from tests.oracle import value_of
from tests.oracle.story import at_ms, audience, changes, did, flips, told


def plan(second: float, name: object, occurred: float | None = None) -> Any:
    return told(second, occurred, traits={"plan": name})


class TestHowLong:
    HELD: ClassVar[dict[str, Any]] = {"trait": "plan", "one_of": ["family", "studio"], "for": "10s"}

    def test_for_begins_at_the_exact_instant(self) -> None:
        assert flips(self.HELD, [plan(0, "family")], until=99) == [10]

    def test_it_counts_from_when_it_occurred(self) -> None:
        assert flips(self.HELD, [plan(8, "family", occurred=2)], until=99) == [12]

    def test_repeating_and_another_true_value_do_not_restart_it(self) -> None:
        assert flips(self.HELD, [plan(0, "family"), plan(3, "family"), plan(6, "studio")], until=99) == [10]

    def test_a_break_restarts_it(self) -> None:
        assert flips(self.HELD, [plan(0, "family"), plan(3, "solo"), plan(6, "studio")], until=99) == [16]
        assert flips(self.HELD, [plan(0, "family"), plan(3, None), plan(6, "studio")], until=99) == [16]

    def test_for_less_than_is_the_rest(self) -> None:
        rest = {"trait": "plan", "is": "family", "for_less_than": "10s"}
        assert flips(rest, [plan(0, "family"), plan(20, "solo"), plan(30, "family")], until=99) == [0, 10, 30, 40]

    def test_missing_counts_from_when_the_customer_became_known(self) -> None:
        assert flips({"trait": "plan", "exists": False, "for": "10s"}, [did(5)], until=99) == [15]

    def test_a_list_counts_from_entering(self) -> None:
        enter = {"in_list": "openings", "for": "5s"}
        records = [
            told(0, lists={"openings": "added"}),
            told(3, lists={"openings": "added"}),
            told(7, lists={"openings": "removed"}),
        ]
        assert flips(enter, records) == [5, 7]
        assert flips({"in_list": "openings"}, records) == [0, 7]


class TestTold:
    def test_a_consent_counts_as_declared_until_told(self) -> None:
        assert flips({"consent": "email"}, [did(0), told(3, consents={"email": "given"})]) == [3]
        assert flips({"consent": "post"}, [did(0), told(3, consents={"post": "not_given"})]) == [0, 3]

    def test_an_older_consent_changes_nothing(self) -> None:
        records = [told(5, consents={"email": "given"}), told(9, 4, consents={"email": "not_given"})]
        assert flips({"consent": "email"}, records) == [5]

    def test_near(self) -> None:
        near = {"near": "flagship", "km": 15}
        records = [
            told(0, traits={"home": {"lat": 38.80, "lon": -9.14}}),
            told(1, traits={"home": {"lat": 38.90, "lon": -9.14}}),
        ]
        assert flips(near, records) == [0, 1]

    def test_a_path_reads_a_nested_trait(self) -> None:
        starts = {"trait": "postcode", "starts_with": "90"}
        assert flips(starts, [told(0, traits={"address": {"post code": "9012"}})]) == [0]

    @pytest.mark.parametrize(("place", "expected"), [(29.99, False), (30, True), (49.99, True), (50, False)])
    def test_a_lot_is_half_open(self, place: float, expected: bool) -> None:
        lot = {"bucket": "test", "percent": 20, "starting_at": 30}
        given = {"bucket": {"test": place}}
        assert value_of(audience(lot), lot, [did(0)], at_ms(0), given) is expected

    def test_a_lot_is_the_same_at_every_look_and_everybody_has_a_place(self) -> None:
        halves = [{"bucket": "test", "percent": 50}, {"bucket": "test", "percent": 50, "starting_at": 50}]
        found = [value_of(audience(half), half, [did(0)], at_ms(0)) for half in halves]
        assert sorted(found) == [False, True]

    def test_a_score_without_a_value_satisfies_nothing(self) -> None:
        low = {"score": "churn", "below": 0.5}
        assert flips(low, [did(0), told(1, scores={"churn": 0.2}), told(2, scores={"churn": 0.5})]) == [1, 2]

    def test_a_score_that_is_taken_back_has_no_value(self) -> None:
        records = [told(1, scores={"churn": 0.2}), told(2, scores={"churn": None}), told(3, scores={"churn": 0.1})]
        assert flips({"score": "churn", "below": 0.5}, records) == [1, 2, 3]


class TestPoints:
    RULES: ClassVar[dict[str, Any]] = {
        "points/engagement.yaml": {
            "title": "E",
            "owner": "o",
            "add": [
                {"give": 1, "when": {"everyone": True}},
                {"give": 10, "when": {"did": "product_viewed", "within": "10s"}},
                {"give": -20, "when": {"in_segment": "audiences.a"}},
            ],
        },
        "audiences/a.yaml": {"title": "A", "owner": "o", "enter": {"did": "order_placed", "within": "4s"}},
    }

    def test_points_add_up_and_run_out(self) -> None:
        rules = audience({"points": "engagement", "at_least": 11}) | self.RULES
        assert changes(rules, [did(0)], until=99) == [(0, None, "x"), (10, "x", None)]

    def test_points_come_after_the_segments_they_look_at(self) -> None:
        rules = audience({"points": "engagement", "below": 0}) | self.RULES
        records = [did(0, "order_placed")]
        assert changes(rules, records, until=99) == [(0, None, "a"), (0, None, "x"), (4, "a", None), (4, "x", None)]
