"""A worker for fault tests: the same application, in a process that dies, stops or freezes at a chosen step.

Never a switch of the service: the parts are subclasses, put in their places by the process that is to die.
Processes are forked from one that has imported everything, because importing takes longer than what is tested.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Literal

from confluent_kafka import Consumer, TopicPartition

import stream.app
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import KafkaProducer
from stream.adapters.kafka_settings import kafka_options
from stream.adapters.logs import set_up
from stream.adapters.redis import RedisStore
from stream.cli.serve import clock_of, loaded, serve
from stream.ports import Commit, Message, Record, Taken
from stream.service.worker import Worker
from stream.settings import read
from tests.controls import StoreWithoutCompare
from tests.e2e.running import PATIENCE_S, ask
from tests.e2e.site import SLOWEST, Site, until

Step = Literal[
    "never", "taken", "before EXEC", "between EXEC and publishing", "half published", "published", "on the way"
]
STEPS: tuple[Step, ...] = ("taken", "before EXEC", "between EXEC and publishing", "half published", "published")


@dataclass(frozen=True)
class Life:
    """How one process lives, and how it ends."""

    environment: dict[str, str]
    log: Path
    diary: Path
    """Where the last step is written down."""
    log_id: str = ""
    step: Step = "never"
    nth: int = 1
    """The how-manieth such step it is that ends it."""
    how: signal.Signals = signal.SIGKILL
    store: type[RedisStore] = RedisStore
    seeks: bool = True
    """False is the negative control: positions come from Kafka's consumer group."""
    remembers_ids: bool = False
    claims: bool = True
    """False is the negative control: whoever wakes up late publishes as if nobody had come after."""
    freezes_at: int = 0
    """With so many batches the task that handles them stands still for ever; 0 for never."""
    publishes_when: Path | None = None
    """The transitions topic takes nothing before this file is there."""

    @property
    def deeds(self) -> Path:
        """Return where it is written which partitions were taken and which commits begun and done, in this order."""
        return self.log.with_suffix(".deeds")


Deed = tuple[str, int]
"""What was done (took, begins, committed) to which partition."""


@dataclass
class Fate:
    """Counts the steps of this process and ends it at the chosen one, as a power cut would."""

    life: Life
    seen: int = field(default=0)

    def reach(self, step: Step) -> None:
        """Take a step; the last one is written down first."""
        if step != self.life.step:
            return
        self.seen += 1
        if self.seen == self.life.nth:
            with self.life.diary.open("a") as diary:
                diary.write(f"{step}\n")
            os.kill(os.getpid(), self.life.how)

    def note(self, deed: Deed) -> None:
        """Write down what was done to the store."""
        with self.life.deeds.open("a") as deeds:
            deeds.write(f"{deed[0]} {deed[1]}\n")


def store_of(fate: Fate, url: str, namespace: str) -> RedisStore:
    """Return a store of the kind that this life has, at whose steps the process may die."""

    class Mortal(fate.life.store):  # type: ignore[name-defined,misc]
        async def take(self, partition: int) -> Taken:
            taken: Taken = await super().take(partition)
            fate.note(("took", partition))
            fate.reach("taken")
            return taken

        async def commit(self, partition: int, commit: Commit) -> None:
            fate.reach("before EXEC")
            fate.note(("begins", partition))
            await super().commit(partition, commit)
            fate.note(("committed", partition))
            if commit.outbox:
                fate.reach("between EXEC and publishing")

    store: RedisStore = Mortal(url, namespace)
    return store


class MortalProducer(KafkaProducer):
    """A producer at whose steps the process may die, or which waits for leave to write transitions."""

    def __init__(self, fate: Fate, options: KafkaOptions) -> None:
        super().__init__(options)
        self._fate = fate

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        """Write as ever, and reach steps before and behind it."""
        told = {topic: list(messages) for topic, messages in written.items()}
        memberships, transitions = told.values()
        leave = self._fate.life.publishes_when
        while transitions and leave is not None and not leave.exists():
            await asyncio.sleep(0.1)
        if memberships:
            self._fate.reach("on the way")
        count = await self._written(partition, told, claim)
        if memberships:
            self._fate.reach("half published")
        if transitions:
            self._fate.reach("published")
        return count

    async def _written(self, partition: int, told: Mapping[str, Iterable[Message]], claim: object) -> int:
        if self._fate.life.claims:
            return await super().publish(partition, told, claim)
        return sum([await self.send_batch(topic, partition, messages) for topic, messages in told.items()])


