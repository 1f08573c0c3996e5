"""Commits whose outcome is unknown: lost answers, late landings, cancelled calls, connections closed under a watch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from stream.adapters.redis import RedisStore
from stream.adapters.redis_line import Lines, LostLineError
from stream.errors import FencedError, UnavailableError
from stream.ports import Commit, Taken
from tests.cutting_proxy import CuttingProxy
from tests.redis_server import RedisServer

NOT_DONE = b"*-1\r\n"  # the server's answer to an EXEC whose watched key has changed
CHANGE = Commit(b"changed", {"ann": b"a"}, {"ann": 5}, [b"x"], 0)
DONE_ONCE = Taken(b"changed", [b"x"])


@pytest.fixture
async def store(proxy: CuttingProxy) -> AsyncIterator[RedisStore]:
    """The store of a worker that holds partition 0 and gives up on an answer after a fifth of a second."""
    store = RedisStore(proxy.url, "test", timeout_s=1.0)
    await store.initialise(b"layout", {0: b"start"})
    await store.take(0)
    yield store
    await store.close()


@pytest.fixture
async def other(server_behind: RedisServer) -> AsyncIterator[RedisStore]:
    """The store of another worker, with a connection in order."""
    other = RedisStore(server_behind.url, "test")
    yield other
    await other.close()


async def until_played(proxy: CuttingProxy, tricks: int) -> None:
    async with asyncio.timeout(60):
        while len(proxy.played) < tricks:
            await asyncio.sleep(0.005)


async def test_a_commit_that_lands_after_its_retry_is_not_done(store: RedisStore, proxy: CuttingProxy) -> None:
    proxy.plan("hold")
    await store.commit(0, CHANGE)
    assert NOT_DONE in await proxy.deliver_held()
    assert await store.fetch(0, ["ann"]) == [b"a"]
    assert await store.take(0) == DONE_ONCE


async def test_a_commit_that_lands_before_its_retry_is_not_sent_again(store: RedisStore, proxy: CuttingProxy) -> None:
    proxy.plan("hold")
    proxy.plan("cut before", b"WATCH")
    with pytest.raises(UnavailableError):
        await store.commit(0, CHANGE)
    assert NOT_DONE not in await proxy.deliver_held()
    await store.commit(0, CHANGE)
    assert await store.take(0) == DONE_ONCE


async def test_a_commit_that_lands_while_its_retry_is_under_way(store: RedisStore, proxy: CuttingProxy) -> None:
    proxy.plan("hold")
    proxy.plan("hold")
    committing = asyncio.create_task(store.commit(0, CHANGE))
    await until_played(proxy, 2)
    first, second = await proxy.deliver_held(), await proxy.deliver_held()
    assert NOT_DONE not in first
    assert NOT_DONE in second
    await committing
    await store.commit(0, Commit(b"changed"))
    assert await store.take(0) == DONE_ONCE


async def test_a_late_commit_of_a_former_owner_is_not_done(
    store: RedisStore, proxy: CuttingProxy, other: RedisStore
) -> None:
    await store.fetch(0, ["ann"])
    proxy.plan("hold")
    committing = asyncio.create_task(store.commit(0, CHANGE))
    await until_played(proxy, 1)
    assert await other.take(0) == Taken(b"start", [])
    with pytest.raises(FencedError, match="not the one this process wrote last"):
        await committing
    assert NOT_DONE in await proxy.deliver_held()
    assert await other.take(0) == Taken(b"start", [])


async def test_a_commit_behind_another_is_one_exchange(store: RedisStore, proxy: CuttingProxy) -> None:
    await store.commit(0, CHANGE)
    before = proxy.requests
    await store.commit(0, Commit(b"later"))
    assert proxy.requests == before + 1
    assert await store.take(0) == Taken(b"later", [b"x"])


async def test_who_writes_between_two_commits_is_seen_by_the_second(store: RedisStore, other: RedisStore) -> None:
    await store.commit(0, CHANGE)
    await other.take(0)
    with pytest.raises(FencedError, match="not the one this process wrote last"):
        await store.commit(0, Commit(b"later"))
    assert await other.take(0) == DONE_ONCE


async def test_a_lost_commit_and_a_new_owner_fence(store: RedisStore, proxy: CuttingProxy, other: RedisStore) -> None:
    await store.fetch(0, [])
    await other.take(0)
    proxy.plan("cut before")
    with pytest.raises(FencedError, match="not the one"):
        await store.commit(0, CHANGE)
    assert await other.take(0) == Taken(b"start", [])


async def test_a_done_commit_and_a_new_owner_fence_too(
    store: RedisStore, proxy: CuttingProxy, other: RedisStore
) -> None:
    proxy.plan("cut after")
    proxy.plan("cut before", b"WATCH")
    with pytest.raises(UnavailableError):
        await store.commit(0, CHANGE)
    assert await other.take(0) == DONE_ONCE
    with pytest.raises(FencedError, match="not the one"):
        await store.commit(0, CHANGE)


async def test_giving_up_keeps_the_commit(store: RedisStore, proxy: CuttingProxy) -> None:
    for _ in range(3):
        proxy.plan("cut before")
    with pytest.raises(UnavailableError, match="it is kept, call again"):
        await store.commit(0, CHANGE)
    await store.commit(0, CHANGE)
    assert await store.take(0) == DONE_ONCE


async def test_a_cancelled_commit_is_brought_to_its_end_by_the_next_call(
    store: RedisStore, proxy: CuttingProxy
) -> None:
    proxy.plan("hold")
    committing = asyncio.create_task(store.commit(0, CHANGE))
    await until_played(proxy, 1)
    committing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await committing
    await store.commit(0, CHANGE)
    assert NOT_DONE in await proxy.deliver_held()
    assert await store.take(0) == DONE_ONCE


async def test_a_take_whose_answer_was_lost_is_simply_repeated(store: RedisStore, proxy: CuttingProxy) -> None:
    proxy.plan("cut after")
    with pytest.raises(UnavailableError):
        await store.take(0)
    with pytest.raises(FencedError, match="did not take"):
        await store.fetch(0, [])
    assert (await store.take(0)).head == b"start"
    await store.commit(0, CHANGE)


async def test_a_take_that_lands_late_does_not_bring_back_an_older_head(
    store: RedisStore, proxy: CuttingProxy, other: RedisStore
) -> None:
    proxy.plan("hold")
    with pytest.raises(UnavailableError):
        await store.take(0)
    await other.take(0)
    await other.commit(0, CHANGE)
    assert NOT_DONE in await proxy.deliver_held()
    await other.commit(0, Commit(b"later"))
    assert await other.take(0) == Taken(b"later", [b"x"])


async def test_a_first_start_that_lands_late_does_not_start_again(proxy: CuttingProxy, other: RedisStore) -> None:
    slow = RedisStore(proxy.url, "test", timeout_s=1.0)
    proxy.plan("hold")
    with pytest.raises(UnavailableError):
        await slow.initialise(b"layout", {0: b"start"})
    await other.initialise(b"layout", {0: b"start"})
    await other.take(0)
    await other.commit(0, CHANGE)
    assert NOT_DONE in await proxy.deliver_held()
    assert await other.take(0) == DONE_ONCE
    await slow.close()


async def test_a_first_start_whose_answer_was_lost_is_simply_repeated(proxy: CuttingProxy) -> None:
    store = RedisStore(proxy.url, "fresh", timeout_s=2.0)
    proxy.plan("cut after")
    with pytest.raises(UnavailableError):
        await store.initialise(b"layout", {0: b"start"})
    await store.initialise(b"layout", {0: b"start"})
    assert (await store.take(0)).head == b"start"
    await store.close()


async def test_a_fetch_that_was_cut_may_be_repeated(store: RedisStore, proxy: CuttingProxy) -> None:
    await store.commit(0, CHANGE)
    proxy.plan("cut before", b"HMGET")
    with pytest.raises(UnavailableError):
        await store.fetch(0, ["ann"])
    assert await store.fetch(0, ["ann"]) == [b"a"]


async def test_connections_closed_by_the_server_between_fetch_and_commit(
    store: RedisStore, server_behind: RedisServer, proxy: CuttingProxy
) -> None:
    await store.fetch(0, ["ann"])
    server_behind.ask("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
    await store.commit(0, CHANGE)
    assert await store.take(0) == DONE_ONCE


async def test_a_watch_that_went_with_its_connection_is_never_taken_for_granted(server_behind: RedisServer) -> None:
    """redis-py would connect again in silence, and EXEC would run without the watch."""
    server_behind.ask("SET", "key", "theirs")
    lines = Lines(server_behind.url, 1)
    line = await lines.open()
    await line.ask(("WATCH", "key"))
    await line.connection.disconnect()
    with pytest.raises(LostLineError, match="connection was closed"):
        await line.write(("SET", "key", "ours"))
    assert server_behind.ask("GET", "key") == b"theirs"
    await lines.give_back(line)
    await lines.close()


async def test_a_watch_does_not_live_on_in_the_pool(server_behind: RedisServer) -> None:
    lines = Lines(server_behind.url, 1)
    async with lines.line() as line:
        await line.ask(("WATCH", "key"))
    server_behind.ask("SET", "key", "theirs")
    async with lines.line() as line:
        assert await line.write(("SET", "key", "ours"))
    assert server_behind.ask("GET", "key") == b"ours"
    await lines.close()


async def test_a_write_whose_new_watch_is_refused_is_done_and_not_watched(server_behind: RedisServer) -> None:
    lines = Lines(server_behind.url, timeout_s=5.0)
    line = await lines.open()
    server_behind.ask("ACL", "SETUSER", "default", "-watch")
    assert await line.write_and_watch("key", 2, ("SET", "key", "value")) == (True, None)
    server_behind.ask("ACL", "SETUSER", "default", "+watch")
    assert await line.write_and_watch("key", 2, ("SET", "key", "other")) == (True, b"ot")
    await lines.give_back(line)
    await lines.close()
