"""Redis loses its last second, stands still or is killed, the broker is killed: nothing is lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from tests.brokers.kafka_broker import KafkaBroker
from tests.e2e.compare import check, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.site import Site, until
from tests.faults.feed import feed
from tests.faults.mortal import process
from tests.redis_server import RedisServer

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.redis]

SMALL: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": 8, "SEGMENTS_SESSION_TIMEOUT_MS": 30_000}

MUCH = 10_000
"""Bytes of the append-only file that are more than one commit."""


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A redis-server of the test's own, to be killed, frozen and cut."""
    with RedisServer("redis", tmp_path / "redis") as server:
        yield server


def members(site: Site) -> list[str]:
    """Return the ids of the group's members; a member that joins again gets another."""
    admin = AdminClient({"bootstrap.servers": site.bootstrap})  # its answers come only while it lives
    group = admin.describe_consumer_groups([site.name])[site.name].result(20)
    assert group.state == ConsumerGroupState.STABLE
    return sorted(each.member_id for each in group.members)


def test_redis_comes_back_without_its_last_second_and_nobody_rebalances(
    kafka_node: KafkaBroker, redis: RedisServer, tmp_path: Path
) -> None:
    site = Site(kafka_node.bootstrap, redis.url, tmp_path).open()
    with process(site, "worker", SMALL) as worker:
        worker.ready()
        before = members(site)
        with feed(site, crowd(21, 3_000), 30):
            until(lambda: site.positions() > 600, 60, "some commits")
            kept = redis.log_bytes()
            time.sleep(1)
            until(lambda: redis.log_bytes() > kept + MUCH, 60, "a second's worth of commits")
            redis.kill9()
            lost = redis.log_bytes() - kept
            redis.cut_log(kept)
            redis.start()
        site.settle(worker)
        assert members(site) == before, "a rebalance would have hidden what is tested"
        assert worker.stop() == 0
    assert lost > MUCH, "the cut lost no commit"
    found = check(site, shipped_without_ids())
    assert found.repeats > 0, "what was published and then lost comes again, the same"


def frozen(redis: RedisServer, seconds: float) -> None:
    """Let Redis hold its connections and answer nothing."""
    redis.freeze()
    time.sleep(seconds)
    redis.thaw()


def killed(redis: RedisServer, seconds: float) -> None:
    """Let there be nobody at its port, then Redis again with all that it acknowledged."""
    redis.kill9()
    time.sleep(seconds)
    redis.start()


@pytest.mark.parametrize("stopped", [frozen, killed])
def test_redis_stops_for_ten_seconds_and_the_broker_is_killed_under_load(
    mortal_kafka: KafkaBroker, redis: RedisServer, tmp_path: Path, stopped: Callable[[RedisServer, float], None]
) -> None:
    site = Site(mortal_kafka.bootstrap, redis.url, tmp_path).open()
    with process(site, "first", SMALL) as first, process(site, "second", SMALL) as second:
        first.ready()
        second.ready()
        with feed(site, crowd(22, 4_500), 120) as load:
            until(lambda: site.positions() > 300, 60, "some commits")
            stopped(redis, 10)
            reached = site.positions()
            until(lambda: site.positions() > reached, 60, "commits after the pause")
            assert load.is_alive(), "all was written before the broker was killed"
            mortal_kafka.kill()
            time.sleep(1)
            assert load.is_alive(), "all was written before the broker came back"
            mortal_kafka.restart()
        site.settle(first, second)
        assert (first.stop(), second.stop()) == (0, 0)
    check(site, shipped_without_ids())
