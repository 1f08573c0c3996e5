"""The oracle against itself: looking only at worked-out instants finds what looking at every half step finds."""

from __future__ import annotations

from hypothesis import given

from tests.oracle import run
from tests.strategies import Story, stories


def is_gridded(story: Story) -> bool:
    """Return whether every change of this story must lie on the grid: personal gaps do not."""
    return "personal_gaps" not in str(story.rules)


@given(stories(exact=True).filter(is_gridded))
def test_no_instant_is_missed(story: Story) -> None:
    every = run(story.rules, story.records, story.until, every_ms=story.step_ms // 2)
    assert run(story.rules, story.records, story.until) == every
