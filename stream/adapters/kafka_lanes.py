"""All lanes of one assignment: opened together after a rebalance, closed together before the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from stream.adapters.kafka_lane import Fetched, Lane, LaneStatus, LogSource
from stream.ports import RecordHandler

FIRST_SEEK_WAIT_S = 5.0


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
        self._is_over = False
        self._lanes: dict[int, Lane] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def open(self, partitions: Iterable[int]) -> None:
        """Take these partitions instead of any before; return when each was tried once (or five seconds passed)."""
        await self.close()
        for partition in () if self._is_over else sorted(partitions):
            lane = self._lanes[partition] = Lane(partition, self._handler, self._source, self._now_s)
            task = self._tasks[partition] = asyncio.create_task(lane.run(), name=f"partition-{partition}")
            task.add_done_callback(self._ended)
        tried = [asyncio.ensure_future(lane.tried.wait()) for lane in self._lanes.values()]
        if tried:
            await asyncio.wait({*tried}, timeout=FIRST_SEEK_WAIT_S)
        for each in tried:
            each.cancel()

    async def close(self, *, for_good: bool = False) -> None:
        """Give all partitions back: what is at work may end within the revoke wait, then it is cancelled.

        `for_good` when the worker stops: a rebalance that is under way then must not take any anew.
        """
        self._is_over = self._is_over or for_good
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
