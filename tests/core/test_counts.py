"""Counts and first times at the edges of windows of one second to ten years; equal instants, late and doubled."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.side_by_side import flips
from tests.oracle.records import Rec
from tests.oracle.story import did, order

V = "product_viewed"
TEN_YEARS_S = 3650 * 86_400
SPANS = [("1s", 1), ("10min", 600), ("30d", 30 * 86_400), ("3650d", TEN_YEARS_S)]
MS = 0.001


def same(number: int, second: float) -> list[Rec]:
    """Return so many events of one instant."""
    return [did(second, V, event_id=f"same-{each}") for each in range(number)]


@pytest.mark.parametrize(("span", "seconds"), SPANS)
def test_a_window_of_one_second_or_of_ten_years_ends_exactly(span: str, seconds: int) -> None:
    asked = {"did": V, "within": span}
    assert flips(asked, [did(0, V)], seconds + 9) == [0, seconds]
    assert flips(asked, [did(0, V), did(seconds - MS, V)], 3 * seconds) == [0, 2 * seconds - MS]
    assert flips(asked, [did(0, V), did(seconds, V)], 3 * seconds) == [0, 2 * seconds]
    assert flips(asked, [did(0, V), did(seconds + MS, V)], 3 * seconds) == [0, seconds, seconds + MS, 2 * seconds + MS]


@pytest.mark.parametrize(("span", "seconds"), SPANS)
def test_what_is_older_begins_exactly(span: str, seconds: int) -> None:
    assert flips({"did": V, "older_than": span}, [did(0, V)], 2 * seconds) == [seconds]
    assert flips({"did_not": V, "within": span}, [did(0, V)], 2 * seconds) == [seconds]


@pytest.mark.parametrize(
    ("count", "found"),
    [
        ({"at_least": 3}, {2: [], 3: [5, 15], 4: [5, 15]}),
        ({"exactly": 3}, {2: [], 3: [5, 15], 4: [5, 5]}),
        ({"above": 3}, {2: [], 3: [], 4: [5, 15]}),
        ({"at_most": 3}, {2: [0], 3: [0], 4: [0, 5, 15]}),
        ({"between": [3, 3]}, {2: [], 3: [5, 15]}),
    ],
)
def test_one_less_as_many_and_one_more_of_one_instant(count: dict[str, Any], found: dict[int, list[float]]) -> None:
    """Four are three on the way up, in log order; on the way down all of them end at once."""
    for number, wanted in found.items():
        records = [did(0, "message_sent"), *same(number, 5)]
        assert flips({"did": V, "within": "10s", **count}, records, 99) == wanted, number


def test_exactly_rises_and_falls_through_its_number() -> None:
    asked = {"did": V, "within": "10s", "exactly": 2}
    assert flips(asked, [did(0, V), did(2, V), did(4, V)], 99) == [2, 4, 10, 12]
    assert flips(asked, [did(0, V), did(2, V), did(10, V)], 99) == [2, 12]
    assert flips(asked, [did(0, V), did(2, V), did(10 - MS, V)], 99) == [2, 10 - MS, 10, 12]


@pytest.mark.parametrize(
    ("occurred", "found"),
    [(6, [5, 7, 15, 16]), (0, [5, 7, 10, 15]), (-3 + MS, [5, 7, 7 + MS, 15]), (-3, [5, 15]), (-3 - MS, [5, 15])],
)
def test_a_late_event_lowers_exactly_only_from_inside_the_window(occurred: float, found: list[float]) -> None:
    """It comes at 7 and is of inside the window, of the first millisecond in it, of its edge, or of before it."""
    asked = {"did": V, "within": "10s", "exactly": 1}
    assert flips(asked, [did(5, V), did(7, V, occurred=occurred)], 99) == found


def test_a_late_event_that_comes_twice_counts_once() -> None:
    late = did(7, V, occurred=6, event_id="late")
    again = did(8, V, occurred=6, event_id="late")
    assert flips({"did": V, "within": "10s", "at_least": 2}, [did(5, V), late, again], 99) == [7, 15]


def test_a_late_earlier_event_ends_the_first_time() -> None:
    asked = {"first_time": "order_placed", "within": "10s"}
    assert flips(asked, [order(20), order(22, occurred=5)], 99) == [20, 22]
    assert flips(asked, [order(20), order(22, occurred=15)], 99) == [20, 25]
    assert flips(asked, [order(20), order(22, occurred=12)], 99) == [20, 22]
    assert flips(asked, [order(20), order(22, occurred=12 + MS)], 99) == [20, 22 + MS]


def test_a_late_event_inside_ends_did_not_and_outside_changes_nothing() -> None:
    asked = {"did_not": V, "within": "10s"}
    assert flips(asked, [did(0, "message_sent"), did(20, V, occurred=12)], 99) == [0, 20, 22]
    assert flips(asked, [did(0, "message_sent"), did(20, V, occurred=10)], 99) == [0]
