"""Ticks: when one is appended, up to where, and when none is."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from stream.errors import UnavailableError
from stream.wire.control import decode_control
from tests.histories import DAY_MS, HOUR_MS, START_MS
from tests.laws.starter import starter
from tests.town import TOPICS, Member, Town, consumed, replayed, turns

CART = {"event_id": "e", "customer_id": "c-1", "name": "cart_updated", "properties": {"cart_id": "k", "value": 5}}
DUE_MS = START_MS + 72 * HOUR_MS
"""A cart is intent for 72 hours."""


async def town_with_a_cart(sources: tuple[str, ...] = (), appends_ticks: bool = True) -> tuple[Town, Member]:
    """Return a town where one customer's intent ends at DUE_MS, and its worker; it is one hour past the cart."""
    town = await Town(starter(), partitions=1, appends_ticks=appends_ticks, sources=sources).open()
    town.tell(CART, START_MS)
    member = town.member()
    await member.deliver(0, 10)
    town.clock.go(START_MS + HOUR_MS)
    return town, member


def ticks(town: Town) -> list[int]:
    """Return the ticks in the log."""
    kept = [record for record in town.log.all(TOPICS.events) if record.headers]
    return [json.loads(record.value or b"")["before"] for record in kept]


async def passes(member: Member, count: int = 20) -> None:
    """Tend the partition so often, half a second apart, without reading the log."""
    for _ in range(count):
        await member.worker.tend(0)
        await turns()
        await member.town.clock.sleep(0.5)


async def test_no_tick_is_appended_before_something_is_due() -> None:
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS)
    await passes(member)
    assert ticks(town) == []
    await member.end()


async def test_one_tick_is_appended_when_the_earliest_timer_is_due() -> None:
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS + 1)
    await passes(member)
    assert ticks(town) == [DUE_MS + 1], "one, however often one looks before it is read"
    assert town.metrics.overdue == {0: 1}
    await member.work()
    assert town.metrics.overdue == {0: 0}
    await member.end()
    told = [json.loads(body) for body in consumed(town.log).bodies["c-1"]]
    assert [(one["entered"], one["at"]) for one in told if one["dimension"] == "lifecycle"] == [
        ("intent", "2026-01-05T00:00:00.000Z"),
        ("prospect", "2026-01-08T00:00:00.000Z"),
    ]
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_a_tick_is_stamped_now_and_says_how_far() -> None:
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS + 5)
    await passes(member)
    record = town.log.all(TOPICS.events)[-1]
    assert record.timestamp_ms == DUE_MS + 5
    assert record.key is None
    assert decode_control("tick", record.value).before == DUE_MS + 5  # type: ignore[union-attr]
    await member.end()


async def test_a_tick_in_the_log_that_covers_what_is_due_is_enough() -> None:
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS + 10)
    town.tick(DUE_MS + 1)
    await member.work()
    await passes(member)
    assert ticks(town) == [DUE_MS + 1]
    await member.end()


async def test_under_a_clock_of_the_log_no_tick_is_ever_appended() -> None:
    town, member = await town_with_a_cart(appends_ticks=False)
    town.clock.go(DUE_MS + 90 * DAY_MS)
    await passes(member)
    assert ticks(town) == []
    await member.end()


async def test_no_tick_goes_past_the_frontier() -> None:
    town, member = await town_with_a_cart(("till", "web"))
    town.clock.go(DUE_MS + 1000)
    await town.frontier.report("till", DUE_MS + 700)
    await town.frontier.report("web", DUE_MS + 3)
    await passes(member)
    assert ticks(town) == [DUE_MS + 3]
    await member.end()


async def test_the_frontier_is_never_ahead_of_now() -> None:
    town, member = await town_with_a_cart(("till",))
    town.clock.go(DUE_MS + 10)
    await town.frontier.report("till", DUE_MS + 5_000)
    await passes(member)
    assert ticks(town) == [DUE_MS + 10]
    await member.end()


