"""An outside client of the topics, on librdkafka: shares no code with the service's own clients."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, Producer, TopicPartition

from stream.ports import Message as ToSend
from stream.ports import Record

PATIENCE_S = 180.0
Address = tuple[int, ToSend]
"""A partition and what to write there."""


class Outside:
    """Writes and reads as any other program would."""

    def __init__(self, bootstrap: str) -> None:
        self._bootstrap = bootstrap

    def write(self, topic: str, messages: Iterable[Address], **options: Any) -> None:
        """Write all, in order, and return when the broker acknowledged each."""
        failures: list[str] = []
        producer = Producer(
            {
                "bootstrap.servers": self._bootstrap,
                "enable.idempotence": True,
                "linger.ms": 5,
                "log_level": 0,
                **options,
            }
        )

        def told(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                failures.append(f"{error} at {message.key()!r}")

        for partition, (key, value, headers, timestamp_ms) in messages:
            while True:
                try:
                    producer.produce(
                        topic, value, key, partition, told, timestamp=timestamp_ms or 0, headers=list(headers)
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        left = producer.flush(PATIENCE_S)
        assert not left, f"{left} records were not acknowledged"
        assert not failures, failures[:3]

    def read(self, topic: str, partitions: int) -> dict[int, list[Record]]:
        """Return everything that the topic holds now, by partition."""
        found: dict[int, list[Record]] = {number: [] for number in range(partitions)}
        with reader(self._bootstrap) as consumer:
            ends = ends_of(consumer, topic, partitions)
            consumer.assign([TopicPartition(topic, each, OFFSET_BEGINNING) for each, end in ends.items() if end > 0])
            behind = {number for number, end in ends.items() if end > 0}
            until = time.monotonic() + PATIENCE_S
            while behind:
                assert time.monotonic() < until, f"{topic}: partitions {behind} could not be read to their ends"
                for message in consumer.consume(2_000, timeout=0.2):
                    if message.error() is None:
                        record = as_record(message)
                        found[record.partition].append(record)
                        if record.offset >= ends[record.partition] - 1:
                            behind.discard(record.partition)
        return found

    def ends(self, topic: str, partitions: int) -> dict[int, int]:
        """Return where each partition ends now."""
        with reader(self._bootstrap) as consumer:
            return ends_of(consumer, topic, partitions)


def ends_of(consumer: Consumer, topic: str, partitions: int) -> dict[int, int]:
    """Return where each partition ends now; 0 where the broker has not made the topic yet."""
    if topic not in consumer.list_topics(timeout=20).topics:
        return dict.fromkeys(range(partitions), 0)
    asked = [TopicPartition(topic, number) for number in range(partitions)]
    return {each.partition: consumer.get_watermark_offsets(each, timeout=20)[1] for each in asked}


class reader:  # noqa: N801 - reads as a function
    """A consumer that belongs to no group, for the time of a block."""

    def __init__(self, bootstrap: str) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "outside",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )

    def __enter__(self) -> Consumer:
        return self._consumer

    def __exit__(self, *_: object) -> None:
        self._consumer.close()


def as_record(message: Message) -> Record:
    """Return what librdkafka read as a record of ours."""
    partition, offset = message.partition(), message.offset()
    assert partition is not None
    assert offset is not None
    headers = tuple((name, value) for name, value in message.headers() or () if isinstance(value, bytes))
    return Record(
        partition, offset, message.timestamp()[1], as_bytes(message.key()), as_bytes(message.value()), headers
    )


def as_bytes(part: Any) -> bytes | None:
    """Return a key or value as bytes."""
    return part.encode() if isinstance(part, str) else part
