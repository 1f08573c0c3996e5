"""One lane per partition we own: acquire, deliver in order, re-acquire; and all lanes together.

Laws: a partition's batches reach the handler one after the other, never two at once; nothing that
was fetched before a seek is delivered after it; a lane holds at most one batch at work and one
waiting, so a slow handler is felt by the fetcher and not by the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import structlog

from stream.errors import FencedError, LayoutError, SettingsError, StreamError, UnavailableError
from stream.ports import Record, RecordHandler

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 2.0
FIRST_SEEK_WAIT_S = 5.0

log = structlog.get_logger(__name__)


class Fetched(NamedTuple):
    """What one poll brought for one partition: records, or the error that fetching met."""

    partition: int
    epoch: int
    records: list[Record]
    log_end: int
    error: StreamError | None = None


class LogSource(Protocol):
    """The log as lanes need it; errors are already ours."""

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Return the first offset the log still holds and the one after its last."""
        ...

    async def start_at(self, partition: int, offset: int) -> int:
        """Go on at `offset`; return the epoch that records fetched from now on carry."""
        ...

    def wake(self) -> None:
        """Look again at which partitions are wanted."""
        ...


@dataclass(frozen=True, slots=True)
class LaneStatus:
    """One partition at one moment, for metrics, /readyz and the watchdog."""

    partition: int
    is_acquired: bool
    is_excused: bool
    position: int
    log_end: int
    progress_at_s: float

    @property
    def lag_records(self) -> int:
        """Return how many records of the log were not handled yet."""
        return max(0, self.log_end - self.position)


class Lane:
    """One partition while it is ours."""

    def __init__(self, partition: int, handler: RecordHandler, source: LogSource, now_s: Callable[[], float]) -> None:
        self.partition = partition
        self.position = 0
        self.log_end = 0
        self.is_paused = False
        self.tried = asyncio.Event()  # set after the first attempt to acquire, whether it worked or not
        self._handler = handler
        self._source = source
        self._now_s = now_s
        self._progress_at_s = now_s()
        self._epoch: int | None = None
        self._waiting: Fetched | None = None
        self._changed = asyncio.Event()
        self._is_backing_off = False
        self._must_reacquire = False
        self._is_stopping = False
        self._is_at_work = False
        self._failures = 0

    @property
    def wants_records(self) -> bool:
        """Return whether a fetched batch would find room here."""
        return self._epoch is not None and self._waiting is None and not self.is_paused

    def offer(self, fetched: Fetched) -> None:
        """Take a fetched batch; one from before the last seek is dropped."""
        self.see_end(fetched.log_end)
        if fetched.epoch == self._epoch:
            self._waiting = fetched
            self._changed.set()

    def see_end(self, log_end: int) -> None:
        """Note where the log ends; in a log that was idle, standing still can only begin now."""
        if self.log_end <= self.position:
            self._touch()
        self.log_end = max(self.log_end, log_end)

    def pause(self, is_paused: bool) -> None:
        """Hold back what is waiting and fetch no more, or go on."""
        self.is_paused = is_paused
        self._touch()
        self._changed.set()

    def reacquire(self) -> None:
        """Ask the handler for the position again, after the batch at work."""
        self._must_reacquire = True
        self._changed.set()

    def status(self) -> LaneStatus:
        """Return how things stand now."""
        is_excused = self.is_paused or self._is_backing_off
        is_acquired = self._epoch is not None
        return LaneStatus(self.partition, is_acquired, is_excused, self.position, self.log_end, self._progress_at_s)

    async def run(self) -> None:
        """Acquire and deliver until stopped; raise what backing off cannot heal."""
        while not self._is_stopping:
            try:
                await self._acquire()
                self.tried.set()
                await self._deliver()
            except (FencedError, UnavailableError) as error:
                await self._back_off(error)

    def stop(self) -> bool:
        """End after the batch at work; return whether there is one."""
        self._is_stopping = True
        self._changed.set()
        return self._is_at_work

    async def _acquire(self) -> None:
        """Ask for the position, seek, and only then want records."""
        self._must_reacquire = False
        self._waiting = None
        start, end = await self._source.bounds(self.partition)
        with self._at_work():
            offset = await self._handler.assigned(self.partition, start, end)
        if not start <= offset <= end:
            raise LayoutError(
                f"partition {self.partition}: position {offset} is not in the log, which holds {start} to {end};"
                " restore the log or rebuild the state [kafka-layout]"
            )
        self._epoch = await self._source.start_at(self.partition, offset)
        self.position, self.log_end = offset, end
        self._touch()
        self._source.wake()

    async def _deliver(self) -> None:
        """Hand over batch after batch; return when the position must be asked for again."""
        while True:
            batch = await self._next_batch()
            if batch is None:
                self._epoch = None
                return
            if batch.error is not None:
                raise _healable(batch.error) from batch.error
            with self._at_work():
                await self._handler.records(self.partition, batch.records)
            self.position = batch.records[-1].offset + 1
            self._failures = 0
            self._touch()

    async def _next_batch(self) -> Fetched | None:
        while not (self._must_reacquire or self._is_stopping):
            if self._waiting is not None and not self.is_paused:
                batch, self._waiting = self._waiting, None
                self._source.wake()
                return batch
            self._changed.clear()
            await self._changed.wait()
        return None

    async def _back_off(self, error: Exception) -> None:
        self._epoch = None
        self._waiting = None
        wait_s = _wait_s(self._failures)
        self._failures += 1
        log.warning("partition_backs_off", partition=self.partition, wait_s=wait_s, reason=str(error))
        self.tried.set()
        self._is_backing_off = True
        await asyncio.sleep(wait_s)
        self._is_backing_off = False
        self._touch()

    def _touch(self) -> None:
        self._progress_at_s = self._now_s()

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        self._is_at_work = True
        try:
            yield
        finally:
            self._is_at_work = False


