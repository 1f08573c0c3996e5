"""The relay: publishes what is committed, in order, memberships before the transitions of the same slice.

One slice of a partition is in flight at a time. What is not acknowledged is sent again, the same
bytes, so a consumer needs one integer per customer to be exactly-once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from stream.errors import FencedError, UnavailableError
from stream.ports import Clock, Message, Metrics, Producer
from stream.service.topics import Topics
from stream.wire.outbox import Told, decode_slice
from stream.wire.transition import headers

LONGEST_BACKOFF_S = 5.0


class Relay:
    """The unpublished slices of one partition, and the task that publishes them."""

    def __init__(
        self,
        partition: int,
        topics: Topics,
        producer: Producer,
        metrics: Metrics,
        clock: Clock,
        bound: int,
        is_ours: Callable[[int], Awaitable[bool]],
    ) -> None:
        """Start with nothing to publish.

        `bound` is how many records may wait before `room` makes the caller wait; `is_ours` tells before each slice
        whether the partition still is: a former owner that wakes up must not publish behind the new one, because a
        compacted topic keeps what was written last, not what is newest.
        """
        self.partition = partition
        self._is_ours = is_ours
        self._topics, self._producer, self._metrics, self._clock = topics, producer, metrics, clock
        self._bound = bound
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._records = 0
        self.published = 0
        """Slices published and not yet trimmed from the stored outbox."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """Return how many records are not acknowledged yet."""
        return self._records

    def start(self, slices: Iterable[bytes]) -> None:
        """Publish these first, the oldest first; then what is handed in."""
        self._waiting.clear()
        self._records = 0
        for packed in slices:
            self.hand_in(packed, decode_slice(packed).size)
        self.published = 0
        self._changed.set()
        self._task = asyncio.create_task(self._run(), name=f"relay-{self.partition}")

    async def stop(self) -> None:
        """Stop publishing; what is left stays in the stored outbox."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._waiting.clear()
        self._records = 0

    def hand_in(self, packed: bytes, records: int) -> None:
        """Publish this committed slice of so many records after those that wait."""
        self._waiting.append((packed, records))
        self._records += records
        self._changed.set()

    @property
    def has_room(self) -> bool:
        """Tell whether fewer records wait than the bound; raises what ended the relay, if something did."""
        self._raise_if_dead()
        return self._records < self._bound

    @property
    def has_room_to_spare(self) -> bool:
        """Tell whether less than half of the bound waits: timers go no further, so that records find room."""
        self._raise_if_dead()
        return self._records < self._bound / 2

    async def room(self) -> None:
        """Return when fewer records wait than the bound; raises what ended the relay, if something did."""
        while not self.has_room:
            self._changed.clear()
            await self._changed.wait()

    async def drained(self) -> None:
        """Return when everything handed in is published."""
        while self._waiting:
            self._raise_if_dead()
            self._changed.clear()
            await self._changed.wait()

    def trimmed(self, count: int) -> None:
        """Say that a commit took so many published slices out of the stored outbox."""
        self.published -= count

    def _raise_if_dead(self) -> None:
        if self._task is not None and self._task.done() and not self._task.cancelled():
            self._task.result()

    async def _run(self) -> None:
        backoff_s = 0.1
        try:
            while True:
                while not self._waiting:
                    self._changed.clear()
                    await self._changed.wait()
                try:
                    await self._publish(self._waiting[0][0])
                except UnavailableError:
                    await self._clock.sleep(backoff_s)
                    backoff_s = min(backoff_s * 2, LONGEST_BACKOFF_S)
                    continue
                backoff_s = 0.1
                self._records -= self._waiting.popleft()[1]
                self.published += 1
                self._metrics.outbox(self.partition, self._records)
                self._changed.set()
        finally:
            self._changed.set()

    async def _publish(self, packed: bytes) -> None:
        told = decode_slice(packed)
        if not await self._is_ours(self.partition):
            raise FencedError(f"partition {self.partition}: somebody else publishes it now; take it again [fenced]")
        topics, producer = self._topics, self._producer
        memberships: list[Message] = [
            (customer_id.encode(), body, topics.membership_headers, None) for customer_id, body in told.memberships
        ]
        transitions: list[Message] = [
            (each.customer_id.encode(), each.body, headers(each.id, each.customer_id, each.at, topics.source), None)
            for each in told.transitions
        ]
        await producer.send_batch(topics.membership, self.partition, memberships)
        await producer.send_batch(topics.transitions, self.partition, transitions)
        self._observe(told.transitions)

    def _observe(self, told: list[Told]) -> None:
        now = self._clock.now_ms()
        self._metrics.event_to_transition([now - each.record_time for each in told if not each.is_timed])
        self._metrics.timer_lag([now - each.record_time for each in told if each.is_timed])
