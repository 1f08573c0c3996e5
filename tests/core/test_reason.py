"""Why a change happened: the conditions that decided, each with the segment that asks it, and the sentence of it."""

from __future__ import annotations

import json
from typing import Any

from stream.core.reason import EVIDENCE_LIMIT
from stream.core.transition import Transition
from stream.wire.sentence import sentence
from stream.wire.transition import body
from tests.core.side_by_side import agree
from tests.oracle import Rec
from tests.oracle.story import at_ms, did, dimension, order, refund, told, with_vocabulary

VIEWED, ORDERED = {"did": "product_viewed", "within": "9s"}, {"did": "order_placed"}


def told_by(rules: dict[str, Any], *records: Rec, until: float | None = None) -> list[Transition]:
    """Return what is told of the records, engine and oracle agreeing."""
    return agree(rules, list(records), None if until is None else at_ms(until))


def asked(transition: Transition) -> list[tuple[str, str, str, bool]]:
    """Return (segment, part, condition, holds) of the evidence."""
    return [(one.of, one.part, one.condition, one.holds) for one in transition.evidence]


def words(transition: Transition) -> str:
    """Return the reason of a transition as people read it."""
    _, because, reason = sentence(json.loads(body(transition))).partition(" because")
    return because.lstrip() + reason


def steps(**parts: Any) -> dict[str, Any]:
    """Return a dimension of gold above silver above everybody else."""
    gold = {"enter": {"sum": "order_placed.amount", "at_least": 100}}
    silver = {"enter": {"sum": "order_placed.amount", "at_least": 50}, "stay_while": {"trait": "plan", "is": "family"}}
    return with_vocabulary(dimension({"gold": gold | parts, "silver": silver}))


def test_a_move_up_is_decided_by_what_the_entered_segment_asks() -> None:
    first, second = told_by(steps(), order(1, 50), order(2, 60))
    assert asked(first) == [
        ("silver", "enter", "sum of amount of order_placed", True),
        ("silver", "stay_while", "trait plan", False),
    ]
    assert asked(second) == [("gold", "enter", "sum of amount of order_placed", True)]
    assert (
        words(second)
        == "because of order_placed: sum of amount of order_placed (110.00 EUR, asked for at least 100.00 EUR)"
    )


def test_what_only_keeps_is_no_reason_to_have_come() -> None:
    record = order(1, 50)
    record.content["traits"] = {"plan": "family"}
    (entered,) = told_by(steps(), record)
    assert asked(entered)[1] == ("silver", "stay_while", "trait plan", True)
    assert "trait plan" not in words(entered)


def test_a_fall_is_decided_by_what_the_left_segment_asks_and_no_longer_holds() -> None:
    """Down from gold to silver: silver's own condition held before, too."""
    *_, fell = told_by(steps(), order(1, 60, "a"), order(2, 50, "b"), refund(3, "a", 20))
    assert (fell.left, fell.entered) == ("gold", "silver")
    assert [one[0] for one in asked(fell)] == ["gold", "silver", "silver"]
    assert words(fell) == (
        "because of order_refunded, no longer gold: "
        "sum of amount of order_placed (90.00 EUR, asked for at least 100.00 EUR)"
    )


def test_a_fall_to_everybody_else_names_what_ended() -> None:
    """Both parts had to end."""
    records = [order(1, 60, "a"), told(2, traits={"plan": "family"}), refund(3, "a"), told(4, traits={"plan": "solo"})]
    *_, fell = told_by(steps(), *records)
    assert (fell.left, fell.entered) == ("silver", "rest")
    assert words(fell) == (
        "because of what became known, no longer silver: sum of amount of order_placed (no value, asked for at least "
        "50.00 EUR); trait plan (solo, asked for family)"
    )


