"""Every event family: engine and oracle agree on drawn stories, and no verdict holds longer than it says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.agreement import play
from tests.core.side_by_side import agree, plan_with
from tests.oracle.conditions import holds
from tests.oracle.instants import known_instants, spans_ms
from tests.oracle.records import judge
from tests.oracle.world import World
from tests.strategies import Story
from tests.strategies_families import FAMILIES, family_stories

MOST_INSTANTS = 120


def instants_after(world: World, now: int) -> list[int]:
    """Return the instants after `now` at which time could change anything, and those 1 ms beside them."""
    found = {begin + span for begin in known_instants(world) for span in spans_ms(world)}
    beside = {instant + shift for instant in found for shift in (-1, 0, 1)}
    return [now, *sorted(instant for instant in beside if instant > now)[:MOST_INSTANTS]]


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_engine_and_oracle_tell_the_same(family: str, data: st.DataObject) -> None:
    story = data.draw(family_stories(family))
    agree(story.rules, story.records, story.until)


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_a_verdict_is_right_and_holds_until_it_says(family: str, data: st.DataObject) -> None:
    story: Story = data.draw(family_stories(family))
    plan = plan_with(story.rules)
    _, profile = play(plan, story.records, None)
    assert profile is not None
    condition: dict[str, Any] = story.rules["audiences/x.yaml"]["enter"]
    kept, _ = judge(story.rules["vocabulary.yaml"], story.records)
    world = World(story.rules, tuple(one for one in kept if one is not None))
    until = 0
    for at in instants_after(world, profile.as_of):
        truth = holds(condition, world, at)
        verdict = plan.dimensions[0].order[0].enter(profile, at)
        assert (verdict > 0) is truth
        assert abs(verdict) > at
        if at < abs(until):
            assert (until > 0) is truth
        until = verdict


@pytest.mark.parametrize("family", FAMILIES)
@given(data=st.data())
def test_a_profile_that_went_through_its_bytes_tells_the_same(family: str, data: st.DataObject) -> None:
    story = data.draw(family_stories(family))
    plan = plan_with(story.rules)
    assert play(plan, story.records, story.until)[0] == play(plan, story.records, story.until, packs=True)[0]