@pytest.mark.parametrize("reported", [None, DUE_MS - 5, DUE_MS])
async def test_a_stale_frontier_holds_the_clock(reported: int | None) -> None:
    town, member = await town_with_a_cart(("till",))
    if reported is not None:
        await town.frontier.report("till", reported)
    town.clock.go(DUE_MS + HOUR_MS)
    await passes(member)
    assert ticks(town) == []
    assert town.metrics.frontier_ages[-1] >= HOUR_MS
    await town.frontier.report("till", DUE_MS + 1)
    await passes(member)
    assert ticks(town) == [DUE_MS + 1]
    await member.end()


async def test_a_tick_that_a_slow_broker_clock_made_too_short_is_followed_by_another() -> None:
    """Under LogAppendTime a tick counts no further than its stamp; one that covered nothing must not be the last."""
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS + 100)
    town.log.stamp = lambda: town.clock.now_ms() - 200
    await passes(member)
    assert await member.deliver(0, 10)
    assert town.head(0).tick_ms == DUE_MS - 100
    town.clock.go(DUE_MS + 300)
    await passes(member)
    await member.work()
    await member.end()
    assert len(ticks(town)) == 2
    assert town.server.partitions[0].timers == {}


@pytest.mark.parametrize("fault", ["refuse", "lose ack"])
async def test_a_tick_that_failed_is_appended_again_and_the_partition_is_kept(fault: str) -> None:
    town, member = await town_with_a_cart()
    await member.publish()
    member.producer.faults.append("refuse" if fault == "refuse" else "lose ack")
    town.clock.go(DUE_MS + 1)
    await passes(member)
    assert len(ticks(town)) == (1 if fault == "refuse" else 2)
    assert member.positions == {0: 1}, "it was not taken again"
    await member.work()
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_a_tick_that_is_not_acknowledged_holds_up_no_timers() -> None:
    town, member = await town_with_a_cart()
    await member.publish()
    member.producer.held = asyncio.Event()
    town.clock.go(DUE_MS + 1)
    await passes(member)
    await member.deliver(0, 10)
    assert town.head(0).tick_ms == DUE_MS + 1
    await member.worker.tend(0)
    assert town.server.partitions[0].timers == {}
    await member.worker.revoked([0])
    await member.end()


async def test_a_store_that_is_away_makes_the_partition_be_taken_again() -> None:
    town, member = await town_with_a_cart()
    town.tick(DUE_MS + 1)
    await member.deliver(0, 10)
    town.server.is_away = True
    assert await member.worker.tend(0) is False
    assert member.positions == {}
    with pytest.raises(UnavailableError):
        await member.acquire(0)
    town.server.is_away = False
    await member.work()
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_a_partition_that_is_not_ours_is_left_alone() -> None:
    _, member = await town_with_a_cart()
    assert await member.worker.tend(5) is False
    await member.worker.revoked([0, 5])
    assert await member.worker.tend(0) is False
    assert not member.worker.owned
    await member.worker.release_all()


async def test_the_loop_looks_at_all_partitions_and_sleeps_between() -> None:
    town, member = await town_with_a_cart()
    town.clock.go(DUE_MS + 1)
    loop = asyncio.create_task(member.worker.run())
    await turns(50)
    loop.cancel()
    await asyncio.gather(loop, return_exceptions=True)
    assert ticks(town) == [DUE_MS + 1]
    assert town.clock.passed_s > 0
    await member.end()


async def test_an_outbox_is_trimmed_with_the_next_commit_or_when_there_was_none_for_a_while() -> None:
    town, member = await town_with_a_cart()
    owned = member.worker.owned[0]
    await owned.relay.drained()
    member.worker.time = replace(member.worker.time, trim_after_s=0.25)
    commits = town.server.commits
    town.clock.passed_s = owned._committed_s + 0.2
    await member.worker.tend(0)
    assert (town.server.commits, owned.relay.published) == (commits, 1)
    town.clock.passed_s += 0.1
    await member.worker.tend(0)
    assert (town.server.commits, owned.relay.published) == (commits + 1, 0)
    await member.end()
