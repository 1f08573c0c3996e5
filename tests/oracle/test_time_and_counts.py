"""Windows, records out of order, what counts and how often, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import run
from tests.oracle.story import (
    DAY_S,
    at_ms,
    audience,
    changes,
    did,
    dimension,
    flips,
    order,
    tick,
    told,
    with_vocabulary,
)

IN, OUT = (None, "x"), ("x", None)
VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "10s"}
EVERYONE: dict[str, Any] = {"everyone": True}


class TestTime:
    def test_within_is_half_open_and_dated_exactly(self) -> None:
        assert changes(audience(VIEWED), [did(0)], until=9.999) == [(0, *IN)]
        assert changes(audience(VIEWED), [did(0)], until=10) == [(0, *IN), (10, *OUT)]

    def test_older_than_begins_exactly(self) -> None:
        assert flips({"did": "product_viewed", "older_than": "3s"}, [did(0)], until=100) == [3]

    def test_between_two_spans(self) -> None:
        assert flips({"did": "product_viewed", "within": "8s", "older_than": "2s"}, [did(0)], until=100) == [2, 8]

    def test_no_window_means_ever(self) -> None:
        assert flips({"did": "product_viewed"}, [did(0)], until=10**9) == [0]

    def test_renewal_at_exactly_the_edge_changes_nothing(self) -> None:
        assert flips(VIEWED, [did(0), did(10)], until=100) == [0, 20]

    def test_renewal_a_millisecond_after_the_edge_comes_too_late(self) -> None:
        assert flips(VIEWED, [did(0), did(10.001)], until=100) == [0, 10, 10.001, 20.001]

    def test_a_late_event_counts_from_when_it_was_done_and_is_dated_when_it_came(self) -> None:
        assert flips(VIEWED, [did(0), did(14, occurred=8)], until=100) == [0, 10, 14, 18]

    def test_a_late_event_outside_the_window_changes_nothing(self) -> None:
        assert flips(VIEWED, [told(0, traits={"plan": "a"}), did(20, occurred=10)], until=100) == []

    def test_long_silence_dates_every_instant(self) -> None:
        rules = with_vocabulary(
            dimension({"hot": {"enter": VIEWED}, "warm": {"enter": {"did": "product_viewed", "within": "25s"}}})
        )
        records = [did(0), did(10**6)]
        assert changes(rules, records) == [
            (0, "rest", "hot"),
            (10, "hot", "warm"),
            (25, "warm", "rest"),
            (10**6, "rest", "hot"),
        ]

    def test_a_tick_fires_only_what_is_due_before_it(self) -> None:
        assert changes(audience(VIEWED), [did(0), tick(10)]) == [(0, *IN)]
        assert changes(audience(VIEWED), [did(0), tick(10.001)]) == [(0, *IN), (10, *OUT)]

    def test_a_record_below_an_earlier_one_is_decided_as_of_the_later(self) -> None:
        assert flips({"did": "message_sent"}, [did(50), did(40, "message_sent")]) == [50]

    def test_cause_of_record_and_of_time(self) -> None:
        found = run(audience(VIEWED), [did(0, event_id="e1")], at_ms(99)).transitions
        assert [(one["cause"], one["event_id"], one["sequence"]) for one in found] == [
            ("event", "e1", 1),
            ("time", None, 2),
        ]

    def test_what_is_due_at_exactly_the_record_is_caused_by_it(self) -> None:
        found = run(audience(VIEWED), [did(0), did(10, "message_sent", event_id="e2")]).transitions
        assert [(one["cause"], one["event_id"]) for one in found[1:]] == [("event", "e2")]

    def test_late_is_told_beyond_the_tolerance(self) -> None:
        rules = audience({"did": "product_viewed"}, {"future_tolerance": "5s"})
        assert [one["late"] for one in run(rules, [did(10, occurred=5)]).transitions] == [False]
        assert [one["late"] for one in run(rules, [did(10, occurred=4.999)]).transitions] == [True]


class TestWhatCounts:
    def test_a_newcomer_has_not_done_it(self) -> None:
        assert flips({"did_not": "order_placed", "within": "30s"}, [did(0)]) == [0]

    def test_did_not_breaks_and_comes_back(self) -> None:
        assert flips({"did_not": "order_placed", "within": "30s"}, [did(0), order(5)], until=99) == [0, 5, 35]

    def test_equal_instants_are_different_events(self) -> None:
        twice = [did(0, event_id="a"), did(0, event_id="b")]
        assert flips({"did": "product_viewed", "exactly": 2}, twice) == [0]

    def test_doubled_event_ids_count_once(self) -> None:
        assert run(audience(VIEWED), [did(0, event_id="a"), did(0, event_id="a")]).outcomes == ["accepted", "duplicate"]
        assert flips({"did": "product_viewed", "at_least": 2}, [did(0, event_id="a"), did(1, event_id="a")]) == []

    @pytest.mark.parametrize(
        ("count", "expected"),
        [
            ({"at_least": 2}, [1, 11]),
            ({"above": 2}, [2, 10]),
            ({"exactly": 1}, [0, 1, 11, 12]),
            ({"exactly": 0}, [12]),
            ({"at_most": 2}, [0, 2, 10]),
            ({"below": 1}, [12]),
            ({"between": [2, 3]}, [1, 11]),
        ],
    )
    def test_counts(self, count: dict[str, Any], expected: list[float]) -> None:
        assert flips({**VIEWED, **count}, [did(0), did(1), did(2)], until=99) == expected

    def test_a_quoted_number_is_a_number(self) -> None:
        assert flips({"did": "product_viewed", "at_least": "2"}, [did(0), did(1)]) == [1]

    def test_different_days_are_counted_in_the_zone_of_the_shop(self) -> None:
        records = [did(0), did(DAY_S - 1), did(DAY_S)]
        days = {"did_on_days": "product_viewed", "at_least": 2}
        assert flips(days, records) == [DAY_S]
        assert changes(audience(days, {"zone": "Europe/Lisbon"}), records) == [(DAY_S, *IN)]
        assert changes(audience(days, {"zone": "Europe/Paris"}), records) == [(DAY_S - 1, *IN)]

    def test_any_event_is_behaviour_only(self) -> None:
        assert flips({"did": "any_event"}, [told(0, traits={"plan": "a"}), did(3)]) == [3]

    def test_a_prefix_adds_up(self) -> None:
        both = [did(0, "message_sent"), did(1, "message_clicked")]
        assert flips({"did": "message_*", "at_least": 2}, both) == [1]

    def test_an_unknown_event_is_dead_or_only_any_event(self) -> None:
        unknown = [did(0, "order_payed")]
        assert run(audience({"did": "any_event"}), unknown).outcomes == ["unknown_event"]
        kept = audience({"did": "any_event"}, {"known_events_only": False})
        assert changes(kept, unknown) == [(0, *IN)]
        assert changes(audience({"did": "order_*"}, {"known_events_only": False}), unknown) == []

    def test_an_alias_is_the_event(self) -> None:
        assert flips({"did": "order_placed"}, [did(0, "Order Completed")]) == [0]

    def test_times_out_of_bounds_are_dead_letters(self) -> None:
        records = [did(0, occurred=300), did(0, occurred=300.001), did(0, occurred=-(10**9))]
        outcomes = run(audience(EVERYONE), records).outcomes
        assert outcomes == ["accepted", "future", "past"]

    def test_the_future_is_clamped_to_the_record(self) -> None:
        assert flips(VIEWED, [did(0, occurred=200)], until=99) == [0, 10]

    def test_all_of_where_on_one_event(self) -> None:
        where = {"where": {"category": "garden", "seconds": {"above": 5}}}
        split = [did(0, category="garden", seconds=3), did(1, category="tools", seconds=9)]
        assert flips({"did": "product_viewed", **where}, [*split, did(2, category="garden", seconds=9)]) == [2]

    def test_any_item_asks_for_one_item(self) -> None:
        enter = {"did": "order_placed", "where": {"any_item": {"sku": ["a", "b"], "quantity": {"at_least": 2}}}}
        split = order(0, items=[{"sku": "a", "quantity": 1}, {"sku": "c", "quantity": 5}])
        assert flips(enter, [split, order(1, items=[{"sku": "b", "quantity": 2}])]) == [1]
        assert flips({"did": "order_placed", "where": {"any_item": {"sku": {"is_not": "a"}}}}, [order(0)]) == []

    @pytest.mark.parametrize(
        ("where", "expected"),
        [
            ({"is_not": "garden"}, [0]),
            ({"none_of": ["garden"]}, [0]),
            ({"has_none": ["garden"]}, [0]),
            ({"exists": False}, [0]),
            ({"exists": True}, []),
            ({"is": "garden"}, []),
            ({"starts_with": ""}, []),
            ({"at_most": 5}, []),
        ],
    )
    @pytest.mark.parametrize("missing", [None, "", []])
    def test_missing(self, where: dict[str, Any], expected: list[float], missing: object) -> None:
        assert flips({"did": "product_viewed", "where": {"category": where}}, [did(0, category=missing)]) == expected

    @pytest.mark.parametrize("where", [{"is": 5}, {"is_not": 5}, {"at_least": 5}, {"one_of": [5]}, {"none_of": [5]}])
    def test_unlike_types_compare_as_false(self, where: dict[str, Any]) -> None:
        assert flips({"did": "product_viewed", "where": {"seconds": where}}, [did(0, seconds="5")]) == []
