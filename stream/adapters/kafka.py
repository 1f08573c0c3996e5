"""The worker's Faust application: events in, whole batches per partition, graceful and guarded."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import faust
import structlog
from yarl import URL

from stream.adapters.clock import WallClock
from stream.adapters.kafka_consumer import BatchConsumer, BatchTransport, Wiring
from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_lane import LaneStatus
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_reach import reach
from stream.adapters.kafka_watchdog import leave
from stream.adapters.patience import ended
from stream.errors import UnavailableError
from stream.ports import Clock, RecordHandler

FIRST_RETRY_MS = 100
LONGEST_RETRY_MS = 5_000
STOP_WAIT_S = 20.0
"""What is not stopped by then is left to the end of the process: nothing that was committed depends on it."""

log = structlog.get_logger(__name__)

T = TypeVar("T")


class EventsApp(faust.App):
    """A Faust application without tables and folders; its topic is read in whole batches."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.ended = asyncio.Event()
        self._main_loop = asyncio.get_running_loop()
        super().__init__(*args, **options)

    def _crash(self, reason: BaseException) -> None:
        """Note the crash of any part, which may come from the consumer's thread."""
        super()._crash(reason)
        self._main_loop.call_soon_threadsafe(self.ended.set)

    def _create_directories(self) -> None:
        """Make none: nothing of ours is kept in Faust's folder."""

    @property
    def partitions(self) -> BatchConsumer:
        """Return the consumer, whose lanes can be paused, resumed and re-acquired."""
        return cast(BatchConsumer, self.consumer)


def events_app(options: KafkaOptions, handler: RecordHandler, on_stall: Callable[[str], None] = leave) -> EventsApp:
    """Return an application that hands the records of `options.topic` to `handler`; start it with `serve`.

    Make it inside the running loop that will serve it.
    """
    app = EventsApp(
        options.group,
        broker=[URL(f"kafka://{each}") for each in options.bootstrap.split(",")],
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        stream_wait_empty=False,
        broker_session_timeout=options.session_timeout_ms / 1000,
        broker_heartbeat_interval=options.heartbeat_ms / 1000,
        broker_rebalance_timeout=options.rebalance_timeout_ms / 1000,
        broker_request_timeout=max(options.request_timeout_ms, options.session_timeout_ms) / 1000,
    )
    # Faust's own producer is neither idempotent nor used
    app.boot_strategy.enable_kafka_producer = False
    app.transport = BatchTransport(app.conf.broker_consumer, app, Wiring(options, handler, on_stall))
    app.topics.add(app.topic(options.topic, acks=False, internal=False))
    return app


async def serve(app: EventsApp, stop: asyncio.Event) -> None:
    """Run the application until `stop` is set, then give the partitions back; raise what crashed it."""
    starting = asyncio.ensure_future(app.start())
    waits = [asyncio.ensure_future(stop.wait()), asyncio.ensure_future(app.ended.wait())]
    try:
        await asyncio.wait([starting, *waits], return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and starting.exception() is None:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        if not await ended(app.stop(), STOP_WAIT_S):
            log.warning("stop_took_too_long", waited_s=STOP_WAIT_S, note="what was committed stays")
        for each in (starting, *waits):
            each.cancel()
        await asyncio.gather(starting, *waits, return_exceptions=True)
    _raise_crash(app, starting)


def _raise_crash(app: EventsApp, starting: asyncio.Future[None]) -> None:
    error = app.crash_reason
    if error is None and not starting.cancelled():
        error = starting.exception()
    if isinstance(error, CLIENT_ERRORS):
        raise translated(error, "running the worker") from error
    if error is not None:
        raise error


async def wait_for_broker(
    options: KafkaOptions, first_ms: int = FIRST_RETRY_MS, longest_ms: int = LONGEST_RETRY_MS
) -> None:
    """Return when the broker answers; until then say why not and try again. Raises SettingsError as `reach` does."""
    await once_there(options, lambda: reach(options), first_ms, longest_ms)


async def once_there(
    options: KafkaOptions,
    attempt: Callable[[], Awaitable[T]],
    first_ms: int = FIRST_RETRY_MS,
    longest_ms: int = LONGEST_RETRY_MS,
    patience_s: float = math.inf,
    clock: Clock | None = None,
) -> T:
    """Return what `attempt` returns; while the broker is away say why, and try again, ever more slowly.

    Raises UnavailableError when the last try, after `patience_s`, failed too; SettingsError for what waiting mends not.
    """
    clock = clock or WallClock()
    wait_s, longest_s = first_ms / 1000, longest_ms / 1000
    gives_up_at = clock.elapsed() + patience_s
    while True:
        try:
            return await attempt()
        except UnavailableError as error:
            pause_s = min(wait_s, gives_up_at - clock.elapsed())
            if pause_s <= 0:
                raise UnavailableError(f"gave up after {patience_s:g} s: {error}") from error
            log.warning(
                "broker_not_there", bootstrap=options.bootstrap, retry_in_s=round(pause_s, 3), reason=str(error)
            )
        await clock.sleep(pause_s)
        wait_s = min(wait_s * 2, longest_s)


def has_joined(app: EventsApp) -> bool:
    """Tell whether the group has given this member its partitions, be it none, at least once."""
    return bool(app.started and app.partitions.has_joined)


def statuses(app: EventsApp) -> list[LaneStatus]:
    """Return one status per partition this worker owns, for metrics and /readyz."""
    return app.partitions.lanes.statuses()


def retaking(events: EventsApp) -> Callable[[int], None]:
    """Return what has a partition taken again; the consumer it asks comes with the start of the application."""

    def retake(partition: int) -> None:
        events.partitions.lanes.reacquire(partition)

    return retake


def holding(events: EventsApp) -> Callable[[int, bool], None]:
    """Return what says that a partition waits on purpose, or no more: to the watchdog that is no standing still."""

    def hold(partition: int, is_held: bool) -> None:
        lanes = events.partitions.lanes
        (lanes.pause if is_held else lanes.resume)(partition)

    return hold
