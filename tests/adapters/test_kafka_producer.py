"""The idempotent producer: order, offsets, whole batches, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.partitioner import DefaultPartitioner

from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import LARGEST_REQUEST_BYTES, KafkaProducer
from stream.errors import InputError, UnavailableError
from tests.brokers.fixtures import Log
from tests.brokers.kafka_broker import free_ports
from tests.brokers.member import numbered


@pytest.fixture
async def producer(log: Log) -> AsyncIterator[KafkaProducer]:
    made = KafkaProducer(log.options("unused"))
    await made.start()
    yield made
    await made.stop()


async def read_all(log: Log, topic: str, partition: int) -> list[tuple[object, ...]]:
    """Return (offset, timestamp, key, value, headers) of all records of a partition."""
    consumer = AIOKafkaConsumer(bootstrap_servers=log.bootstrap)
    await consumer.start()
    place = TopicPartition(topic, partition)
    consumer.assign([place])
    end = (await consumer.end_offsets([place]))[place]
    consumer.seek(place, 0)
    found = []
    while len(found) < end:
        record = await consumer.getone()
        found.append((record.offset, record.timestamp, record.key, record.value, record.headers))
    await consumer.stop()
    return found


async def test_what_is_sent_is_there_once_in_order_with_its_offset(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    sent = [await producer.send(topic, 1, b"k", value, [("h", value)], 5_000) for value in numbered(500)]
    assert [await each for each in sent] == list(range(500))
    assert await read_all(log, topic, 1) == [
        (offset, 5_000, b"k", value, (("h", value),)) for offset, value in enumerate(numbered(500))
    ]


async def test_a_key_without_partition_goes_where_javas_producer_would_put_it(
    log: Log, producer: KafkaProducer
) -> None:
    topic = await log.topic()
    await (await producer.send(topic, None, b"c-1029", b"v", []))
    expected = DefaultPartitioner()(b"c-1029", [0, 1, 2, 3], [0, 1, 2, 3])
    assert len(await read_all(log, topic, expected)) == 1


async def test_batches_larger_than_one_request_stay_in_order(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    values = [value * 2_000 for value in numbered(100)]
    assert await producer.send_batch(topic, 2, [(b"k", value, [], 7) for value in values]) == 100
    assert [found[3] for found in await read_all(log, topic, 2)] == values


async def test_a_record_without_key_and_value_is_written_as_it_is(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    assert await (await producer.send(topic, 3, None, None, [("segments.kind", b"tick")], 9)) == 0
    assert await read_all(log, topic, 3) == [(0, 9, None, None, (("segments.kind", b"tick"),))]


async def test_a_tombstone_keeps_its_key(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    await (await producer.send(topic, 0, b"gone", None, [], 9))
    assert await read_all(log, topic, 0) == [(0, 9, b"gone", None, ())]


async def test_after_renewing_it_goes_on(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    await producer.send_batch(topic, 0, [(b"k", b"before", [], 1)])
    await producer.renew()
    await producer.send_batch(topic, 0, [(b"k", b"after", [], 2)])
    assert [found[3] for found in await read_all(log, topic, 0)] == [b"before", b"after"]


async def test_after_a_failed_write_the_next_one_begins_with_a_new_producer_id(
    log: Log, producer: KafkaProducer
) -> None:
    topic = await log.topic()
    await producer.send_batch(topic, 0, [(b"k", b"before", [], 1)])
    spoiled = producer._client
    on_its_way = await producer.send(topic, 1, b"k", b"lost", [], 1)
    spoiled._message_accumulator.fail_all(OutOfOrderSequenceNumber("as after a lost answer"))
    with pytest.raises(UnavailableError, match="OutOfOrderSequenceNumber"):
        await on_its_way
    await asyncio.gather(*(producer.send_batch(topic, 0, [(b"k", b"after", [], 2)]) for _ in range(3)))
    assert producer._client is not spoiled
    assert [found[3] for found in await read_all(log, topic, 0)] == [b"before", b"after", b"after", b"after"]


async def test_a_record_that_is_too_large_is_an_input_error(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    with pytest.raises(InputError, match=r"writing to test-\d+: MessageSizeTooLargeError: .*\[kafka-record\]"):
        await producer.send(topic, 0, b"k", bytes(LARGEST_REQUEST_BYTES + 1), [])


async def test_without_a_connection_it_says_so() -> None:
    producer = KafkaProducer(KafkaOptions("127.0.0.1:1"))
    with pytest.raises(UnavailableError, match="the producer is not connected; start it first"):
        await producer.send("topic", 0, b"k", b"v", [])
    await producer.stop()


async def test_without_a_broker_starting_raises_what_it_tried() -> None:
    (port,) = free_ports(1)
    with pytest.raises(UnavailableError, match=rf"connecting a producer: KafkaConnectionError: .*{port}"):
        await KafkaProducer(KafkaOptions(f"127.0.0.1:{port}")).start()
