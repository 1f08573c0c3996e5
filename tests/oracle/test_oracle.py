"""The oracle against histories worked out by hand; the names follow the meanings of the rule language."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import Rec, run, value_of
from tests.oracle.story import (
    DAY_S,
    VOCABULARY,
    at_ms,
    audience,
    changes,
    did,
    dimension,
    flips,
    tick,
    told,
    with_vocabulary,
)

IN, OUT = (None, "x"), ("x", None)
VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "10s"}
EVERYONE: dict[str, Any] = {"everyone": True}
BOUGHT: dict[str, Any] = {"sum": "order_placed.amount", "at_least": 100}
FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}
LONG_QUIET: dict[str, Any] = {"did_not": "order_placed", "within": {"personal_gaps": 2, "at_least": "1d"}}
QUIET: dict[str, Any] = {"all": [{"did": "order_placed"}, LONG_QUIET]}


def order(second: float, amount: object = 10, order_id: str | None = None, **more: Any) -> Rec:
    named: dict[str, Any] = {"order_id": order_id} if order_id else {}
    return did(second, "order_placed", amount=amount, **named, **more)


def refund(second: float, order_id: str, amount: object = None, **more: Any) -> Rec:
    part: dict[str, Any] = {} if amount is None else {"amount": amount}
    return did(second, "order_refunded", order_id=order_id, **part, **more)


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


class TestMembers:
    def test_order_decides_and_otherwise_takes_the_rest(self) -> None:
        rules = with_vocabulary(dimension({"a": {"enter": VIEWED}, "b": {"enter": {"did": "order_placed"}}}))
        assert changes(rules, [order(0), did(5)], until=99) == [(0, "rest", "b"), (5, "b", "a"), (15, "a", "b")]

    def test_the_first_otherwise_is_silent_unless_announced(self) -> None:
        silent = with_vocabulary(dimension({"a": {"enter": {"did": "order_placed"}}}))
        assert changes(silent, [did(0)]) == []
        assert run(silent, [did(0)]).memberships == {"d": ("rest", at_ms(0))}
        told_of = with_vocabulary(dimension({"a": {"enter": {"did": "order_placed"}}}, announce_first=True))
        assert changes(told_of, [did(0)]) == [(0, None, "rest")]
        assert changes(told_of, [order(0)]) == [(0, "rest", "a")]

    def test_stay_while_is_a_lower_bar(self) -> None:
        enter = {"did": "product_viewed", "at_least": 2, "within": "10s"}
        rules = audience(enter, stay_while=VIEWED)
        assert changes(rules, [did(0), did(4)], until=99) == [(4, *IN), (14, *OUT)]

    def test_wait(self) -> None:
        assert changes(audience(VIEWED, wait="3s"), [did(0)], until=99) == [(3, *IN), (10, *OUT)]
        assert changes(audience(VIEWED, wait="10s"), [did(0)], until=99) == []

    def test_wait_starts_again_after_a_break(self) -> None:
        assert changes(audience(VIEWED, wait="12s"), [did(0), did(8), did(30)], until=99) == [(12, *IN), (18, *OUT)]

    def test_wait_runs_while_another_segment_has_the_customer(self) -> None:
        rules = with_vocabulary(
            dimension({"a": {"enter": VIEWED}, "b": {"enter": {"did": "product_viewed"}, "wait": "12s"}})
        )
        assert changes(rules, [did(0)], until=99) == [(0, "rest", "a"), (10, "a", "rest"), (12, "rest", "b")]

    def test_stay_at_least_holds_a_move_down(self) -> None:
        rules = audience(VIEWED, stay_at_least="30s")
        assert changes(rules, [did(0)], until=99) == [(0, *IN), (30, *OUT)]
        assert changes(rules, [did(0), did(29)], until=99) == [(0, *IN), (39, *OUT)]

    def test_stay_at_least_does_not_hold_a_move_up(self) -> None:
        rules = with_vocabulary(
            dimension({"a": {"enter": {"did": "order_placed"}}, "b": {"enter": VIEWED, "stay_at_least": "30s"}})
        )
        assert changes(rules, [did(0), order(5)], until=99) == [(0, "rest", "b"), (5, "b", "a")]

    def test_stay_at_most_ends_it_and_enter_must_have_been_false(self) -> None:
        rules = audience(VIEWED, stay_at_most="4s")
        assert changes(rules, [did(0), did(8), did(40)], until=99) == [(0, *IN), (4, *OUT), (40, *IN), (44, *OUT)]

    def test_cooldown(self) -> None:
        rules = audience(VIEWED, cooldown="20s")
        assert changes(rules, [did(0), did(15), did(22)], until=99) == [(0, *IN), (10, *OUT), (30, *IN), (32, *OUT)]

    def test_only_from(self) -> None:
        rules = with_vocabulary(
            dimension({"a": {"enter": {"did": "order_placed"}, "only_from": ["b"]}, "b": {"enter": VIEWED}})
        )
        assert changes(rules, [order(0), did(5)]) == [(5, "rest", "b"), (5, "b", "a")]

    def test_defaults_of_the_dimension(self) -> None:
        rules = with_vocabulary(dimension({"a": {"enter": VIEWED}}, wait="2s"))
        assert changes(rules, [did(0)], until=5) == [(2, "rest", "a")]

    def test_a_disabled_segment_never_asks(self) -> None:
        rules = with_vocabulary(dimension({"a": {"enabled": False}, "b": {"enter": EVERYONE}}))
        assert changes(rules, [did(0)]) == [(0, "rest", "b")]

    def test_two_records_of_one_instant_are_decided_in_log_order(self) -> None:
        rules = with_vocabulary(dimension({"a": {"enter": {"did": "product_viewed", "exactly": 1}}}))
        assert changes(rules, [did(0, event_id="1"), did(0, event_id="2")]) == [(0, "rest", "a"), (0, "a", "rest")]


class TestLookingAtEachOther:
    def test_not_in_segment_follows_at_the_same_instant(self) -> None:
        follower = {"title": "A", "owner": "o", "enter": {"not": {"in_segment": "audiences.x"}}}
        rules = audience(VIEWED) | {"audiences/a.yaml": follower}
        assert changes(rules, [did(0)], until=99) == [(0, *IN), (10, *OUT), (10, None, "a")]

    def test_in_segment_for(self) -> None:
        enter = {"in_segment": "d.a", "for": "3s"}
        rules = audience(enter) | dimension({"a": {"enter": VIEWED}})
        assert changes(rules, [did(0)], until=99) == [(0, "rest", "a"), (3, *IN), (10, "a", "rest"), (10, *OUT)]

    def test_in_segment_for_less_than(self) -> None:
        rules = audience({"in_segment": "d.rest", "for_less_than": "3s"}) | dimension({"a": {"enter": VIEWED}})
        assert changes(rules, [told(0, traits={"plan": "a"})], until=99) == [(0, *IN), (3, *OUT)]

    def test_names_order_dimensions_that_do_not_look_at_each_other(self) -> None:
        rules = with_vocabulary(dimension({"a": {"enter": EVERYONE}}, "q"), dimension({"a": {"enter": EVERYONE}}, "b"))
        assert [one["dimension"] for one in run(rules, [did(0)]).transitions] == ["b", "q"]

    def test_a_chain_comes_after_what_it_looks_at(self) -> None:
        rules = with_vocabulary(
            dimension({"a": {"enter": {"in_segment": "m.a"}}}, "b"),
            dimension({"a": {"enter": {"in_segment": "z.a"}}}, "m"),
            dimension({"a": {"enter": EVERYONE}}, "z"),
            dimension({"a": {"enter": EVERYONE}}, "n"),
        )
        assert [one["dimension"] for one in run(rules, [did(0)]).transitions] == ["n", "z", "m", "b"]

    def test_a_circle_is_refused(self) -> None:
        with pytest.raises(ValueError, match="circle"):
            run(audience({"in_segment": "audiences.x"}), [])


class TestTraits:
    def test_the_later_value_wins_and_an_older_one_changes_nothing(self) -> None:
        records = [told(10, traits={"plan": "family"}), told(20, occurred=5, traits={"plan": "solo"})]
        assert flips(FAMILY, records) == [10]

    def test_at_the_same_instant_the_later_in_the_log_wins(self) -> None:
        records = [told(10, traits={"plan": "family"}), told(20, occurred=10, traits={"plan": "solo"})]
        assert flips(FAMILY, records) == [10, 20]

    @pytest.mark.parametrize("nothing", [None, "", []])
    def test_nothing_clears_a_trait(self, nothing: object) -> None:
        assert flips(FAMILY, [told(0, traits={"plan": "family"}), told(1, traits={"plan": nothing})]) == [0, 1]

    def test_a_trait_not_mentioned_stays(self) -> None:
        assert flips(FAMILY, [told(0, traits={"plan": "family"}), told(1, traits={"visits": 3})]) == [0]

    @pytest.mark.parametrize(
        ("compare", "value", "expected"),
        [
            ({"one_of": ["a", "b"]}, "b", True),
            ({"none_of": ["a", "b"]}, "c", True),
            ({"starts_with": "90"}, "9012", True),
            ({"ends_with": "12"}, "9012", True),
            ({"contains": "01"}, "9012", True),
            ({"matches": "9.*"}, "9012", True),
            ({"matches": "9."}, "9012", False),
            ({"has_any": ["a", "b"]}, ["b", "c"], True),
            ({"has_all": ["a", "b"]}, ["b", "c"], False),
            ({"has_none": ["a"]}, "b", True),
            ({"has_any": ["b"]}, "b", True),
            ({"exists": True}, 0, True),
            ({"is": True}, 1, False),
            ({"between": [1, 3]}, 3, True),
            ({"below": 3}, 3, False),
        ],
    )
    def test_comparisons(self, compare: dict[str, Any], value: object, expected: bool) -> None:
        records = [told(0, traits={"plan": value})]
        assert value_of(audience(EVERYONE), {"trait": "plan", **compare}, records, at_ms(0)) is expected

    def test_behaviour_and_trait_of_one_record_are_decided_once(self) -> None:
        both = did(0)
        both.content["traits"] = {"plan": "family"}
        assert flips({"all": [FAMILY, VIEWED]}, [both]) == [0]

    def test_a_value_of_unknown_customer_is_false(self) -> None:
        assert value_of(audience(EVERYONE), EVERYONE, [], at_ms(0)) is False


def test_the_vocabulary_of_the_stories_is_left_alone() -> None:
    assert VOCABULARY["zone"] == "UTC"
