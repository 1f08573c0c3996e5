"""What is written out as source does what the closures do: the same states, and the same dimensions to decide."""

from __future__ import annotations

import traceback
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.core.deciding import Clocks, Look
from stream.core.event import Event
from stream.core.fold import Newest
from stream.core.gauge import Reach
from stream.core.looking import by_closures, written_look
from stream.core.plan import Plan, Route
from stream.core.profile import Profile
from stream.core.written import Written, fold_and_turn, source_of, written_out
from tests.core.agreement import plan_of, play
from tests.laws.starter import shipped, starter
from tests.oracle.story import MONDAY_MS, did
from tests.strategies import Story, full_stories
from tests.strategies_families import FAMILIES, family_stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def both(name: str, route: Route) -> Written:
    """Return the written function, held to the closures at every event."""
    fast, plain = written_out(name, route.folds), fold_and_turn(route.folds)

    def run(profile: Profile, event: Event, touched: int) -> int:
        other = deepcopy(profile)
        wanted = plain(other, event, touched)
        assert fast(profile, event, touched) == wanted
        assert profile.states == other.states
        assert (profile.signs, profile.standings.keys()) == (other.signs, other.standings.keys())
        return wanted

    return run


def both_looks(plan: Plan, index: int) -> Look:
    """Return the written look at a dimension, held to the closures at every decision."""
    dimension, gauges = plan.dimensions[index], plan.layout.gauges[index]
    fast, plain = written_look(dimension, gauges, plan.layout.untouched), by_closures(dimension, gauges)

    def look(profile: Profile, own: str, since: int, clocks: Clocks, now: int) -> tuple[str, int]:
        other, told = deepcopy((profile, clocks))
        wanted = plain(other, own, since, told, now)
        assert fast(profile, own, since, clocks, now) == wanted
        assert (clocks, profile.signs) == (told, other.signs)
        return wanted

    return look


def held(plan: Plan) -> Plan:
    """Return the plan, whose written functions are held to the closures."""
    for dimension in plan.dimensions:
        plan.looks[dimension.index] = both_looks(plan, dimension.index)
    for name, route in plan.routes.items():
        plan.written[name] = both(name, route)
    plan.written[""] = both("", plan.other)
    return plan


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(full_stories())
def test_drawn_rules_are_written_out_as_they_are_meant(story: Story) -> None:
    plan = held(plan_of(story.files()))
    play(plan, story.records, story.until)


@settings(deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_is_written_out_as_it_is_meant(family: str, data: st.DataObject) -> None:
    story = data.draw(family_stories(family))
    play(held(plan_of(story.files())), story.records, story.until)


@pytest.mark.parametrize("plan", [starter(), shipped()], ids=["starter", "shipped"])
def test_the_rules_that_we_ship_are_written_out_as_they_are_meant(plan: Plan) -> None:
    names = ("product_viewed", "cart_updated", "search", "order_placed")
    records = [did(60 * number, names[number % 4], amount=9, order_id=str(number)) for number in range(40)]
    _, profile = play(held(plan), records, MONDAY_MS + 90 * 86_400_000)
    assert profile is not None
    plan.written.clear()
    plan.looks.clear()


def test_a_count_stands_in_place_with_its_numbers() -> None:
    text, names = source_of(((Newest(7, 3, None), Reach(always=5)),))
    assert "if len(kept_0) > 3:" in text
    assert "touched |= 5" in text
    assert set(names) == {"keep_newest", "ends_sooner"}


def test_what_a_written_function_raises_shows_its_line() -> None:
    def broken(profile: Profile, event: Event) -> bool:
        raise ValueError("this fold is broken")

    run = written_out("search", ((broken, Reach()),))
    with pytest.raises(ValueError, match="this fold is broken") as raised:
        run(Profile("c-1"), Event("e", "c-1", 0, 0), 0)
    shown = "".join(traceback.format_exception(raised.value))
    assert "<events of search, " in shown
    assert "did_0 = fold_0(profile, event)" in shown


def test_part_of_a_plan_writes_its_own_functions() -> None:
    whole = starter()
    whole.written.clear()
    part = whole.only({whole.dimensions[0].key})
    play(part, [did(1)], None)
    assert (sorted(whole.written), sorted(part.written)) == ([], ["product_viewed"])
