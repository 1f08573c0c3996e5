"""Law 6: a commit succeeds only onto what its writer last saw; and the controls that lack a safeguard must fail."""

from __future__ import annotations

import random
from itertools import cycle

import pytest

from stream.errors import FencedError
from stream.service.limits import Limits
from tests.fake_log import Fate
from tests.histories import shop_history, write
from tests.laws.starter import starter, worked
from tests.laws.test_law_2_the_log_decides import check_counts
from tests.town import TOPICS, Careless, Member, Town, Unseeking, consumed, replayed, survive, without_ids


async def crowded(seed: int, records: int = 150, limits: Limits | None = None) -> Town:
    """Return a town whose duplicates are only told by the position: no memory of event ids."""
    town = await Town(without_ids(starter()), partitions=1, limits=limits or Limits(slice_records=5)).open()
    write(town, shop_history(seed, records))
    return town


async def test_a_former_owner_that_wakes_up_is_fenced_and_changes_nothing() -> None:
    town = await crowded(61)
    paused, owner = town.member(), town.member()
    await paused.deliver(0, 20)
    await owner.deliver(0, 40)
    stored = town.server.copy()[0]
    with pytest.raises(FencedError, match="not the one this process wrote last"):
        await paused.worker.records(0, town.log.read(TOPICS.events, 0, paused.positions[0], 20))
    assert town.server.partitions[0] == stored, "law 6"
    with pytest.raises(FencedError, match="must be taken again"):
        await paused.worker.records(0, town.log.read(TOPICS.events, 0, paused.positions[0], 20))
    await paused.end()
    await owner.work()
    await owner.end()
    assert consumed(town.log).bodies == replayed(town.log, town.plan)


async def test_a_former_owners_timers_are_fenced_too() -> None:
    town = await crowded(62)
    paused, owner = town.member(), town.member()
    while await paused.deliver(0, 1_000):
        pass
    assert paused.worker.owned[0].earliest_wake < town.head(0).tick_ms
    await owner.acquire(0)
    stored = town.server.copy()[0]
    assert await paused.worker.tend(0) is False
    assert 0 not in paused.positions, "the partition is taken again"
    assert town.server.partitions[0] == stored, "law 6"
    await paused.end()
    await owner.work()
    await owner.end()
    assert consumed(town.log).bodies == replayed(town.log, town.plan)


async def test_a_former_owner_publishes_no_more_once_it_knows() -> None:
    town = await crowded(63)
    paused, owner = town.member(), town.member()
    paused.producer.is_away = True
    await paused.deliver(0, 20)
    await owner.work()
    await paused.deliver(0, 20)
    assert 0 not in paused.positions
    published = town.published()
    paused.producer.is_away = False
    await paused.worker.owned[0].relay.drained()
    assert town.published() == published
    await paused.end()
    await owner.end()


COLD = Limits(slice_records=5, cache_bytes=0)
"""Every profile is read from the store each time."""


async def two_in_turn(town: Town, kind: type[Member]) -> None:
    """Let two processes believe that the partition is theirs, one of them paused again and again."""
    members = [town.member(kind=kind), town.member(kind=kind)]
    drawn = random.Random(64)
    try:
        for _ in range(40):
            await a_turn(town, drawn.choice(members))
        for member in members:
            await member.publish()
    finally:
        for member in members:
            await member.end()


async def a_turn(town: Town, member: Member) -> None:
    """Let one process work for a while; fails where it writes onto what another wrote meanwhile."""
    for _ in range(3):
        before = town.head(0).position
        await member.deliver(0, 5)
        await member.worker.tend(0)
        after = town.head(0).position
        assert after >= before, f"law 6: a former owner put the position back from {before} to {after}"


def check_laws(town: Town) -> None:
    """Hold the outcome against laws 2 and 5."""
    assert consumed(town.log).bodies == replayed(town.log, town.plan), "law 2: not what the log means"
    check_counts(town)


async def finish_and_check(town: Town) -> None:
    """Let one more process finish what the stored state says is left."""
    await worked(town)
    check_laws(town)


async def test_two_owners_in_turn_agree() -> None:
    town = await crowded(64, limits=COLD)
    await two_in_turn(town, Member)
    await finish_and_check(town)


async def test_control_without_the_compare_and_swap_law_6_breaks() -> None:
    town = await crowded(64, limits=COLD)
    with pytest.raises(AssertionError, match=r"^law 6: a former owner put the position back"):
        await two_in_turn(town, Careless)


async def deaths(town: Town, kind: type[Member]) -> None:
    """Let processes die in the middle of the history, and the last one live."""
    for at in (30, 55, 80, 47):
        await survive(town.member(Fate(at), kind), cycle([12]))
    await survive(town.member(kind=kind), cycle([12]))


async def test_deaths_in_the_middle_of_batches_change_nothing() -> None:
    town = await crowded(65)
    await deaths(town, Member)
    check_laws(town)


async def test_control_without_the_seek_to_redis_law_2_breaks() -> None:
    """Whoever goes on from the group's position in Kafka meets a hole or a repeat; nothing may pass in silence."""
    town = await crowded(65)
    await deaths(town, Unseeking)
    with pytest.raises(AssertionError, match=r"^law 2: not what the log means"):
        check_laws(town)


async def test_records_fetched_before_the_seek_are_skipped() -> None:
    town = await crowded(66, 60)
    member = town.member()
    await member.deliver(0, 30)
    stale = town.log.read(TOPICS.events, 0, 0, 45)
    await member.worker.records(0, stale)
    assert town.head(0).position == 45
    await member.work()
    await member.end()
    check_laws(town)
