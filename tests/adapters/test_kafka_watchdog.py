"""The watchdog: what counts as standing still, what does not, and that it ends a frozen process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from stream.adapters.kafka_lane import LaneStatus
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_watchdog import EXIT_CODE, Watchdog
from stream.ports import Record
from tests.brokers.fixtures import Log
from tests.brokers.member import Notebook, member, numbered, write

OPTIONS = KafkaOptions("nowhere:1", stall_after_ms=10_000, request_timeout_ms=5_000, rebalance_timeout_ms=20_000)


class Scene:
    """A watchdog over hand-made statuses at a hand-set time."""

    def __init__(self, *statuses: LaneStatus) -> None:
        self.now_s = 0.0
        self.watchdog = Watchdog(lambda: list(statuses), lambda: self.now_s, OPTIONS, lambda reason: None)

    def complaint_at(self, now_s: float) -> str | None:
        """Return what the watchdog says at this time, the loop having just answered."""
        self.now_s = now_s
        self.watchdog.probed()
        return self.watchdog.complaint()


def test_lag_without_progress_is_standing_still() -> None:
    scene = Scene(LaneStatus(3, True, False, position=5, log_end=9, progress_at_s=0.0))
    assert scene.complaint_at(10.0) is None
    assert scene.complaint_at(11.0) == "partition 3 is 4 records behind and has made no progress for 11 s"


def test_a_partition_never_acquired_is_standing_still() -> None:
    assert Scene(LaneStatus(3, False, False, 0, 9, 0.0)).complaint_at(11.0) is not None


@pytest.mark.parametrize(
    "status",
    [
        LaneStatus(3, True, False, 9, 9, 0.0),
        LaneStatus(3, True, True, 5, 9, 0.0),
        LaneStatus(3, True, False, 5, 9, 5.0),
    ],
    ids=["nothing to do", "waits on purpose", "made progress"],
)
def test_no_complaint_about(status: LaneStatus) -> None:
    assert Scene(status).complaint_at(11.0) is None


def test_a_loop_that_does_not_answer_is_standing_still() -> None:
    scene = Scene()
    scene.now_s = 15.0
    assert scene.watchdog.complaint() is None
    scene.now_s = 16.0
    assert scene.watchdog.complaint() == "the consumer has not answered for 16 s"


def test_a_rebalance_that_does_not_end_is_standing_still() -> None:
    scene = Scene()
    scene.watchdog.rebalancing()
    assert scene.complaint_at(30.0) is None
    assert scene.complaint_at(31.0) == "a rebalance has not ended for 31 s"
    scene.watchdog.rebalanced()
    assert scene.complaint_at(31.0) is None


async def test_a_frozen_handler_is_reported_from_the_watchdogs_thread(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(10), partition=1)
    reports: list[str] = []
    reported = asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_stall(reason: str) -> None:
        reports.append(f"{threading.current_thread().name}: {reason}")
        loop.call_soon_threadsafe(reported.set)

    async def freeze(partition: int, records: list[Record]) -> None:
        await asyncio.Event().wait()

    options = log.options(topic, stall_after_ms=1_000, revoke_wait_ms=100)
    async with member(options, Notebook(freeze), on_stall):
        await asyncio.wait_for(reported.wait(), 90)
    assert reports[0].startswith("watchdog: partition 1 is 10 records behind and has made no progress for ")


FROZEN_WORKER = """
import asyncio, sys, time
from stream.adapters.kafka import events_app, serve
from stream.adapters.kafka_options import KafkaOptions

class Freezing:
    async def assigned(self, partition, log_start, log_end):
        return log_start
    async def revoked(self, partitions):
        pass
    async def records(self, partition, records):
        time.sleep(3_600)
    def position(self, partition):
        return 0

async def main():
    limits = {"stall_after_ms": 1_000, "request_timeout_ms": 6_000}
    options = KafkaOptions(sys.argv[1], topic=sys.argv[2], group="frozen", **limits)
    await serve(events_app(options, Freezing()), asyncio.Event())

asyncio.run(main())
"""


async def test_a_worker_whose_whole_loop_is_frozen_ends_non_zero(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(10), partition=1)
    worker = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FROZEN_WORKER, log.bootstrap, topic],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert worker.returncode == EXIT_CODE
    assert "leaving so that the supervisor starts a new worker [stalled]" in worker.stderr
