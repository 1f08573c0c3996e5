"""Taking a partition over, what is refused then, holes, and the work of a commit."""

from __future__ import annotations

import asyncio

import pytest
from msgspec import structs

from stream.errors import FencedError, LayoutError, StateError
from stream.service.limits import Limits
from stream.wire.control import Use, control_headers, encode_control
from tests.fake_log import Fate, MortalStore
from tests.histories import START_MS, shop_history, write
from tests.laws.starter import starter, worked
from tests.town import RULES, TOPICS, Town, consumed, replayed, turns


def view(index: int, customer: str = "c-1") -> dict[str, str]:
    return {"event_id": f"e-{index}", "customer_id": customer, "name": "product_viewed"}


async def town_of(records: int, limits: Limits | None = None) -> Town:
    town = await Town(starter(), partitions=1, limits=limits or Limits()).open()
    for index in range(records):
        town.tell(view(index), START_MS + index)
    return town


# -- taking over ------------------------------------------------------------------------------


async def test_the_first_take_reads_from_the_start() -> None:
    town = await town_of(3)
    member = town.member()
    await member.acquire(0)
    assert member.positions == {0: 0}
    await member.end()


async def test_a_later_take_asks_for_the_last_record_again_to_compare_it() -> None:
    town = await town_of(3)
    await worked(town)
    member = town.member()
    await member.acquire(0)
    assert member.positions == {0: 2}
    await member.work()
    await member.end()
    assert town.metrics.counts["accepted"] == 3
    assert town.metrics.counts["refused commits"] == 0, "nothing was to be committed"


async def test_refused_commits_are_counted_once_and_what_follows_them_is_not() -> None:
    town = await town_of(6)
    former, owner = town.member(), town.member()
    await former.deliver(0, 2)
    await owner.acquire(0)
    rest = town.log.read(TOPICS.events, 0, 2)
    for error in ("not the one this process wrote last", "must be taken again"):
        with pytest.raises(FencedError, match=error):
            await former.worker.records(0, rest)
    assert town.metrics.counts["refused commits"] == 1
    await former.end()
    await owner.end()


async def test_where_the_log_starts_at_the_position_nothing_is_compared() -> None:
    town = await town_of(3)
    await worked(town)
    town.log.cut(TOPICS.events, 0, 3)
    member = town.member()
    await member.acquire(0)
    assert member.positions == {0: 3}
    await member.end()


@pytest.mark.parametrize("start", [4, 5])
async def test_a_log_cut_beyond_the_position_is_refused(start: int) -> None:
    town = await town_of(3)
    await worked(town)
    for index in range(3, 6):
        town.tell(view(index), START_MS + index)
    town.log.cut(TOPICS.events, 0, start)
    with pytest.raises(LayoutError, match=f"Redis stands at offset 3, the log holds {start} to 6; the topic was"):
        await town.member().acquire(0)


async def test_a_log_that_ends_before_the_position_is_refused() -> None:
    town = await town_of(3)
    await worked(town)
    town.log.logs.clear()
    town.log.ends.clear()
    town.tell(view(0), START_MS)
    with pytest.raises(LayoutError, match="Redis stands at offset 3, the log holds 0 to 1"):
        await town.member().acquire(0)


async def test_another_record_where_the_last_one_was_is_refused() -> None:
    town = await town_of(3)
    await worked(town)
    town.log.logs.clear()
    town.log.ends.clear()
    for index in range(5):
        town.tell(view(index), START_MS + 10 + index)
    member = town.member()
    with pytest.raises(LayoutError, match="offset 2 is not the record that was handled there; the topic was recreated"):
        await member.deliver(0, 5)
    await member.end()
    assert town.head(0).position == 3


async def test_a_partition_without_a_head_is_refused() -> None:
    town = await town_of(1)
    town.server.partitions.clear()
    with pytest.raises(LayoutError, match="partition 0 has no stored head; restore Redis, or rebuild"):
        await town.member().acquire(0)


