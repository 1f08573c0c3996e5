"""One lane per partition we own: acquire, deliver in order, re-acquire.

Laws: a partition's batches reach the handler one after the other, never two at once; nothing that
was fetched before a seek is delivered after it; a lane holds at most one batch at work and one
waiting, so a slow handler is felt by the fetcher and not by the memory. Small batches that come while
one is at work become one: the longer a commit takes, the more records the next one has.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import structlog

from stream.adapters.kafka_marks import Marks, Span
from stream.errors import FencedError, LayoutError, SettingsError, StreamError, UnavailableError
from stream.ports import Record, RecordHandler

FIRST_WAIT_S = 0.05
LONGEST_WAIT_S = 2.0
SMALL_RECORDS = 500
SMALL_BYTES = 256 * 1024
"""A waiting batch below both takes in what is fetched next."""

log = structlog.get_logger(__name__)


class Fetched(NamedTuple):
    """What one poll brought for one partition: records, or the error that fetching met, or marks of transactions."""

    partition: int
    epoch: int
    records: list[Record]
    log_end: int
    error: StreamError | None = None
    behind: int = 0
    """The offset behind all that was fetched: marks of transactions have offsets, and are no records."""
    marks: Sequence[Span] = ()


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
        self._committed = 0
        self._epoch: int | None = None
        self._waiting: Fetched | None = None
        self._changed = asyncio.Event()
        self._is_backing_off = False
        self._must_reacquire = False
        self._is_stopping = False
        self._is_at_work = False
        self._failures = 0
        self._marks = Marks()

    @property
    def wants_records(self) -> bool:
        """Return whether a fetched batch would find room here."""
        return self._epoch is not None and not self.is_paused and _is_small(self._waiting)

    def offer(self, fetched: Fetched) -> None:
        """Take a fetched batch; one from before the last seek is dropped."""
        self.see_end(fetched.log_end)
        if fetched.epoch == self._epoch:
            self._waiting = _together(self._waiting, fetched)
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
        """Return how things stand now; a batch may take long, and moves with each part of it that is handled."""
        committed = self._handler.position(self.partition)
        if committed != self._committed:
            self._committed = committed
            self._touch()
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
        self._marks = Marks()
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
            self._marks.add(batch.marks)
            if batch.records:
                await self._hand_over(self._marks.told(batch.records))
            self.position = max(self.position, batch.behind)
            if batch.error is not None:
                raise _healable(batch.error) from batch.error

    async def _hand_over(self, records: list[Record]) -> None:
        with self._at_work():
            await self._handler.records(self.partition, records)
        self.position = records[-1].offset + 1
        self._failures = 0
        self._touch()

    async def _next_batch(self) -> Fetched | None:
        while not (self._must_reacquire or self._is_stopping):
            if self._waiting is not None and not self.is_paused:
                batch, self._waiting = self._waiting, None
                if not _is_small(batch):
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


def _is_small(waiting: Fetched | None) -> bool:
    """Tell whether what is fetched next may be put behind what waits."""
    if waiting is None:
        return True
    if waiting.error is not None or len(waiting.records) >= SMALL_RECORDS:
        return False
    return sum(len(record.value or b"") for record in waiting.records) < SMALL_BYTES


def _together(waiting: Fetched | None, fetched: Fetched) -> Fetched:
    """Return one batch of what waits and what was fetched behind it, be it an error."""
    if waiting is None:
        return fetched
    return fetched._replace(records=waiting.records + fetched.records, marks=[*waiting.marks, *fetched.marks])


def _wait_s(failures: int) -> float:
    """Return how long to wait after so many failures in a row: doubling, then two seconds."""
    return min(FIRST_WAIT_S * 2.0 ** min(failures, 10), LONGEST_WAIT_S)


def _healable(error: StreamError) -> StreamError:
    """Return what a failed fetch means: rights are the operator's; anything else is judged on re-acquiring."""
    return error if isinstance(error, SettingsError) else UnavailableError(str(error))
