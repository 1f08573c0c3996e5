"""The gate and the resting change nothing: an engine that decides whatever an event touches tells the same."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from stream.core.engine import step
from stream.core.event import Event
from stream.core.gauge import Reach
from stream.core.plan import Plan, Route
from stream.core.profile import NEVER, Profile
from stream.core.timeline import Timeline
from stream.core.written import source_of
from stream.errors import CorruptProfileError
from stream.wire.event import decode_event
from stream.wire.profile import decode_profile, encode_profile
from tests.core.agreement import as_bytes, plan_of, play, standing
from tests.core.side_by_side import plan_with
from tests.laws.starter import shipped, starter
from tests.oracle.story import MONDAY_MS, audience, did
from tests.strategies import Story, full_stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
VIEWED = {"did": "product_viewed", "within": "5s"}


def ungated(plan: Plan) -> Plan:
    """Return the plan without its gate: whoever reads what an event changed is decided, and everybody at first."""

    def open_to_all(route: Route) -> Route:
        folds = []
        for fold, reach in route.folds:
            always = reach.always
            for gauge, _ in reach.asked:
                always |= gauge.readers
            folds.append((fold, Reach((), always, reach.slots)))
        return Route(tuple(folds))

    return replace(
        plan,
        layout=replace(plan.layout, resting=0),
        routes={name: open_to_all(route) for name, route in plan.routes.items()},
        other=open_to_all(plan.other),
    )


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(full_stories())
def test_what_the_gate_keeps_out_would_not_have_moved(story: Story) -> None:
    plan = plan_of(story.files())
    gated, profile = play(plan, story.records, story.until)
    told, decided = play(ungated(plan), story.records, story.until)
    assert gated == told
    assert standing(plan, profile) == standing(plan, decided)


def test_who_never_moved_has_no_standing_and_no_wake_up() -> None:
    plan = shipped()
    timeline = Timeline(plan)
    timeline.apply(viewed("c-1", MONDAY_MS))
    profile = timeline.profiles["c-1"]
    kept = [one for one in plan.dimensions if one.key in profile.standings]
    assert 0 < len(kept) < len(plan.dimensions) / 4
    assert profile.wake == min(standing.until for standing in profile.standings.values())
    for one in plan.dimensions:
        stands = profile.standing(one.place)
        assert stands is not None
        assert stands.since == MONDAY_MS
        assert one in kept or (stands.segment, stands.until) == (one.place.rest, NEVER)


def test_a_customer_who_comes_back_to_rest_is_forgotten_where_nothing_was_told() -> None:
    """Half a condition came and went: what had to be looked at is over."""
    both = {"all": [VIEWED, {"did": "order_placed"}]}
    plan = plan_with(audience(both))
    _, profile = play(plan, [did(1)], MONDAY_MS + 9_000)
    assert profile is not None
    assert (profile.standings, profile.wake) == ({}, NEVER)


def test_a_view_that_moves_nobody_decides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_with(audience({"did": "product_viewed", "at_least": 2, "within": "5s"}))
    timeline = Timeline(plan)
    for second in (1, 2):
        timeline.apply(viewed("c-1", MONDAY_MS + second * 1_000))
    monkeypatch.setattr("stream.core.engine.decide", None)
    done = timeline.apply(viewed("c-1", MONDAY_MS + 3_000))
    assert (done.outcome, done.moves) == ("accepted", [])


def test_a_profile_of_other_rules_is_not_decided() -> None:
    profile = Profile("c-1")
    step(profile, viewed("c-1", MONDAY_MS), 0, starter())
    again = decode_profile("c-1", encode_profile(profile))
    with pytest.raises(CorruptProfileError, match="kept under other rules"):
        step(again, viewed("c-1", MONDAY_MS + 1), 0, shipped())


def viewed(customer_id: str, at_ms: int) -> Event:
    """Return a view of this instant."""
    record = did((at_ms - MONDAY_MS) / 1000)
    event = starter().vocabulary.accept(decode_event(as_bytes(record)), at_ms)
    event.customer_id = customer_id
    return event


def test_an_event_that_no_rule_mentions_evaluates_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a known customer: no condition is read, no dimension decided, and nothing is remembered but that it came."""
    plan = plan_with(audience(VIEWED) | {"audiences/y.yaml": audience({"did": "cart_updated"})["audiences/x.yaml"]})
    profile = Profile("c-1")
    step(profile, plan.vocabulary.accept(decode_event(as_bytes(did(0))), MONDAY_MS), 0, plan)
    monkeypatch.setattr("stream.core.engine.decide", lambda *_: pytest.fail("a dimension was decided"))
    states = dict(profile.states)
    for second, name in enumerate(("message_sent", "message_clicked", "order_placed"), 1):
        assert "touched |=" not in source_of(plan.routes[name].folds)[0]
        event = plan.vocabulary.accept(decode_event(as_bytes(did(second, name))), MONDAY_MS + second * 1000)
        assert step(profile, event, 0, plan).moves == []
    assert {key: state for key, state in profile.states.items() if key in states} == states
