"""Where the logs begin and end, and whether our group has been here: the `Log` port, asked once at a start."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_options import KafkaOptions


class KafkaLog:
    """The `Log` port; every question opens a client and closes it again. Raises UnavailableError."""

    def __init__(self, options: KafkaOptions, partitions: int) -> None:
        """Ask about topics of so many partitions."""
        self._options = options
        self._partitions = partitions

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return first and end offset of each partition of a topic."""
        asked = [TopicPartition(topic, number) for number in range(self._partitions)]
        consumer = AIOKafkaConsumer(**self._options.client_arguments(), enable_auto_commit=False)
        try:
            await consumer.start()
            starts = await consumer.beginning_offsets(asked)
            ends = await consumer.end_offsets(asked)
        except CLIENT_ERRORS as error:
            raise translated(error, f"asking where {topic} begins and ends") from error
        finally:
            await consumer.stop()
        return {each.partition: (starts[each], ends[each]) for each in asked}

    async def has_positions(self) -> bool:
        """Tell whether the consumer group ever wrote a position: then this is no first start."""
        admin = AIOKafkaAdminClient(**self._options.client_arguments())
        try:
            await admin.start()
            positions = await admin.list_consumer_group_offsets(self._options.group)
        except CLIENT_ERRORS as error:
            raise translated(error, f"asking for the positions of the group {self._options.group!r}") from error
        finally:
            await admin.close()
        return any(each.offset >= 0 for each in positions.values())
