"""The whole command from outside: first start, second start, stop, and every start that must be refused."""

from __future__ import annotations

import asyncio
import shutil
import socket
from dataclasses import replace
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions
from redis import Redis

from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_topics import apply_topics, topic_plans
from stream.wire.control import KIND
from tests.brokers.kafka_broker import KafkaBroker
from tests.e2e.compare import check, shipped
from tests.e2e.histories import crowd
from tests.e2e.running import Command, ask
from tests.e2e.site import Site, rules_folder, until
from tests.faults.mortal import process
from tests.histories import Line
from tests.redis_server import RedisServer
from tests.town import TOPICS

BALLAST = ("ballast", bytes(1_500))

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.redis]


def worker(site: Site, name: str = "worker", **settings: str | int) -> Command:
    """Start `segments worker` for this deployment."""
    return Command(site.environment(**settings), site.folder / f"{name}.log")


def refused(site: Site, **settings: str | int) -> tuple[int, str]:
    """Start a worker that must end by itself; return its exit code and what it said, which is no traceback."""
    with worker(site, "refused", **settings) as command:
        code = command.ended()
        assert "Traceback" not in command.said
        return code, command.said


def used(site: Site, records: int = 60) -> None:
    """Let a worker serve a short history and stop."""
    site.write(crowd(1, records, 10))
    with process(site, "before", remembers_ids=True) as before:
        site.settle(before)
        assert before.stop() == 0


