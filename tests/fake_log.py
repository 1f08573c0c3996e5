"""Kafka in memory: logs with offsets, a producer that fails on request, and death at any step."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from stream.errors import FencedError, UnavailableError
from stream.ports import Message, Record
from tests.fakes import CrashPoint, FakeServer, FakeStore

Headers = Sequence[tuple[str, bytes]]
Fault = Literal["", "refuse", "lose ack"]


class Killed(BaseException):
    """The process is gone: nothing of it runs from here on."""


@dataclass
class Fate:
    """When a process dies: at its step number `at` (never, if negative). Counts every step at a neighbour."""

    at: int = -1
    steps: int = 0
    is_dead: bool = False
    trace: list[str] = field(default_factory=list)

    def reach(self, point: str) -> None:
        """Take a step; Killed if it is the last, or if the process is dead already."""
        if not self.is_dead:
            self.trace.append(point)
            self.is_dead = self.steps == self.at
            self.steps += 1
        if self.is_dead:
            raise Killed(point)


class MortalStore(FakeStore):
    """A fake store whose process may die at every point of it."""

    def __init__(self, server: FakeServer, fate: Fate) -> None:
        super().__init__(server)
        self.fate = fate

    def _crash(self, point: CrashPoint) -> None:
        self.fate.reach(point)
        super()._crash(point)


@dataclass
class FakeLog:
    """All topics of a cluster: what is appended gets the next offset of its partition.

    `stamp` is the broker's clock under LogAppendTime; without it records keep the time their writer gave.
    """

    logs: dict[tuple[str, int], list[Record]] = field(default_factory=dict)
    starts: dict[tuple[str, int], int] = field(default_factory=dict)
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    stamp: Callable[[], int] | None = None
    claims: dict[int, int] = field(default_factory=dict)
    """How often each partition was claimed."""
    newest: dict[tuple[str, int], int] = field(default_factory=dict)
    """The newest claim under which something was written."""

    def append(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = (),
        timestamp_ms: int = 0,
    ) -> int:
        """Write one record and return its offset."""
        place = topic, partition
        offset = self.ends.get(place, 0)
        stamped = timestamp_ms if self.stamp is None else self.stamp()
        self.logs.setdefault(place, []).append(Record(partition, offset, stamped, key, value, tuple(headers)))
        self.ends[place] = offset + 1
        return offset

    def skip(self, topic: str, partition: int, offsets: int = 1) -> None:
        """Leave a hole, as the end of a transaction does."""
        self.ends[topic, partition] = self.ends.get((topic, partition), 0) + offsets

    def cut(self, topic: str, partition: int, start: int) -> None:
        """Forget what lies before an offset, as retention does."""
        place = topic, partition
        self.starts[place] = start
        self.logs[place] = [record for record in self.logs.get(place, []) if record.offset >= start]

    def bounds(self, topic: str, partition: int) -> tuple[int, int]:
        """Return the first offset held and the one after the last."""
        return self.starts.get((topic, partition), 0), self.ends.get((topic, partition), 0)

    def read(self, topic: str, partition: int, offset: int, most: int = 1 << 30) -> list[Record]:
        """Return up to so many records from an offset on."""
        return [record for record in self.logs.get((topic, partition), []) if record.offset >= offset][:most]

    def all(self, topic: str) -> list[Record]:
        """Return every record of a topic, partition by partition."""
        return [record for place in sorted(self.logs) if place[0] == topic for record in self.logs[place]]


@dataclass
class FakeProducer:
    """The `Producer` port onto a `FakeLog`.

    `faults` says what becomes of the next messages ("" is fine, "refuse": not written, "lose ack": written and said
    to have failed); while `is_away` all are refused; while `held` is not set nothing is acknowledged.
    """

    log: FakeLog
    now_ms: Callable[[], int] = lambda: 0
    fate: Fate = field(default_factory=Fate)
    faults: deque[Fault] = field(default_factory=deque)
    is_away: bool = False
    held: asyncio.Event | None = None
    asleep: asyncio.Event | None = None
    """While not set, what is sent has not arrived: the process fell asleep on the way."""
    is_fenced: bool = True
    """False is the negative control: older claims are as good as the newest."""
    ended: set[tuple[int, int]] = field(default_factory=set)
    """The claims under which a write failed: partition and number."""

    async def send(
        self,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        timestamp_ms: int | None = None,
    ) -> Awaitable[int]:
        assert partition is not None, "the program always says which partition"
        return asyncio.ensure_future(self._written(topic, partition, (key, value, headers, timestamp_ms)))

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        return await self._write(topic, partition, messages, None)

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        return sum([await self._write(topic, partition, messages, claim) for topic, messages in written.items()])

    async def _write(self, topic: str, partition: int, messages: Iterable[Message], claim: object) -> int:
        if isinstance(claim, int) and (partition, claim) in self.ended:
            raise UnavailableError("fake Kafka: a write under this claim failed")
        count = 0
        for message in messages:
            if self.asleep is not None:
                await self.asleep.wait()
            if isinstance(claim, int):
                self._pass(topic, partition, claim)
            try:
                await self._written(topic, partition, message)
            except UnavailableError:
                self.ended |= {(partition, claim)} if isinstance(claim, int) else set()
                raise
            count += 1
        return count

    def _pass(self, topic: str, partition: int, claim: int) -> None:
        """Let a claim write that is not older than the newest that wrote; FencedError for any other."""
        if self.is_fenced:
            if claim < self.log.newest.get((topic, partition), 0):
                raise FencedError("fake Kafka: written under a newer claim")
            self.log.newest[topic, partition] = claim

    async def claim(self, partition: int) -> object:
        if self.is_away:
            raise UnavailableError("fake Kafka: away")
        self.log.claims[partition] = self.log.claims.get(partition, 0) + 1
        return self.log.claims[partition]

    async def _written(self, topic: str, partition: int, message: Message) -> int:
        key, value, headers, timestamp_ms = message
        self.fate.reach(f"before writing {topic}")
        fault = self.faults.popleft() if self.faults else ""
        if self.is_away or fault == "refuse":
            raise UnavailableError("fake Kafka: away")
        when = self.now_ms() if timestamp_ms is None else timestamp_ms
        offset = self.log.append(topic, partition, key, value, headers, when)
        self.fate.reach(f"after writing {topic}")
        if self.held is not None:
            await self.held.wait()
        if fault == "lose ack":
            raise UnavailableError("fake Kafka: nothing came back")
        return offset
