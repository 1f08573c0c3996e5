"""What a customer weighs: in Redis, by profile, by timer, and in the worker's cache."""

from __future__ import annotations

import asyncio
import tracemalloc
from itertools import islice

from redis import Redis

from bench import mix, rulesets
from bench.measure import BrokenRunError, Row, quantile
from bench.mix import Mix
from bench.report import Report
from bench.rulesets import Chosen
from bench.servers import Servers
from bench.shelf import Shelf
from bench.stage import Stage
from stream.adapters.redis import RedisStore
from stream.adapters.redis_keys import Keys
from stream.ports import Commit
from stream.service.cache import OVERHEAD_BYTES, Cache
from stream.wire.head import Head, encode_head
from stream.wire.placing import partition_of

QUICK_TRAFFIC, FULL_TRAFFIC = 2_000, 40_000
QUICK_HISTORY = 300
PARTITIONS = 4
NAMESPACE = "bench"
CHUNK = 1_000
NO_LIMIT = 1 << 40


def run(stage: Stage) -> list[Report]:
    """Return one row per mix of records and set of rules; what is weighed comes out the same every time."""
    mixes = [
        mix.traffic(stage.pick(QUICK_TRAFFIC, FULL_TRAFFIC)),
        mix.history(stage.pick(QUICK_HISTORY, None)),
    ]
    rows = [_weighed(stage.servers, chosen, each) for chosen in rulesets.every() for each in mixes]
    notes = [
        *(f"{each.name}: {each.what}; {each.events + each.warm_up:,} records" for each in mixes),
        "Redis: growth of used_memory over an empty deployment, per customer, timers included",
        f"cache: what tracemalloc sees, per customer; the worker counts profile + {OVERHEAD_BYTES} against its limit",
        stage.servers.note,
    ]
    return [Report("memory", "What a customer weighs, in bytes", rows, notes)]


def _weighed(servers: Servers, chosen: Chosen, each: Mix) -> Row:
    shelf = Shelf(chosen.rules.plan)
    shelf.work(each.records())
    sizes = sorted(map(len, shelf.profiles.values()))
    if not sizes:
        raise BrokenRunError("no customer to weigh")
    row: Row = {"records": each.name, "rules": f"{chosen.name} ({chosen.segments})", "customers": len(sizes)}
    row |= {"profile p50": quantile(sizes, 0.5), "profile p99": quantile(sizes, 0.99), "profile max": sizes[-1]}
    row |= asyncio.run(stored(servers, shelf))
    return row | {"cache": _cached(shelf.profiles) / len(sizes)}


async def stored(servers: Servers, shelf: Shelf) -> Row:
    """Write what is on the shelf as a worker would, and weigh it."""
    with servers.connect() as client:
        store = RedisStore(servers.redis_url, NAMESPACE)
        try:
            for _ in range(3):  # at first a server makes room for scripts and clients, too
                client.execute_command("FLUSHALL", "SYNC")  # memory freed meanwhile would be missing
                await store.initialise(b"bench", dict.fromkeys(range(PARTITIONS), encode_head(Head(0))))
                empty = _used(client)
                for number in range(PARTITIONS):
                    await _write(store, number, shelf)
                used = _used(client) - empty
        finally:
            await store.close()
        keys = [Keys.of(NAMESPACE, number) for number in range(PARTITIONS)]
        state = sum(int(client.memory_usage(each.state, samples=0) or 0) for each in keys)
        timers = sum(int(client.memory_usage(each.timers, samples=0) or 0) for each in keys)
    customers = len(shelf.profiles)
    return {
        "Redis": used / customers,
        "of it state": state / customers,
        "per timer": timers / len(shelf.timers) if shelf.timers else None,
        "timers/customer": len(shelf.timers) / customers,
    }


def _used(client: Redis) -> int:
    return int(client.info("memory")["used_memory"])


async def _write(store: RedisStore, number: int, shelf: Shelf) -> None:
    await store.take(number)
    mine = iter([each for each in shelf.profiles if partition_of(each, PARTITIONS) == number])
    while chunk := list(islice(mine, CHUNK)):
        await store.fetch(number, chunk)
        profiles = {each: shelf.profiles[each] for each in chunk}
        timers = {each: shelf.timers[each] for each in chunk if each in shelf.timers}
        await store.commit(number, Commit(encode_head(Head(0)), profiles, timers))


def _cached(profiles: dict[str, bytes]) -> int:
    """Return the bytes that the worker's cache takes for these profiles, keys and all."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        cache = Cache(NO_LIMIT)
        for customer_id, packed in profiles.items():
            cache.put(customer_id.encode().decode(), bytes(memoryview(packed)))
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    if len(cache) != len(profiles):
        raise BrokenRunError("the cache forgot customers below its limit")
    return after - before