async def test_a_head_that_cannot_be_read_is_refused() -> None:
    town = await town_of(1)
    town.server.partitions[0].head = b"\x07"
    with pytest.raises(LayoutError, match="head format 07; this version reads 01"):
        await town.member().acquire(0)


async def test_an_outbox_that_cannot_be_read_is_refused() -> None:
    town = await town_of(1)
    town.server.partitions[0].outbox = [b"\xff"]
    with pytest.raises(StateError, match="a slice of the outbox cannot be read"):
        await town.member().acquire(0)


async def test_another_layout_is_refused() -> None:
    town = await town_of(1)
    with pytest.raises(LayoutError, match="layout"):
        await MortalStore(town.server, Fate()).initialise(b"other", {0: b""})


async def test_state_of_other_rules_is_refused() -> None:
    town = await town_of(1)
    member = town.member()
    object.__setattr__(member.worker.shared, "rules", (1, "another hash"))
    with pytest.raises(LayoutError, match="made with rules hash of the , this worker has another hash"):
        await member.acquire(0)


# -- what is in force ---------------------------------------------------------------------------


def put(town: Town, use: Use) -> None:
    town.log.append(TOPICS.events, 0, None, encode_control(use), control_headers(use), START_MS)


async def test_the_rules_in_force_may_be_named_again() -> None:
    town = await town_of(1)
    put(town, Use("rules", RULES[1], 1))
    put(town, Use("rules", "an older one", 1))
    put(town, Use("rules", RULES[1], 2))
    await worked(town)
    assert town.metrics.counts["use"] == 3


async def test_unknown_rules_in_the_log_stop_the_partition_loudly() -> None:
    town = await town_of(1)
    put(town, Use("rules", "something new", 2))
    member = town.member()
    with pytest.raises(LayoutError, match="the log asks for rules something ne, this worker has hash of the"):
        await member.work()
    await member.end()
    assert town.head(0).position == 0


# -- offsets ------------------------------------------------------------------------------------


async def test_a_hole_is_doubted_once_and_then_accepted_and_counted() -> None:
    town = await town_of(2)
    town.log.skip(TOPICS.events, 0, 3)
    town.tell(view(9), START_MS + 9)
    member = town.member()
    await member.deliver(0, 2)
    batch = town.log.read(TOPICS.events, 0, 2)
    with pytest.raises(FencedError, match="offset 5 came where 2 was due"):
        await member.worker.records(0, batch)
    member.lose(0)
    await member.work()
    await member.end()
    assert town.head(0).position == 6
    assert member.worker.owned[0].entrance.holes == 1
    assert town.metrics.counts["accepted"] == 3


@pytest.mark.parametrize(("follows", "is_mark"), [(2, True), (1, True), (3, False), (-1, False)])
async def test_marks_of_transactions_are_no_hole_and_one_they_do_not_fill_is_doubted(
    follows: int, is_mark: bool
) -> None:
    town = await town_of(2)
    town.log.skip(TOPICS.events, 0, 3)
    town.tell(view(9), START_MS + 9)
    member = town.member()
    await member.deliver(0, 2)
    (record,) = town.log.read(TOPICS.events, 0, 2)
    if is_mark:
        await member.worker.records(0, [structs.replace(record, follows=follows)])
        assert town.head(0).position == 6
    else:
        with pytest.raises(FencedError, match="offset 5 came where 2 was due"):
            await member.worker.records(0, [structs.replace(record, follows=follows)])
    assert member.worker.owned[0].entrance.holes == 0
    await member.end()


async def test_a_hole_that_was_only_a_lost_batch_loses_nothing() -> None:
    town = await town_of(6)
    member = town.member()
    await member.deliver(0, 2)
    with pytest.raises(FencedError, match="offset 4 came where 2 was due"):
        await member.worker.records(0, town.log.read(TOPICS.events, 0, 4))
    member.lose(0)
    await member.work()
    await member.end()
    assert town.metrics.counts["accepted"] == 6
    assert member.worker.owned[0].entrance.holes == 0


