"""Meanings 28 to 34 of the rule language, about members: one test for each sentence, engine beside oracle."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.wire.membership import body
from tests.core.side_by_side import agree, changes, played
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, audience, did, dimension, order, told, with_vocabulary

VIEW = "product_viewed"
VIEWED: dict[str, Any] = {"did": VIEW, "within": "10s"}
ORDERED: dict[str, Any] = {"did": "order_placed", "within": "10s"}
EVERYONE: dict[str, Any] = {"everyone": True}
IN, OUT = (None, "x"), ("x", None)


def plan_told(second: float, value: str | None) -> Rec:
    """Return a record that tells the plan."""
    return told(second, traits={"plan": value})


def of(segments: dict[str, dict[str, Any]], **parts: Any) -> dict[str, Any]:
    """Return whole rules with the one dimension `d`."""
    return with_vocabulary(dimension(segments, **parts))


def named(rules: dict[str, Any], records: list[Rec], until: float = 99) -> list[tuple[float, str, str, str]]:
    """Return (second, dimension, left, entered) of all transitions, in their order."""
    found = agree(rules, records, MONDAY_MS + round(until * 1000))
    return [((one.at - MONDAY_MS) / 1000, one.dimension, one.left, one.entered) for one in found]


def test_meaning_28_a_segment_asks_when_it_is_enabled() -> None:
    rules = of({"a": {"enter": EVERYONE, "enabled": False}, "b": {"enter": EVERYONE}})
    assert changes(rules, [did(1)]) == [(1, "rest", "b")]


def test_meaning_28_and_enter_has_held_for_wait() -> None:
    assert changes(audience(VIEWED, wait="4s"), [did(1)], 99) == [(5, *IN), (11, *OUT)]
    assert changes(audience(VIEWED, wait="10s"), [did(1)], 99) == []


def test_meaning_28_and_the_cooldown_is_over() -> None:
    found = changes(audience(VIEWED, cooldown="20s"), [did(1), did(15), did(29)], 35)
    assert found == [(1, *IN), (11, *OUT), (31, *IN)]


def test_meaning_28_and_the_customer_is_in_one_of_only_from() -> None:
    rules = of({"a": {"enter": VIEWED, "only_from": ["b"]}, "b": {"enter": ORDERED}})
    assert changes(rules, [did(1)], 5) == []
    assert changes(rules, [order(1), did(3)], 5) == [(1, "rest", "b"), (3, "b", "a")]


def test_meaning_28_a_segment_keeps_its_member_while_enter_or_stay_while_holds() -> None:
    rules = audience(ORDERED, stay_while=VIEWED)
    assert changes(rules, [order(1), did(5), did(14)], 99) == [(1, *IN), (24, *OUT)]


def test_meaning_28_and_stay_at_most_is_not_over() -> None:
    assert changes(audience(VIEWED, stay_at_most="3s"), [did(1)], 99) == [(1, *IN), (4, *OUT)]


def test_meaning_28_otherwise_never_asks_and_always_keeps() -> None:
    rules = of({"a": {"enter": VIEWED, "wait": "3s"}}, announce_first=True)
    assert changes(rules, [did(1)], 99) == [(1, None, "rest"), (4, "rest", "a"), (11, "a", "rest")]


def test_meaning_29_the_first_from_the_top_that_asks_or_is_the_customers_own_and_keeps_wins() -> None:
    rules = of({"a": {"enter": VIEWED}, "b": {"enter": ORDERED, "stay_while": EVERYONE}, "c": {"enter": VIEWED}})
    found = changes(rules, [order(1), did(5)], 99)
    assert found == [(1, "rest", "b"), (5, "b", "a"), (15, "a", "rest")]


def test_meaning_29_a_move_to_a_higher_one_happens_at_once() -> None:
    rules = of({"a": {"enter": VIEWED}, "b": {"enter": ORDERED, "stay_at_least": "1h"}})
    assert changes(rules, [order(1), did(2)], 5) == [(1, "rest", "b"), (2, "b", "a")]


def test_meaning_29_a_move_down_or_out_not_before_stay_at_least_is_over() -> None:
    down = of({"a": {"enter": VIEWED, "stay_at_least": "30s"}, "b": {"enter": ORDERED}})
    assert changes(down, [did(1), order(29)], 35) == [(1, "rest", "a"), (31, "a", "b")]
    assert changes(down, [did(1)], 35) == [(1, "rest", "a"), (31, "a", "rest")]
    assert changes(audience(VIEWED, stay_at_least="30s"), [did(1)], 35) == [(1, *IN), (31, *OUT)]


def test_meaning_29_then_it_is_decided_as_of_that_instant() -> None:
    """The order of second 15 would have moved the customer then; at 31 it is over."""
    down = of({"a": {"enter": VIEWED, "stay_at_least": "30s"}, "b": {"enter": ORDERED}})
    assert changes(down, [did(1), order(15)], 99) == [(1, "rest", "a"), (31, "a", "rest")]


def test_meaning_29_decided_again_until_nothing_moves() -> None:
    rules = of({"b": {"enter": EVERYONE, "only_from": ["a"]}, "a": {"enter": VIEWED}})
    assert changes(rules, [did(1)]) == [(1, "rest", "a"), (1, "a", "b")]


CHAIN: dict[str, dict[str, Any]] = {
    "a": {"enter": VIEWED, "only_from": ["b"]},
    "b": {"enter": VIEWED, "only_from": ["c"]},
    "c": {"enter": VIEWED},
}


def test_meaning_29_no_segment_is_entered_twice_at_one_instant() -> None:
    """Three that hand a customer up to each other are entered once each; who was entered keeps, so none goes down."""
    assert changes(of(CHAIN), [did(1)], 99) == [(1, "rest", "c"), (1, "c", "b"), (1, "b", "a"), (11, "a", "rest")]


def test_meaning_29_nor_where_the_segments_point_at_each_other_in_a_circle() -> None:
    """Here `c` would take the customer back from `a`; but `a` stands higher and keeps."""
    circle = CHAIN | {"c": {"enter": VIEWED, "only_from": ["rest", "a"]}}
    assert changes(of(circle), [did(1)], 9) == [(1, "rest", "c"), (1, "c", "b"), (1, "b", "a")]


@pytest.mark.parametrize("clock", ["wait", "stay_at_least", "stay_at_most", "cooldown"])
def test_meaning_29_nor_where_a_clock_runs(clock: str) -> None:
    """Who just came has stayed for no time: no stay is over at the instant of entering."""
    found = changes(of({name: one | {clock: "4s"} for name, one in CHAIN.items()}), [did(1)], 9)
    begins = 5 if clock == "wait" else 1
    assert found[:3] == [(begins, "rest", "c"), (begins, "c", "b"), (begins, "b", "a")]
    assert len({(second, entered) for second, _, entered in found}) == len(found)


def test_meaning_30_all_clocks_run_side_by_side_each_from_its_own_instant() -> None:
    """Wait since 1 and 15, stay since 3 and 20, cooldown since 11: it is over at 20, after the wait of 15."""
    rules = audience({"did": VIEW, "within": "6s"}, wait="2s", stay_at_least="8s", cooldown="9s")
    assert changes(rules, [did(1), did(15), did(20)], 40) == [(3, *IN), (11, *OUT), (20, *IN), (28, *OUT)]


def test_meaning_30_wait_counts_also_while_another_segment_has_the_customer() -> None:
    rules = of({"a": {"enter": VIEWED}, "b": {"enter": {"did": VIEW}, "wait": "12s"}})
    assert changes(rules, [did(1)], 99) == [(1, "rest", "a"), (11, "a", "rest"), (13, "rest", "b")]


def test_meaning_30_for_a_nested_dimension_wait_counts_since_being_inside() -> None:
    inner = dimension({"seen": {"enter": {"did": VIEW}, "wait": "3s"}}, "inner", inside="d.on")
    rules = of({"on": {"enter": {"trait": "plan", "is": "a"}}}) | inner
    assert [one for one in named(rules, [did(1), plan_told(9, "a")]) if one[1] == "inner"] == [
        (12, "inner", "rest", "seen")
    ]


def test_meaning_30_cooldown_counts_since_the_customer_left_for_whatever_reason() -> None:
    """A higher segment asked, the longest stay was over, nothing held any more, the outer one was left."""
    rules = of({"a": {"enter": ORDERED}, "b": {"enter": {"did": VIEW}, "cooldown": "20s"}})
    found = changes(rules, [did(1), order(5)], 99)
    assert found == [(1, "rest", "b"), (5, "b", "a"), (15, "a", "rest"), (25, "rest", "b")]
    too_long = audience(VIEWED, stay_at_most="3s", cooldown="20s")
    assert changes(too_long, [did(1), did(20)], 99) == [(1, *IN), (4, *OUT), (24, *IN), (27, *OUT)]
    not_so = audience(VIEWED, cooldown="20s")
    assert changes(not_so, [did(1), did(25)], 99) == [(1, *IN), (11, *OUT), (31, *IN), (35, *OUT)]
    inner = dimension({"seen": {"enter": {"did": VIEW}, "cooldown": "20s"}}, "inner", inside="d.on")
    gone_out = of({"on": {"enter": {"trait": "plan", "is": "a"}}}) | inner
    told_of = named(gone_out, [did(1), plan_told(2, "a"), plan_told(6, None), plan_told(8, "a")])
    assert [one[0] for one in told_of if one[3] == "seen"] == [2, 26]


def test_meaning_30_stay_counts_since_entering() -> None:
    rules = audience({"did": VIEW}, wait="4s", stay_at_most="7s")
    assert changes(rules, [did(1)], 99) == [(5, *IN), (12, *OUT)]


@pytest.mark.parametrize("millisecond", [1, 999])
def test_meaning_30_when_one_ends_is_an_exact_timer(millisecond: int) -> None:
    found = changes(audience(VIEWED, wait="4s"), [did(1 + millisecond / 1000)], 7)
    assert [(round(1000 * second), left, entered) for second, left, entered in found] == [(5_000 + millisecond, *IN)]


def test_meaning_30_after_stay_at_most_the_segment_asks_again_only_once_enter_has_been_false() -> None:
    rules = audience(VIEWED, stay_at_most="4s")
    assert changes(rules, [did(1), did(9)], 30) == [(1, *IN), (5, *OUT)]
    assert changes(rules, [did(1), did(12)], 30) == [(1, *IN), (5, *OUT), (12, *IN), (16, *OUT)]


def test_meaning_31_an_audience_is_a_dimension_with_one_segment_and_an_outside() -> None:
    as_dimension = changes(of({"x": {"enter": VIEWED}}), [did(1)], 99)
    assert as_dimension == [(1, "rest", "x"), (11, "x", "rest")]
    assert changes(audience(VIEWED), [did(1)], 99) == [(1, *IN), (11, *OUT)]


def test_meaning_32_the_first_record_places_the_customer_in_every_exclusive_dimension() -> None:
    rules = with_vocabulary(dimension({"a": {"enter": VIEWED}}, "d"), dimension({"b": {"enter": ORDERED}}, "e"))
    plan, _, profile = played(rules, [did(1)], None)
    assert profile is not None
    standing = {one.name: profile.standing(one.place).segment for one in plan.dimensions}
    assert standing == {"d": "a", "e": "rest"}


def test_meaning_32_what_is_not_otherwise_is_announced_and_left_is_the_otherwise_segment() -> None:
    assert changes(of({"a": {"enter": VIEWED}}), [did(1)]) == [(1, "rest", "a")]


def test_meaning_32_being_in_otherwise_from_the_first_is_announced_only_with_announce_first() -> None:
    assert changes(of({"a": {"enter": ORDERED}}), [did(1)]) == []
    assert changes(of({"a": {"enter": ORDERED}}, announce_first=True), [did(1)]) == [(1, None, "rest")]


@pytest.mark.parametrize("announce_first", [False, True])
def test_meaning_32_membership_always_carries_all(announce_first: bool) -> None:
    """Also `otherwise` that was never told; of audiences those in which the customer is."""
    rules = with_vocabulary(
        dimension({"a": {"enter": VIEWED}}, "d", announce_first=announce_first),
        dimension({"b": {"enter": ORDERED}}, "e", announce_first=announce_first),
        audience(EVERYONE),
    )
    rules["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": ORDERED}
    wanted = [{"d": "a", "e": "rest", "audiences.x": "x"}, {"d": "rest", "e": "b", "audiences.x": "x"}]
    wanted[1]["audiences.y"] = "y"
    for records, segments in zip(([did(1)], [did(1), order(12)]), wanted, strict=True):
        agree(rules, records)
        plan, _, profile = played(rules, records, None)
        assert profile is not None
        carried = json.loads(body(profile, plan))["memberships"]
        assert {name: one["segment"] for name, one in carried.items()} == segments


def test_meaning_32_an_audience_the_customer_is_not_in_says_nothing() -> None:
    assert changes(audience(ORDERED), [did(1)]) == []


NESTED = dimension({"seen": {"enter": {"did": VIEW}, "stay_at_least": "1h"}}, "inner", inside="d.on")
ON_PLAN = {"on": {"enter": {"trait": "plan", "is": "a"}}}


def test_meaning_33_outside_inside_there_is_no_answer() -> None:
    plan, found, profile = played(of(ON_PLAN) | NESTED, [did(1)], None)
    assert found == []
    assert profile is not None
    assert [profile.standing(one.place).segment for one in plan.dimensions if one.name == "inner"] == [""]


def test_meaning_33_coming_in_decides_as_if_new() -> None:
    assert named(of(ON_PLAN) | NESTED, [did(1), plan_told(5, "a")]) == [
        (5, "d", "rest", "on"),
        (5, "inner", "rest", "seen"),
    ]
    assert named(of(ON_PLAN) | NESTED, [order(1), plan_told(5, "a")]) == [(5, "d", "rest", "on")]


def test_meaning_33_going_out_leaves_at_the_same_instant_whatever_stay_says_after_the_outer_one() -> None:
    found = named(of(ON_PLAN) | NESTED, [did(1), plan_told(5, "a"), plan_told(6, None)])
    assert found[2:] == [(6, "d", "on", "rest"), (6, "inner", "seen", "")]


def test_meaning_34_about_to_leave_is_an_audience_of_its_own_from_exactly_warn_before_until_leaving() -> None:
    assert named(audience(VIEWED, warn_before="3s"), [did(1)]) == [
        (1, "audiences.x", "", "x"),
        (8, "audiences.x.about_to_leave", "", "about_to_leave"),
        (11, "audiences.x", "x", ""),
        (11, "audiences.x.about_to_leave", "about_to_leave", ""),
    ]


def test_meaning_34_or_from_entering_if_that_is_later() -> None:
    found = named(audience(VIEWED, warn_before="1h"), [did(1)])
    assert [one[:2] for one in found[:2]] == [(1, "audiences.x"), (1, "audiences.x.about_to_leave")]


def test_meaning_34_it_moves_when_the_leaving_moves() -> None:
    found = named(audience(VIEWED, warn_before="3s"), [did(1), did(9)])
    assert [one[0] for one in found if one[1].endswith("leave")] == [8, 9, 16, 19]


def test_meaning_34_who_never_leaves_in_silence_is_never_warned() -> None:
    assert [one[1] for one in named(audience({"did": VIEW}, warn_before="3s"), [did(1)])] == ["audiences.x"]
