"""Neighbours in memory: they pass the same contract suites as the real ones, and fail on request."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from stream.errors import FencedError, LayoutError, UnavailableError
from stream.ports import Commit, Taken

CrashPoint = Literal["before take", "after take", "before fetch", "before commit", "after commit"]

T = TypeVar("T")

_ids = itertools.count(1)


def fresh_id() -> bytes:
    """Return a commit id that no other call in this test run returns."""
    return next(_ids).to_bytes(16)


@dataclass
class FakePartition:
    """What is stored of one partition."""

    id: bytes
    head: bytes
    state: dict[str, bytes] = field(default_factory=dict)
    timers: dict[str, int] = field(default_factory=dict)
    outbox: list[bytes] = field(default_factory=list)

    def apply(self, id_: bytes, commit: Commit) -> None:
        self.id, self.head = id_, commit.head
        _put(self.state, commit.profiles)
        _put(self.timers, commit.timers)
        self.outbox = [*self.outbox[commit.outbox_trim :], *commit.outbox]

    def copy(self) -> FakePartition:
        return FakePartition(self.id, self.head, dict(self.state), dict(self.timers), list(self.outbox))


def _put(stored: dict[str, T], changes: Mapping[str, T | None]) -> None:
    for key, value in changes.items():
        if value is None:
            stored.pop(key, None)
        else:
            stored[key] = value


@dataclass
class FakeServer:
    """What outlives a worker; shared by the stores of all workers of a test."""

    layout: bytes | None = None
    partitions: dict[int, FakePartition] = field(default_factory=dict)
    is_away: bool = False
    lost: deque[Literal["before", "after"]] = field(default_factory=deque)  # the next answers to commits get lost
    commits: int = 0

    def copy(self) -> dict[int, FakePartition]:
        """Return the partitions as they are now, to be put back as a rollback of the server."""
        return {number: partition.copy() for number, partition in self.partitions.items()}


@dataclass
class _Hold:
    last_id: bytes
    pending: tuple[Commit, bytes] | None = None
    settled: Commit | None = None
    is_lost: bool = False


class FakeStore:
    """The `Store` port in memory: one worker's view of a `FakeServer`.

    `crashes[point] = error` raises `error` once when that point is reached: what was done up to there stays done.
    """

    def __init__(self, server: FakeServer | None = None, new_id: Callable[[], bytes] = fresh_id) -> None:
        self.server = server or FakeServer()
        self.crashes: dict[CrashPoint, BaseException] = {}
        self._new_id = new_id
        self._holds: dict[int, _Hold] = {}

    async def close(self) -> None:
        self._holds.clear()

    async def check(self) -> None:
        self._reach()

    async def layout(self) -> bytes | None:
        self._reach()
        return self.server.layout

    async def initialise(self, layout: bytes, heads: Mapping[int, bytes]) -> None:
        self._reach()
        present = len(heads.keys() & self.server.partitions.keys())
        if self.server.layout is None and present == 0:
            self.server.layout = layout
            for partition, head in heads.items():
                self.server.partitions[partition] = FakePartition(self._new_id(), head)
        elif self.server.layout not in {None, layout}:
            raise LayoutError(f"layout: holds {self.server.layout!r}, not {layout!r} [layout]")
        elif self.server.layout is None or present != len(heads):
            raise LayoutError(f"layout: {present} of {len(heads)} heads are there [layout]")

    async def take(self, partition: int) -> Taken:
        self._holds.pop(partition, None)
        self._reach("before take")
        stored = self.server.partitions.get(partition)
        if stored is None:
            return Taken(None, [])
        stored.id = self._new_id()
        self._holds[partition] = _Hold(stored.id)
        self._crash("after take")
        return Taken(stored.head, list(stored.outbox))

    async def release(self, partition: int) -> None:
        self._holds.pop(partition, None)

    async def fetch(self, partition: int, customers: Sequence[str]) -> list[bytes | None]:
        hold = self._hold(partition)
        self._reach("before fetch")
        self._settle(partition, hold)
        state = self._watch(partition, hold).state
        return [state.get(customer) for customer in customers]

    async def commit(self, partition: int, commit: Commit) -> None:
        hold = self._hold(partition)
        self._settle(partition, hold)
        settled, hold.settled = hold.settled, None
        if settled is commit:
            return
        if settled is not None:
            raise _lost(hold, "the commit before this one was never confirmed to its maker")
        hold.pending = commit, self._new_id()
        self._settle(partition, hold)
        hold.settled = None

    async def is_ours(self, partition: int) -> bool:
        self._reach()
        hold, stored = self._holds.get(partition), self.server.partitions.get(partition)
        return hold is not None and stored is not None and stored.id in {hold.last_id, hold.pending and hold.pending[1]}

    async def due(self, partition: int, before_ms: int, limit: int) -> list[tuple[str, int]]:
        waiting = [pair for pair in self._timers(partition) if pair[1] < before_ms]
        return waiting[:limit]

    async def earliest(self, partition: int) -> int | None:
        waiting = self._timers(partition)
        return waiting[0][1] if waiting else None

    async def read_profile(self, partition: int, customer: str) -> bytes | None:
        self._reach()
        stored = self.server.partitions.get(partition)
        return None if stored is None else stored.state.get(customer)

    def _timers(self, partition: int) -> list[tuple[str, int]]:
        self._reach()
        if partition in self._holds:
            self._settle(partition, self._holds[partition])
        stored = self.server.partitions.get(partition)
        return sorted(stored.timers.items(), key=lambda pair: (pair[1], pair[0])) if stored else []

    def _hold(self, partition: int) -> _Hold:
        hold = self._holds.get(partition)
        if hold is None:
            raise FencedError(f"partition {partition}: this process did not take the partition [fenced]")
        return hold

    def _watch(self, partition: int, hold: _Hold) -> FakePartition:
        """Compare the stored id with ours; confirm a pending commit that turns out to be there."""
        self._reach()
        stored = self.server.partitions.get(partition)
        if stored is None or hold.is_lost:
            raise _lost(hold, "this process lost the partition")
        if hold.pending is not None and stored.id == hold.pending[1]:
            _confirm(hold)
        elif stored.id != hold.last_id:
            raise _lost(hold, "the stored commit id is not the one this process wrote last")
        return stored

    def _settle(self, partition: int, hold: _Hold) -> None:
        while hold.pending is not None:
            stored = self._watch(partition, hold)
            if hold.pending is not None:
                self._crash("before commit")
                self._apply(stored, hold, hold.pending)

    def _apply(self, stored: FakePartition, hold: _Hold, pending: tuple[Commit, bytes]) -> None:
        lost = self.server.lost.popleft() if self.server.lost else None
        if lost == "before":
            return
        stored.apply(pending[1], pending[0])
        self.server.commits += 1
        self._crash("after commit")
        if lost is None:
            _confirm(hold)

    def _reach(self, point: CrashPoint | None = None) -> None:
        if self.server.is_away:
            raise UnavailableError("fake Redis: away [redis-away]")
        if point is not None:
            self._crash(point)

    def _crash(self, point: CrashPoint) -> None:
        if point in self.crashes:
            raise self.crashes.pop(point)


def _confirm(hold: _Hold) -> None:
    assert hold.pending is not None
    hold.settled, hold.last_id = hold.pending
    hold.pending = None


def _lost(hold: _Hold, why: str) -> FencedError:
    hold.is_lost, hold.pending, hold.settled = True, None, None
    return FencedError(f"{why}; take the partition again if it is still yours [fenced]")
