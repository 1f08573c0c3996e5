"""Dimensions inside a segment, and those about to leave one (meanings 33 and 34), worked out by hand."""

from __future__ import annotations

from typing import Any

from tests.oracle import run
from tests.oracle.story import at_ms, audience, changes, did, dimension, order, with_vocabulary

VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "10s"}
ORDERED: dict[str, Any] = {"did": "order_placed", "within": "5s"}
OUTER = dimension({"a": {"enter": VIEWED}}, "outer")


class TestNested:
    def test_coming_in_decides_as_if_new_and_going_out_leaves_at_once(self) -> None:
        inner = dimension({"b": {"enter": {"did": "order_placed"}, "stay_at_least": "99s"}}, "inner", inside="outer.a")
        assert changes(with_vocabulary(OUTER, inner), [order(0), did(3)], until=99) == [
            (3, "rest", "a"),
            (3, "rest", "b"),
            (13, "a", "rest"),
            (13, "b", None),
        ]

    def test_outside_there_is_no_answer(self) -> None:
        inner = dimension({"b": {"enter": ORDERED}}, "inner", inside="outer.a")
        assert run(with_vocabulary(OUTER, inner), [order(0)]).memberships["inner"] == (None, at_ms(0))

    def test_the_answer_changes_while_inside(self) -> None:
        inner = dimension({"b": {"enter": ORDERED}}, "inner", inside="outer.a", announce_first=True)
        assert changes(with_vocabulary(OUTER, inner), [did(0), order(2)], until=99) == [
            (0, "rest", "a"),
            (0, None, "rest"),
            (2, "rest", "b"),
            (7, "b", "rest"),
            (10, "a", "rest"),
            (10, "rest", None),
        ]

    def test_wait_runs_since_being_inside(self) -> None:
        inner = dimension({"b": {"enter": {"did": "order_placed"}, "wait": "4s"}}, "inner", inside="outer.a")
        found = changes(with_vocabulary(OUTER, inner), [order(0), did(3)], until=9)
        assert found == [(3, "rest", "a"), (7, "rest", "b")]

    def test_coming_back_leaves_the_outside_that_was_told(self) -> None:
        inner = dimension({"b": {"enter": ORDERED}}, "inner", inside="outer.a")
        found = changes(with_vocabulary(OUTER, inner), [did(0), did(20), did(40), order(40)], until=44)
        assert [one for one in found if one[1:] not in {("rest", "a"), ("a", "rest")}] == [
            (10, "rest", None),
            (20, None, "rest"),
            (30, "rest", None),
            (40, None, "rest"),
            (40, "rest", "b"),
        ]


class TestAboutToLeave:
    def test_from_so_long_before_until_leaving(self) -> None:
        found = run(audience(VIEWED, warn_before="4s"), [did(0)], at_ms(99)).transitions
        assert [((one["at"] - at_ms(0)) / 1000, one["dimension"], one["entered"]) for one in found] == [
            (0, "audiences.x", "x"),
            (6, "audiences.x.about_to_leave", "about_to_leave"),
            (10, "audiences.x", None),
            (10, "audiences.x.about_to_leave", None),
        ]

    def test_it_moves_when_the_leaving_moves(self) -> None:
        rules = audience(VIEWED, warn_before="4s")
        found = [(second, entered) for second, _, entered in changes(rules, [did(0), did(7)], until=99)]
        assert found == [(0, "x"), (6, "about_to_leave"), (7, None), (13, "about_to_leave"), (17, None), (17, None)]

    def test_entering_late_warns_from_entering(self) -> None:
        rules = audience(VIEWED, warn_before="30s")
        found = [(second, entered) for second, _, entered in changes(rules, [did(0)], until=99)]
        assert found == [(0, "x"), (0, "about_to_leave"), (10, None), (10, None)]

    def test_it_knows_the_clocks_of_staying(self) -> None:
        rules = audience(VIEWED, warn_before="4s", stay_at_least="20s")
        found = [(second, entered) for second, _, entered in changes(rules, [did(0)], until=99)]
        assert found == [(0, "x"), (16, "about_to_leave"), (20, None), (20, None)]

    def test_who_never_leaves_is_never_about_to(self) -> None:
        rules = audience({"did": "product_viewed"}, warn_before="4s")
        assert changes(rules, [did(0)], until=999) == [(0, None, "x")]

    def test_others_may_look_at_it(self) -> None:
        rules = audience(VIEWED, warn_before="4s")
        follower = {"title": "Z", "owner": "o", "enter": {"in_segment": "audiences.x.about_to_leave", "for": "2s"}}
        rules |= {"audiences/z.yaml": follower}
        found = [(second, entered) for second, _, entered in changes(rules, [did(0)], until=9)]
        assert found == [(0, "x"), (6, "about_to_leave"), (8, "z")]
