"""Law 3: what is due before a record fires first, as of its own instant, however late the timer runs; and ticks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import cycle

import pytest

from stream.core.plan import Plan
from stream.service.limits import Limits
from tests.core.agreement import plan_of
from tests.histories import DAY_MS, HOUR_MS, START_MS, Line, shop_history, write
from tests.laws.starter import as_text, lived, starter, worked
from tests.oracle.story import audience
from tests.town import Town, consumed, replayed

WEEK = {"did": "product_viewed", "within": "7d"}


def plan() -> Plan:
    """Return rules with the audience x: looked at something within seven days."""
    return plan_of({path: as_text(about) for path, about in audience(WEEK).items()})


def viewed(at_ms: int, customer: str = "c-1", number: int = 0) -> Line:
    content = {"event_id": f"{customer}@{at_ms}#{number}", "customer_id": customer, "name": "product_viewed"}
    return Line(at_ms, content)


def told(body: bytes) -> tuple[str | None, int, str]:
    """Return what was entered, on which day of the story, and the kind of cause."""
    one = json.loads(body)
    day = (one["at"][8:10], one["at"][11:19])
    assert day[1] == "00:00:00"
    return one["entered"], int(day[0]) - 5, one["cause"]["kind"]


async def days_of(lines: Sequence[Line]) -> list[tuple[str | None, int, str]]:
    town = await Town(plan()).open()
    bodies = await lived(town, lines)
    return [told(body) for body in bodies["c-1"]]


async def test_who_left_on_day_seven_and_came_back_on_day_nine_has_two_transitions_of_those_days() -> None:
    lines = [viewed(START_MS), viewed(START_MS + 9 * DAY_MS)]
    assert await days_of(lines) == [("x", 0, "event"), (None, 7, "time"), ("x", 9, "event")]


async def test_the_day_is_the_same_when_the_timer_ran_weeks_later() -> None:
    lines = [viewed(START_MS), Line(START_MS + 20 * DAY_MS, None)]
    assert await days_of(lines) == [("x", 0, "event"), (None, 7, "time")]


async def test_what_is_due_at_exactly_the_record_is_decided_with_it() -> None:
    lines = [viewed(START_MS), viewed(START_MS + 7 * DAY_MS)]
    assert await days_of(lines) == [("x", 0, "event")]


async def test_a_tick_fires_what_is_due_before_it_and_not_what_is_due_at_it() -> None:
    lines = [viewed(START_MS), Line(START_MS + 7 * DAY_MS, None)]
    assert await days_of(lines) == [("x", 0, "event")]
    lines = [*lines, Line(START_MS + 7 * DAY_MS + 1, None)]
    assert await days_of(lines) == [("x", 0, "event"), (None, 7, "time")]


async def test_a_tick_and_then_a_record_of_that_instant_are_like_the_record_alone() -> None:
    lines = [viewed(START_MS), Line(START_MS + 7 * DAY_MS, None), viewed(START_MS + 7 * DAY_MS)]
    assert await days_of(lines) == [("x", 0, "event")]


async def test_a_lower_tick_is_ignored() -> None:
    town = await Town(plan()).open()
    await lived(town, [viewed(START_MS), Line(START_MS + 8 * DAY_MS, None)])
    town.tick(START_MS + 2 * DAY_MS, stamped=START_MS + 9 * DAY_MS)
    await worked(town)
    assert [town.head(number).tick_ms for number in range(2)] == [START_MS + 8 * DAY_MS] * 2


async def test_a_tick_counts_no_further_than_its_own_record_time() -> None:
    town = await Town(plan()).open()
    write(town, [viewed(START_MS)])
    town.tick(START_MS + 300 * DAY_MS, stamped=START_MS + 6 * DAY_MS)
    found = await worked(town)
    assert [told(body) for body in found.bodies["c-1"]] == [("x", 0, "event")]
    assert found.bodies == replayed(town.log, town.plan)


def with_ticks(lines: Sequence[Line], every_ms: int) -> list[Line]:
    """Return the history with ticks so often, each at or before the next record; they keep their promise."""
    ticked: list[Line] = []
    now = lines[0].record_time
    for line in lines:
        while now + every_ms <= line.record_time:
            now += every_ms
            ticked.append(Line(now, None))
        ticked.append(line)
    return ticked


@pytest.mark.parametrize("every_ms", [5 * DAY_MS, 50 * DAY_MS, 1_000 * DAY_MS])
async def test_how_many_ticks_there_are_changes_no_transition(every_ms: int) -> None:
    history = [line for line in shop_history(31, 120, ticks=False)]
    ended = [*history, Line(history[-1].record_time + 400 * DAY_MS, None)]
    town = await Town(starter(), limits=Limits(slice_records=9, timers=2)).open()
    often = await Town(starter(), limits=Limits(slice_records=9, timers=2)).open()
    ticked = [*with_ticks(history, every_ms), ended[-1]]
    assert await lived(often, ticked, cycle([4, 11])) == await lived(town, ended), "law 3"


async def test_ticks_in_the_middle_of_a_batch_and_timers_that_never_get_their_turn() -> None:
    """Delivers everything without firing a timer by itself: catching up at the next record is enough."""
    history = with_ticks(shop_history(32, 150, ticks=False), 3 * DAY_MS)
    town = await Town(starter(), limits=Limits(slice_records=13)).open()
    write(town, history)
    member = town.member()
    for number in range(2):
        while await member.deliver(number, 31):
            pass
        await member.worker.owned[number].relay.drained()
    await member.end()
    missing = replayed(town.log, starter())
    for customer_id, bodies in consumed(town.log).bodies.items():
        assert bodies == missing[customer_id][: len(bodies)], "law 3"
    assert (await worked(town)).bodies == missing, "law 3"


async def test_many_exits_at_once_do_not_stall_live_records() -> None:
    """Sixty exits, five a pass; after every pass the record that came meanwhile is served."""
    town = await Town(plan(), partitions=1, limits=Limits(timers=5)).open()
    write(town, [viewed(START_MS, f"quiet-{number}") for number in range(60)])
    member = town.member()
    await member.work()
    write(town, [Line(START_MS + 8 * DAY_MS, None)])
    await member.deliver(0, 100)
    passes = 0
    more = True
    while more:
        commits = town.server.commits
        more = await member.worker.tend(0)
        assert town.server.commits - commits <= 2, "a pass is one commit of timers, and at most a trim"
        live = START_MS + 8 * DAY_MS + passes
        write(town, [viewed(live, f"live-{passes}")])
        await member.deliver(0, 100)
        await member.worker.owned[0].relay.drained()
        assert f"live-{passes}" in consumed(town.log).bodies, "law 3: a live record waits for all timers"
        passes += 1
    await member.publish()
    await member.end()
    assert passes >= 12
    bodies = consumed(town.log).bodies
    assert all(told(bodies[f"quiet-{number}"][-1]) == (None, 7, "time") for number in range(60))


async def test_late_events_do_not_move_time_backwards() -> None:
    back = Line(START_MS + HOUR_MS, {**(viewed(0).content or {}), "event_id": "late", "customer_id": "c-1"})
    lines = [viewed(START_MS + 2 * DAY_MS), back, Line(START_MS + 20 * DAY_MS, None)]
    town = await Town(plan()).open()
    ats = [json.loads(body)["at"] for body in (await lived(town, lines))["c-1"]]
    assert ats == sorted(ats)
    assert len(ats) == 2