class Unseeking(Worker):
    """Negative control: goes on where Kafka's consumer group says, not where the state says."""

    group: KafkaOptions

    async def assigned(self, partition: int, log_start: int, log_end: int) -> int:
        """Take the partition and believe the group."""
        await super().assigned(partition, log_start, log_end)
        head = self.owned[partition].head
        head.position, head.fingerprint = await self._noted(partition, log_start), b""
        return head.position

    async def _noted(self, partition: int, log_start: int) -> int:
        """Ask the group for its position, in a thread: an assignment must not take longer than a session."""
        group = {"bootstrap.servers": self.group.bootstrap, "group.id": self.group.group, "log_level": 0}
        asking = Consumer(group)
        asked = [TopicPartition(self.group.topic, partition)]
        (noted,) = await asyncio.to_thread(asking.committed, asked, timeout=10)
        await asyncio.to_thread(asking.close)
        return max(log_start, noted.offset)


class Freezing(Worker):
    """A worker whose handling of records stands still for ever at a chosen batch."""

    batches: int

    async def records(self, partition: int, records: list[Record]) -> None:
        """Handle a batch, unless it is time to freeze."""
        self.batches -= 1
        if self.batches <= 0:
            await asyncio.Event().wait()
        await super().records(partition, records)


def live(life: Life) -> None:
    """Be a worker until the end."""
    with life.log.open("ab", buffering=0) as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    settings = read(life.environment)
    set_up(settings.log_level, settings.log_format, sys.stderr)
    rules = loaded(settings)
    rules = replace(rules, plan=replace(rules.plan, remembers_ids=life.remembers_ids))
    place = stream.app.Place(settings, clock_of(settings), settings.sources, log_id=life.log_id)
    fate = Fate(life)
    setattr(stream.app, "RedisStore", partial(store_of, fate))  # noqa: B010 - mypy: a class is no function
    setattr(stream.app, "KafkaProducer", partial(MortalProducer, fate))  # noqa: B010
    if not life.seeks:
        Unseeking.group = kafka_options(settings)
        setattr(stream.app, "Worker", Unseeking)  # noqa: B010
    if life.freezes_at:
        Freezing.batches = life.freezes_at
        setattr(stream.app, "Worker", Freezing)  # noqa: B010
    asyncio.run(serve(place, rules))


_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload([__name__])


class Process:
    """One worker process of a fault test."""

    def __init__(self, life: Life) -> None:
        """Start it."""
        self.life = life
        self.port = int(life.environment["SEGMENTS_HTTP_PORT"])
        self._process: ForkServerProcess = _forks.Process(target=live, args=(life,), daemon=True)
        self._process.start()

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        """Let nothing live on."""
        self.resume()
        self._process.kill()
        self._process.join()

    @property
    def is_alive(self) -> bool:
        """Tell whether it still lives (a stopped one does)."""
        return self._process.exitcode is None

    @property
    def pid(self) -> int:
        """Return its process id."""
        assert self._process.pid is not None
        return self._process.pid

    @property
    def is_stopped(self) -> bool:
        """Tell whether SIGSTOP holds it."""
        return Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"

    @property
    def said(self) -> str:
        """Return what it wrote so far."""
        return self.life.log.read_text(errors="replace") if self.life.log.exists() else ""

    @property
    def deeds(self) -> list[Deed]:
        """Return what it did to the store so far, in order."""
        lines = self.life.deeds.read_text().splitlines() if self.life.deeds.exists() else []
        return [(word, int(number)) for word, number in map(str.split, lines)]

    def ready(self) -> Process:
        """Return when /readyz says so."""
        until(self._is_ready, PATIENCE_S, lambda: f"/readyz: {self.said[-2_000:]}")
        return self

    def _is_ready(self) -> bool:
        assert self.is_alive, f"ended with {self._process.exitcode}: {self.said[-3_000:]}"
        return ask(self.port, "readyz")[0] == 200

    def pause(self) -> None:
        """Stop it in the middle of whatever it does."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a stopped one go on."""
        if self.is_alive:
            os.kill(self.pid, signal.SIGCONT)

    def stop(self) -> int:
        """Ask it to end (SIGTERM) and return its exit code."""
        self._process.terminate()
        return self.ended()

    def ended(self, seconds: float = PATIENCE_S * SLOWEST) -> int:
        """Return the exit code when it has ended; negative for a signal."""
        self._process.join(seconds)
        code = self._process.exitcode
        assert code is not None, f"still running after {seconds:.0f} s: {self.said[-2_000:]}"
        return code


def process(site: Site, name: str, settings: dict[str, str | int] | None = None, **life: object) -> Process:
    """Start a worker of this deployment; `settings` and what is said of its life win over the defaults."""
    environment = site.environment(**(settings or {}))
    log_id = "" if site.is_real else site.name
    told = {"log_id": log_id, **life}
    return Process(Life(environment, site.folder / f"{name}.log", site.folder / "diary", **told))  # type: ignore[arg-type]


__all__ = ["STEPS", "Deed", "Life", "Process", "Step", "StoreWithoutCompare", "process"]
