"""The one place where parts meet: from settings to a running worker."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

import structlog

from stream.adapters.embedded import embedded_valkey
from stream.adapters.http import Http
from stream.adapters.kafka import EventsApp, events_app, has_joined, serve, statuses, wait_for_broker
from stream.adapters.kafka_offsets import KafkaLog
from stream.adapters.kafka_options import KafkaOptions, Security
from stream.adapters.kafka_producer import KafkaProducer
from stream.adapters.kafka_topics import check_topics
from stream.adapters.memory import rare_collections
from stream.adapters.mock_broker import PARTITIONS, start_mock_broker
from stream.adapters.prometheus import Prometheus
from stream.adapters.redis import RedisStore
from stream.adapters.redis_frontier import RedisFrontier
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.errors import LayoutError, StreamError, UnavailableError
from stream.ports import Clock
from stream.ruleset.canonical import told_hash, version_of
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.ruleset.ruleset import Ruleset
from stream.service.layout import Deployment, partitions_of, prepare
from stream.service.partition import Limits, Neighbours
from stream.service.topics import Topics
from stream.service.worker import Time, Worker
from stream.settings import Settings
from stream.wire.placing import partition_of
from stream.wire.profile import decode_profile

log = structlog.get_logger(__name__)

LAG_EVERY_S = 0.5
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Rules:
    """One version of the rules, ready to run."""

    ruleset: Ruleset
    plan: Plan
    hash: str
    """Of all that reaches a transition: what state and log are tied to."""


def rules_of(files: Mapping[str, str]) -> Rules:
    """Return the compiled rules of these files; RuleError with every problem."""
    ruleset = load(files)
    return Rules(ruleset, compile_plan(ruleset, version_of(ruleset)), told_hash(ruleset))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a worker runs: its settings, the neighbours' addresses and what moves its time."""

    settings: Settings
    clock: Clock
    sources: tuple[str, ...] = ()
    """Writers whose frontier holds the clock."""
    log_id: str = ""
    """Of the event log in memory that came up with us; empty where the log outlives us."""

    @property
    def is_embedded(self) -> bool:
        """Tell whether the event log lives in memory."""
        return bool(self.log_id)


@contextlib.contextmanager
def embedded(settings: Settings, folder: Path, clock: Clock, sources: tuple[str, ...] = ()) -> Iterator[Place]:
    """Start Valkey and the mock broker on free loopback ports, yield the place to run in, and stop them.

    Raises UnavailableError where one does not start, for example because the folder is in use.
    """
    with embedded_valkey(folder / "valkey") as redis_url:
        broker = start_mock_broker()
        try:
            here = replace(settings, redis_url=redis_url, kafka_brokers=broker.bootstrap, partitions=PARTITIONS)
            yield Place(here, clock, sources, log_id=secrets.token_hex(8))
        finally:
            broker.stop()


def kafka_options(settings: Settings) -> KafkaOptions:
    """Return the settings as Kafka's clients take them."""
    security = Security(
        settings.kafka_protocol,
        settings.kafka_mechanism,
        settings.kafka_username or None,
        settings.kafka_password or None,
        settings.kafka_ca_file or None,
        settings.kafka_cert_file or None,
        settings.kafka_key_file or None,
        settings.kafka_key_password or None,
        settings.kafka_check_hostname,
    )
    return KafkaOptions(
        bootstrap=settings.kafka_brokers,
        topic=Topics(settings.topic_prefix).events,
        group=settings.group,
        instance=settings.instance_id or settings.worker_name or host_and_port(settings),
        security=security,
        session_timeout_ms=settings.session_timeout_ms,
        heartbeat_ms=settings.session_timeout_ms // 4,
        stall_after_ms=settings.watchdog_ms,
    )


def host_and_port(settings: Settings) -> str | None:
    """Return what tells this process from the others of the group, also after a restart; None where nothing does.

    The host alone would not: two processes of one name push each other out of the group again and again.
    """
    return f"{socket.gethostname()}-{settings.http_port}" if settings.http_port else None


@dataclass(slots=True)
class Running:
    """A worker with everything it needs, while it runs."""

    place: Place
    rules: Rules
    worker: Worker
    events: EventsApp
    producer: KafkaProducer
    store: RedisStore
    frontier: RedisFrontier
    metrics: Prometheus
    options: KafkaOptions
    http_port: int = 0
    stop: asyncio.Event = field(default_factory=asyncio.Event)


async def stored_profile(settings: Settings, customer_id: str) -> Profile | None:
    """Return a customer as the live state has them, None for one not known. Raises LayoutError, UnavailableError."""
    store = RedisStore(settings.redis_url, settings.namespace)
    try:
        layout = await store.layout()
        if layout is None:
            raise LayoutError(f"nothing is stored under seg:{settings.namespace}; no worker has started there yet")
        packed = await store.read_profile(partition_of(customer_id, partitions_of(layout)), customer_id)
    finally:
        await store.close()
    return None if packed is None else decode_profile(customer_id, packed)


