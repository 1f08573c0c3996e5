"""The one place where parts meet: from settings to a running worker."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import structlog

from stream.adapters.embedded import embedded_valkey
from stream.adapters.http import Http
from stream.adapters.kafka import EventsApp, events_app, has_joined, holding, retaking, serve, wait_for_broker
from stream.adapters.kafka_lag import Lags
from stream.adapters.kafka_offsets import KafkaLog
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import KafkaProducer
from stream.adapters.kafka_settings import kafka_options
from stream.adapters.kafka_topics import check_topics
from stream.adapters.memory import rare_collections
from stream.adapters.mock_broker import PARTITIONS, start_mock_broker
from stream.adapters.patience import patiently
from stream.adapters.prometheus import Prometheus
from stream.adapters.redis import RedisStore
from stream.adapters.redis_frontier import RedisFrontier
from stream.adapters.turns import short_turns
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.errors import LayoutError, StreamError
from stream.ports import Clock
from stream.ruleset.canonical import told_hash, version_of
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.ruleset.ruleset import Ruleset
from stream.service.layout import Deployment, partitions_of, prepare
from stream.service.limits import Limits
from stream.service.neighbours import Neighbours
from stream.service.topics import Topics
from stream.service.worker import Time, Worker
from stream.settings import Settings
from stream.wire.placing import partition_of
from stream.wire.profile import decode_profile

log = structlog.get_logger(__name__)

LAG_EVERY_S = 0.5


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
    store, keys = RedisStore(settings.redis_url, settings.namespace), f"seg:{settings.namespace}"
    try:
        layout = await store.layout()
        if layout is None:
            raise LayoutError(f"nothing is stored under {keys}; no worker has started there yet")
        packed = await store.read_profile(partition_of(customer_id, partitions_of(keys, layout)), customer_id)
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
        store, frontier = _stores(settings, stack)
        metrics, unready = Prometheus(), Unready()
        metrics.rules(rules.plan.version)
        http = Http(settings.http_host, settings.http_port, unready.reasons, metrics.render)
        port = await http.start()
        stack.push_async_callback(http.stop)
        await wait_for_broker(options, settings.backoff_min_ms, settings.backoff_max_ms)
        await patiently(settings, "redis_not_there", store.check)
        await patiently(settings, "kafka_not_ready", lambda: _check_topics(place, options))
        producer = KafkaProducer(options)
        await patiently(settings, "kafka_not_ready", producer.start)
        stack.push_async_callback(producer.stop)
        await patiently(settings, "not_ready", lambda: _prepare(place, rules, options, store, producer))
        worker = _worker(place, rules, store, producer, frontier, metrics)
        events = events_app(options, worker)
        worker.retake, worker.hold = retaking(events), holding(events)
        it = unready.it = Running(place, rules, worker, events, producer, store, frontier, metrics, options, port)
        _tune(stack)
        async with _tasks(it):
            yield it


def _tune(stack: contextlib.AsyncExitStack) -> None:
    """Have the interpreter run as a worker needs it, until the stack is left."""
    stack.enter_context(rare_collections())
    stack.enter_context(short_turns())


def _stores(settings: Settings, stack: contextlib.AsyncExitStack) -> tuple[RedisStore, RedisFrontier]:
    store = RedisStore(settings.redis_url, settings.namespace)
    stack.push_async_callback(store.close)
    frontier = RedisFrontier(settings.redis_url, settings.namespace)
    stack.push_async_callback(frontier.close)
    return store, frontier


async def _prepare(
    place: Place, rules: Rules, options: KafkaOptions, store: RedisStore, producer: KafkaProducer
) -> None:
    settings = place.settings
    deployment = Deployment(settings.partitions, f"seg:{settings.namespace}", rules.hash, place.log_id)
    log_ = KafkaLog(options, settings.partitions)
    await prepare(deployment, Topics(settings.topic_prefix), store, producer, log_, place.clock)


@contextlib.asynccontextmanager
async def _tasks(it: Running) -> AsyncIterator[None]:
    """Keep the parts of a worker going while the body runs; the first that fails cancels the body and is raised."""
    serving = asyncio.create_task(serve(it.events, it.stop), name="events")
    others = [asyncio.create_task(it.worker.run(), name="time"), asyncio.create_task(_tell(it), name="lag")]
    failed = _interrupting([serving, *others], it.stop)
    try:
        yield
    except asyncio.CancelledError:
        if not failed:
            raise
    finally:
        it.stop.set()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.wait([serving])
    if failed:
        raise failed[0]
    serving.result()


def _interrupting(tasks: list[asyncio.Task[None]], stop: asyncio.Event) -> list[BaseException]:
    """Cancel the task at work when one of these ends before its time; return the list that its error comes into."""
    body = asyncio.current_task()
    assert body is not None
    failed: list[BaseException] = []

    def ended(task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            failed.append(error)
        if not stop.is_set() and not task.cancelled():
            body.cancel()

    for task in tasks:
        task.add_done_callback(ended)
    return failed


async def _tell(it: Running) -> None:
    """Say again and again how far behind every partition is, and how far the machine's clock has jumped."""
    clock, lags = it.place.clock, Lags(it.events, it.options.topic, it.worker.position)
    while True:
        await clock.sleep(LAG_EVERY_S)
        it.metrics.clock_jump(clock.jumped_ms())
        lags.tell(it.metrics, clock.elapsed())


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
        slice_s=settings.commit_ms / 1000,
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
