"""Silence is looked through only as far as it must be: to the first change, and past what ends without one."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings

from stream.core.deciding import decide, moves
from stream.core.profile import NEVER
from tests.core.agreement import plan_of, play
from tests.core.side_by_side import changes, played
from tests.oracle.story import MONDAY_MS, audience, did, dimension, with_vocabulary
from tests.strategies import Story, full_stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
OFTEN = {"did": "product_viewed", "at_least": 2, "within": "5s"}
ONCE = {"did": "product_viewed", "within": "9s"}


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(full_stories())
def test_a_look_to_the_first_change_finds_what_deciding_finds(story: Story) -> None:
    plan = plan_of(story.files())
    _, profile = play(plan, story.records, None)
    alone = [one for one in plan.dimensions if len(plan.layout.upstream[one.index]) == 1]
    ends = [(one, profile.until(one.key)) for one in alone] if profile is not None else []
    for one, now in ends:
        if profile is not None and now < NEVER:
            looked, decided = profile.ahead(), profile.ahead()
            has_moved = bool(decide(one, decided, now))
            assert moves(one, looked, now) is has_moved
            if not has_moved:
                assert now < decided.until(one.key) <= looked.until(one.key)


def test_who_is_kept_by_two_parts_is_looked_at_when_both_have_ended() -> None:
    for parts in ({}, {"only_from": ["rest"]}):
        rules = with_vocabulary(dimension({"keen": {"enter": OFTEN, "stay_while": ONCE} | parts}))
        records = [did(1, "product_viewed"), did(2, "product_viewed")]
        _, _, profile = played(rules, records, None)
        assert profile is not None
        assert profile.wake == MONDAY_MS + 11_000
        assert changes(rules, records, 20) == [(2, "rest", "keen"), (11, "keen", "rest")]


def test_a_clock_is_looked_at_when_what_it_counts_has_ended() -> None:
    rules = audience(OFTEN, stay_while=ONCE, cooldown="3s")
    records = [did(1, "product_viewed"), did(2, "product_viewed")]
    _, _, profile = played(rules, records, None)
    assert profile is not None
    assert profile.wake == MONDAY_MS + 6_000
    assert changes(rules, records, 20) == [(2, None, "x"), (11, "x", None)]
