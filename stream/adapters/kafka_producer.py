"""An idempotent producer of our own, for the relay, the dead letters, ticks and intake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer

from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_options import MEBIBYTE, KafkaOptions
from stream.errors import UnavailableError

Headers = Sequence[tuple[str, bytes]]
Message = tuple[bytes | None, bytes | None, Headers, int | None]
"""Key, value, headers, timestamp in ms (None: now)."""

BATCH_BYTES = 256 * 1024
# a dead letter is a record of at most 1 MiB plus its reason
LARGEST_REQUEST_BYTES = MEBIBYTE + 128 * 1024
RENEW_WAIT_S = 1.0


class Sent:
    """One record on its way: awaiting it gives its offset, or raises our error."""

    __slots__ = ("_future", "_index")

    def __init__(self, future: asyncio.Future[Any], index: int = 0) -> None:
        self._future = future
        self._index = index

    def __await__(self) -> Generator[Any, None, int]:
        """Return the offset once the broker acknowledged it."""
        try:
            written = yield from asyncio.shield(self._future).__await__()
        except CLIENT_ERRORS as error:
            raise translated(error, "writing a record") from error
        return int(written.offset) + self._index


class KafkaProducer:
    """What it acknowledged is in the log once, in the order it was sent, per partition."""

    def __init__(self, options: KafkaOptions, linger_ms: int = 2) -> None:
        self._options = options
        self._linger_ms = linger_ms
        self._client: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; raises UnavailableError while the broker is away."""
        client = AIOKafkaProducer(
            **self._options.client_arguments(),
            enable_idempotence=True,
            acks="all",
            linger_ms=self._linger_ms,
            max_batch_size=BATCH_BYTES,
            max_request_size=LARGEST_REQUEST_BYTES,
        )
        try:
            await client.start()
        except CLIENT_ERRORS as error:
            await client.stop()
            raise translated(error, "connecting a producer") from error
        self._client = client

    async def send(
        self,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        timestamp_ms: int | None = None,
    ) -> Awaitable[int]:
        """Queue one record; the returned awaitable gives its offset. No partition: murmur2 of the key."""
        if key is None and value is None:
            # the client's own `send` asserts that one of both is there; its batches do not
            return await self._send_alone(topic, partition, headers, timestamp_ms)
        try:
            future = await self._open.send(topic, value, key, partition, timestamp_ms, headers=list(headers))
        except CLIENT_ERRORS as error:
            raise translated(error, f"writing to {topic}") from error
        return Sent(future)

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        """Write messages to one partition in order, one request in flight; return how many were acknowledged.

        Raises UnavailableError at the first failed request: the earlier ones are written, the later ones never sent.
        """
        count = 0
        batch = self._open.create_batch()
        for key, value, headers, timestamp_ms in messages:
            added = batch.append(timestamp=timestamp_ms, key=key, value=value, headers=list(headers))
            if added is None:
                count += await self._written(batch, topic, partition)
                batch = self._open.create_batch()
                batch.append(timestamp=timestamp_ms, key=key, value=value, headers=list(headers))
        if batch.record_count():
            count += await self._written(batch, topic, partition)
        return count

    async def flush(self) -> None:
        """Return when all that was queued is acknowledged or has failed."""
        await self._open.flush()

    async def renew(self) -> None:
        """Forget what is on its way and begin with a new producer id; raises UnavailableError while Kafka is away."""
        old, self._client = self._client, None
        if old is not None:
            await _abandon(old)
        await self.start()

    async def stop(self) -> None:
        """Flush and disconnect."""
        old, self._client = self._client, None
        if old is not None:
            await old.stop()

    @property
    def _open(self) -> AIOKafkaProducer:
        if self._client is None:
            raise UnavailableError("Kafka: the producer is not connected; start or renew it first [kafka-unavailable]")
        return self._client

    async def _send_alone(
        self, topic: str, partition: int | None, headers: Headers, timestamp_ms: int | None
    ) -> Awaitable[int]:
        batch = self._open.create_batch()
        batch.append(timestamp=timestamp_ms, key=None, value=None, headers=list(headers))
        return Sent(await self._queued(batch, topic, partition or 0))

    async def _written(self, batch: Any, topic: str, partition: int) -> int:
        count = int(batch.record_count())
        await Sent(await self._queued(batch, topic, partition))
        return count

    async def _queued(self, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        try:
            future: asyncio.Future[Any] = await self._open.send_batch(batch, topic, partition=partition)
        except CLIENT_ERRORS as error:
            raise translated(error, f"writing to {topic}") from error
        return future


async def _abandon(client: AIOKafkaProducer) -> None:
    """Close without waiting for what may never be acknowledged."""
    stopping = asyncio.ensure_future(client.stop())
    await asyncio.wait([stopping], timeout=RENEW_WAIT_S)
    if stopping.done():
        stopping.exception()
        return
    # the sender goes on until its batches expire; let it, in the background
    stopping.add_done_callback(lambda done: done.cancelled() or done.exception())