def halves(seed: int, records: int) -> tuple[list[Line], list[Line]]:
    lines = crowd(seed, records, 60)
    return lines[: records // 2], lines[records // 2 :]


def test_the_first_start_lays_out_and_the_second_goes_on(real_site: Site) -> None:
    early, late = halves(2, 1_000)
    with (
        worker(real_site, "first", SEGMENTS_WORKER="a") as first,
        worker(real_site, "second", SEGMENTS_WORKER="b") as second,
    ):
        first.ready()
        second.ready()
        real_site.write(early)
        real_site.settle(first, second)
        assert (first.stop(), second.stop()) == (0, 0)
    with worker(real_site, "third") as third:
        real_site.write(late)
        real_site.settle(third)
        assert third.stop() == 0
    check(real_site, shipped())
    uses = [record for record in real_site.dump().all(TOPICS.events) if dict(record.headers).get(KIND) == b"use"]
    assert sorted({record.partition for record in uses}) == [0, 1, 2, 3]


def test_a_worker_stopped_in_the_middle_of_its_work_leaves_the_rest_to_the_next(real_site: Site) -> None:
    # a stop lets the fetch at work end, so there must be more than a few fetches: hence the ballast
    real_site.write(replace(line, headers=(*line.headers, BALLAST)) for line in crowd(3, 16_000))
    small = {"SEGMENTS_COMMIT_RECORDS": 1}
    for number in range(2):
        begun = real_site.positions()
        with worker(real_site, f"stopped-{number}", **small) as command:
            until(lambda begun=begun: real_site.positions() > begun + 50, 60, "some commits")  # type: ignore[misc]
            assert command.stop() == 0
            assert "Traceback" not in command.said
    assert real_site.positions() < 16_000, "the history ended before the stops did"
    with worker(real_site, "last") as command:
        real_site.settle(command)
        assert command.stop() == 0
    check(real_site, shipped())


def test_an_emptied_redis_is_refused(real_site: Site) -> None:
    used(real_site)
    with Redis.from_url(real_site.redis_url) as client:
        client.delete(*client.keys(f"seg:{real_site.name}:*"))
    code, said = refused(real_site)
    assert code == 1
    assert "starting from nothing would count everything twice" in said
    assert "[state-lost]" in said


@pytest.mark.parametrize("written_again", [20, 200])
def test_a_topic_that_was_recreated_is_refused(real_site: Site, written_again: int) -> None:
    """Whether it is shorter now, or longer with another record where the last one was."""
    used(real_site)
    admin = AdminClient({"bootstrap.servers": real_site.bootstrap})
    admin.delete_topics([real_site.topics.events])[real_site.topics.events].result(30)
    until(lambda: real_site.topics.events not in admin.list_topics(timeout=10).topics, 30, "the end of the topic")
    asyncio.run(apply_topics(KafkaOptions(real_site.bootstrap), topic_plans(real_site.topics, real_site.partitions)))
    real_site.write(crowd(9, written_again, 10))
    code, said = refused(real_site)
    assert code == 1
    assert "the topic was recreated" in said


def test_added_partitions_are_refused(real_site: Site) -> None:
    used(real_site)
    admin = AdminClient({"bootstrap.servers": real_site.bootstrap})
    grown = NewPartitions(real_site.topics.events, real_site.partitions + 1)
    admin.create_partitions([grown])[real_site.topics.events].result(30)
    code, said = refused(real_site)
    assert code == 1
    assert "[partitions]" in said


def test_a_setting_of_more_partitions_is_refused(real_site: Site) -> None:
    used(real_site)
    code, said = refused(real_site, SEGMENTS_PARTITIONS=8)
    assert code == 1
    assert "[partitions]" in said


def test_other_rules_than_those_of_the_state_are_refused(real_site: Site, tmp_path: Path) -> None:
    used(real_site)
    other = shutil.copytree(rules_folder(), tmp_path / "rules")
    (other / "audiences" / "win_back.yaml").unlink()
    code, said = refused(real_site, SEGMENTS_RULES=str(other))
    assert code == 1
    assert "start it with the rules of the state" in said


def test_missing_topics_are_refused_with_what_to_do(real_site: Site) -> None:
    code, said = refused(real_site, SEGMENTS_TOPIC_PREFIX="nobodys")
    assert code == 2
    assert "segments topics apply" in said


def test_a_port_in_use_is_refused(real_site: Site) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, said = refused(real_site, SEGMENTS_HTTP_PORT=taken.getsockname()[1])
    assert code == 2
    assert "[http-port]" in said


def test_wrong_settings_are_told_all_at_once_before_any_connection(tmp_path: Path) -> None:
    with socket.socket() as neighbour:
        neighbour.bind(("127.0.0.1", 0))
        neighbour.listen()
        neighbour.settimeout(0.2)
        address = f"127.0.0.1:{neighbour.getsockname()[1]}"
        site = Site(address, f"redis://{address}", tmp_path)
        wrong = {
            "SEGMENTS_PARTITIONS": 0,
            "SEGMENTS_CLOCK": "sundial",
            "SEGMENTS_COMIT_RECORDS": 5,
            "SEGMENTS_RULES": "/no",
        }
        code, said = refused(site, **wrong)
        with pytest.raises(TimeoutError):
            neighbour.accept()
    assert code == 2
    assert [name for name in wrong if name not in said] == []


def test_neighbours_that_are_away_are_waited_for(mortal_kafka: KafkaBroker, tmp_path: Path) -> None:
    """First Kafka, then Redis; one line for each try, ever more seldom, and no traceback."""
    with RedisServer("redis", tmp_path / "redis") as redis:
        site = Site(mortal_kafka.bootstrap, redis.url, tmp_path).open()
        redis.kill9()
        mortal_kafka.stop()
        with worker(site) as command:
            until(lambda: len(command.events("broker_not_there")) >= 3, 60, lambda: command.said)
            assert ask(command.port, "healthz")[0] == 200
            assert ask(command.port, "readyz")[0] == 503
            waits = [line["retry_in_s"] for line in command.events("broker_not_there")]
            assert waits == sorted(set(waits)), "ever longer"
            mortal_kafka.restart()
            until(lambda: len(command.events("redis_not_there")) >= 3, 90, lambda: command.said)
            redis.start()
            command.ready()
            site.write(crowd(4, 100, 10))
            site.settle(command)
            assert command.stop() == 0
            assert "Traceback" not in command.said
