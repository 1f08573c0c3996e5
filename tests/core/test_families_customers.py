"""What customers are told to be, and the calendar: the engine against the oracle on drawn rules and histories."""

from __future__ import annotations

from typing import Any

from hypothesis import assume, given, settings

from stream.core.condition import Leaf
from stream.core.profile import NEVER, Profile
from stream.errors import RuleError
from tests.core.side_by_side import agree, played
from tests.strategies import Story, full_stories
from tests.strategies_customers import customer_stories, give_to_bars


@settings(max_examples=150, deadline=None)
@given(customer_stories(), give_to_bars())
def test_engine_and_oracle_agree_on_what_is_told(story: Story, known: dict[str, Any]) -> None:
    """Every transition at its instant, every membership with its beginning."""
    agree(story.rules, story.records, story.until, known)


@settings(max_examples=40, deadline=None)
@given(customer_stories())
def test_a_profile_is_its_bytes(story: Story) -> None:
    """Packing the profile after each record changes nothing."""
    plain = played(story.rules, story.records, story.until)[1]
    assert played(story.rules, story.records, story.until, packs=True)[1] == plain


@settings(max_examples=100, deadline=None)
@given(customer_stories() | full_stories())
def test_no_verdict_ends_later_than_it_changes(story: Story) -> None:
    """A verdict names an instant after now, and keeps its sign on the way there."""
    try:
        plan, _, profile = played(story.rules, story.records, None)
    except RuleError:
        assume(False)
    if profile is None:
        return
    for dimension in plan.dimensions:
        for segment in dimension.order:
            for leaf in segment.leaves:
                if not leaf.dimensions:
                    check_bound(leaf, profile, story.until)


def check_bound(leaf: Leaf, profile: Profile, until: int) -> None:
    """Find a verdict that changes before it says so, between the last record and `until`."""
    now = profile.as_of
    while now < until:
        verdict = leaf.read(profile, now)
        end = abs(verdict)
        assert end > now
        inside = [now + 1, (now + min(end, until)) // 2, min(end, until) - 1]
        assert all((leaf.read(profile, at) > 0) is (verdict > 0) for at in inside if now < at < end), leaf.text
        if end >= NEVER:
            return
        now = end
