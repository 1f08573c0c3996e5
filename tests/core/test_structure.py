"""Several dimensions at once: who is decided first, how changes are numbered, and what is inside what."""

from __future__ import annotations

from typing import Any

from tests.core.side_by_side import agree, changes
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, VOCABULARY, at_ms, did, told

ABOUT = {"title": "T", "owner": "o"}
VIEWED = {"did": "product_viewed", "within": "5s"}


def rules_of(**files: dict[str, Any]) -> dict[str, Any]:
    """Return rules: audiences by name, or dimensions by name with their segments from the top."""
    rules: dict[str, Any] = {"vocabulary.yaml": VOCABULARY}
    for name, about in files.items():
        if "order" not in about:
            rules[f"audiences/{name}.yaml"] = ABOUT | about
            continue
        order: dict[str, Any] = about["order"]
        rest = {word: value for word, value in about.items() if word != "order"}
        head = {"question": "?", "order": list(order), "otherwise": "rest"}
        rules[f"{name}/dimension.yaml"] = ABOUT | head | rest
        rules[f"{name}/rest.yaml"] = ABOUT
        rules |= {f"{name}/{segment}.yaml": ABOUT | one for segment, one in order.items()}
    return rules


def plan_told(second: float, value: str | None) -> Rec:
    """Return a record that tells the plan."""
    return told(second, traits={"plan": value})


def asked(value: str) -> dict[str, Any]:
    """Return the condition that the plan is this one."""
    return {"enter": {"trait": "plan", "is": value}}


def named(rules: dict[str, Any], records: list[Rec], until: float = 60) -> list[tuple[float, str, str, str]]:
    """Return (second, dimension, left, entered) of every transition, numbered in this order."""
    return [
        ((one.at - MONDAY_MS) / 1000, one.dimension, one.left, one.entered)
        for one in agree(rules, records, at_ms(until))
    ]


def test_two_dimensions_at_one_instant_are_told_by_name() -> None:
    """They look at nothing: the order is that of their names, entering and leaving."""
    rules = rules_of(m={"enter": VIEWED}, b={"order": {"on": {"enter": VIEWED}}})
    assert named(rules, [did(1)]) == [
        (1, "audiences.m", "", "m"),
        (1, "b", "rest", "on"),
        (6, "audiences.m", "m", ""),
        (6, "b", "on", "rest"),
    ]


def test_one_is_not_the_other() -> None:
    """S2 = not S1: they change places at one instant, the one that is looked at first."""
    rules = rules_of(a={"enter": {"not": {"in_segment": "audiences.z"}}}, z={"enter": VIEWED})
    assert named(rules, [did(1)]) == [
        (1, "audiences.z", "", "z"),
        (6, "audiences.z", "z", ""),
        (6, "audiences.a", "", "a"),
    ]


def test_a_chain_of_three_falls_in_order() -> None:
    """c, then b that looks at c, then a that looks at b."""
    rules = rules_of(
        a={"enter": {"in_segment": "audiences.b"}}, b={"enter": {"in_segment": "audiences.c"}}, c={"enter": VIEWED}
    )
    names = [(second, dimension[-1]) for second, dimension, _, _ in named(rules, [did(1)])]
    assert names == [(1, "c"), (1, "b"), (1, "a"), (6, "c"), (6, "b"), (6, "a")]


def test_a_chain_with_for_falls_link_by_link() -> None:
    """Each counts from when the one before was entered."""
    rules = rules_of(
        a={"enter": {"in_segment": "audiences.b", "for": "1s"}},
        b={"enter": {"in_segment": "audiences.c", "for": "2s"}},
        c={"enter": VIEWED},
    )
    names = [(second, dimension[-1]) for second, dimension, _, _ in named(rules, [did(1)])]
    assert names == [(1, "c"), (3, "b"), (4, "a"), (6, "c"), (6, "b"), (6, "a")]


def test_a_diamond_is_decided_once_at_its_foot() -> None:
    """z is looked at by b and c, both by a: a sees both as they have become, and does not flicker."""
    rules = rules_of(
        z={"enter": VIEWED},
        b={"enter": {"in_segment": "audiences.z"}},
        c={"enter": {"not": {"in_segment": "audiences.z"}}},
        a={"enter": {"any": [{"in_segment": "audiences.b"}, {"in_segment": "audiences.c"}]}},
    )
    told_of_a = [(second, entered) for second, dimension, _, entered in named(rules, [did(1)]) if dimension[-1] == "a"]
    assert told_of_a == [(1, "a")]


# -- nested dimensions ----------------------------------------------------------------------

OUTER = {"order": {"on": asked("family") | {"stay_at_least": "2s"}}}


