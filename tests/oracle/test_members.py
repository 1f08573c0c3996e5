"""Who is in which segment, and dimensions that look at each other, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import run
from tests.oracle.story import (
    at_ms,
    audience,
    changes,
    did,
    dimension,
    order,
    told,
    with_vocabulary,
)

IN, OUT = (None, "x"), ("x", None)
VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "10s"}
EVERYONE: dict[str, Any] = {"everyone": True}


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
