"""Lanes without any Kafka: epochs, back-off, stopping, and what ends a worker."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from stream.adapters.kafka_lane import SMALL_BYTES, SMALL_RECORDS, Fetched, _wait_s
from stream.adapters.kafka_lanes import Lanes
from stream.errors import FencedError, LayoutError, SettingsError, UnavailableError
from stream.ports import Record
from tests.brokers.member import Notebook


class PaperLog:
    """A LogSource: one list of offsets, served on request; `bounds` can be away for a while."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.epoch = 0
        self.seeks: list[int] = []
        self.is_away = False
        self.wakes = 0

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Return the whole log, or raise while away."""
        if self.is_away:
            raise UnavailableError("away")
        return 0, self.end

    async def start_at(self, partition: int, offset: int) -> int:
        """Begin a new epoch."""
        self.epoch += 1
        self.seeks.append(offset)
        return self.epoch

    def wake(self) -> None:
        """Count."""
        self.wakes += 1

    def batch(self, start: int, end: int, epoch: int | None = None) -> Fetched:
        """Return what a poll would have brought."""
        records = [Record(0, offset, offset, b"k", b"v", ()) for offset in range(start, end)]
        return Fetched(0, self.epoch if epoch is None else epoch, records, self.end)


class Bench:
    """Lanes over a paper log, with what failed."""

    def __init__(self) -> None:
        self.source = PaperLog(100)
        self.notebook = Notebook()
        self.failures: list[BaseException] = []
        self.now_s = 0.0
        self.lanes = Lanes(self.notebook, self.source, lambda: self.now_s, self.failures.append, 0.05)

    async def until_seeks(self, count: int) -> None:
        """Return when the position was asked for so many times."""
        await self.notebook.until(lambda: len(self.source.seeks) >= count or bool(self.failures))


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    await made.lanes.close()


async def test_what_was_fetched_before_a_seek_is_not_delivered_after_it(bench: Bench) -> None:
    await bench.lanes.open([0])
    old = bench.source.batch(0, 10)
    bench.lanes.reacquire(0)
    while len(bench.source.seeks) < 2:
        await asyncio.sleep(0)
    bench.lanes.offer([old])
    assert bench.lanes.wanted() == {0}, "the old batch took no room"
    bench.lanes.offer([bench.source.batch(0, 5)])
    await bench.notebook.until(lambda: bench.notebook.count == 5)
    assert bench.notebook.calls.count(("records", 0)) == 1


async def test_one_batch_waits_while_one_is_at_work_and_no_third_is_wanted(bench: Bench) -> None:
    gate, end = held(bench), 10 + SMALL_RECORDS
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    assert bench.lanes.wanted() == {0}
    bench.lanes.offer([bench.source.batch(10, end)])
    assert bench.lanes.wanted() == frozenset()
    wakes = bench.source.wakes
    gate.set()
    await bench.notebook.until(lambda: bench.notebook.count == end)
    assert bench.source.wakes == wakes + 1, "the log must hear that there is room again"


async def test_few_large_records_are_no_small_batch(bench: Bench) -> None:
    gate = held(bench)
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    bench.lanes.offer([Fetched(0, bench.source.epoch, [Record(0, 10, 0, b"k", bytes(SMALL_BYTES), ())], 100)])
    assert bench.lanes.wanted() == frozenset()
    gate.set()
    await bench.notebook.until(lambda: bench.notebook.count == 11)


async def test_each_part_of_a_long_batch_that_is_handled_is_progress(bench: Bench) -> None:
    gate = held(bench)
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    moved = []
    for position in (0, 4, 4):
        bench.now_s += 5.0
        bench.notebook.positions[0] = position
        moved.append(bench.lanes.statuses()[0].progress_at_s)
    assert moved == [0.0, 10.0, 10.0]
    bench.notebook.positions[0] = 0
    gate.set()
    await bench.notebook.until(lambda: bench.notebook.count == 10)


async def test_marks_of_transactions_are_passed_and_nothing_waits_behind_them(bench: Bench) -> None:
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 98)._replace(behind=99)])
    await bench.notebook.until(lambda: bench.notebook.count == 98)
    bench.lanes.offer([bench.source.batch(99, 99)._replace(behind=100)])
    while bench.lanes.statuses()[0].position < 100:
        await asyncio.sleep(0)
    assert bench.lanes.statuses()[0].lag_records == 0
    assert bench.notebook.calls.count(("records", 0)) == 1, "a mark is no batch"


async def test_a_record_behind_marks_says_where_they_begin_whatever_fetch_brought_them(bench: Bench) -> None:
    told: list[tuple[int, int]] = []

    async def note(partition: int, records: list[Record]) -> None:
        told.extend((record.offset, record.follows) for record in records)
        bench.notebook.positions[partition] = records[0].offset

    bench.notebook.hook = note
    await bench.lanes.open([0])
    batch = bench.source.batch
    bench.lanes.offer([batch(0, 2)._replace(marks=[(2, 3)])])
    await bench.notebook.until(lambda: len(told) == 2)
    for fetched in (batch(4, 4)._replace(marks=[(3, 4)]), batch(4, 5)._replace(marks=[(5, 6)]), batch(6, 8)):
        bench.lanes.offer([fetched])
    bench.lanes.offer([batch(9, 10)])
    await bench.notebook.until(lambda: len(told) == 6)
    assert told == [(0, -1), (1, -1), (4, 2), (6, 5), (7, -1), (9, -1)]


async def test_small_batches_that_come_while_one_is_at_work_are_handed_over_as_one(bench: Bench) -> None:
    gate = held(bench)
    await bench.lanes.open([0])
    for start in (0, 10, 20, 30):
        bench.lanes.offer([bench.source.batch(start, start + 10)])
        await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    gate.set()
    await bench.notebook.until(lambda: bench.notebook.count == 40)
    assert bench.notebook.calls.count(("records", 0)) == 2


async def test_what_came_before_an_error_is_handed_over_before_it_counts(bench: Bench) -> None:
    gate = held(bench)
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    bench.lanes.offer([bench.source.batch(10, 20)])
    bench.lanes.offer([Fetched(0, bench.source.epoch, [], 100, LayoutError("offset out of range"))])
    assert bench.lanes.wanted() == frozenset(), "nothing is fetched behind an error"
    gate.set()
    await bench.notebook.until(lambda: bench.notebook.calls.count(("assigned", 0)) == 2)
    assert bench.notebook.count == 20


def held(bench: Bench) -> asyncio.Event:
    """Let the handler wait until this is set."""
    gate = asyncio.Event()

    async def wait(partition: int, records: list[Record]) -> None:
        await gate.wait()

    bench.notebook.hook = wait
    return gate


async def test_records_of_a_partition_that_is_not_ours_are_dropped(bench: Bench) -> None:
    bench.lanes.offer([bench.source.batch(0, 10)])
    bench.lanes.pause(0)
    bench.lanes.resume(0)
    bench.lanes.reacquire(0)
    assert bench.lanes.statuses() == []
    assert bench.notebook.calls == []


async def test_while_a_neighbour_is_away_the_lane_is_excused_and_tries_again(bench: Bench) -> None:
    bench.source.is_away = True
    await bench.lanes.open([0])
    (status,) = bench.lanes.statuses()
    assert not status.is_acquired
    assert status.is_excused
    bench.source.is_away = False
    await bench.notebook.until(lambda: bench.notebook.owned == {0})


async def test_a_failed_fetch_asks_for_the_position_again(bench: Bench) -> None:
    await bench.lanes.open([0])
    failed = Fetched(0, bench.source.epoch, [], 100, LayoutError("offset out of range"))
    bench.lanes.offer([failed])
    await bench.notebook.until(lambda: bench.notebook.calls.count(("assigned", 0)) == 2)
    assert bench.failures == []


async def test_a_refused_right_ends_the_worker(bench: Bench) -> None:
    await bench.lanes.open([0])
    bench.lanes.offer([Fetched(0, bench.source.epoch, [], 100, SettingsError(["not allowed to read"]))])
    while not bench.failures:
        await asyncio.sleep(0)
    assert str(bench.failures[0]) == "not allowed to read"


async def test_an_error_of_the_handler_ends_the_worker(bench: Bench) -> None:
    async def break_down(partition: int, records: list[Record]) -> None:
        raise KeyError("bug")

    bench.notebook.hook = break_down
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 1)])
    while not bench.failures:
        await asyncio.sleep(0)
    assert isinstance(bench.failures[0], KeyError)


async def test_closing_lets_the_batch_at_work_end_and_drops_the_waiting_one(bench: Bench) -> None:
    gate = asyncio.Event()

    async def wait(partition: int, records: list[Record]) -> None:
        await gate.wait()

    bench.notebook.hook = wait
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    bench.lanes.offer([bench.source.batch(10, 20)])
    closing = asyncio.create_task(bench.lanes.close())
    await asyncio.sleep(0)
    gate.set()
    await closing
    assert bench.notebook.count == 10
    assert bench.notebook.calls[-1] == ("revoked", 0)


async def test_closing_cancels_a_batch_that_does_not_end(bench: Bench) -> None:
    async def hang(partition: int, records: list[Record]) -> None:
        await asyncio.Event().wait()

    bench.notebook.hook = hang
    await bench.lanes.open([0])
    bench.lanes.offer([bench.source.batch(0, 10)])
    await bench.notebook.until(lambda: ("records", 0) in bench.notebook.calls)
    await bench.lanes.close()
    assert bench.notebook.count == 0
    assert bench.notebook.calls[-1] == ("revoked", 0)
    assert bench.failures == []


async def test_fenced_again_and_again_waits_longer_each_time_until_a_batch_is_handled(bench: Bench) -> None:
    refusals = 3

    async def refuse(partition: int, records: list[Record]) -> None:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise FencedError("refused")

    bench.notebook.hook = refuse
    await bench.lanes.open([0])
    for attempt in range(1, 5):
        await bench.notebook.until(lambda count=attempt: bench.notebook.calls.count(("assigned", 0)) == count)
        while not bench.lanes.wanted():
            await asyncio.sleep(0)
        bench.lanes.offer([bench.source.batch(0, 1)])
    await bench.notebook.until(lambda: bench.notebook.count == 1)
    assert bench.source.seeks == [0, 0, 0, 0]
    assert [_wait_s(failures) for failures in range(8)] == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
