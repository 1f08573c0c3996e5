"""Servers that are killed, cut back in time, full, read-only or shared with a stranger; two workers on one partition.

The worker here is the smallest one that obeys the rules: it counts the events of each customer from a log, keeps the
counts in memory, and stores its position in the head. What it must end with is known from the log alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

from stream.adapters.redis import RedisStore
from stream.errors import FencedError, SettingsError, StateError, UnavailableError
from stream.ports import Commit
from tests.controls import StoreWithEpoch, StoreWithoutCompare
from tests.redis_server import RedisServer

P = ParamSpec("P")
T = TypeVar("T")

LOG = [f"always-{n % 3}" if n % 2 else f"once-{n // 10}" for n in range(60)]  # hot ones, and some seen only in between
TRUTH = {customer: b"%d" % count for customer, count in Counter(LOG).items()}
STEP = 4
CHANGE = Commit(b"0", {"ann": b"a"}, {"ann": 5}, [b"x"], 0)

pytestmark = pytest.mark.faults


@pytest.fixture(
    params=[pytest.param("valkey", marks=pytest.mark.servers), pytest.param("redis", marks=pytest.mark.redis)]
)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(request.param, tmp_path) as server:
        yield server


@pytest.fixture
async def store(server: RedisServer) -> AsyncIterator[RedisStore]:
    store = RedisStore(server.url, "test", timeout_s=2)
    await store.initialise(b"layout", {0: b"0"})
    await store.take(0)
    yield store
    await store.close()


async def patiently(call: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call again with the same arguments for as long as the server is away."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await call(*args, **kwargs)
            except UnavailableError:
                await asyncio.sleep(0.01)


class Worker:
    """Counts the events of each customer; remembers everything it ever saw."""

    def __init__(self, store: RedisStore) -> None:
        self.store = store
        self.position = 0
        self.counts: dict[str, int] = {}
        self.fenced = 0

    async def acquire(self) -> None:
        """Start from what is stored, and from nothing else."""
        taken = await patiently(self.store.take, 0)
        assert taken.head is not None
        self.position = int(taken.head)
        self.counts = {}

    async def run(self, until: int) -> None:
        """Handle the log up to `until`; takes the partition again whenever it was fenced."""
        while self.position < until:
            try:
                await self.step(min(self.position + STEP, until))
            except FencedError:
                self.fenced += 1
                await self.acquire()

    async def step(self, end: int) -> None:
        batch = LOG[self.position : end]
        cold = sorted(set(batch) - self.counts.keys())
        for customer, profile in zip(cold, await patiently(self.store.fetch, 0, cold), strict=True):
            self.counts[customer] = int(profile or b"0")
        counts = Counter(self.counts) + Counter(batch)
        profiles = {customer: b"%d" % counts[customer] for customer in batch}
        await patiently(self.store.commit, 0, Commit(b"%d" % end, profiles, {customer: end for customer in batch}))
        self.position, self.counts = end, dict(counts)


async def stored(store: RedisStore) -> dict[str, bytes | None]:
    return {customer: await store.read_profile(0, customer) for customer in TRUTH}


async def roll_back(worker: Worker, server: RedisServer) -> None:
    """Let the worker go on for a while, kill the server, and start it without what was written in that while."""
    await worker.run(20)
    length = server.log_bytes()
    await worker.run(40)
    server.kill9()
    server.cut_log(length)
    server.start()


async def test_a_killed_server_lost_nothing(store: RedisStore, server: RedisServer) -> None:
    worker = Worker(store)
    await worker.run(30)
    server.kill9()
    with pytest.raises(UnavailableError, match=r"is the server running"):
        await store.fetch(0, [])
    server.start()
    await worker.run(60)
    assert worker.fenced == 0
    assert await stored(store) == TRUTH


async def test_a_server_cut_back_in_time_is_noticed_and_the_gap_replayed(
    store: RedisStore, server: RedisServer
) -> None:
    worker = Worker(store)
    await roll_back(worker, server)
    await worker.run(60)
    assert worker.fenced == 1
    assert await stored(store) == TRUTH, "law 6: one line of history"


async def test_control_without_the_comparison_a_rollback_corrupts(server: RedisServer) -> None:
    store = StoreWithoutCompare(server.url, "test")
    await store.initialise(b"layout", {0: b"0"})
    await store.take(0)
    worker = Worker(store)
    await roll_back(worker, server)
    await worker.run(60)
    assert worker.fenced == 0
    assert await stored(store) != TRUTH, "the rollback of this test does not reach law 6 at all"
    await store.close()


async def test_control_with_an_epoch_instead_a_rollback_corrupts(server: RedisServer) -> None:
    """An epoch keeps a former owner out; it rolls back with the server, under the same owner, and sees nothing."""
    stores = [StoreWithEpoch(server.url, "test") for _ in range(2)]
    await stores[0].initialise(b"layout", {0: b"0"})
    first, second = (Worker(store) for store in stores)
    await first.acquire()
    await first.run(8)
    await second.acquire()
    with pytest.raises(FencedError):
        await first.step(12)
    await roll_back(second, server)
    await second.run(60)
    assert second.fenced == 0
    assert await stored(stores[1]) != TRUTH, "the rollback of this test does not reach law 6 at all"
    for store in stores:
        await store.close()


async def compete(first: Worker, second: Worker) -> None:
    """Two workers that each believe to own the partition, one of them paused between fetch and commit."""
    await first.run(20)
    await first.store.fetch(0, [])
    await second.acquire()
    await second.run(40)
    await first.run(60)


async def test_a_paused_former_owner_harms_nothing(store: RedisStore, server: RedisServer) -> None:
    other = RedisStore(server.url, "test")
    first, second = Worker(store), Worker(other)
    await compete(first, second)
    assert first.fenced == 1
    assert await stored(store) == TRUTH, "law 6: one line of history"
    with pytest.raises(FencedError):
        await second.store.fetch(0, [])
    await other.close()


async def test_control_without_the_comparison_a_former_owner_goes_on(server: RedisServer) -> None:
    stores = [StoreWithoutCompare(server.url, "test") for _ in range(2)]
    await stores[0].initialise(b"layout", {0: b"0"})
    await stores[0].take(0)
    first, second = (Worker(store) for store in stores)
    await first.run(20)
    await second.acquire()
    await second.run(40)
    await first.run(24)
    assert (await stores[1].take(0)).head == b"24", "the position went back: the owner will count 24 to 40 twice"
    for store in stores:
        await store.close()


async def test_two_workers_that_take_the_partition_from_each_other_at_every_step(
    store: RedisStore, server: RedisServer
) -> None:
    other = RedisStore(server.url, "test")
    workers = [Worker(store), Worker(other)]
    for end in range(STEP, len(LOG) + STEP, STEP):
        await workers[end // STEP % 2].run(end)
    assert [worker.fenced for worker in workers] == [7, 8]
    assert await stored(store) == TRUTH
    await other.close()


async def test_a_server_turned_into_a_replica_is_unavailable(store: RedisStore, server: RedisServer) -> None:
    await store.fetch(0, ["ann"])
    server.ask("REPLICAOF", "127.0.0.1", "1")
    with pytest.raises(UnavailableError, match=r"\[redis-replica\]"):
        await store.check()
    for _ in range(2):
        with pytest.raises(UnavailableError, match=r"\[redis-replica\]"):
            await store.commit(0, CHANGE)
    server.ask("REPLICAOF", "NO", "ONE")
    await store.commit(0, CHANGE)
    assert (await store.take(0)).outbox == [b"x"]


async def test_a_full_server_is_unavailable_and_nothing_is_written(store: RedisStore, server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory", "1")
    with pytest.raises(UnavailableError, match=r"nothing was written \[redis-memory\]"):
        await store.commit(0, CHANGE)
    assert server.ask("EXISTS", "seg:test:{0}:state", "seg:test:{0}:outbox") == 0
    server.ask("CONFIG", "SET", "maxmemory", "0")
    await store.commit(0, CHANGE)
    assert await store.read_profile(0, "ann") == b"a"


async def test_too_few_replicas_are_unavailable(store: RedisStore, server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
    with pytest.raises(UnavailableError, match=r"NOREPLICAS.*\[redis-replica\]"):
        await store.commit(0, CHANGE)


async def test_a_server_that_evicts_is_refused(store: RedisStore, server: RedisServer) -> None:
    server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
    with pytest.raises(SettingsError, match=r"allkeys-lru.*noeviction \[redis-eviction\]"):
        await store.check()


async def test_a_server_that_forbids_info_passes_the_check(store: RedisStore, server: RedisServer) -> None:
    server.ask("ACL", "SETUSER", "default", "-info")
    await store.check()


async def test_a_user_without_rights_is_told_so(store: RedisStore, server: RedisServer) -> None:
    server.ask("ACL", "SETUSER", "default", "-hset")
    with pytest.raises(UnavailableError, match=r"hset.*\[redis-rights\]"):
        await store.commit(0, CHANGE)


async def test_a_wrong_password_is_told_without_telling_it(server: RedisServer) -> None:
    store = RedisStore(server.url.replace("redis://", "redis://ann:s3cret@"), "test")
    with pytest.raises(UnavailableError, match=r"check user and password in REDIS_URL \[redis-login\]") as caught:
        await store.check()
    assert "s3cret" not in str(caught.value)
    await store.close()


async def test_a_key_of_the_wrong_type_is_corrupt_state(store: RedisStore, server: RedisServer) -> None:
    server.ask("SET", "seg:test:{0}:state", "a stranger's")
    with pytest.raises(StateError, match=r"HMGET seg:test:\{0\}:state.*\[redis-type\]"):
        await store.fetch(0, ["ann"])
    with pytest.raises(StateError, match=r"HLEN seg:test:\{0\}:state.*\[redis-type\]"):
        await store.take(0)


async def test_a_commit_done_in_part_stops_the_partition_for_good(store: RedisStore, server: RedisServer) -> None:
    await store.fetch(0, ["ann"])
    server.ask("SET", "seg:test:{0}:state", "a stranger's")  # Redis does the rest of a MULTI whatever one command says
    with pytest.raises(StateError, match=r"done in part: .*HSET seg:test:\{0\}:state.*\[redis-torn\]"):
        await store.commit(0, CHANGE)
    server.ask("DEL", "seg:test:{0}:state")
    with pytest.raises(FencedError, match="lost the partition"):
        await store.commit(0, CHANGE)
    with pytest.raises(StateError, match=r"restore or rebuild this partition \[redis-torn\]"):
        await store.take(0)


async def test_an_emptied_server_fences(store: RedisStore, server: RedisServer) -> None:
    await store.fetch(0, ["ann"])
    server.ask("FLUSHALL")
    with pytest.raises(FencedError, match="not the one"):
        await store.commit(0, CHANGE)
    assert (await store.take(0)).head is None
