"""Commands whose neighbours are not there: asked to end while they wait, they end; what need not wait gives up."""

from __future__ import annotations

import fcntl
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.adapters.mock_broker import start_mock_broker
from tests.e2e.running import Command
from tests.e2e.site import Site, until

pytestmark = [pytest.mark.e2e, pytest.mark.servers]


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return an address where nobody listens, and nobody else can: it is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def broker() -> Iterator[str]:
    """Return the address of a mock broker."""
    broker = start_mock_broker()
    yield broker.bootstrap
    broker.stop()


def stopped(command: Command) -> None:
    """Ask a command to end, and hold it to ending as one that was asked."""
    assert command.stop() == 0, command.said
    assert command.said.splitlines()[-1] == "stopped"
    assert "Traceback" not in command.said


def segments(site: Site, *arguments: str) -> Command:
    environment = site.environment(SEGMENTS_DATA=str(site.folder / "data"))
    return Command(environment, site.folder / "log", (sys.executable, "-m", "stream", *arguments))


def test_a_worker_that_waits_for_kafka_ends_when_asked(nobody: str, tmp_path: Path) -> None:
    with segments(Site(nobody, f"redis://{nobody}", tmp_path), "worker") as worker:
        until(lambda: worker.events("broker_not_there"), 60, lambda: worker.said)
        stopped(worker)


def test_a_worker_that_waits_for_redis_ends_when_asked(nobody: str, broker: str, tmp_path: Path) -> None:
    with segments(Site(broker, f"redis://{nobody}", tmp_path), "worker") as worker:
        until(lambda: worker.events("redis_not_there"), 60, lambda: worker.said)
        stopped(worker)


def is_free(lock: Path) -> bool:
    """Tell whether the server that locked its folder is gone."""
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


@pytest.mark.parametrize("moment", ["its server starts", "it begins to serve"])
@pytest.mark.parametrize(("command", "folder"), [("run", "data"), ("demo", "data/demo")])
def test_what_brings_its_own_servers_ends_with_them_when_asked(
    command: str, folder: str, moment: str, nobody: str, tmp_path: Path
) -> None:
    lock = tmp_path / folder / "valkey" / "lock"
    with segments(Site(nobody, f"redis://{nobody}", tmp_path), command) as started:

        def has_come() -> bool:
            assert started.is_alive, started.said
            return lock.exists() if moment == "its server starts" else "the event log is in memory" in started.said

        until(has_come, 60, lambda: started.said)
        stopped(started)
    assert is_free(lock)


@pytest.mark.parametrize("json", [(), ("--json",)], ids=["for people", "as JSON"])
def test_topics_apply_without_a_broker_gives_up_and_says_what_to_do(
    nobody: str, json: tuple[str, ...], tmp_path: Path
) -> None:
    with segments(Site(nobody, "redis://unused", tmp_path), "topics", "apply", "--wait", "0.5", *json) as apply:
        assert apply.ended() == 1
        last = apply.said.splitlines()[-1]
    assert f"gave up after 0.5 s: Kafka at {nobody}: " in last
    assert "is KAFKA_BOOTSTRAP_SERVERS right? [kafka-unavailable]" in last
    assert last.startswith('{"ok": false') is bool(json)
    assert "Traceback" not in apply.said


def test_topics_apply_on_an_embedded_broker_says_that_nothing_is_to_be_done(broker: str, tmp_path: Path) -> None:
    with segments(Site(broker, "redis://unused", tmp_path), "topics", "apply", "--wait", "0.5") as apply:
        assert apply.ended() == 1
        last = apply.said.splitlines()[-1]
    assert f"gave up after 0.5 s: Kafka at {broker}: the broker names no controller" in last
    assert "Traceback" not in apply.said
