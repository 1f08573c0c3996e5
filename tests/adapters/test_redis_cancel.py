"""A task that is cancelled while it speaks to Redis ends: a stop must not wait for the work to run out."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.adapters.redis import RedisStore
from stream.ports import Commit
from tests.redis_server import RedisServer

pytestmark = pytest.mark.servers


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer("valkey", tmp_path) as running:
        yield running


async def test_a_cancelled_task_ends_at_whatever_it_waits_for(server: RedisServer) -> None:
    """redis-py's own timeout would swallow one cancellation in a few (bugs.python.org/issue37658)."""
    store = RedisStore(server.url, "test")
    await store.initialise(b"layout", {0: b"head"})
    drawn = random.Random(1)

    async def work() -> None:
        while True:
            await store.fetch(0, ["ann"])
            await store.commit(0, Commit(b"head", {"ann": b"profile"}))
            await store.is_ours(0)

    for _ in range(60):
        await store.take(0)
        working = asyncio.create_task(work())
        await asyncio.sleep(drawn.uniform(0.001, 0.01))
        working.cancel()
        await asyncio.wait([working], timeout=2)
        assert working.cancelled()
    await store.close()
