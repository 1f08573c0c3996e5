"""Several partitions of one process on one connection: written together, and none harmed by the trouble of another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from stream.adapters.redis import RedisStore
from stream.adapters.redis_shared import MOST_WATCHED
from stream.errors import FencedError, StateError, UnavailableError
from stream.ports import Commit, Taken
from tests.cutting_proxy import CuttingProxy
from tests.redis_server import RedisServer

PARTITIONS = MOST_WATCHED + 4


@pytest.fixture
async def store(proxy: CuttingProxy) -> AsyncIterator[RedisStore]:
    """The store of a worker that holds more partitions than heads are watched behind a transaction."""
    store = RedisStore(proxy.url, "test", timeout_s=1.0)
    await store.initialise(b"layout", dict.fromkeys(range(PARTITIONS), b"start"))
    for partition in range(PARTITIONS):
        await store.take(partition)
    yield store
    await store.close()


@pytest.fixture
async def other(server_behind: RedisServer) -> AsyncIterator[RedisStore]:
    """The store of another worker."""
    other = RedisStore(server_behind.url, "test")
    yield other
    await other.close()


async def commit(store: RedisStore, head: bytes, *partitions: int) -> list[BaseException | None]:
    """Commit to several partitions at one moment; return what each came to."""
    each = (store.commit(partition, Commit(head, {"ann": head}, {"ann": 5}, [head])) for partition in partitions)
    return await asyncio.gather(*each, return_exceptions=True)


async def heads(store: RedisStore, *partitions: int) -> list[bytes | None]:
    return [(await store.take(partition)).head for partition in partitions]


async def test_commits_at_one_moment_are_one_exchange(store: RedisStore, proxy: CuttingProxy) -> None:
    await commit(store, b"a", 0, 1, 2, 3)
    before = proxy.requests
    assert await commit(store, b"b", 0, 1, 2, 3) == [None] * 4
    assert proxy.requests == before + 1
    assert await store.take(2) == Taken(b"b", [b"a", b"b"])


async def test_reads_ride_with_the_commits_of_others(store: RedisStore, proxy: CuttingProxy) -> None:
    await commit(store, b"a", 0, 1)
    before = proxy.requests
    found, done = await asyncio.gather(store.fetch(0, ["ann", "bob"]), store.commit(1, Commit(b"b")))
    assert (found, done) == ([b"a", None], None)
    assert proxy.requests == before + 1


async def test_a_partition_that_was_silent_for_long_asks_before_it_writes(store: RedisStore, other: RedisStore) -> None:
    everybody = range(PARTITIONS)
    assert await commit(store, b"a", *everybody) == [None] * PARTITIONS
    for partition in everybody[1:]:
        await commit(store, b"b", partition)
    await other.take(1)
    is_fenced, is_done = await commit(store, b"c", 1, 0)
    assert isinstance(is_fenced, FencedError)
    assert is_done is None
    assert await heads(other, 0, 1, 2) == [b"c", b"b", b"b"]


async def test_who_lost_one_partition_writes_the_others_and_goes_on_together(
    store: RedisStore, other: RedisStore, proxy: CuttingProxy
) -> None:
    await commit(store, b"a", 0, 1, 2)
    await other.take(1)
    first, lost, third = await commit(store, b"b", 0, 1, 2)
    assert (first, third) == (None, None)
    assert isinstance(lost, FencedError)
    assert await heads(other, 1) == [b"a"]
    await commit(store, b"c", 0, 2)
    before = proxy.requests
    assert await commit(store, b"d", 0, 2) == [None, None]
    assert proxy.requests == before + 1


async def test_a_partition_done_in_part_stops_alone(store: RedisStore, server_behind: RedisServer) -> None:
    await commit(store, b"a", 0, 1)
    server_behind.ask("SET", "seg:test:{1}:state", "a stranger's")
    done, stopped = await commit(store, b"b", 0, 1)
    assert done is None
    assert isinstance(stopped, StateError)
    server_behind.ask("DEL", "seg:test:{1}:state")
    assert isinstance((await commit(store, b"c", 1))[0], FencedError)
    with pytest.raises(StateError, match=r"\[redis-torn\]"):
        await store.take(1)
    assert await commit(store, b"c", 0) == [None]


@pytest.mark.parametrize("trick", ["cut before", "cut after", "hold"])
async def test_a_lost_exchange_of_several_is_brought_to_its_end_by_each(
    store: RedisStore, proxy: CuttingProxy, trick: str
) -> None:
    await commit(store, b"a", 0, 1, 2)
    proxy.plan(trick)  # type: ignore[arg-type]  # one of those there are
    assert await commit(store, b"b", 0, 1, 2) == [None] * 3
    if trick == "hold":
        assert b"*-1\r\n" in await proxy.deliver_held()
    assert [await store.take(each) for each in range(3)] == [Taken(b"b", [b"a", b"b"])] * 3


async def test_who_is_cancelled_takes_nobody_along(store: RedisStore, proxy: CuttingProxy) -> None:
    await commit(store, b"a", 0, 1)
    proxy.plan("hold")
    first, second = (asyncio.create_task(store.commit(each, Commit(b"b", outbox=[b"b"]))) for each in (0, 1))
    async with asyncio.timeout(60):
        while not proxy.played:
            await asyncio.sleep(0.005)
    first.cancel()
    await second
    assert b"*-1\r\n" in await proxy.deliver_held()
    assert first.cancelled()
    assert await heads(store, 0, 1) == [b"a", b"b"]


async def test_a_partition_taken_again_is_not_written_by_who_held_it_before(
    store: RedisStore, proxy: CuttingProxy
) -> None:
    await commit(store, b"a", 0, 1)
    proxy.plan("hold")
    tasks = [asyncio.create_task(store.commit(each, Commit(b"b"))) for each in (0, 1)]
    async with asyncio.timeout(60):
        while not proxy.played:
            await asyncio.sleep(0.005)
    late = asyncio.create_task(store.fetch(2, ["ann"]))  # waits for the next exchange
    tasks[0].cancel()
    assert (await store.take(0)).head == b"a"
    assert await store.fetch(0, ["ann"]) == [b"a"]
    await asyncio.gather(*tasks, late, return_exceptions=True)
    assert await commit(store, b"c", 0, 1) == [None, None]
    assert await heads(store, 0, 1) == [b"c", b"c"]


@pytest.fixture
def rights(server_behind: RedisServer) -> Iterator[RedisServer]:
    """The server, whose user has all rights again at the end."""
    yield server_behind
    server_behind.ask("ACL", "SETUSER", "default", "+@all")


@pytest.mark.parametrize("is_known", [True, False])
async def test_without_the_right_to_watch_nobody_writes(store: RedisStore, rights: RedisServer, is_known: bool) -> None:
    if is_known:
        await commit(store, b"a", 0, 1)
    rights.ask("ACL", "SETUSER", "default", "-watch")
    for error in await commit(store, b"b", 0, 1) + await commit(store, b"b", 0, 1):
        assert isinstance(error, UnavailableError)
        assert "[redis-rights]" in str(error)
    with pytest.raises(UnavailableError, match=r"watch.*\[redis-rights\]"):
        await store.fetch(2, ["ann"])
    rights.ask("ACL", "SETUSER", "default", "+@all")
    expected = b"b" if is_known else b"start"
    assert [rights.ask("GETRANGE", f"seg:test:{{{each}}}:head", 16, -1) for each in (0, 1)] == [expected] * 2


async def test_closing_tells_who_waits(store: RedisStore, proxy: CuttingProxy) -> None:
    await commit(store, b"a", 0)
    proxy.plan("hold", b"HMGET")
    waiting = asyncio.create_task(store.fetch(0, ["ann"]))
    async with asyncio.timeout(60):
        while not proxy.played:
            await asyncio.sleep(0.005)
    await store.close()
    with pytest.raises(UnavailableError, match=r"\[redis-lost\]"):
        await waiting
