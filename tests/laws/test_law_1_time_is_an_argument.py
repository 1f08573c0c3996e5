"""Law 1: no decision reads a clock, and every verdict says until when silence keeps it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given

from stream.core.engine import catch_up
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.service.slices import understand
from stream.wire.profile import decode_profile, encode_profile
from tests.histories import Line, crowds, shop_history, write
from tests.laws.starter import drawn_plan, lived, starter
from tests.strategies import Rules
from tests.town import TOPICS, Town

CENTURY_MS = 100 * 365 * 86_400_000


def steps(plan: Plan, lines: list[Line]) -> Iterator[tuple[Profile, list[Transition]]]:
    """Yield every customer's profile after each step of the engine, and what was told since the last record."""
    town = Town(plan, partitions=1)
    write(town, lines)
    timeline = Timeline(plan)
    for record in town.log.all(TOPICS.events):
        content = understand(record, plan).content
        if hasattr(content, "before"):
            for done in timeline.tick(content.before):
                for each in done.transitions[-1:]:
                    yield timeline.profiles[each.customer_id], done.transitions
        elif hasattr(content, "customer_id"):
            done = timeline.apply(content)
            if profile := timeline.profiles.get(content.customer_id):
                yield profile, [each for each in done.transitions if each.at == profile.as_of]


def copy_of(profile: Profile) -> Profile:
    return decode_profile(profile.customer_id, encode_profile(profile))


def check_horizons(plan: Plan, lines: list[Line]) -> int:
    """Check each told `holds_until` by living through the silence; return how many were checked."""
    checked = 0
    for profile, told in steps(plan, lines):
        newest = {each.dimension: each for each in told}
        for dimension, each in newest.items():
            if not each.holds_until_is_exact:
                continue
            checked += 1
            silence = copy_of(profile)
            before = catch_up(silence, min(each.holds_until, profile.as_of + CENTURY_MS), plan)
            moved = [move for move in before.moves if move.dimension.name == dimension]
            assert not moved, f"law 1: {dimension} changes at {moved[0].at}, before {each.holds_until}"
            if each.holds_until < NEVER:
                then = catch_up(silence, each.holds_until + 1, plan)
                names = {move.dimension.name for move in then.moves if move.at == each.holds_until}
                assert dimension in names, f"law 1: {dimension} holds beyond {each.holds_until}"
    return checked


def check_wake_ups(plan: Plan, lines: list[Line]) -> int:
    """Check that deciding everything a millisecond before the wake-up, or after the record, changes nothing."""
    checked = 0
    for profile, _ in steps(plan, lines):
        for instant in {profile.as_of + 1, min(profile.wake, profile.as_of + CENTURY_MS) - 1}:
            if profile.as_of < instant < profile.wake:
                checked += 1
                early = copy_of(profile)
                early.wake = instant
                for dimension in plan.dimensions:
                    standing = early.standing(dimension.place)
                    assert standing is not None
                    standing.until, early.standings[dimension.key] = instant, standing
                moved = catch_up(early, instant + 1, plan).moves
                assert not moved, f"law 1: {moved[0]} before the wake-up {profile.wake}"
    return checked


def test_holds_until_is_exact_on_the_starter_rules() -> None:
    assert check_horizons(starter(), shop_history(11, 250)) > 60


@given(crowds())
def test_holds_until_is_exact_on_drawn_rules(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    if plan := drawn_plan(rules):
        check_horizons(plan, lines)


def test_nothing_changes_before_the_wake_up_on_the_starter_rules() -> None:
    assert check_wake_ups(starter(), shop_history(12, 250)) > 200


@given(crowds())
def test_nothing_changes_before_the_wake_up_on_drawn_rules(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    if plan := drawn_plan(rules):
        check_wake_ups(plan, lines)


@pytest.mark.parametrize("now_ms", [0, 4_102_444_800_000])
async def test_the_wall_clock_decides_nothing(now_ms: int) -> None:
    town = await Town(starter()).open()
    town.clock.ms = now_ms
    other = await Town(starter()).open()
    other.clock.ms = 1_767_571_200_000
    history = shop_history(13, 120)
    assert await lived(town, history) == await lived(other, history)
