"""One partition in order: batch in, one commit, then publish. The commit loop is its only writer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from functools import partial

from msgspec import structs

from stream.core.event import Event
from stream.core.profile import NEVER
from stream.errors import FencedError
from stream.ports import Commit, Record
from stream.service.aside import Aside
from stream.service.cache import Cache
from stream.service.entrance import Entrance, fingerprint, portions
from stream.service.layout import usable_head
from stream.service.letters import send_dead_letters
from stream.service.neighbours import Neighbours
from stream.service.relay import Relay
from stream.service.slices import Changes, Work, understand
from stream.service.stride import Stride
from stream.service.tally import flat, tally
from stream.service.waking import Waking
from stream.wire.head import Head, encode_head
from stream.wire.outbox import encode_slice


class Partition:
    """One partition that this worker owns."""

    def __init__(self, number: int, shared: Neighbours, hold: Callable[[bool], None] = lambda is_held: None) -> None:
        """Own nothing yet; `take` does that. `hold` is told when the outbox is full, and when no more."""
        self._hold = hold
        self.number = number
        self._shared = shared
        self.head = Head(position=0)
        self._cache = Cache(shared.limits.cache_bytes)
        self.relay = Relay(
            number,
            topics=shared.topics,
            producer=shared.producer,
            metrics=shared.metrics,
            clock=shared.clock,
            bound=shared.limits.outbox_records,
            together=shared.limits.together_records,
            is_ours=shared.store.is_ours,
            warn=shared.warn,
        )
        self._turn = asyncio.Lock()
        self._aside = Aside()
        self._stride = Stride(shared.limits.slice_records, shared.limits.slice_s)
        self._waking = Waking(shared.limits)
        self.entrance = Entrance(number)
        self.earliest_wake = NEVER
        """No timer of the partition is due before this."""
        self.is_taken = False
        self._committed_s = 0.0

    @property
    def quiet_s(self) -> float:
        """Return the seconds since the last commit."""
        return self._shared.clock.elapsed() - self._committed_s

    # -- taking over ----------------------------------------------------------------------

    async def take(self, log_start: int, log_end: int) -> int:
        """Fence every other writer, forget what was cached, and return the offset to read from.

        One record before the position is asked for where the log still holds it, to see that it is the same log.
        """
        async with self._turn:
            self.is_taken = False
            await self.relay.stop()
            self._cache.clear()
            taken = await self._shared.store.take(self.number)
            self.head = usable_head(self.number, taken.head, (log_start, log_end), self._shared.rules[1])
            self.earliest_wake = await self._earliest()
            self.relay.start(taken.outbox)
            self._shared.metrics.members(self.number, flat(self.head.members))
            self.is_taken = True
            position = self.head.position
            return position - 1 if position > log_start and self.head.fingerprint else position

    async def _earliest(self) -> int:
        earliest = await self._shared.store.earliest(self.number)
        return NEVER if earliest is None else earliest

    async def release(self) -> None:
        """Stop publishing and forget everything; somebody else goes on."""
        async with self._turn:
            self.is_taken = False
            await self.relay.stop()
            self._cache.clear()
            await self._shared.store.release(self.number)
            self._shared.metrics.forget(self.number)

    # -- records --------------------------------------------------------------------------

    async def records(self, batch: Sequence[Record]) -> None:
        """Handle a batch: every record is committed, with all it causes, when this returns.

        FencedError and UnavailableError mean that the partition must be taken again before anything else.
        """
        limits = self._shared.limits
        async with self._alone_or_to_be_taken_again():
            fresh = self.entrance.fresh(batch, self.head)
        for part in portions(fresh, self._stride.of, limits.slice_bytes):
            await self._room()
            async with self._alone_or_to_be_taken_again():
                await self._records(part)

    # -- guards: each lets every error through; what it leaves behind is in its name ------

    @asynccontextmanager
    async def _alone_or_to_be_taken_again(self) -> AsyncIterator[None]:
        """Have the partition alone: whatever goes wrong, be it a cancel, leaves it to be taken again."""
        async with self._turn:
            if not self.is_taken:
                raise FencedError(f"partition {self.number} must be taken again")
            is_whole = False
            try:
                async with self._silent_when_lost():
                    yield
                is_whole = True
            finally:
                self.is_taken = is_whole

    @asynccontextmanager
    async def _silent_when_lost(self) -> AsyncIterator[None]:
        """Leave a partition that somebody else has to be taken again, and publish nothing more of it.

        Stands alone where only the relay is asked: what ended it was seen while nobody had the turn.
        """
        try:
            yield
        except FencedError:
            self.is_taken = False
            await self.relay.stop()
            raise

    @contextmanager
    def _counted_when_refused(self) -> Iterator[None]:
        """Count a commit that is refused: the fetch begins it, and looks whether it could still succeed."""
        try:
            yield
        except FencedError:
            self._shared.metrics.commits_refused()
            raise

    # -- a slice of records ---------------------------------------------------------------

    async def _room(self) -> None:
        """Wait, and say so, while the outbox is full."""
        async with self._silent_when_lost():
            if self.relay.has_room:
                return
            self._hold(True)
            try:
                await self.relay.room()
            finally:
                self._hold(False)

    async def _records(self, records: list[Record]) -> None:
        started = self._shared.clock.elapsed()
        plan = self._shared.plan
        incoming = [understand(record, plan) for record in records]
        customers = {each.content.customer_id for each in incoming if isinstance(each.content, Event)}
        stored = await self._fetch(customers)
        with self._stride.measured(records):
            work, changes = self._worked(stored, lambda work: self._aside.apply(incoming, work))
        if work.refused:
            await self._raise_when_lost()  # who has the partition now sends them, too
            shared = self._shared
            await send_dead_letters(shared.producer, shared.topics.dead_letters, shared.topics.events, work.refused)
        last = records[-1]
        await self._commit(work, changes, started, len(records), (last.offset + 1, fingerprint(last)))
        self._aside.forget(records)
        tally(work, self.head, self.number, self._shared.metrics)

    def _worked(self, stored: dict[str, bytes | None], fill: Callable[[Work], None]) -> tuple[Work, Changes]:
        return self._aside.worked(partial(self._new_work, stored), fill)

    def _new_work(self, stored: dict[str, bytes | None], is_careful: bool) -> Work:
        head, shared = self.head, self._shared
        known = head.tick_ms, dict(head.intake), stored.get, head.rules
        return Work(shared.plan, self.number, shared.partitions, *known, is_careful)

    async def _fetch(self, customers: Sequence[str] | set[str]) -> dict[str, bytes | None]:
        """Return the packed profiles of all these customers; cold ones are read from the store, if there are any."""
        found = {each: self._cache.get(each) for each in customers}
        cold = [each for each, packed in found.items() if packed is None]
        if not cold:
            return found
        with self._counted_when_refused():
            stored = await self._shared.store.fetch(self.number, cold)
        return found | dict(zip(cold, stored, strict=True))

    async def _raise_when_lost(self) -> None:
        """Raise FencedError where somebody else has the partition: a fetch looks at the head, be it of no customer."""
        with self._counted_when_refused():
            await self._shared.store.fetch(self.number, ())

    # -- timers ---------------------------------------------------------------------------

    async def fire_due(self) -> bool:
        """Fire a bounded number of timers that the last tick covers; tell whether more may be due at once.

        Raises what ended the relay, if something did.
        """
        async with self._silent_when_lost():
            if not self.relay.has_room_to_spare or self.earliest_wake >= self.head.tick_ms:
                return False
        async with self._alone_or_to_be_taken_again():
            most = self._waking.most
            due = await self._shared.store.due(self.number, self.head.tick_ms, most + 1)
            if due:
                await self._fire(due, most)
            if len(due) <= most:  # else the one too many told
                self.earliest_wake = await self._earliest()
            return self.earliest_wake < self.head.tick_ms

    async def _fire(self, due: list[tuple[str, int]], most: int) -> None:
        """Wake at most so many of these customers, the earliest first."""
        started = self._shared.clock.elapsed()
        customers = [customer_id for customer_id, _ in due[:most]]
        stored = await self._fetch(customers)
        work, changes = await self._waking.woken(customers, self._aside, partial(self._new_work, stored))
        await self._commit(work, changes, started, 0)
        rest_ms = due[len(work.woken)][1] if len(work.woken) < len(due) else NEVER
        self.earliest_wake = min([rest_ms, *_wakes(changes.timers)])
        tally(work, self.head, self.number, self._shared.metrics)

    async def trim(self) -> None:
        """Take published slices out of the stored outbox, where no other commit does it soon."""
        async with self._alone_or_to_be_taken_again():
            if self.relay.published:
                work = self._new_work({}, False)
                await self._commit(work, work.finish(), self._shared.clock.elapsed(), 0)

    # -- the commit -----------------------------------------------------------------------

    async def _commit(
        self,
        work: Work,
        changes: Changes,
        started: float,
        records: int,
        reached: tuple[int, bytes] | None = None,
    ) -> None:
        """Write what was worked, and go on from there; `reached` is the new position and the last fingerprint."""
        head = self._next_head(work, reached or (self.head.position, self.head.fingerprint))
        timers, profiles, told = changes.timers, changes.profiles, changes.told
        if told:
            told.decided_at = self._shared.clock.now_ms()
        outbox = [encode_slice(told)] if told else []
        trim = self.relay.published
        with self._counted_when_refused():
            await self._shared.store.commit(self.number, Commit(encode_head(head), profiles, timers, outbox, trim))
        self.head = head
        self._cache.put_all(profiles)
        self.earliest_wake = min([self.earliest_wake, *_wakes(timers)])
        self.relay.trimmed(trim)
        if told:
            self.relay.hand_in(outbox[0], told.size)
        metrics = self._shared.metrics
        self._committed_s = self._shared.clock.elapsed()
        metrics.commit((self._committed_s - started) * 1000, records)
        metrics.profiles(len(profiles), sum(map(len, profiles.values())))
        metrics.outbox(self.number, self.relay.waiting)

    def _next_head(self, work: Work, reached: tuple[int, bytes]) -> Head:
        return structs.replace(
            self.head,
            position=reached[0],
            fingerprint=reached[1],
            tick_ms=work.tick_ms,
            intake=work.intake,
            members=work.members(self.head.members) if work.has_moved else self.head.members,
            customers=self.head.customers + work.newcomers,
        )


def _wakes(timers: dict[str, int | None]) -> Iterator[int]:
    """Yield the instants that these timers are set to; None is a timer taken away."""
    return (at for at in timers.values() if at is not None)
