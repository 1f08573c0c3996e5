"""What nobody reaches any more is forgotten when its customer is woken, and nobody can tell."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from stream.core.engine import catch_up, step
from stream.core.event import Event
from stream.core.keyed import CAP
from stream.core.profile import Profile
from stream.core.timeline import Timeline
from tests.core.agreement import plan_of, play, standing
from tests.core.side_by_side import plan_with
from tests.oracle.story import MONDAY_MS, audience
from tests.strategies import Story, full_stories

V = "product_viewed"
DISTINCT = {"distinct": f"{V}.category", "within": "5s", "at_least": 2}
SEQUENCE = {"sequence": [{"did": V}, {"did_not": "order_refunded", "for": "2s"}], "within": "5s"}


def viewed(number: int, at: int) -> Event:
    """Return a view of a product of its own."""
    return Event(f"e-{number}", "c-1", MONDAY_MS + at, MONDAY_MS + at, name=V, properties={"category": f"p-{number}"})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(full_stories())
def test_who_forgets_tells_the_same_as_who_keeps_everything(story: Story) -> None:
    plan = plan_of(story.files())
    forgetful, profile = play(plan, story.records, story.until)
    keeping, other = play(replace(plan, fades={}), story.records, story.until)
    assert forgetful == keeping
    assert standing(plan, profile) == standing(plan, other)


@pytest.mark.parametrize("when", [DISTINCT, SEQUENCE])
def test_a_state_that_is_over_is_gone_with_the_wake_up_that_ends_it(when: dict[str, object]) -> None:
    timeline = Timeline(plan_with(audience(when)))
    for number in range(3):
        timeline.apply(viewed(number, 0))
    assert len(timeline.profiles["c-1"].states) == 1
    list(timeline.tick(MONDAY_MS + 60_000))
    assert timeline.profiles["c-1"].states == {}


def test_that_there_were_too_many_values_is_not_forgotten() -> None:
    plan, profile = plan_with(audience(DISTINCT)), Profile("c-1")
    for number in range(CAP + 1):
        step(profile, viewed(number, 0), 0, plan)
    catch_up(profile, MONDAY_MS + 60_000, plan)
    assert list(profile.states.values()) == [[{}, 1]]
