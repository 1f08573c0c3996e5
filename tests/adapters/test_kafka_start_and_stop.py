"""The worker as a process: waits for its broker, leaves on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from structlog.testing import capture_logs

from stream.adapters.kafka import once_there, wait_for_broker
from stream.adapters.kafka_options import KafkaOptions
from stream.errors import UnavailableError
from tests.brokers.fixtures import Log
from tests.brokers.kafka_broker import free_ports
from tests.fake_clock import FakeClock

WORKER = """
import asyncio, signal, sys
from stream.adapters.logs import set_up
from stream.adapters.kafka import events_app, serve
from stream.adapters.kafka_options import KafkaOptions

class Announcing:
    def __init__(self):
        self.owned = set()
    async def assigned(self, partition, log_start, log_end):
        self.owned.add(partition)
        if len(self.owned) == 4:
            print("ready", flush=True)
        return log_start
    async def revoked(self, partitions):
        print("revoked", *partitions, flush=True)
    async def records(self, partition, records):
        pass
    def position(self, partition):
        return 0

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    options = KafkaOptions(sys.argv[1], topic=sys.argv[2], group=sys.argv[2], instance=sys.argv[3] or None)
    await serve(events_app(options, Announcing()), stop)

set_up("info", "json", sys.stderr)
asyncio.run(main())
"""


async def started(log: Log, topic: str, instance: str = "") -> Process:
    """Return a worker process that owns all four partitions."""
    worker = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORKER, log.bootstrap, topic, instance, stdout=PIPE, stderr=PIPE
    )
    assert worker.stdout is not None
    assert await asyncio.wait_for(worker.stdout.readline(), 180) == b"ready\n"
    return worker


async def members(log: Log, group: str) -> int:
    """Return how many members the group has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=log.bootstrap)
    await admin.start()
    (answer,) = await admin.describe_consumer_groups([group])
    await admin.close()
    return len(answer.to_object()["groups"][0]["members"])


async def test_sigterm_gives_the_partitions_back_and_exits_with_zero(log: Log) -> None:
    topic = await log.topic()
    worker = await started(log, topic)
    worker.send_signal(signal.SIGTERM)
    out, err = await asyncio.wait_for(worker.communicate(), 90)
    assert worker.returncode == 0, err
    assert out == b"revoked 0 1 2 3\n"


@pytest.mark.kafka
async def test_a_dynamic_member_has_left_the_group_when_it_has_ended(kafka: Log) -> None:
    topic = await kafka.topic()
    worker = await started(kafka, topic)
    assert await members(kafka, topic) == 1
    worker.send_signal(signal.SIGTERM)
    await worker.communicate()
    assert await members(kafka, topic) == 0


@pytest.mark.kafka
async def test_a_static_member_stays_in_the_group_and_gets_its_partitions_back(kafka: Log) -> None:
    topic = await kafka.topic()
    for _ in range(2):
        worker = await started(kafka, topic, "worker-1")
        worker.send_signal(signal.SIGTERM)
        await worker.communicate()
        assert await members(kafka, topic) == 1


async def test_without_a_broker_it_says_so_tries_again_and_shows_no_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    (port,) = free_ports(1)
    with capture_logs() as lines:
        waiting = asyncio.create_task(wait_for_broker(KafkaOptions(f"127.0.0.1:{port}"), 100, 150))
        async with asyncio.timeout(90):
            while len(lines) < 3:
                await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert [line["event"] for line in lines] == ["broker_not_there"] * 3
    assert [line["retry_in_s"] for line in lines] == [0.1, 0.15, 0.15]
    assert all(line["bootstrap"] == f"127.0.0.1:{port}" for line in lines)
    assert "[kafka-unavailable]" in lines[0]["reason"]
    assert "Traceback" not in caplog.text


async def test_who_gives_up_has_waited_as_long_as_it_says_and_tried_once_more() -> None:
    clock, tried_at = FakeClock(), []

    async def attempt() -> None:
        tried_at.append(clock.elapsed())
        raise UnavailableError("nobody there")

    with pytest.raises(UnavailableError, match=r"^gave up after 4 s: nobody there$"):
        await once_there(KafkaOptions("unused"), attempt, 1_000, 5_000, 4, clock)
    assert tried_at == [0, 1, 3, 4]


async def test_without_patience_it_tries_once() -> None:
    tried = []

    async def attempt() -> None:
        tried.append(1)
        raise UnavailableError("nobody there")

    with pytest.raises(UnavailableError, match=r"^gave up after 0 s: "):
        await once_there(KafkaOptions("unused"), attempt, patience_s=0, clock=FakeClock())
    assert tried == [1]


@pytest.mark.servers
async def test_with_a_broker_it_returns(mock_kafka: Log) -> None:
    await asyncio.wait_for(wait_for_broker(mock_kafka.options("unused")), 60)
