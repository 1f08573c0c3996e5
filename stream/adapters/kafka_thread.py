"""The thread that talks to Kafka: hands over whole per-partition lists instead of single messages.

Faust runs aiokafka in a thread with a loop of its own, so heartbeats go on while the main thread
computes.  Seeking and taking both happen on that loop, one after the other, and every seek starts
a new epoch: that is how a list fetched before a seek is told from one fetched after it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Coroutine
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

import aiokafka
from aiokafka import TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.structs import OffsetAndMetadata
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread

from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_fetch import BAD_NAME, read_again, records_of
from stream.adapters.kafka_lane import Fetched
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_pace import Pace
from stream.adapters.patience import ended
from stream.errors import UnavailableError

STOP_WAIT_S = 2.0
HINT_WAIT_S = 2.0
T = TypeVar("T")


class BatchThread(AIOKafkaConsumerThread):
    """One aiokafka consumer on its own loop; every method may be awaited from the main loop."""

    options: KafkaOptions
    on_membership_end: Callable[[BaseException], None]

    def __post_init__(self) -> None:
        """Set up what taking and seeking share; called by Faust's constructor."""
        super().__post_init__()
        self._epochs: dict[int, int] = defaultdict(int)
        self._pace = Pace()
        self._waiter: asyncio.Future[None] | None = None
        self._committing: asyncio.Future[None] | None = None

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        """Return our consumer; Faust's own has a fixed fetch wait of 1.5 s and moves offsets by itself."""
        options = self.options
        consumer = aiokafka.AIOKafkaConsumer(
            **options.client_arguments(),
            group_id=options.group,
            group_instance_id=options.instance,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",  # what a writer took back never happened
            session_timeout_ms=options.session_timeout_ms,
            heartbeat_interval_ms=options.heartbeat_ms,
            rebalance_timeout_ms=options.rebalance_timeout_ms,
            fetch_max_wait_ms=options.fetch_max_wait_ms,
            max_partition_fetch_bytes=options.fetch_max_bytes,
            # liveness is judged by our own watchdog: a full outbox may hold all partitions for long
            max_poll_interval_ms=24 * 3_600_000,
        )
        self._listen_for_critical_errors(consumer)
        return consumer

    def _listen_for_critical_errors(self, consumer: aiokafka.AIOKafkaConsumer) -> None:
        """Hear of what ends the group membership for good.

        aiokafka tells it only to whoever is waiting at that moment, then its coordinator sleeps for
        ever while fetching goes on: a member that nobody counts any more.
        """
        abort_waiters = consumer._subscription.abort_waiters

        def tell_and_abort(error: BaseException) -> None:
            self.parent_loop.call_soon_threadsafe(self.on_membership_end, error)
            abort_waiters(error)

        consumer._subscription.abort_waiters = tell_and_abort

    async def on_thread_stop(self) -> None:
        """Leave the group and disconnect, in bounded time also when the broker is away."""
        await super(AIOKafkaConsumerThread, self).on_thread_stop()
        consumer = self._consumer
        if consumer is not None and not await ended(consumer.stop(), STOP_WAIT_S):
            # aiokafka waits for a broker that may never come back, or trips over its own cancelled fetch
            await ended(consumer._client.close(), STOP_WAIT_S)

    def _stopped_set(self) -> None:
        """Say that we stopped, also where a crash has closed our loop already: a traceback would hide the reason."""
        with contextlib.suppress(RuntimeError):
            super()._stopped_set()

    async def take(self, topic: str, wanted: AbstractSet[int], wait_s: float) -> list[Fetched]:
        """Return what is fetched for the wanted partitions, at once or within `wait_s`."""
        return await self.in_thread(self._take(topic, wanted, wait_s), "fetching records")

    async def seek_to(self, tp: TopicPartition, offset: int) -> int:
        """Fetch from `offset` next; return the epoch of what is fetched from now on."""
        return await self.in_thread(self._seek_to(tp, offset), f"seeking to {offset}")

    async def bounds_of(self, tps: list[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        """Return first offset and end offset of each partition."""
        return await self.in_thread(self._bounds_of(tps), "asking for the bounds of the log")

    async def ends_of(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        """Return the offset after the last record of each partition."""
        return await self.in_thread(self._ends_of(tps), "asking for the end of the log")

    async def hint(self, offsets: dict[TopicPartition, int]) -> None:
        """Commit offsets to Kafka, for lag tools only."""
        await self.in_thread(self._hint(offsets), "committing offsets for lag tools")

    def wake(self) -> None:
        """Let a waiting `take` look again; callable from any thread."""
        if not self.thread_loop.is_closed():
            self.thread_loop.call_soon_threadsafe(self._wake)

    async def in_thread(self, work: Coroutine[Any, Any, T], doing: str) -> T:
        """Run `work` on the consumer's loop; raise its error as one of ours."""
        if not self.thread_loop.is_running():  # a thread that crashed leaves its loop open, and nothing in it is done
            work.close()
            raise UnavailableError(f"Kafka: {doing}: the consumer has stopped [kafka-unavailable]")
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.thread_loop))
        except CLIENT_ERRORS as error:
            raise translated(error, doing) from error

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _take(self, topic: str, wanted: AbstractSet[int], wait_s: float) -> list[Fetched]:
        fetcher = self._ensure_consumer()._fetcher
        with fetcher._subscriptions.fetch_context():
            if fetcher._subscriptions.reassignment_in_progress:
                await asyncio.sleep(wait_s)
                return []
            taken = self._drain(fetcher, topic, wanted)
            if not taken:
                await self._wait_for_records(fetcher, wait_s)
                taken = self._drain(fetcher, topic, wanted)
            return [await self._read_again(fetcher, topic, f) if f.error is BAD_NAME else f for f in taken]

    async def _wait_for_records(self, fetcher: Any, wait_s: float) -> None:
        """Return when something was fetched, somebody wakes us, or the time is over; raise what ended the membership.

        A future that is awaited costs a turn of the loop less than `asyncio.wait`.
        """
        self._waiter = fetcher._create_fetch_waiter()
        at_last = self.thread_loop.call_later(wait_s, self._wake)
        try:
            await self._waiter
        finally:
            at_last.cancel()

    def _drain(self, fetcher: Any, topic: str, wanted: AbstractSet[int]) -> list[Fetched]:
        taken = []
        for tp in list(fetcher._records):
            if not fetcher._subscriptions.is_assigned(tp):
                del fetcher._records[tp]
            elif tp.topic == topic and tp.partition in wanted:
                taken.append(self._fetched(fetcher, tp, fetcher._records.pop(tp)))
        if taken:
            self._go_on(fetcher, any(each.error is None and each.behind < each.log_end for each in taken))
        return taken

    def _go_on(self, fetcher: Any, has_more: bool) -> None:
        """Let the client fetch what comes next: at once where the log has more, else after a pause that gathers it."""
        pause_s = self._pace.pause_s()
        if has_more:
            _ask_for_more(fetcher)
        else:
            self.thread_loop.call_later(pause_s, _ask_for_more, fetcher)

    def _fetched(self, fetcher: Any, tp: TopicPartition, result: Any) -> Fetched:
        """Return the records of one fetch as ours, or the error it met."""
        records, marks, error = records_of(result, tp)
        state = fetcher._subscriptions.subscription.assignment.state_value(tp)
        behind = state.position if state.has_valid_position else 0
        return Fetched(tp.partition, self._epochs[tp.partition], records, _stable_end(state), error, behind, marks)

    async def _read_again(self, fetcher: Any, topic: str, fetched: Fetched) -> Fetched:
        """Return the batch that the client cannot read, unless a seek came between."""
        tp = TopicPartition(topic, fetched.partition)
        state = fetcher._subscriptions.subscription.assignment.state_value(tp)
        offset = state.position
        records, behind, error = await read_again(fetcher._client, tp, offset, self.options)
        if self._epochs[tp.partition] == fetched.epoch:
            state.consumed_to(behind)
        return fetched._replace(records=records, behind=behind, error=error)

    async def _seek_to(self, tp: TopicPartition, offset: int) -> int:
        self._ensure_consumer().seek(tp, offset)
        self._epochs[tp.partition] += 1
        return self._epochs[tp.partition]

    async def _bounds_of(self, tps: list[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
        consumer = self._ensure_consumer()
        starts = await consumer.beginning_offsets(tps)
        ends = await consumer.end_offsets(tps)
        return {tp: (starts[tp], ends[tp]) for tp in tps}

    async def _ends_of(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        ends: dict[TopicPartition, int] = await self._ensure_consumer().end_offsets(tps)
        return ends

    async def _hint(self, offsets: dict[TopicPartition, int]) -> None:
        # aiokafka tries for as long as the broker is away, and a commit that is cancelled complains when it ends
        if self._committing is None or self._committing.done():
            hints = {tp: OffsetAndMetadata(at, "") for tp, at in offsets.items()}
            self._committing = asyncio.ensure_future(self._ensure_consumer().commit(hints))
            self._committing.add_done_callback(lambda done: done.cancelled() or done.exception())
            await asyncio.wait([self._committing], timeout=HINT_WAIT_S)
        if not self._committing.done():
            raise TimeoutError
        self._committing.result()


def _stable_end(state: Any) -> int:
    """Return the end of what may be read now: an open transaction holds it back, where the broker knows any."""
    return int((state.highwater if state.lso is None or state.lso < 0 else state.lso) or 0)


def _ask_for_more(fetcher: Any) -> None:
    """Let the client fetch what comes next; it does not by itself while what it brought was not taken."""
    fetcher._notify(fetcher._wait_consume_future)
