"""Negative controls: parts with one safeguard taken out, which the tests of that safeguard must catch."""

from __future__ import annotations

from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as LostError

from stream.adapters.redis import RedisStore
from stream.adapters.redis_keys import Keys
from stream.adapters.redis_line import Line
from stream.adapters.redis_partition import HeldPartition, Pending


class _Trusting(HeldPartition):
    """Writes onto whatever is there."""

    def _is_ours(self, stored_id: bytes | None) -> bool:
        return True

    def wrote(self, id_: bytes) -> bool:
        return True


class StoreWithoutCompare(RedisStore):
    """A store whose commits do not ask whether the head is the one they build on."""

    def _holding(self, keys: Keys, last_id: bytes) -> HeldPartition:
        return _Trusting(self._lines, self._shared, keys, last_id, self._new_id)


class StoreWithEpoch(RedisStore):
    """A store whose ids change with the owner and not with every commit: they say who writes, not onto what."""

    def _holding(self, keys: Keys, last_id: bytes) -> HeldPartition:
        return HeldPartition(self._lines, self._shared, keys, last_id, lambda: last_id)


def client_with_retries(url: str) -> Redis:
    """Return redis-py's own client as it comes when nobody turns its retries off."""
    return Redis.from_url(url, retry=Retry(NoBackoff(), 3), retry_on_error=[LostError])


class _Resending(HeldPartition):
    """Leaves a commit to redis-py, which sends it again when the answer does not come."""

    url = ""

    async def _write_together(self, pending: Pending) -> None:
        """Leave it to `_send`."""

    async def _send(self, line: Line, pending: Pending) -> None:
        await self.let_go()
        async with client_with_retries(self.url) as client, client.pipeline(transaction=True) as pipe:
            fill(pipe, pending)
            await pipe.execute()
        self._confirm(pending)


class _Looping(_Resending):
    """Leaves a commit and its watch to redis-py, which calls a lost answer a change by others and begins again."""

    async def _send(self, line: Line, pending: Pending) -> None:
        async def again(pipe: Pipeline) -> None:
            pipe.multi()
            fill(pipe, pending)

        await self.let_go()
        async with client_with_retries(self.url) as client:
            await client.transaction(again, self._keys.head)
        self._confirm(pending)


def fill(pipe: Pipeline, pending: Pending) -> None:
    """Queue the commands of a commit."""
    for command in pending.commands:
        pipe.execute_command(*command)


class StoreWithRetries(RedisStore):
    """A store whose commits are sent by redis-py, retries on."""

    kind: type[_Resending] = _Resending

    def __init__(self, url: str, namespace: str, timeout_s: float) -> None:
        super().__init__(url, namespace, timeout_s=timeout_s)
        self._url = url

    def _holding(self, keys: Keys, last_id: bytes) -> HeldPartition:
        held = self.kind(self._lines, self._shared, keys, last_id, self._new_id)
        held.url = self._url
        return held


class StoreWithRetriesAndWatch(StoreWithRetries):
    """The same, watching the head as redis-py's `transaction` does."""

    kind = _Looping
