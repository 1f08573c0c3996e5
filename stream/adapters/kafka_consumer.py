"""Faust's consumer and transport, with the per-message drain loop replaced by lanes of whole batches.

What Faust keeps doing: joining the group, rebalancing, stopping and resuming the flow.  What it no
longer does here: moving offsets.  The position of a partition comes from the handler, where Faust
awaits it before the flow resumes; Kafka's committed offset is written after ours, for lag tools only.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import TopicPartition
from faust.transport.drivers.aiokafka import Consumer, Transport
from faust.types import TP
from mode import Service
from yarl import URL

from stream.adapters.kafka_errors import translated
from stream.adapters.kafka_lanes import Lanes
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_thread import BatchThread
from stream.adapters.kafka_watchdog import Watchdog
from stream.errors import FencedError, StateError, StreamError, UnavailableError
from stream.ports import RecordHandler

POLL_WAIT_S = 0.2
PAUSE_S = 0.1

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wiring:
    """What the consumer needs from outside Faust."""

    options: KafkaOptions
    handler: RecordHandler
    on_stall: Callable[[str], None]


class BatchTransport(Transport):
    """Faust's aiokafka transport, making our consumer."""

    def __init__(self, url: list[URL], app: Any, wiring: Wiring) -> None:
        super().__init__(url, app)
        self.wiring = wiring
        self.options = wiring.options


class BatchConsumer(Consumer):
    """Hands whole per-partition lists to one handler, from the position that the handler names."""

    _thread: BatchThread
    transport: BatchTransport

    def __init__(self, transport: BatchTransport, *args: Any, **kwargs: Any) -> None:
        options = transport.options
        self.topic = options.topic
        self.lanes = Lanes(transport.wiring.handler, self, time.monotonic, self._failed, options.revoke_wait_ms / 1000)
        self.watchdog = Watchdog(self.lanes.statuses, time.monotonic, options, transport.wiring.on_stall)
        self._hinted: dict[int, int] = {}
        self.has_joined = False
        super().__init__(transport, *args, **kwargs)

    def _new_consumer_thread(self) -> BatchThread:
        thread = BatchThread(self, loop=self.loop, beacon=self.beacon)
        thread.options = self.transport.options
        thread.on_membership_end = self._membership_ended
        return thread

    async def on_start(self) -> None:
        """Start the watchdog with the consumer."""
        await super().on_start()
        self.watchdog.start()

    async def on_stop(self) -> None:
        """Give the partitions back, tell the lag tools, then let Faust stop."""
        self.watchdog.stop()
        positions = self._unhinted()
        await self.lanes.close(for_good=True)
        await self._write_hint(positions)
        await super().on_stop()

    # The position comes from outside

    async def perform_seek(self) -> None:
        """Take every assigned partition at the position its handler names; awaited before the flow resumes."""
        partitions = [tp.partition for tp in self.assignment() if tp.topic == self.topic]
        await self.lanes.open(partitions)
        log.info("partitions_taken", partitions=sorted(partitions))
        self.has_joined = True
        self._hinted.clear()
        self.watchdog.rebalanced()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """End the batches at work before anybody else may take the partitions."""
        self.watchdog.rebalancing()
        await self.lanes.close()
        await super().on_partitions_revoked(revoked)

    async def bounds(self, partition: int) -> tuple[int, int]:
        """Return first and end offset of a partition."""
        tp = self._tp(partition)
        return (await self._thread.bounds_of([tp]))[tp]

    async def start_at(self, partition: int, offset: int) -> int:
        """Go on at `offset`; return the epoch of what is fetched from now on."""
        return await self._thread.seek_to(self._tp(partition), offset)

    def wake(self) -> None:
        """Look again at which partitions are wanted."""
        self._thread.wake()

    # The drain loop

    async def _drain_messages(self, fetcher: Any) -> None:
        """Move batches from the fetcher into the lanes until either is stopped."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                if self.flow_active:
                    await self._move_batches()
                else:
                    await self.wait(self.can_resume_flow.wait())
        except asyncio.CancelledError:
            # Faust cancels us to stop us; passed on during a rebalance it would be taken for a crash
            if not (self.transport.app.should_stop or fetcher.should_stop):
                raise

    async def _move_batches(self) -> None:
        try:
            batches = await self._thread.take(self.topic, self.lanes.wanted(), POLL_WAIT_S)
        except UnavailableError as error:
            log.warning("fetching_backs_off", reason=str(error))
            await self.sleep(PAUSE_S)
        except StreamError as error:
            await self.crash(error)
        else:
            self.lanes.offer(batches)

    def _membership_ended(self, error: BaseException) -> None:
        """Stop the worker: its coordinator gave up, so the group will count its partitions as free."""
        self._failed(translated(error, f"being a member of the group {self.transport.options.group!r}"))

    def _failed(self, error: BaseException) -> None:
        self.add_future(self.crash(error))

    # What lag tools and the watchdog see

    @Service.task
    async def _hint_routine(self) -> None:
        while not self.should_stop:
            await self.sleep(self.transport.options.hint_every_ms / 1000)
            if not self.should_stop:  # stopping writes the last one itself, before the thread goes
                await self._write_hint(self._unhinted())

    @Service.task
    async def _probe_routine(self) -> None:
        while not self.should_stop:
            await self._probe()
            self.watchdog.probed()
            await self.sleep(self.watchdog.interval_s)

    async def _probe(self) -> None:
        tps = [self._tp(status.partition) for status in self.lanes.statuses()]
        if tps:
            try:
                ends = await self._thread.ends_of(tps)
            except UnavailableError as error:
                log.warning("broker_does_not_answer", reason=str(error))
            else:
                self.lanes.saw_ends({tp.partition: end for tp, end in ends.items()})

    def _unhinted(self) -> dict[int, int]:
        statuses = self.lanes.statuses()
        return {
            s.partition: s.position for s in statuses if s.is_acquired and self._hinted.get(s.partition) != s.position
        }

    async def _write_hint(self, positions: dict[int, int]) -> None:
        """Commit to Kafka what was committed in our state; whether it works changes nothing but lag tools."""
        if not positions:
            return
        try:
            await self._thread.hint({self._tp(partition): offset for partition, offset in positions.items()})
        except (UnavailableError, FencedError, StateError) as error:
            log.debug("hint_not_written", reason=str(error))
        else:
            self._hinted.update(positions)

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Do nothing: Faust's check looks at its own per-message sensors; ours is the watchdog."""

    def _tp(self, partition: int) -> TopicPartition:
        return TopicPartition(self.topic, partition)


BatchTransport.Consumer = BatchConsumer