def test_a_fall_by_time_names_the_condition_of_the_left_segment() -> None:
    """That the one below asks for something that time changes at the same instant is not why."""
    rules = with_vocabulary(
        dimension({"up": {"enter": VIEWED}, "low": {"enter": {"did": "product_viewed", "older_than": "9s"}}})
    )
    *_, fell = told_by(rules, did(1), until=20)
    assert (fell.left, fell.entered, fell.cause.condition) == ("up", "low", "product_viewed within 9s")


def test_a_move_up_by_time_names_the_condition_of_the_entered_segment() -> None:
    rules = with_vocabulary(
        dimension({"up": {"enter": {"did": "product_viewed", "older_than": "9s"}}, "low": {"enter": VIEWED}})
    )
    *_, rose = told_by(rules, did(1), until=20)
    assert (rose.left, rose.entered, rose.cause.condition) == ("low", "up", "product_viewed older than 9s")


def test_a_condition_under_not_speaks_for_it_where_it_does_not_hold() -> None:
    rules = with_vocabulary(
        dimension({"on": {"enter": {"all": [VIEWED, {"not": {"trait": "plan", "is": "family"}}]}}}),
    )
    entered, left = told_by(rules, did(1), told(2, traits={"plan": "family"}))
    assert [(one.is_negated, one.holds, one.speaks_for_it) for one in entered.evidence] == [
        (False, True, True),
        (True, False, True),
    ]
    assert words(entered).endswith(
        "product_viewed within 9s (1, asked for at least 1); not trait plan (no value, asked for family)"
    )
    assert words(left) == "because of what became known, no longer on: not trait plan (family, asked for family)"


def test_twice_not_is_none() -> None:
    rules = with_vocabulary(dimension({"on": {"enter": {"not": {"not": VIEWED}}}}))
    (entered,) = told_by(rules, did(1))
    assert [one.is_negated for one in entered.evidence] == [False]


def test_going_out_of_a_nested_dimension_is_decided_by_the_segment_around_it() -> None:
    """The buyer still fits; what ended is that the customer looks."""
    around = dimension({"on": {"enter": VIEWED}}, "a")
    inner = dimension({"buyer": {"enter": ORDERED}}, "b", inside="a.on", announce_first=True)
    found = told_by(with_vocabulary(around, inner), did(1), order(2), did(30), until=60)
    moves = [(one.left, one.entered, asked(one)) for one in found if one.dimension == "b"]
    assert moves == [
        ("", "rest", [("rest", "inside", "in a.on", True)]),
        ("rest", "buyer", [("buyer", "enter", "order_placed", True)]),
        ("buyer", "", [("buyer", "inside", "in a.on", False)]),
        ("", "buyer", [("buyer", "enter", "order_placed", True)]),
        ("buyer", "", [("buyer", "inside", "in a.on", False)]),
    ]
    came_in, *_ = (one for one in found if one.dimension == "b")
    assert words(came_in) == "because of product_viewed: in a.on (on)"


def test_evidence_is_bounded_and_both_segments_are_heard() -> None:
    many = [{"trait": "plan", "is": f"p{number}"} for number in range(2 * EVIDENCE_LIMIT)]
    rules = with_vocabulary(
        dimension({"up": {"enter": {"any": [VIEWED, *many]}}, "low": {"enter": {"not": {"all": many}}}})
    )
    low, up, fell = told_by(rules, told(1, traits={"visits": 1}), did(2), until=20)
    assert [len(one.evidence) for one in (low, up, fell)] == [EVIDENCE_LIMIT] * 3
    assert [one.of for one in fell.evidence].count("up") == EVIDENCE_LIMIT // 2
    one = [{"trait": "plan", "is": "p"}]
    rules = with_vocabulary(dimension({"up": {"enter": VIEWED}, "low": {"enter": {"not": {"any": one + many}}}}))
    *_, fell = told_by(rules, did(2), until=20)
    assert [one.of for one in fell.evidence] == ["up"] + ["low"] * (EVIDENCE_LIMIT - 1)
