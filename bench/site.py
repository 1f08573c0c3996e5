"""One fresh deployment: its own topics, an empty Redis, and a worker in its own process, seen from outside."""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from bench.measure import REPOSITORY, BrokenRunError
from bench.rulesets import Chosen
from bench.servers import Servers
from stream.adapters.kafka_offsets import KafkaLog
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import KafkaProducer
from stream.adapters.kafka_topics import apply_topics, topic_plans
from stream.adapters.redis_keys import ID_BYTES, Keys
from stream.ports import Message
from stream.service.topics import Topics
from stream.wire.head import Head, decode_head
from tests.brokers.kafka_broker import free_ports

PARTITIONS = 4
NAMESPACE = "bench"
LOOK_S = 0.02
START_S = 60.0
STOP_S = 30.0
LONGEST_S = 900.0
_numbers = itertools.count(1)


@dataclass(slots=True)
class Worker:
    """A worker process."""

    child: subprocess.Popen[bytes]
    port: int
    log: Path

    def check(self) -> None:
        """Raise BrokenRunError where it has ended."""
        code = self.child.poll()
        if code is not None:
            last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
            raise BrokenRunError(f"the worker ended with code {code}: {' | '.join(last)}")

    def is_ready(self) -> bool:
        """Tell whether it says that it is."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


@dataclass(slots=True)
class Site:
    """A deployment of four partitions; make it with `fresh`."""

    servers: Servers
    folder: Path
    number: int = field(default_factory=_numbers.__next__)

    @property
    def topics(self) -> Topics:
        """Return its topics."""
        return Topics(f"bench{self.number}")

    @property
    def options(self) -> KafkaOptions:
        """Return the way to its broker."""
        return KafkaOptions(self.servers.bootstrap, topic=self.topics.events, group=f"bench-{self.number}")

    # -- writing ----------------------------------------------------------------------------

    @asynccontextmanager
    async def producer(self, linger_ms: int = 2) -> AsyncIterator[KafkaProducer]:
        """Have a producer for the time of a block."""
        producer = KafkaProducer(self.options, linger_ms)
        await producer.start()
        try:
            yield producer
        finally:
            await producer.stop()

    async def write(self, placed: Mapping[int, list[Message]]) -> None:
        """Write messages into the partitions of the events topic and return when all are acknowledged."""
        async with self.producer() as producer:
            writing = (producer.send_batch(self.topics.events, number, each) for number, each in placed.items())
            await asyncio.gather(*writing)

    # -- looking from outside ---------------------------------------------------------------

    async def count(self, topic: str) -> int:
        """Return how many records a topic has."""
        bounds = await KafkaLog(self.options, PARTITIONS).bounds(topic)
        return sum(end for _, end in bounds.values())

    def heads(self) -> list[Head]:
        """Return the heads of all partitions that Redis holds."""
        with self.servers.connect() as client:
            stored = client.mget([self._keys(number).head for number in range(PARTITIONS)])
        return [decode_head(each[ID_BYTES:]) for each in stored if each]

    @property
    def committed(self) -> int:
        """Return how many records of the events topic are committed."""
        return sum(head.position for head in self.heads())

    def is_published(self) -> bool:
        """Tell whether nothing waits in any outbox."""
        with self.servers.connect() as client:
            return not any(client.llen(self._keys(number).outbox) for number in range(PARTITIONS))

    def timers_before(self, instant_ms: int) -> int:
        """Return how many timers stand before an instant."""
        with self.servers.connect() as client:
            return sum(int(client.zcount(self._keys(each).timers, "-inf", instant_ms)) for each in range(PARTITIONS))

    def _keys(self, partition: int) -> Keys:
        return Keys.of(NAMESPACE, partition)

    async def until(self, holds: Callable[[], bool], worker: Worker, what: str, within_s: float = LONGEST_S) -> None:
        """Return when something holds; BrokenRunError where the worker ends or it takes too long."""
        end = perf_counter() + within_s
        while not holds():
            worker.check()
            if perf_counter() > end:
                raise BrokenRunError(f"waited {within_s:.0f} s for {what}")
            await asyncio.sleep(LOOK_S)

    async def until_done(self, worker: Worker, records: int) -> None:
        """Return when so many records are committed and all they cause is published."""
        await self.until(lambda: self.committed >= records, worker, f"{records} records to be committed")
        await self.until(self.is_published, worker, "an empty outbox")

    # -- the worker -------------------------------------------------------------------------

    @contextmanager
    def worker(
        self, chosen: Chosen, clock: str, settings: Mapping[str, str] | None = None, module: str = ""
    ) -> Iterator[Worker]:
        """Run a worker process with these rules, and settings beside the usual ones, for the time of a block.

        `module` runs in the place of `segments worker`.
        """
        (port,) = free_ports(1)
        log = self.folder / f"worker-{self.number}.log"
        usual = ["-m", "stream", "worker"] if self.servers.is_real else ["-m", "bench.mock_worker"]
        command = ["-m", module] if module else usual
        with log.open("ab") as file:
            child = subprocess.Popen(
                [sys.executable, *command],
                cwd=REPOSITORY,
                env=self._environment(chosen.folder, clock, port) | dict(settings or {}),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )
        try:
            yield Worker(child, port, log)
        finally:
            ended(child)

    def _environment(self, rules: Path, clock: str, port: int) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SEGMENTS_", "KAFKA_"))}
        return kept | {
            "KAFKA_BOOTSTRAP_SERVERS": self.servers.bootstrap,
            "REDIS_URL": self.servers.redis_url,
            "SEGMENTS_NAMESPACE": NAMESPACE,
            "SEGMENTS_TOPIC_PREFIX": self.topics.prefix,
            "SEGMENTS_PARTITIONS": str(PARTITIONS),
            "SEGMENTS_GROUP": self.options.group,
            "SEGMENTS_RULES": str(rules.resolve()),
            "SEGMENTS_CLOCK": clock,
            "SEGMENTS_HTTP_PORT": str(port),
            "SEGMENTS_LOG_FORMAT": "json",
        }


def ended(child: subprocess.Popen[bytes]) -> None:
    """Return when a process has ended: by SIGTERM, or by SIGKILL where that takes too long."""
    child.send_signal(signal.SIGCONT)  # one that is frozen hears nothing
    child.terminate()
    try:
        child.wait(STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


async def fresh(servers: Servers, folder: Path, *, broker_stamps: bool = False) -> Site:
    """Return a new deployment with empty topics on an empty Redis; `broker_stamps` where the wall moves time."""
    site = Site(servers, folder)
    with servers.connect() as client:
        client.flushall()
    if servers.is_real:  # the mock broker makes topics when they are first named
        await apply_topics(site.options, topic_plans(site.topics, PARTITIONS, broker_stamps=broker_stamps))
    return site