@contextlib.asynccontextmanager
async def running(place: Place, rules: Rules) -> AsyncIterator[Running]:
    """Start a worker and yield it; leave to stop it gracefully. Raises what crashed it.

    Waits for neighbours that are away, with a clear line each time and no traceback.
    """
    settings = place.settings
    options = kafka_options(settings)
    if place.is_embedded:
        options = replace(options, instance=None)  # nobody waits for the partitions of a log that ends with us
    async with contextlib.AsyncExitStack() as stack:
        store = RedisStore(settings.redis_url, settings.namespace)
        stack.push_async_callback(store.close)
        frontier = RedisFrontier(settings.redis_url, settings.namespace)
        stack.push_async_callback(frontier.close)
        metrics = Prometheus()
        metrics.rules(rules.plan.version)
        unready = Unready()
        http = Http(settings.http_host, settings.http_port, unready.reasons, metrics.render)
        port = await http.start()
        stack.push_async_callback(http.stop)
        await wait_for_broker(options)
        await patiently(settings, "redis_not_there", store.check)
        await patiently(settings, "kafka_not_ready", lambda: _check_topics(place, options))
        producer = KafkaProducer(options)
        await patiently(settings, "kafka_not_ready", producer.start)
        stack.push_async_callback(producer.stop)
        deployment = Deployment(settings.partitions, f"seg:{settings.namespace}", rules.hash, place.log_id)
        topics = Topics(settings.topic_prefix)
        log_ = KafkaLog(options, settings.partitions)
        await patiently(settings, "not_ready", lambda: prepare(deployment, topics, store, producer, log_, place.clock))
        worker = _worker(place, rules, store, producer, frontier, metrics)
        events = events_app(options, worker)
        worker.retake, worker.hold = retaking(events), holding(events)
        it = Running(place, rules, worker, events, producer, store, frontier, metrics, options, port)
        unready.it = it
        stack.enter_context(rare_collections())
        async with _tasks(it):
            yield it


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


@contextlib.asynccontextmanager
async def _tasks(it: Running) -> AsyncIterator[None]:
    """Keep the parts of a worker going while the body runs; the first that fails cancels the body and is raised."""
    body = asyncio.current_task()
    assert body is not None
    serving = asyncio.create_task(serve(it.events, it.stop), name="events")
    tasks = [serving, asyncio.create_task(it.worker.run(), name="time"), asyncio.create_task(_tell_lag(it), name="lag")]
    failed: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            failed.append(error)
        if not it.stop.is_set() and not task.cancelled():
            body.cancel()

    for task in tasks:
        task.add_done_callback(ended)
    try:
        yield
    except asyncio.CancelledError:
        if not failed:
            raise
    finally:
        it.stop.set()
        for task in tasks[1:]:
            task.cancel()
        await asyncio.gather(*tasks[1:], return_exceptions=True)
        await asyncio.wait([serving])
    if failed:
        raise failed[0]
    if serving.exception() is not None:
        raise serving.exception() or AssertionError


async def _tell_lag(it: Running) -> None:
    """Say again and again how far behind every partition is, and for how long it has been behind."""
    clock = it.place.clock
    caught_up: dict[int, float] = {}
    while True:
        await clock.sleep(LAG_EVERY_S)
        it.metrics.clock_jump(clock.jumped_ms())
        if it.events.started:
            for status in statuses(it.events):
                owned = it.worker.owned.get(status.partition)
                position = max(status.position, owned.head.position if owned else 0)
                waiting = max(0, status.log_end - position)
                since = caught_up.setdefault(status.partition, clock.elapsed())
                if not waiting:
                    since = caught_up[status.partition] = clock.elapsed()
                behind_ms = int((clock.elapsed() - since) * 1000)
                it.metrics.lag(it.options.topic, status.partition, waiting, behind_ms)


class Unready:
    """What /readyz says: rules are loaded, Redis answers, the group is joined."""

    def __init__(self) -> None:
        """Know of no worker yet."""
        self.it: Running | None = None

    async def reasons(self) -> list[str]:
        """Return one line for each thing that is missing."""
        if self.it is None:
            return ["starting: waiting for the neighbours"]
        missing = [] if has_joined(self.it.events) else ["has not joined the group yet"]
        try:
            await self.it.store.check()
        except StreamError as error:
            missing.append(str(error))
        return missing


def _worker(
    place: Place, rules: Rules, store: RedisStore, producer: KafkaProducer, frontier: RedisFrontier, metrics: Prometheus
) -> Worker:
    settings = place.settings
    limits = Limits(
        slice_records=settings.commit_records,
        slice_bytes=settings.commit_bytes,
        outbox_records=settings.outbox_records,
        cache_bytes=settings.cache_bytes // settings.partitions,
    )
    shared = Neighbours(
        plan=rules.plan,
        rules=(1, rules.hash),
        partitions=settings.partitions,
        topics=Topics(settings.topic_prefix),
        store=store,
        producer=producer,
        metrics=metrics,
        clock=place.clock,
        limits=limits,
        warn=lambda reason: log.warning("publishing_waits", reason=reason),
    )
    return Worker(shared, Time(settings.clock != "log", frontier, place.sources, settings.tick_every_ms / 1000))


async def _check_topics(place: Place, options: KafkaOptions) -> None:
    topics = Topics(place.settings.topic_prefix)
    await check_topics(
        options,
        topics,
        place.settings.partitions,
        can_describe=not place.is_embedded,
        broker_must_stamp=place.settings.clock == "wall" and not place.sources,
    )


async def patiently(settings: Settings, event: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what `attempt` returns, trying again ever more slowly while a neighbour is away."""
    wait_ms = settings.backoff_min_ms
    while True:
        try:
            return await attempt()
        except UnavailableError as error:
            log.warning(event, reason=str(error), retry_in_ms=wait_ms)
            await asyncio.sleep(wait_ms / 1000)
            wait_ms = min(wait_ms * 2, settings.backoff_max_ms)
