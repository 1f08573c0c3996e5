"""One partition in this process, without a broker: records in, commits in a real Redis, and nobody to publish to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from time import perf_counter, process_time

from bench.measure import Row, cpu_s
from bench.rulesets import Chosen
from bench.servers import Servers
from stream.adapters.clock import WallClock
from stream.adapters.memory import rare_collections
from stream.adapters.prometheus import Prometheus
from stream.adapters.redis import RedisStore
from stream.ports import Commit, Message, Record
from stream.service.limits import Limits
from stream.service.neighbours import Neighbours
from stream.service.partition import Partition
from stream.service.topics import Topics
from stream.wire.head import Head, encode_head

NAMESPACE = "lone"
LAYOUT = b"bench"
BATCH = 2_000
NO_LIMIT = 1 << 40
SLICE_S = 60.0
"""So long that the number of records is the size of a commit."""


class Nowhere:
    """A producer that acknowledges at once and forgets."""

    async def send(
        self,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        timestamp_ms: int | None = None,
    ) -> Awaitable[int]:
        """Return the acknowledgement of one record."""

        async def offset() -> int:
            return 0

        return offset()

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        """Return how many there were."""
        return sum(1 for _ in messages)

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        """Return how many there were."""
        return sum(1 for messages in written.values() for _ in messages)

    async def claim(self, partition: int) -> object:
        """Return what stands for a claim: nobody else writes nowhere."""
        return partition


class WatchedStore(RedisStore):
    """The store, counting the customers that are asked for and keeping the commits that `kept` has room for."""

    cold = 0
    kept: list[Commit] | None = None

    async def fetch(self, partition: int, customers: Sequence[str]) -> list[bytes | None]:
        """Return what the store has of these customers."""
        self.cold += len(customers)
        return await super().fetch(partition, customers)

    async def commit(self, partition: int, commit: Commit) -> None:
        """Write the whole commit, or nothing."""
        if self.kept is not None:
            self.kept.append(commit)
        await super().commit(partition, commit)


class CountedTransitions(Prometheus):
    """The metrics, counting transitions of all dimensions."""

    told = 0

    def transitions(self, dimension: str, entered: str, cause: str, n: int) -> None:
        """Count n committed transitions into this segment, empty for outside."""
        self.told += n
        super().transitions(dimension, entered, cause, n)


class Lone:
    """The partition, and what it used; make it with `lone`."""

    def __init__(
        self, servers: Servers, partition: Partition, store: WatchedStore, metrics: CountedTransitions
    ) -> None:
        self._servers, self.partition, self.store, self._metrics = servers, partition, store, metrics

    async def work(self, records: Sequence[Record], batch: int = BATCH) -> Row:
        """Return what it takes until these records are committed: events/s, µs of CPU here and in Redis, shares."""
        known, told = self.partition.head.customers, self._metrics.told
        redis_pid, self.store.cold = self._servers.redis_pid, 0
        with rare_collections():  # as in a worker
            wall, used, redis = perf_counter(), process_time(), cpu_s(redis_pid)
            for start in range(0, len(records), batch):
                await self.partition.records(records[start : start + batch])
            wall_s, used_s, redis_s = perf_counter() - wall, process_time() - used, cpu_s(redis_pid) - redis
        events = sum(each.key is not None for each in records)
        return {
            "events/s": events / wall_s,
            "µs CPU/event": used_s / events * 1e6,
            "redis µs/event": redis_s / events * 1e6,
            "transitions/event": (self._metrics.told - told) / events,
            "first records/event": (self.partition.head.customers - known) / events,
            "cold reads/event": self.store.cold / events,
        }


@asynccontextmanager
async def lone(
    servers: Servers, chosen: Chosen, *, slice_records: int = 1_000, cache_bytes: int = NO_LIMIT
) -> AsyncIterator[Lone]:
    """Have an empty partition for the time of a block."""
    with servers.connect() as client:
        client.flushall()
    store = WatchedStore(servers.redis_url, NAMESPACE)
    rules = (1, chosen.rules.hash)
    limits = Limits(slice_records=slice_records, slice_bytes=1 << 30, slice_s=SLICE_S, cache_bytes=cache_bytes)
    metrics = CountedTransitions()
    shared = Neighbours(
        plan=chosen.rules.plan,
        rules=rules,
        partitions=1,
        topics=Topics(NAMESPACE),
        store=store,
        producer=Nowhere(),
        metrics=metrics,
        clock=WallClock(),
        limits=limits,
    )
    partition = Partition(0, shared)
    try:
        await store.initialise(LAYOUT, {0: encode_head(Head(0, rules=rules))})
        await partition.take(0, 0)
        yield Lone(servers, partition, store, metrics)
    finally:
        await partition.release()
        await store.close()
