"""Figures over everything that ever happened: exact however many events there were, of one size, whole or not."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core import running
from stream.core.event import Event
from stream.core.profile import NEVER, Profile
from stream.ruleset.compile_events import SURELY_KEPT
from stream.wire.profile import decode_profile, encode_profile
from tests.core.agreement import play
from tests.core.side_by_side import changes, plan_with
from tests.oracle.records import Rec
from tests.oracle.story import audience, did

V, B = "product_viewed", "order_placed"
KEY, MANY = 7, 4 * SURELY_KEPT


def folded(numbers: list[Any], packs: bool = False) -> Profile:
    """Return a customer whose events had these seconds; `packs` sends them through their bytes after each."""
    fold, profile = running.Running(KEY, "seconds", None), Profile("c-1")
    for number in numbers:
        fold(profile, Event("e", "c-1", 0, 0, properties={"seconds": number}))
        if packs:
            profile = decode_profile("c-1", encode_profile(profile))
    return profile


@given(st.lists(st.one_of(st.integers(-(1 << 70), 1 << 70), st.decimals(-9, 9, places=2).map(float)), max_size=9))
def test_numbers_add_up_as_they_are_written_and_live_through_their_bytes(numbers: list[Any]) -> None:
    wanted = sum(Fraction(repr(number)) for number in numbers)
    assert running.kept(KEY)(folded(numbers, packs=True)) == (len(numbers), wanted)


def test_what_is_no_number_is_not_read_and_leaves_nothing() -> None:
    fold, profile = running.Running(KEY, "seconds", None), Profile("c-1")
    for got in (None, True, "9", [9], ""):
        assert not fold(profile, Event("e", "c-1", 0, 0, properties={"seconds": got}))
    assert profile.states == {}
    assert running.total(running.kept(KEY), lambda number: True)(profile, 0) == -NEVER
    assert running.total_value(running.kept(KEY))(profile, 0) is None
    assert running.average_value(running.kept(KEY))(profile, 0) is None


@pytest.mark.parametrize(("word", "bar"), [("sum", MANY * 1.5), ("average", 1.5)])
def test_many_events_are_exact_and_take_no_more_room_than_few(word: str, bar: float) -> None:
    rules = audience({word: f"{V}.seconds", "at_least": bar})
    plan = plan_with(rules)
    _, profile = play(plan, viewed(MANY), None)
    assert profile is not None
    leaf = plan.dimensions[0].order[0].leaves[0]
    assert (leaf.value(profile, 0), leaf.is_inexact(profile)) == (bar, False)
    assert list(profile.states.values()) == [[MANY, MANY * 3 // 2]]


def viewed(count: int) -> list[Rec]:
    """Return views of 1 and 2 seconds in turn."""
    return [did(number, V, seconds=1 + number % 2) for number in range(count)]


def test_a_sum_over_orders_and_other_events_is_of_both_and_a_refund_lowers_it() -> None:
    records = [did(0, V, seconds=2), did(1, B, order_id="o", amount=10), did(2, "order_refunded", order_id="o")]
    story = [records[0], did(1, B, order_id="o", amount=10, seconds=3), *records[2:]]
    assert changes(audience({"sum": "any_event.seconds", "at_least": 5}), story) == [(1, None, "x"), (2, "x", None)]


@pytest.mark.parametrize(("word", "at"), [("last_value", 2), ("first_value", 3)])
def test_the_newest_and_the_oldest_value_are_those_by_their_own_time(word: str, at: int) -> None:
    """An event that comes late is not the newest; it may be the oldest. Of two at one instant the later in the log."""
    records = [
        did(1, V, category="garden"),
        did(2, V, category="tools"),
        did(3, V, occurred=0, category="tools"),
        did(4, V, category="garden"),
        did(4, V, category="tools"),
    ]
    entered = [second for second, _, name in changes(audience({word: f"{V}.category", "is": "tools"}), records) if name]
    assert entered[0] == at
