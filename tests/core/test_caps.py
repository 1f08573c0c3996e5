"""More orders than a ledger keeps apart: figures stay near, most stay exact, and the customer is marked."""

from __future__ import annotations

from typing import Any

import pytest

from stream.core.condition import Leaf
from stream.core.profile import Profile
from tests.core.agreement import play
from tests.core.side_by_side import flips, plan_with
from tests.oracle.records import Rec
from tests.oracle.story import at_ms, audience, did

B = "order_placed"
DAY = 86_400


def seen(condition: dict[str, Any], records: list[Rec]) -> tuple[Leaf, Profile]:
    plan = plan_with(audience(condition))
    _, profile = play(plan, records, None)
    assert profile is not None
    return plan.dimensions[0].order[0].leaves[0], profile


def daily(count: int) -> list[Rec]:
    return [did(day * DAY, B, order_id=str(day), amount=2, category="garden") for day in range(count)]


def hurried(count: int) -> list[Rec]:
    return [did(second, B, order_id=str(second), amount=2 + second % 2, category="garden") for second in range(count)]


@pytest.mark.parametrize(("word", "expected"), [("sum", 60_000), ("average", 200), ("smallest", 200)])
def test_figures_of_ever_go_on_beyond_the_cap(word: str, expected: int) -> None:
    leaf, profile = seen({word: f"{B}.amount", "at_least": 1}, daily(300))
    assert leaf.value(profile, at_ms(300 * DAY)) == expected
    assert leaf.is_inexact(profile)


def test_a_window_that_the_kept_rows_cover_is_exact() -> None:
    leaf, profile = seen({"sum": f"{B}.amount", "within": "100d", "at_least": 1}, daily(300))
    assert leaf.value(profile, at_ms(299 * DAY)) == 20_000
    assert not leaf.is_inexact(profile)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"sum": f"{B}.amount", "at_least": 1}, 100 * (2 * 150 + 3 * 150)),
        ({"average": f"{B}.amount", "at_least": 1}, 250),
        ({"share": B, "where": {"category": "garden"}, "at_least": 1}, 1),
        ({"most_frequent": f"{B}.category", "is": "garden"}, "garden"),
        ({"did": B, "per": "category", "at_least": 300}, ["garden"]),
    ],
)
def test_orders_close_together_are_merged_and_still_counted(condition: dict[str, Any], expected: object) -> None:
    leaf, profile = seen({**condition, "within": "365d"}, hurried(300))
    assert leaf.value(profile, at_ms(300)) == expected
    assert leaf.is_inexact(profile)


def test_the_largest_of_merged_orders_is_near() -> None:
    leaf, profile = seen({"largest": f"{B}.amount", "within": "365d", "at_least": 1}, hurried(300))
    assert 250 <= leaf.value(profile, at_ms(300)) <= 300


def test_events_that_the_vocabulary_does_not_name_take_part_as_any_event() -> None:
    open_to_all = {"known_events_only": False}
    sequence = {"sequence": ["any_event", {"did": B, "max_gap": "5s"}]}
    assert flips(sequence, [did(0, "odd_thing"), did(2, B)], vocabulary=open_to_all) == [2]
    last = {"last_event": "any_event", "has": {"category": "garden"}}
    records = [did(0, "odd_thing", category="garden"), did(2, B), did(3, "odd_thing", category="garden")]
    assert flips(last, records, vocabulary=open_to_all) == [0, 2, 3]
