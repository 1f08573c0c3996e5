"""The oracle against itself: looking only at worked-out instants finds what looking at every half step finds."""

from __future__ import annotations

from hypothesis import given

from tests.oracle import run
from tests.oracle.story import flips, order
from tests.strategies import Story, stories


def is_gridded(story: Story) -> bool:
    """Return whether every change of this story must lie on the grid: personal gaps do not."""
    return "personal_gaps" not in str(story.rules)


@given(stories(exact=True).filter(is_gridded))
def test_no_instant_is_missed(story: Story) -> None:
    every = run(story.rules, story.records, story.until, every_ms=story.step_ms // 2)
    assert run(story.rules, story.records, story.until) == every


def test_the_periods_of_a_habit_inside_a_group_are_instants_too() -> None:
    """Nobody else in these rules knows eight seconds: a habit in a list was overlooked."""
    habit = {"regularly": "order_placed", "at_least": 1, "every": "2s", "in_at_least": 1, "of_last": 4}
    assert flips({"all": [habit]}, [order(1)], 60) == [1, 9]