def _wait_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling, then two seconds."""
    return min(FIRST_WAIT_S * 2.0 ** min(failures, 10), LONGEST_WAIT_S)


def _healable(error: StreamError) -> StreamError:
    """Return what a failed fetch means: rights are the operator's; anything else is judged on re-acquiring."""
    return error if isinstance(error, SettingsError) else UnavailableError(str(error))


class Lanes:
    """All partitions of one assignment."""

    def __init__(
        self,
        handler: RecordHandler,
        source: LogSource,
        now_s: Callable[[], float],
        failed: Callable[[BaseException], None],
        revoke_wait_s: float,
    ) -> None:
        self._handler = handler
        self._source = source
        self._now_s = now_s
        self._failed = failed
        self._revoke_wait_s = revoke_wait_s
        self._lanes: dict[int, Lane] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def open(self, partitions: Iterable[int]) -> None:
        """Take these partitions instead of any before; return when each was tried once (or five seconds passed)."""
        await self.close()
        for partition in sorted(partitions):
            lane = self._lanes[partition] = Lane(partition, self._handler, self._source, self._now_s)
            task = self._tasks[partition] = asyncio.create_task(lane.run(), name=f"partition-{partition}")
            task.add_done_callback(self._ended)
        tried = [asyncio.ensure_future(lane.tried.wait()) for lane in self._lanes.values()]
        if tried:
            await asyncio.wait({*tried}, timeout=FIRST_SEEK_WAIT_S)
        for each in tried:
            each.cancel()

    async def close(self) -> None:
        """Give all partitions back: what is at work may end within the revoke wait, then it is cancelled."""
        lanes, tasks = self._lanes, self._tasks
        self._lanes, self._tasks = {}, {}
        if not lanes:
            return
        at_work = {tasks[partition] for partition, lane in lanes.items() if lane.stop()}
        if at_work:
            await asyncio.wait(at_work, timeout=self._revoke_wait_s)
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        await self._handler.revoked(sorted(lanes))

    def offer(self, batches: Sequence[Fetched]) -> None:
        """Put fetched batches into their lanes; those of partitions no longer ours are dropped."""
        for batch in batches:
            lane = self._lanes.get(batch.partition)
            if lane is not None:
                lane.offer(batch)

    def wanted(self) -> frozenset[int]:
        """Return the partitions for which a fetched batch would find room."""
        return frozenset(partition for partition, lane in self._lanes.items() if lane.wants_records)

    def pause(self, partition: int) -> None:
        """Stop delivering `partition`, for example while its outbox is full; no effect where it is not ours."""
        if partition in self._lanes:
            self._lanes[partition].pause(True)

    def resume(self, partition: int) -> None:
        """Deliver `partition` again."""
        if partition in self._lanes:
            self._lanes[partition].pause(False)
            self._source.wake()

    def reacquire(self, partition: int) -> None:
        """Ask the handler for the position of `partition` again and seek there."""
        if partition in self._lanes:
            self._lanes[partition].reacquire()

    def saw_ends(self, ends: dict[int, int]) -> None:
        """Note where the log of each partition ends now."""
        for partition, end in ends.items():
            if partition in self._lanes:
                self._lanes[partition].see_end(end)

    def statuses(self) -> list[LaneStatus]:
        """Return one status per partition we own."""
        return [lane.status() for lane in list(self._lanes.values())]

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