def nested(**parts: Any) -> dict[str, Any]:
    """Return rules in which `inner` has an answer inside `outer.on` only."""
    return rules_of(outer=OUTER, inner={"order": {"seen": {"enter": VIEWED, **parts}}, "inside": "outer.on"})


def test_outside_there_is_no_answer() -> None:
    """Coming in decides as if new, going out leaves, after the outer one."""
    records = [did(1), plan_told(2, "family"), plan_told(5, None)]
    assert named(nested(), records) == [
        (2, "outer", "rest", "on"),
        (2, "inner", "rest", "seen"),
        (5, "outer", "on", "rest"),
        (5, "inner", "seen", ""),
    ]


def test_coming_into_otherwise_is_told_only_of_who_was_told_to_be_outside() -> None:
    """The first time is as with a new customer; later each transition leaves what the one before entered."""
    records = [plan_told(1, "family"), plan_told(5, None), plan_told(7, "family"), did(9)]
    assert [one for one in named(nested(), records) if one[1] == "inner"] == [
        (5, "inner", "rest", ""),
        (7, "inner", "", "rest"),
        (9, "inner", "rest", "seen"),
        (14, "inner", "seen", "rest"),
    ]


def test_going_out_does_not_wait_for_stay_at_least() -> None:
    """Whatever it says."""
    records = [did(1), plan_told(1, "family"), plan_told(4, None)]
    inner = [one for one in named(nested(stay_at_least="1h"), records) if one[1] == "inner"]
    assert inner == [(1, "inner", "rest", "seen"), (4, "inner", "seen", "")]


def test_wait_counts_since_being_inside() -> None:
    """The view was long ago when the customer came in."""
    records = [did(1), plan_told(2, "family")]
    inner = [one for one in named(nested(wait="3s"), records) if one[1] == "inner"]
    assert inner == [(5, "inner", "rest", "seen"), (6, "inner", "seen", "rest")]


def test_cooldown_goes_on_outside() -> None:
    """It counts since the customer left, for whatever reason."""
    records = [did(1), plan_told(1, "family"), plan_told(3, None), did(4), plan_told(4, "family"), did(9)]
    inner = [one[0] for one in named(nested(cooldown="7s"), records) if one[3] == "seen"]
    assert inner == [1, 10]


def test_leaving_and_returning_in_one_step() -> None:
    """Two records of one instant: out with the first, in again with the second, each told in order."""
    records = [did(1), plan_told(1, "family"), plan_told(4, None), plan_told(4, "family")]
    assert named(nested(), records)[2:] == [
        (4, "outer", "on", "rest"),
        (4, "inner", "seen", ""),
        (4, "outer", "rest", "on"),
        (4, "inner", "", "seen"),
        (6, "inner", "seen", "rest"),
    ]


def test_a_dimension_inside_a_segment_that_is_off_has_no_answer() -> None:
    """Nobody is in a disabled segment."""
    rules = nested()
    rules["outer/on.yaml"] = rules["outer/on.yaml"] | {"enabled": False}
    assert named(rules, [did(1), plan_told(2, "family")]) == []


def test_three_levels_leave_at_one_instant() -> None:
    """The innermost last."""
    rules = rules_of(
        outer=OUTER,
        inner={"order": {"seen": {"enter": VIEWED}}, "inside": "outer.on"},
        core={"order": {"deep": {"enter": {"everyone": True}}}, "inside": "inner.seen"},
    )
    records = [did(1), plan_told(2, "family"), plan_told(4, "solo")]
    assert [(second, dimension, entered) for second, dimension, _, entered in named(rules, records)] == [
        (2, "outer", "on"),
        (2, "inner", "seen"),
        (2, "core", "deep"),
        (4, "outer", "rest"),
        (4, "inner", ""),
        (4, "core", ""),
    ]


def test_no_segment_is_entered_twice_at_one_instant() -> None:
    """Segments that hand a customer on to each other do so upwards only: who was just entered keeps against all below.

    So the circle is never closed, wherever the customer came into it.
    """
    order = {
        "a": asked("family") | {"only_from": ["b"]},
        "b": asked("family") | {"only_from": ["c"]},
        "c": asked("family") | {"only_from": ["rest", "a"]},
    }
    records = [plan_told(1, "family")]
    assert changes(rules_of(d={"order": order}), records, 9) == [(1, "rest", "c"), (1, "c", "b"), (1, "b", "a")]
    from_the_top = order | {"a": asked("family") | {"only_from": ["rest", "b"]}}
    assert changes(rules_of(d={"order": from_the_top}), records, 9) == [(1, "rest", "a")]
