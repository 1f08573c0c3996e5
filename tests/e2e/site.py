"""A deployment of a test's own: its topics and keys, its history, what is stored, and when all is done."""

from __future__ import annotations

import asyncio
import atexit
import itertools
import json
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import redis

from stream.adapters.files import read_rules
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_topics import apply_topics, topic_plans
from stream.adapters.redis_keys import ID_BYTES, Keys
from stream.service.topics import Topics
from stream.wire.control import Tick, control_headers, encode_control
from stream.wire.head import Head, decode_head
from stream.wire.placing import partition_of
from tests.brokers.kafka_broker import free_ports
from tests.e2e.outside import Address, Outside
from tests.fake_log import FakeLog
from tests.histories import Line
from tests.laws.starter import PLAYED, RULES_FOLDER
from tests.town import TOPICS

PATIENCE_S = 90.0
LOOK_S = 0.05
SLOWEST = 3
"""How many times slower than the machine on which limits were chosen a machine may be before a wait is given up."""

_numbers = itertools.count(1)


class Living(Protocol):
    """A worker process."""

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        ...

    @property
    def said(self) -> str:
        """Return what it wrote."""
        ...


@cache
def rules_folder() -> Path:
    """Return a folder with the rules of all workers: those of the starter rules that the laws are shown on."""
    folder = Path(mkdtemp(prefix="segments-rules-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name, text in read_rules(RULES_FOLDER).items():
        if name.startswith(PLAYED) and ".test." not in name:
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text(text)
    return folder


@dataclass
class Site:
    """Where the neighbours are, and the names that this test alone uses."""

    bootstrap: str
    redis_url: str
    folder: Path
    is_real: bool = True
    partitions: int = 4
    name: str = field(default_factory=lambda: f"t{os.getpid()}-{next(_numbers)}")

    def open(self) -> Site:
        """Create the topics where the broker does not make them by itself."""
        if self.is_real:
            plans = topic_plans(self.topics, self.partitions)
            asyncio.run(apply_topics(KafkaOptions(self.bootstrap), plans))
        return self

    @property
    def topics(self) -> Topics:
        """Return the names of the topics."""
        return Topics(self.name)

    @property
    def outside(self) -> Outside:
        """Return a client of the topics that is not ours."""
        return Outside(self.bootstrap)

    def environment(self, **settings: str | int) -> dict[str, str]:
        """Return the settings of one worker, a free port of its own included; those given win."""
        told = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "REDIS_URL": self.redis_url,
            "SEGMENTS_NAMESPACE": self.name,
            "SEGMENTS_TOPIC_PREFIX": self.name,
            "SEGMENTS_GROUP": self.name,
            "SEGMENTS_PARTITIONS": self.partitions,
            "SEGMENTS_RULES": str(rules_folder()),
            "SEGMENTS_CLOCK": "log",
            "SEGMENTS_HTTP_PORT": free_ports(1)[0],
            # the mock broker waits three seconds for members, and forgets one whose session ends meanwhile
            "SEGMENTS_SESSION_TIMEOUT_MS": 2_000 if self.is_real else 6_000,
            "SEGMENTS_LOG_FORMAT": "json",
            **settings,
        }
        return {name: str(value) for name, value in told.items()}

    # -- the history ------------------------------------------------------------------------

    def write(self, lines: Iterable[Line], **options: Any) -> None:
        """Write a history, keyed and placed as producers of canonical events do it; ticks go to all partitions."""
        self.outside.write(self.topics.events, self.addressed(lines), **options)

    def addressed(self, lines: Iterable[Line]) -> Iterator[Address]:
        """Yield each line as records of the partitions they belong to."""
        for line in lines:
            if line.content is None:
                tick = Tick(line.record_time)
                for number in range(self.partitions):
                    yield number, (None, encode_control(tick), control_headers(tick), line.record_time)
            else:
                customer_id = str(line.content["customer_id"])
                message = (customer_id.encode(), json.dumps(line.content).encode(), line.headers, line.record_time)
                yield partition_of(customer_id, self.partitions), message

    def dump(self) -> FakeLog:
        """Return everything that is in the topics now, under the names that tests use."""
        log = FakeLog()
        names = ("events", "transitions", "membership", "dead_letters")
        for name in names:
            for number, records in self.outside.read(getattr(self.topics, name), self.partitions).items():
                log.logs[getattr(TOPICS, name), number] = records
        return log

    # -- what is stored -----------------------------------------------------------------------

    def keys(self, partition: int) -> Keys:
        """Return the names of a partition's keys."""
        return Keys.of(self.name, partition)

    def ask(self, *command: str | int | bytes) -> object:
        """Run one command on the server, past the service."""
        with redis.Redis.from_url(self.redis_url) as client:
            return client.execute_command(*command)

    def heads(self) -> list[Head]:
        """Return the stored head of every partition; none before the first start."""
        with redis.Redis.from_url(self.redis_url) as client:
            stored = client.mget([self.keys(number).head for number in range(self.partitions)])
        return [decode_head(each[ID_BYTES:]) for each in stored if each is not None]

    def positions(self) -> int:
        """Return how many records are committed, over all partitions."""
        return sum(head.position for head in self.heads())

    def profiles(self) -> dict[str, bytes]:
        """Return the packed profile of every customer."""
        found: dict[bytes, bytes] = {}
        with redis.Redis.from_url(self.redis_url) as client:
            for number in range(self.partitions):
                found |= client.hgetall(self.keys(number).state)
        return {customer_id.decode(): packed for customer_id, packed in found.items()}

    def settle(self, *workers: Living, seconds: float = PATIENCE_S) -> None:
        """Return when all records are committed, nothing is due, and everything is published and trimmed.

        Fails when one of these workers ends meanwhile.
        """
        ends = self.outside.ends(self.topics.events, self.partitions)
        until(lambda: self._is_settled(ends, workers), seconds, lambda: f"{self._unsettled()}; log ends {ends}")

    def _is_settled(self, ends: dict[int, int], workers: Sequence[Living]) -> bool:
        for worker in workers:
            assert worker.is_alive, f"the worker ended: {worker.said[-3_000:]}"
        heads = self.heads()
        if len(heads) < self.partitions:
            return False
        with redis.Redis.from_url(self.redis_url) as client:
            for number, head in enumerate(heads):
                keys = self.keys(number)
                is_due = client.zcount(keys.timers, "-inf", f"({head.tick_ms}") > 0
                if head.position < ends[number] or is_due or client.llen(keys.outbox) > 0:
                    return False
        return True

    def _unsettled(self) -> str:
        with redis.Redis.from_url(self.redis_url) as client:
            waiting = [client.llen(self.keys(number).outbox) for number in range(self.partitions)]
        return f"positions {[head.position for head in self.heads()]}, slices in the outbox {waiting}"


def until(holds: Callable[[], bool], seconds: float, what: str | Callable[[], str]) -> None:
    """Return when something holds; fails, saying what it waited for, after so many seconds of an ordinary machine."""
    seconds *= SLOWEST
    end = time.monotonic() + seconds
    while not holds():
        said = what if isinstance(what, str) else what() if time.monotonic() > end else ""
        assert time.monotonic() < end, f"waited {seconds:.0f} s in vain for: {said}"
        time.sleep(LOOK_S)
