"""Law 5: all of a commit or nothing; nothing is published before it; everything committed is published in order."""

from __future__ import annotations

import asyncio
import random
from itertools import cycle

import pytest

from stream.service.limits import Limits
from stream.wire.outbox import decode_slice
from tests.fake_log import Fate
from tests.histories import shop_history, write
from tests.laws.starter import starter, worked
from tests.laws.test_law_2_the_log_decides import check_counts
from tests.town import TOPICS, Member, Town, consumed, replayed, survive, turns

SMALL = Limits(slice_records=4, timers=2, together_records=6)


async def town_with(seed: int, records: int, partitions: int = 1) -> Town:
    town = await Town(starter(), partitions=partitions, limits=SMALL).open()
    write(town, shop_history(seed, records, customers=3))
    return town


async def steps_of(seed: int, records: int) -> list[str]:
    """Return the steps at neighbours that an undisturbed run takes."""
    town = await town_with(seed, records)
    member = town.member()
    await member.work(batches=cycle([3, 6]))
    await member.end()
    return member.fate.trace


async def test_death_at_every_step_loses_and_doubles_nothing() -> None:
    trace = await steps_of(51, 24)
    points = {"after commit", "before commit", "after take", "before writing segments.transitions.v1"}
    assert points < set(trace), "the history reaches every kind of step"
    between = 0
    for at, _ in enumerate(trace):
        town = await town_with(51, 24)
        is_alive = await survive(town.member(Fate(at)), cycle([3, 6]))
        assert not is_alive
        stored = [decode_slice(packed) for packed in town.server.partitions[0].outbox]
        between += any(told.transitions for told in stored)
        found = await worked(town)
        assert found.bodies == replayed(town.log, starter()), f"law 5: died at step {at}, {trace[at]}"
        check_counts(town)
    assert between > 20, "no death fell between the commit and publishing"


async def test_ten_deaths_in_one_history() -> None:
    repeats = 0
    for seed in range(5):
        town = await town_with(520 + seed, 250, partitions=2)
        drawn = random.Random(seed)
        deaths = 0
        while deaths < 10:
            deaths += not await survive(town.member(Fate(drawn.randrange(5, 60))), cycle([2, 7, 30]))
        found = await worked(town)
        repeats += found.repeats
        assert found.bodies == replayed(town.log, starter()), "law 5"
        check_counts(town)
    assert repeats > 10, "no death fell between writing a message and hearing of it"


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_commits_of_unknown_outcome(lost: str) -> None:
    town = await town_with(53, 80)
    member = town.member()
    for index in range(60):
        if index % 3 == 0:
            town.server.lost.append("before" if lost == "before" else "after")
        await member.deliver(0, 5)
        await member.worker.tend(0)
    await member.work()
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, starter()), "law 5"
    check_counts(town)


async def test_a_server_that_comes_and_goes() -> None:
    town = await town_with(54, 120)
    member = town.member()
    drawn = random.Random(54)
    for _ in range(150):
        town.server.is_away = drawn.random() < 0.4
        await member.deliver(0, 5)
        await member.worker.tend(0)
    town.server.is_away = False
    await member.work()
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, starter()), "law 5"


@pytest.mark.parametrize("fault", ["refuse", "lose ack"])
async def test_messages_that_fail_are_sent_again_in_order(fault: str) -> None:
    town = await town_with(55, 120)
    member = town.member()
    drawn = random.Random(55)
    for _ in range(2_000):
        is_fault = drawn.random() < 0.2
        member.producer.faults.append(("refuse" if fault == "refuse" else "lose ack") if is_fault else "")
    await member.work(batches=cycle([5]))
    await member.end()
    found = consumed(town.log)
    assert found.repeats > 10
    assert found.bodies == replayed(town.log, starter()), "law 5"


async def test_nothing_is_published_before_it_is_committed() -> None:
    """Compares, at every write of a message, what the store held at that moment."""
    town = await town_with(56, 100)
    member = Watched(town, Fate())
    await member.work(batches=cycle([4]))
    await member.end()
    assert member.seen > 50


class Watched(Member):
    """A process whose every message must already stand in the stored outbox."""

    def __init__(self, town: Town, fate: Fate) -> None:
        super().__init__(town, fate)
        self.seen = 0
        log, write = self.producer.log, self.producer.log.append

        def append(topic: str, partition: int, key: bytes | None, value: bytes | None, *rest: object) -> int:
            stored = [decode_slice(packed) for packed in town.server.partitions[partition].outbox]
            bodies = {each.body for told in stored for each in told.transitions}
            bodies |= {body for told in stored for _, body in told.memberships}
            assert value in bodies, f"law 5: published before it was committed: {topic} {value!r}"
            self.seen += 1
            return write(topic, partition, key, value, *rest)  # type: ignore[arg-type]

        self.producer.log = Appending(append, log.claims, log.newest)  # type: ignore[assignment]


class Appending:
    """A log that hands every message to a function."""

    def __init__(self, append: object, claims: dict[int, int], newest: dict[tuple[str, int], int]) -> None:
        self.append, self.claims, self.newest = append, claims, newest


async def test_memberships_are_acknowledged_before_the_transitions_of_the_slice() -> None:
    town = await town_with(57, 10)
    member = town.member()
    member.producer.held = asyncio.Event()
    await member.deliver(0, 4)
    await turns(20)
    assert len(town.log.all(TOPICS.membership)) == 1
    assert not town.log.all(TOPICS.transitions), "law 5: a transition before its membership is acknowledged"
    member.producer.held.set()
    await member.work()
    await member.end()
    first_slice = town.log.all(TOPICS.transitions)
    assert first_slice


async def test_a_full_outbox_stops_the_partition_until_the_broker_is_back() -> None:
    town = await Town(starter(), partitions=1, limits=Limits(slice_records=4, outbox_records=6)).open()
    write(town, shop_history(58, 60, customers=3))
    member = town.member()
    member.producer.is_away = True
    work = asyncio.create_task(member.work(batches=cycle([4])))
    await turns(500)
    stopped_at = town.head(0).position
    await turns(500)
    assert not work.done()
    assert town.head(0).position == stopped_at
    assert 0 < stopped_at < town.log.bounds(TOPICS.events, 0)[1]
    member.producer.is_away = False
    await work
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, starter()), "law 5"


async def test_the_outbox_is_trimmed_when_all_is_published() -> None:
    town = await town_with(59, 60)
    await worked(town)
    assert town.server.partitions[0].outbox == []
