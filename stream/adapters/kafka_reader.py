"""A reader of topics without a group: what an outside consumer of our outputs sees."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_options import KafkaOptions

POLL_MS = 100
MOST_RECORDS = 2_000


class Seen(NamedTuple):
    """One record that was read."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int


class KafkaReader:
    """Reads topics from their beginning on, all partitions, belonging to no group."""

    def __init__(self, options: KafkaOptions, topics: Sequence[str], partitions: int) -> None:
        """Read these topics of so many partitions; nothing is opened yet."""
        self._options = options
        self._asked = [TopicPartition(topic, number) for topic in topics for number in range(partitions)]
        self._consumer: AIOKafkaConsumer | None = None

    async def start(self) -> None:
        """Connect and go to the beginning; raises UnavailableError."""
        consumer = AIOKafkaConsumer(
            **self._options.client_arguments(),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=self._options.fetch_max_wait_ms,
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(consumer.stop)
            try:
                await consumer.start()
                consumer.assign(self._asked)
                await consumer.seek_to_beginning(*self._asked)
            except CLIENT_ERRORS as error:
                raise translated(error, "connecting a reader") from error
            stack.pop_all()
        self._consumer = consumer

    async def read(self) -> list[Seen]:
        """Return what came within a tenth of a second, in order per partition; raises UnavailableError."""
        assert self._consumer is not None
        try:
            batches = await self._consumer.getmany(timeout_ms=POLL_MS, max_records=MOST_RECORDS)
        except CLIENT_ERRORS as error:
            raise translated(error, "reading") from error
        return [
            Seen(tp.topic, tp.partition, each.offset, each.key, each.value, each.timestamp)
            for tp, records in batches.items()
            for each in records
        ]

    @property
    def behind(self) -> int:
        """Return how many records this reader has not read yet, as far as the broker told it."""
        consumer = self._consumer
        if consumer is None:
            return 0
        return sum(max(0, (consumer.highwater(tp) or 0) - _position(consumer, tp)) for tp in self._asked)

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()


def _position(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int:
    position = consumer._subscription.subscription.assignment.state_value(tp).position
    return int(position or 0)
