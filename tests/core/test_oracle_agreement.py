"""The engine and the oracle tell the same of every history: what changed, when, in what order, and why."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.core.side_by_side import agree
from tests.strategies import Story, full_stories, stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
EXAMPLES = 150
PAIRS, PARTS = 100_000, 100
"""(rule, history) pairs that the nightly run plays, and in how many parts: `make pairs` plays several at once."""


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(stories())
def test_the_first_part_of_the_language_agrees_with_the_oracle(story: Story) -> None:
    agree(story.rules, story.records, story.until)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=SLOW)
@given(full_stories())
def test_the_whole_language_agrees_with_the_oracle(story: Story) -> None:
    agree(story.rules, story.records, story.until)


@settings(max_examples=EXAMPLES // 3, deadline=None, suppress_health_check=SLOW)
@given(full_stories())
def test_a_profile_that_goes_through_its_bytes_after_every_record_agrees_too(story: Story) -> None:
    agree(story.rules, story.records, story.until, packs=True)


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_a_hundred_thousand_pairs_of_rules_and_histories_agree_with_the_oracle(part: int) -> None:
    """Each part draws anew. Fewer than asked for would be no proof: they are counted."""
    agreed = 0

    @settings(max_examples=PAIRS // PARTS, deadline=None, suppress_health_check=SLOW, derandomize=False)
    @given(full_stories())
    def play(story: Story) -> None:
        nonlocal agreed
        agree(story.rules, story.records, story.until, packs=True)
        agreed += 1

    play()
    assert agreed >= PAIRS // PARTS
