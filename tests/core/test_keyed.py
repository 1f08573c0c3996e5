"""Values apart: each counted by itself, their names, and how many are kept."""

from __future__ import annotations

import pytest

from stream.core.keyed import name_of, shown_names
from tests.core.agreement import play
from tests.core.side_by_side import flips, plan_with
from tests.oracle.story import at_ms, audience, did

A, B = "cart_updated", "order_placed"


def carts(*ids: object) -> list[object]:
    return [did(second, A, cart_id=cart_id) for second, cart_id in enumerate(ids)]


def test_each_value_is_counted_by_itself() -> None:
    assert flips({"did": A, "per": "cart_id", "at_least": 2}, carts("k1", "k2", "k1")) == [2]


def test_a_value_that_is_missing_is_none() -> None:
    assert flips({"did": A, "per": "cart_id", "at_least": 2}, carts(None, None, "", "")) == []


def test_only_values_that_are_there_are_counted() -> None:
    at_most = {"did": A, "per": "cart_id", "at_most": 1}
    assert flips(at_most, [did(0, "message_sent")]) == []
    assert flips(at_most, carts("k1", "k1")) == [0, 1]
    assert flips(at_most, carts("k1", "k1", "k2")) == [0, 1, 2]


def test_a_count_falls_when_the_oldest_ages_out() -> None:
    asked = {"did": A, "per": "cart_id", "at_least": 2, "within": "10s"}
    assert flips(asked, carts("k1", "k2", "k1", "k2"), 99) == [2, 11]


def test_an_order_that_never_was_counts_for_no_value() -> None:
    records = [
        did(0, B, order_id="a", amount=5, category="garden"),
        did(1, B, order_id="b", amount=5, category="garden"),
        did(2, "order_cancelled", order_id="a"),
    ]
    assert flips({"did": B, "per": "category", "at_least": 2}, records) == [1, 2]


def test_the_evidence_names_the_values() -> None:
    plan = plan_with(audience({"did": A, "per": "cart_id", "at_least": 2}))
    _, profile = play(plan, carts("k1", "k2", "k1", 5, 5), None)  # type: ignore[arg-type]
    assert profile is not None
    assert plan.dimensions[0].order[0].leaves[0].value(profile, at_ms(9)) == ["k1", "5"]


@pytest.mark.parametrize(
    ("value", "same"), [(1, 1.0), ("a", "a"), ([1, "a"], [1, "a"]), ({"a": 1, "b": 2}, {"b": 2, "a": 1})]
)
def test_equal_values_have_one_name(value: object, same: object) -> None:
    assert name_of(value) == name_of(same)


def test_unlike_values_have_different_names() -> None:
    values = [1, "1", True, "true", 1.5, "1.5", ["1"], [1], None, '"1"']
    assert len({name_of(value) for value in values}) == len(values)


def test_names_are_shown_as_people_write_them_and_only_so_many() -> None:
    assert shown_names(['"b', "5", '"a']) == ["a", "b", "5"]
    assert len(shown_names([f'"{number}' for number in range(99)])) == 12


def test_beyond_256_values_the_one_not_seen_for_longest_is_forgotten_and_the_customer_marked() -> None:
    plan = plan_with(audience({"did": A, "per": "cart_id", "at_least": 2}))
    leaf = plan.dimensions[0].order[0].leaves[0]
    found, profile = play(plan, [*carts(*range(257)), did(300, A, cart_id=0)], None)  # type: ignore[list-item]
    assert profile is not None
    assert leaf.is_inexact(profile)
    assert found == []
    found, _ = play(plan, [*carts(*range(257)), did(300, A, cart_id=1)], None)  # type: ignore[list-item]
    assert len(found) == 1


def test_values_that_no_window_reaches_any_more_make_room_without_a_mark() -> None:
    plan = plan_with(audience({"distinct": f"{A}.cart_id", "at_least": 100, "within": "100s"}))
    found, profile = play(plan, carts(*range(600)), None)  # type: ignore[arg-type]
    assert profile is not None
    assert len(found) == 1
    assert not plan.dimensions[0].order[0].leaves[0].is_inexact(profile)
