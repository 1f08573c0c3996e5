"""Law 2: transitions are a function of the log; for any batching, restarts, rollback, worker count, live or replay."""

from __future__ import annotations

import random
from itertools import cycle, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.service.limits import Limits
from tests.fake_log import Fate
from tests.histories import DAY_MS, Line, crowds, shop_history, write
from tests.laws.starter import drawn_plan, lived, shipped, starter, worked
from tests.strategies import Rules
from tests.town import TOPICS, ByTheWall, Member, Town, consumed, memberships, replayed, survive, without_ids

SIZES = [1, 2, 3, 7, 50, 1_000, 10_000]


@pytest.mark.parametrize("size", SIZES)
async def test_live_is_replay_for_any_batch_size(size: int) -> None:
    """The history is longer than the batch, so that a commit is as large as it may be."""
    limits = Limits(slice_records=size, slice_bytes=1 << 30, slice_s=60.0, timers=size)
    town = await Town(starter(), partitions=2 if size < 250 else 1, limits=limits).open()
    bodies = await lived(town, shop_history(21, max(250, size + 100)), repeat(size))
    assert town.metrics.largest_commit == size
    assert sum(map(len, bodies.values())) > 60
    assert bodies == replayed(town.log, starter()), "law 2"


async def test_live_is_replay_on_all_shipped_rules() -> None:
    town = await Town(shipped(), limits=Limits(slice_records=11, timers=4)).open()
    write(town, shop_history(20, 200, sources=2))
    for at in (25, 60, 130):
        await survive(town.member(Fate(at)), cycle([4, 17]))
    found = await worked(town)
    assert sum(map(len, found.bodies.values())) > 200
    assert found.bodies == replayed(town.log, shipped()), "law 2"
    check_counts(town)


@given(crowds(), st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 9), st.booleans())
async def test_live_is_replay_on_drawn_rules(
    crowd: tuple[Rules, list[Line]], sizes: list[int], slice_records: int, remembers: bool
) -> None:
    rules, lines = crowd
    plan = drawn_plan(rules)
    if plan is None:
        return
    plan = plan if remembers else without_ids(plan)
    town = await Town(plan, limits=Limits(slice_records=slice_records, timers=2)).open()
    bodies = await lived(town, lines, cycle(sizes))
    assert bodies == replayed(town.log, plan), "law 2"
    check_counts(town)


def check_counts(town: Town) -> None:
    """Compare the counts in every head with a recount of all profiles."""
    for number in range(town.partitions):
        head = town.head(number)
        counted = {
            dimension: {name: n for name, n in counts.items() if n} for dimension, counts in head.members.items()
        }
        assert {name: counts for name, counts in counted.items() if counts} == town.recounted(number), "law 5: counts"
        assert head.customers == len(town.server.partitions[number].state)


def nonzero(members: dict[str, dict[str, int]]) -> dict[str, dict[str, int]]:
    """Return the counts without those that came back to zero."""
    found = {dimension: {name: n for name, n in counts.items() if n} for dimension, counts in members.items()}
    return {dimension: counts for dimension, counts in found.items() if counts}


@given(crowds(), st.lists(st.integers(0, 60), min_size=1, max_size=4))
async def test_live_is_replay_for_any_restart_points_on_drawn_rules(
    crowd: tuple[Rules, list[Line]], deaths: list[int]
) -> None:
    rules, lines = crowd
    plan = drawn_plan(rules)
    if plan is None:
        return
    town = await Town(plan, limits=Limits(slice_records=2, timers=1)).open()
    write(town, lines)
    for at in deaths:
        await survive(town.member(Fate(at)), cycle([1, 3]))
    assert (await worked(town)).bodies == replayed(town.log, plan), "law 2"
    check_counts(town)


async def test_restarts_at_any_record_change_nothing() -> None:
    town = await Town(starter()).open()
    lines = shop_history(22, 120)
    for line in lines:
        write(town, [line])
        await worked(town)
    assert consumed(town.log).bodies == replayed(town.log, starter())
    check_counts(town)


async def test_counts_are_right_at_every_commit() -> None:
    town = await Town(starter(), limits=Limits(slice_records=3, timers=2)).open()
    write(town, shop_history(23, 150))
    member = town.member()
    seen = 0
    for _ in range(400):
        await member.deliver(0, 3)
        await member.deliver(1, 3)
        check_counts(town)
        await member.worker.tend(0)
        await member.worker.tend(1)
        check_counts(town)
        seen = town.server.commits
    await member.end()
    assert seen > 60


