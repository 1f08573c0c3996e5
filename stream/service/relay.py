"""The relay: publishes what is committed, in order, memberships before the transitions of the same slice.

What waits is published together: its memberships, and when all are acknowledged its transitions, beside the
memberships of what came meanwhile. What is not acknowledged is sent again, the same bytes, so a consumer needs one
integer per customer to be exactly-once. After a failure the oldest slice goes alone, then twice as many as went
before: what is refused holds up what comes behind it, and nothing else.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice

from stream.errors import FencedError, InputError, SettingsError, UnavailableError
from stream.ports import Clock, Message, Metrics, Producer
from stream.service.topics import Topics
from stream.wire.outbox import Slice, Told, decode_slice
from stream.wire.transition import headers

FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 0.1, 5.0
ALONE, MOST = 1, 1 << 20
"""How many slices are published at once: after a failure, and however long all is well."""
CLAIMED_S = 12 * 3600.0
"""A claim is made anew after so long: Kafka forgets the older ones of a name that made none for seven days."""


class Relay:
    """The unpublished slices of one partition, and the task that publishes them."""

    def __init__(
        self,
        partition: int,
        *,
        topics: Topics,
        producer: Producer,
        metrics: Metrics,
        clock: Clock,
        bound: int,
        together: int,
        is_ours: Callable[[int], Awaitable[bool]],
        warn: Callable[[str], None] = lambda reason: None,
    ) -> None:
        """Start with nothing to publish.

        `bound` is how many records may wait before `room` makes the caller wait, `together` how many of several
        slices are published at once (one slice may have more); `is_ours` tells whether the partition still is;
        `warn` hears of everything that keeps the relay from publishing.
        """
        self.partition = partition
        self._is_ours = is_ours
        self._topics, self._producer, self._metrics, self._clock = topics, producer, metrics, clock
        self._bound, self._together, self._warn = bound, together, warn
        self._waiting: deque[tuple[bytes, int]] = deque()
        self._known: list[Slice] = []
        """The first that wait: their memberships are written, their transitions are next."""
        self._most = MOST
        self._records = 0
        self.published = 0
        """Slices published and not yet trimmed from the stored outbox."""
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._backoff_s = FIRST_BACKOFF_S
        self._claim: object | None = None
        self._claimed_s = 0.0

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
        self._claim, self._known, self._most, self._backoff_s = None, [], MOST, FIRST_BACKOFF_S
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
        try:
            while True:
                while not self._waiting:
                    self._changed.clear()
                    await self._changed.wait()
                try:
                    await self._publish()
                except (UnavailableError, InputError, SettingsError) as error:
                    await self._back_off(error)
        finally:
            self._changed.set()

    async def _publish(self) -> None:
        """Write the memberships of what came meanwhile, and beside them the transitions of those that are written.

        What is refused beside something would keep it from being known to be published, for ever.
        """
        claim = await self._claimed()
        known = self._known
        new = [] if known and self._most == ALONE else [decode_slice(packed) for packed in self._next()]
        topics = self._topics
        written = {topics.membership: self._memberships(new), topics.transitions: self._transitions(known)}
        await self._producer.publish(self.partition, written, claim)
        self._known = new
        if known:
            self._done(known)

    def _next(self) -> list[bytes]:
        """Return the slices whose memberships come next: what came meanwhile costs the round trips of one."""
        together: list[bytes] = []
        records = 0
        first = len(self._known)
        for packed, size in islice(self._waiting, first, first + self._most):
            records += size
            if together and records > self._together:
                break
            together.append(packed)
        return together

    def _done(self, told: list[Slice]) -> None:
        for each in told:
            self._waiting.popleft()
            self._records -= each.size
            self._observe(each.transitions)
        self.published += len(told)
        self._most, self._backoff_s = min(self._most * 2, MOST), FIRST_BACKOFF_S
        self._metrics.outbox(self.partition, self._records)
        self._changed.set()

    async def _back_off(self, error: Exception) -> None:
        """Wait, ever longer, and keep everything: a refused record would be missing, whoever published the next."""
        self._claim, self._known, self._most = None, [], ALONE
        self._warn(f"partition {self.partition}: {self._records} records wait to be published: {error}")
        await self._clock.sleep(self._backoff_s)
        self._backoff_s = min(self._backoff_s * 2, LONGEST_BACKOFF_S)

    async def _claimed(self) -> object:
        """Return the claim to publish under.

        Whose the partition is must be asked behind the claim, for that makes the order exact: whoever takes it after
        this answer claims it later, and publishes again all that we may still have on its way.
        """
        now_s = self._clock.elapsed()
        if self._claim is None or now_s - self._claimed_s > CLAIMED_S:
            self._claim = None
            claim = await self._producer.claim(self.partition)
            if not await self._is_ours(self.partition):
                raise FencedError(f"partition {self.partition}: somebody else publishes it now; take it again [fenced]")
            self._claim, self._claimed_s = claim, now_s
        return self._claim

    def _memberships(self, told: list[Slice]) -> list[Message]:
        marks = self._topics.membership_headers
        return [(customer_id.encode(), body, marks, None) for each in told for customer_id, body in each.memberships]

    def _transitions(self, told: list[Slice]) -> list[Message]:
        source = self._topics.source
        return [
            (one.customer_id.encode(), one.body, headers(one, source, each.decided_at), None)
            for each in told
            for one in each.transitions
        ]

    def _observe(self, told: list[Told]) -> None:
        waited_ms, metrics = self._clock.waited_ms, self._metrics
        if by_events := [each.record_time for each in told if not each.is_timed]:
            metrics.event_to_transition(waited_ms(by_events))
        if by_time := [each.record_time for each in told if each.is_timed]:
            metrics.timer_lag(waited_ms(by_time))