async def test_records_below_the_position_are_skipped() -> None:
    town = await town_of(6)
    member = town.member()
    await member.deliver(0, 4)
    await member.worker.records(0, town.log.read(TOPICS.events, 0, 0, 3))
    await member.worker.records(0, town.log.read(TOPICS.events, 0, 0, 6))
    await member.end()
    assert town.metrics.counts["accepted"] == 6
    assert town.metrics.counts["committed records"] == 6


# -- slices and commits ---------------------------------------------------------------------------


async def test_a_commit_holds_at_most_so_many_records() -> None:
    town = await town_of(10, Limits(slice_records=4))
    member = town.member()
    await member.deliver(0, 10)
    await member.end()
    assert town.server.commits == 3


async def test_a_commit_holds_at_most_so_many_bytes_and_always_one_record() -> None:
    town = await town_of(4, Limits(slice_bytes=10))
    member = town.member()
    await member.deliver(0, 10)
    await member.end()
    assert town.server.commits == 4


async def test_after_a_failed_commit_nothing_is_done_before_the_partition_is_taken_again() -> None:
    town = await town_of(4)
    member = town.member()
    await member.acquire(0)
    town.server.is_away = True
    await member.deliver(0, 2)
    town.server.is_away = False
    assert not member.worker.owned[0].is_taken
    with pytest.raises(FencedError, match="must be taken again"):
        await member.worker.records(0, town.log.read(TOPICS.events, 0, 0, 2))
    assert await member.worker.tend(0) is False
    await member.work()
    await member.end()
    assert town.metrics.counts["accepted"] == 4


async def test_letting_go_forgets_everything_and_the_next_owner_goes_on() -> None:
    town = await Town(starter(), partitions=1).open()
    write(town, shop_history(7, 60))
    member = town.member()
    member.producer.is_away = True
    await member.deliver(0, 40)
    await member.worker.revoked([0])
    assert member.worker.owned == {}
    assert town.metrics.by_partition == {}
    assert town.published() == 0
    assert (await worked(town)).bodies == replayed(town.log, starter())


async def test_a_full_outbox_is_said_to_be_waiting_on_purpose() -> None:
    town = await Town(starter(), partitions=1, limits=Limits(slice_records=1, outbox_records=1)).open()
    write(town, shop_history(41, 20, ticks=False))
    member = town.member()
    told: list[tuple[int, bool]] = []
    member.worker.hold = lambda number, is_held: told.append((number, is_held))
    await member.deliver(0, 20)
    assert told[:2] == [(0, True), (0, False)]
    assert told[-1] == (0, False)
    await member.end()


async def test_timers_are_fired_a_bounded_number_at_a_time_and_not_while_the_outbox_is_full() -> None:
    town = await Town(starter(), partitions=1, limits=Limits(timers=2, outbox_records=5)).open()
    for number in range(6):
        town.tell({**view(0, f"c-{number}"), "name": "cart_updated"}, START_MS)
    town.tick(START_MS + 10 * 86_400_000)
    member = town.member()
    member.producer.held = asyncio.Event()
    await member.deliver(0, 10)
    assert await member.worker.tend(0) is False
    assert len(town.server.partitions[0].timers) == 6
    member.producer.held.set()
    await member.worker.owned[0].relay.drained()
    assert await member.worker.tend(0) is True
    assert len(town.server.partitions[0].timers) == 4
    await member.work()
    await member.end()
    assert town.server.partitions[0].timers == {}
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_what_ended_the_relay_is_heard_of() -> None:
    town = await Town(starter(), partitions=1).open()
    write(town, shop_history(8, 60))
    member = town.member()
    await member.acquire(0)
    member.worker.owned[0].relay.hand_in(b"\xff", 1)
    await turns()
    with pytest.raises(StateError, match="a slice of the outbox cannot be read"):
        await member.work()
    await member.end()
