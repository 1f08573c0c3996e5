"""`segments run`: one process with its own servers, used from outside; what it keeps over a stop, and what not."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.compare import differs, meaning, shipped
from tests.e2e.histories import crowd
from tests.e2e.running import Command
from tests.e2e.site import Site, until
from tests.fake_log import FakeLog
from tests.histories import DAY_MS, START_MS, Line
from tests.town import TOPICS, Bodies, consumed

pytestmark = [pytest.mark.e2e, pytest.mark.servers]

RUN = (sys.executable, "-m", "stream", "run")
NAME = "shop"
TURN_MS = START_MS + 60 * DAY_MS


def joined(*logs: FakeLog) -> FakeLog:
    """Return the topics one behind the other."""
    both = FakeLog()
    for log in logs:
        for place, records in log.logs.items():
            both.logs.setdefault(place, []).extend(records)
    return both


def meant(logs: list[FakeLog]) -> Bodies:
    """Return what these logs mean when one is read behind the other."""
    return meaning(joined(*logs), shipped()).bodies


@contextmanager
def running(folder: Path, name: str, **settings: str | int) -> Iterator[tuple[Command, Site]]:
    """Start it, yield it with the place to write to, and stop it as a person does."""
    site = Site("", "", folder, is_real=False, name=NAME)
    environment = site.environment(SEGMENTS_DATA=str(folder / "data"), **settings)
    del environment["KAFKA_BOOTSTRAP_SERVERS"], environment["REDIS_URL"]
    with Command(environment, folder / f"{name}.log", RUN) as command:
        command.ready()
        (site.bootstrap,) = re.findall(r"Kafka for producers and consumers: (\S+)", command.said)
        yield command, site
        assert command.stop() == 0
        assert "the event log is in memory" in command.said
        assert "Traceback" not in command.said


def ran(folder: Path, name: str, lines: list[Line], before: list[FakeLog]) -> FakeLog:
    """Start it, write a history, and return what is in the topics once all that it means has come."""
    with running(folder, name) as (_, site):
        site.write(lines)
        expected = count(meant([*before, site.dump()])) - sum(len(log.all(TOPICS.transitions)) for log in before)
        until(lambda: len(site.dump().all(TOPICS.transitions)) >= expected, 60, f"{expected} transitions")
        return site.dump()


def count(bodies: Bodies) -> int:
    """Return how many transitions these are."""
    return sum(map(len, bodies.values()))


def test_live_is_replay_and_a_second_start_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    """The log is a new one, the state is not: together it is as if it had never stopped."""
    first = ran(tmp_path, "first", crowd(41, 300, 40, ends=TURN_MS)[:-1], [])
    second = ran(tmp_path, "second", crowd(42, 300, 40, begins=TURN_MS), [first])
    differs("law 2", consumed(joined(first, second), f"/{NAME}").bodies, meant([first, second]))
