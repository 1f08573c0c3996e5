"""An idempotent producer of our own, for the relay, the dead letters, ticks and intake."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Generator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack
from functools import partial
from itertools import zip_longest
from typing import Any, cast

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import ProducerClosed, ProducerFenced
from aiokafka.record.legacy_records import LegacyRecordBatchBuilder

from stream.adapters.kafka_batch import Batch, Headers
from stream.adapters.kafka_claim import Claim, claimed
from stream.adapters.kafka_courier import Courier
from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_options import MEBIBYTE, KafkaOptions
from stream.adapters.patience import ended
from stream.errors import FencedError, StateError, StreamError, UnavailableError
from stream.ports import Message

BATCH_BYTES = 256 * 1024
# a dead letter is a record of at most 1 MiB plus its reason
LARGEST_REQUEST_BYTES = MEBIBYTE + 128 * 1024
ABANDON_WAIT_S = 1.0


class Sent:
    """One record or batch on its way: awaiting it gives the offset of its first record, or raises our error."""

    __slots__ = ("_future",)

    def __init__(self, future: asyncio.Future[Any]) -> None:
        self._future = future

    def __await__(self) -> Generator[Any, None, int]:
        """Return the offset once the broker acknowledged it."""
        try:
            written = yield from asyncio.shield(self._future).__await__()
        except CLIENT_ERRORS as error:
            raise _failure(error, "writing a record") from error
        return int(written.offset)


class KafkaProducer:
    """What it acknowledged is in the log once, in the order it was sent, per partition.

    After any failed write nobody knows what of the rest arrived, and the broker may refuse what follows:
    so the next write begins with a new producer id, and everything still on its way fails too.
    """

    def __init__(self, options: KafkaOptions, linger_ms: int = 2) -> None:
        self._options = options
        self._linger_ms = linger_ms
        self._client: AIOKafkaProducer | None = None
        self._is_started = False
        self._is_spoiled = False
        self._renewing = asyncio.Lock()

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
        async with AsyncExitStack() as stack:
            stack.push_async_callback(client.stop)
            try:
                await client.start()
            except CLIENT_ERRORS as error:
                raise _failure(error, "connecting a producer") from error
            stack.pop_all()
        self._courier = Courier(client.client, self._options.request_timeout_ms)
        self._client, self._is_started, self._is_spoiled = client, True, False

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
            return await self._send_alone(topic, partition or 0, headers, timestamp_ms)
        client = await self._ready()
        try:
            future = await client.send(topic, value, key, partition, timestamp_ms, headers=list(headers))
        except CLIENT_ERRORS as error:
            raise _failure(error, f"writing to {topic}") from error
        future.add_done_callback(partial(self._note, client))
        return Sent(future)

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        """Write messages to one partition in order, one request in flight; return how many: all, acknowledged.

        Raises UnavailableError at the first failed request: the earlier ones are written, the later ones never sent.
        """
        count = 0
        client = await self._ready()
        for batch in _batches(messages):
            count += int(batch.record_count())
            batch.close()  # or it would wait for more
            await Sent(await self._queued(client, batch, topic, partition))
        return count

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        """Write messages to one partition of several topics at once, each topic's in order; return how many: all.

        Raises UnavailableError as `send_batch` does. It ends the claim: whatever is sent under it later fails, too.
        """
        ours = cast(Claim, claim)
        if ours.is_over:
            raise UnavailableError(
                "Kafka: a write under this claim failed; claim the partition anew [kafka-unavailable]"
            )
        try:
            return await self._publish(partition, written, ours)
        except FencedError:
            raise
        except (StreamError, asyncio.CancelledError):
            ours.is_over = True
            raise

    async def _publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: Claim) -> int:
        client, count = await self._ready(), 0
        places = [TopicPartition(topic, partition) for topic in written]
        for row in zip_longest(*map(_batches, written.values())):
            batches = [(place, batch) for place, batch in zip(places, row, strict=True) if batch is not None]
            count += sum(batch.record_count() for _, batch in batches)
            stamped = [(place, batch.stamped(partial(claim.stamp, place.topic))) for place, batch in batches]
            try:
                await self._courier.carry(stamped)
            except CLIENT_ERRORS as error:
                ours = _failure(error, f"publishing partition {partition}")
                if isinstance(ours, UnavailableError):  # what the broker refuses to take harms no other partition
                    self._spoil(client, error)
                raise ours from error
        return count

    async def claim(self, partition: int) -> Claim:
        """Claim a partition of our outputs; raises UnavailableError."""
        client = await self._ready()
        try:
            return await claimed(client.client, f"{self._options.group}.{self._options.topic}.{partition}")
        except CLIENT_ERRORS as error:
            raise _failure(error, f"claiming partition {partition}") from error

    async def flush(self) -> None:
        """Return when all that was queued is acknowledged or has failed."""
        if self._client is not None:
            await self._client.flush()

    async def renew(self) -> None:
        """Give up what is on its way and begin with a new producer id; raises UnavailableError while Kafka is away."""
        old, self._client = self._client, None
        if old is not None:
            self._courier.close()
            await _abandon(old)
        await self.start()

    async def stop(self) -> None:
        """Flush and disconnect; what a broker that is away did not acknowledge in one request's time is given up."""
        old, self._client = self._client, None
        self._is_started = False
        if old is None:
            return
        self._courier.close()
        if not await ended(old.stop(), self._options.request_timeout_ms / 1000):
            await _abandon(old)

    async def _ready(self) -> AIOKafkaProducer:
        if not self._is_started:
            raise UnavailableError("Kafka: the producer is not connected; start it first [kafka-unavailable]")
        if self._client is None or self._is_spoiled:
            async with self._renewing:
                # whoever waited for the lock finds the new one
                if self._client is None or self._is_spoiled:
                    await self.renew()
        return self._client

    def _note(self, client: AIOKafkaProducer, done: asyncio.Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._spoil(client, error)

    def _spoil(self, client: AIOKafkaProducer, error: BaseException) -> None:
        if client is self._client and not isinstance(error, ProducerFenced):
            self._is_spoiled = True

    async def _send_alone(
        self, topic: str, partition: int, headers: Headers, timestamp_ms: int | None
    ) -> Awaitable[int]:
        client = await self._ready()
        batch = Batch(BATCH_BYTES)
        batch.append(timestamp=timestamp_ms, key=None, value=None, headers=headers)
        return Sent(await self._queued(client, batch, topic, partition))

    async def _queued(self, client: AIOKafkaProducer, batch: Any, topic: str, partition: int) -> asyncio.Future[Any]:
        try:
            future: asyncio.Future[Any] = await client.send_batch(batch, topic, partition=partition)
        except CLIENT_ERRORS as error:
            raise _failure(error, f"writing to {topic}") from error
        future.add_done_callback(partial(self._note, client))
        return future


def _batches(messages: Iterable[Message]) -> Iterator[Batch]:
    """Yield the messages in batches that the broker takes."""
    batch: Batch | None = None
    for key, value, headers, timestamp_ms in messages:
        if batch is None or batch.append(timestamp=timestamp_ms, key=key, value=value, headers=headers) is None:
            if batch is not None:
                yield batch
            batch = Batch(BATCH_BYTES)
            batch.append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
        if batch.record_count() == 1 and batch.size() > MEBIBYTE:
            # alone in its batch: it came compressed, and as it is the broker would not take it back
            batch = Batch(BATCH_BYTES, LegacyRecordBatchBuilder.CODEC_GZIP)
            batch.append(timestamp=timestamp_ms, key=key, value=value, headers=headers)
    if batch is not None:
        yield batch


def _failure(error: BaseException, doing: str) -> StreamError:
    """Return our error for a failed write; a producer that lost its standing is simply renewed by the next one.

    Only a claim can be fenced: nobody else ever has the id of a producer without one.
    """
    ours = translated(error, doing)
    if isinstance(error, ProducerFenced):
        return ours
    return UnavailableError(str(ours)) if isinstance(ours, StateError) else ours


async def _abandon(client: AIOKafkaProducer) -> None:
    """Close at once: whoever waits for what is on its way is told that it failed."""
    client._message_accumulator.fail_all(ProducerClosed("the producer was given up"))
    if not await ended(client.stop(), ABANDON_WAIT_S):
        await ended(client._sender.close(), ABANDON_WAIT_S)
        await ended(client.client.close(), ABANDON_WAIT_S)