async def test_two_workers_that_take_partitions_from_each_other() -> None:
    town = await Town(starter(), partitions=3, limits=Limits(slice_records=4)).open()
    write(town, shop_history(24, 300))
    members = [town.member(), town.member()]
    drawn = random.Random(24)
    for _ in range(120):
        member, number = drawn.choice(members), drawn.randrange(3)
        await member.deliver(number, drawn.choice([1, 5, 20]))
        if drawn.random() < 0.3:
            await member.worker.tend(number)
    for member in members:
        await member.end()
    found = await worked(town)
    assert town.metrics.counts["refused commits"] > 10
    assert found.bodies == replayed(town.log, starter()), "law 2"
    check_counts(town)


async def test_redis_rolled_back_gives_the_same_transitions_again() -> None:
    town = await Town(starter(), limits=Limits(slice_records=5)).open()
    write(town, shop_history(25, 250))
    drawn = random.Random(25)
    member = town.member()
    snapshots = [town.server.copy()]
    for _ in range(150):
        await member.deliver(drawn.randrange(2), 5)
        await member.worker.tend(drawn.randrange(2))
        snapshots = [*snapshots, town.server.copy()][-6:]
        if drawn.random() < 0.1:
            town.server.partitions = snapshots[0]
            snapshots = [town.server.copy()]
    await member.work()
    await member.end()
    found = consumed(town.log)
    assert found.repeats > 20, "no rollback took back what was published"
    assert town.metrics.counts["refused commits"] > 3
    assert found.bodies == replayed(town.log, starter()), "law 2"
    check_counts(town)


@pytest.mark.parametrize("cache_bytes", [0, 6_000])
async def test_hot_customers_no_ids_and_a_tiny_cache(cache_bytes: int) -> None:
    plan = without_ids(starter())
    town = await Town(plan, limits=Limits(slice_records=6, cache_bytes=cache_bytes)).open()
    write(town, shop_history(26, 300, customers=30, hot=0.5, sources=2))
    for at in (40, 90, 140, 200):
        await survive(town.member(Fate(at)), cycle([2, 9]))
    found = await worked(town)
    assert found.bodies == replayed(town.log, plan), "law 2"
    assert town.metrics.counts["duplicate"] > 10
    check_counts(town)


async def test_the_memory_of_ids_and_the_source_offsets_find_the_same_duplicates() -> None:
    history = shop_history(27, 200, sources=2)
    with_ids = await lived(await Town(starter()).open(), history)
    plan = without_ids(starter())
    assert await lived(await Town(plan).open(), history) == with_ids


async def test_the_number_of_partitions_changes_nothing_for_a_customer() -> None:
    history = shop_history(28, 150)
    few = await lived(await Town(starter(), partitions=1).open(), history)
    assert await lived(await Town(starter(), partitions=5).open(), history) == few


async def test_memberships_end_where_the_transitions_end() -> None:
    town = await Town(starter()).open()
    bodies = await lived(town, shop_history(29, 200))
    for customer_id, told in memberships(town.log).items():
        assert told["sequence"] == len(bodies.get(customer_id, []))


async def behind_the_wall(kind: type[Member]) -> Town:
    """Let a process work a log that lies a year back, in small batches, its timers getting their turn in between."""
    town = await Town(starter()).open()
    write(town, shop_history(30, 250))
    town.clock.ms = town.log.all(TOPICS.events)[-1].timestamp_ms + 365 * DAY_MS
    member = town.member(kind=kind)
    await member.work(batches=repeat(5))
    await member.end()
    return town


async def test_a_worker_that_is_a_year_behind_decides_as_of_the_log() -> None:
    town = await behind_the_wall(Member)
    assert consumed(town.log).bodies == replayed(town.log, starter()), "law 2"


async def test_control_by_the_clock_on_the_wall_law_2_breaks() -> None:
    """Who came back in a record that is not read yet has left by the wall's clock already."""
    town = await behind_the_wall(ByTheWall)
    with pytest.raises(AssertionError, match="law 2"):
        assert consumed(town.log).bodies == replayed(town.log, starter()), "law 2"


@pytest.mark.parametrize("header", ["ce_id", "ce_source", "ce_time", "segments.decided_at"])
async def test_control_a_header_that_is_missing_is_told(header: str) -> None:
    town = await Town(starter()).open()
    await lived(town, shop_history(3, 100))
    records = next(found for (topic, _), found in town.log.logs.items() if topic == TOPICS.transitions and found)
    without = tuple(each for each in records[0].headers if each[0] != header)
    records[0] = replace(records[0], headers=without)
    with pytest.raises(AssertionError, match=r"^law 2: "):
        consumed(town.log)
