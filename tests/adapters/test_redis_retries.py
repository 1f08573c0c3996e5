"""An answer to EXEC that is lost, and who sends again: the store asks the head first; redis-py's retries would not.

The commit here takes the oldest slice out of the outbox and puts a new one in. Applied twice it takes out one that
nobody has published yet.
"""

from __future__ import annotations

import pytest

from stream.adapters.redis import RedisStore
from stream.adapters.redis_line import Lines
from stream.errors import UnavailableError
from stream.ports import Commit
from tests.controls import StoreWithRetries, StoreWithRetriesAndWatch
from tests.cutting_proxy import CuttingProxy
from tests.redis_server import RedisServer

TWO_SLICES = Commit(b"before", {"ann": b"a"}, {"ann": 5}, [b"published", b"not yet published"], 0)
TRIM_AND_PUSH = Commit(b"after", {"ann": b"b"}, {"ann": 6}, [b"new"], outbox_trim=1)


async def commit_whose_answer_is_lost(store: RedisStore, proxy: CuttingProxy) -> None:
    """Commit; the server does it, and the connection is cut before the answer arrives."""
    await store.initialise(b"layout", {0: b"start"})
    await store.take(0)
    await store.commit(0, TWO_SLICES)
    await store.fetch(0, ["ann"])
    proxy.plan("cut after")
    await store.commit(0, TRIM_AND_PUSH)


async def applied_once(server_behind: RedisServer) -> None:
    """Fail where the stored partition is not what one application of the commit leaves."""
    looker = RedisStore(server_behind.url, "test")
    taken = await looker.take(0)
    await looker.close()
    assert taken.head == b"after"
    assert taken.outbox == [b"not yet published", b"new"], f"law 5: one commit was applied twice: {taken.outbox}"


async def test_a_commit_whose_answer_is_lost_is_found_by_its_id_and_not_sent_again(
    server_behind: RedisServer, proxy: CuttingProxy
) -> None:
    store = RedisStore(proxy.url, "test", timeout_s=2)
    await commit_whose_answer_is_lost(store, proxy)
    await store.commit(0, Commit(b"after"))  # the partition is still ours
    await applied_once(server_behind)
    await store.close()


@pytest.mark.parametrize("kind", [StoreWithRetries, StoreWithRetriesAndWatch])
async def test_control_with_the_retries_of_redis_py_the_commit_is_applied_twice(
    server_behind: RedisServer, proxy: CuttingProxy, kind: type[StoreWithRetries]
) -> None:
    store = kind(proxy.url, "test", 2)
    await commit_whose_answer_is_lost(store, proxy)
    with pytest.raises(AssertionError, match=r"^law 5: one commit was applied twice"):
        await applied_once(server_behind)
    await store.close()


async def test_redis_py_tries_nothing_again_by_itself_on_our_connections(proxy: CuttingProxy) -> None:
    """Its retries are off: a connection cut while it is made is told to us at once."""
    lines = Lines(proxy.url, 2)
    proxy.plan("cut before", b"SETINFO")
    with pytest.raises(UnavailableError, match=r"\[redis-away\]"):
        await lines.open()
    await lines.give_back(await lines.open())
    await lines.close()
