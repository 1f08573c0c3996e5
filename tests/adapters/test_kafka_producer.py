"""The idempotent producer: order, offsets, whole batches, and what it says when it cannot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber
from aiokafka.partitioner import DefaultPartitioner

from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import LARGEST_REQUEST_BYTES, KafkaProducer
from stream.errors import FencedError, InputError, UnavailableError
from tests.brokers.fixtures import Log
from tests.brokers.kafka_broker import free_ports
from tests.brokers.member import numbered
from tests.contracts.producer_contract import write


@pytest.fixture
async def producer(log: Log) -> AsyncIterator[KafkaProducer]:
    made = KafkaProducer(log.options("unused"))
    await made.start()
    yield made
    await made.stop()


async def read_all(log: Log, topic: str, partition: int) -> list[tuple[object, ...]]:
    """Return (offset, timestamp, key, value, headers) of all records of a partition."""
    found = await log.read(topic, partition)
    return [(each.offset, each.timestamp_ms, each.key, each.value, each.headers) for each in found]


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
    assert await write(producer, topic, 2, [(b"k", value, [], 7) for value in values]) == 100
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
    await write(producer, topic, 0, [(b"k", b"before", [], 1)])
    await producer.renew()
    await write(producer, topic, 0, [(b"k", b"after", [], 2)])
    assert [found[3] for found in await read_all(log, topic, 0)] == [b"before", b"after"]


async def test_after_a_failed_write_the_next_one_begins_with_a_new_producer_id(
    log: Log, producer: KafkaProducer
) -> None:
    topic = await log.topic()
    await write(producer, topic, 0, [(b"k", b"before", [], 1)])
    spoiled = producer._client
    on_its_way = await producer.send(topic, 1, b"k", b"lost", [], 1)
    spoiled._message_accumulator.fail_all(OutOfOrderSequenceNumber("as after a lost answer"))
    with pytest.raises(UnavailableError, match="OutOfOrderSequenceNumber"):
        await on_its_way
    await asyncio.gather(*(write(producer, topic, 0, [(b"k", b"after", [], 2)]) for _ in range(3)))
    assert producer._client is not spoiled
    assert [found[3] for found in await read_all(log, topic, 0)] == [b"before", b"after", b"after", b"after"]


async def test_under_a_claim_everything_is_there_once_in_order(log: Log, producer: KafkaProducer) -> None:
    topic = await log.topic()
    claim = await claimed(producer, 1)
    values = [value * 2_000 for value in numbered(100)]
    for part in (values[:50], values[50:]):
        assert await write(producer, topic, 1, [(b"k", value, [], 7) for value in part], claim) == 50
    assert [found[3] for found in await read_all(log, topic, 1)] == values


@pytest.mark.kafka
async def test_an_older_claim_writes_until_a_newer_has_written_and_never_again(kafka: Log) -> None:
    topic = await kafka.topic()
    former, owner = KafkaProducer(kafka.options("same")), KafkaProducer(kafka.options("same"))
    await former.start()
    await owner.start()
    old = await claimed(former, 2)
    await write(former, topic, 2, [(b"k", b"old", [], 1)], old)
    new = await claimed(owner, 2)
    await write(former, topic, 2, [(b"k", b"old, on its way", [], 1)], old)
    await write(owner, topic, 2, [(b"k", b"new", [], 1)], new)
    for _ in range(2):
        with pytest.raises(FencedError, match="ProducerFenced"):
            await write(former, topic, 2, [(b"k", b"old, too late", [], 1)], old)
    await write(owner, topic, 2, [(b"k", b"newer", [], 1)], new)
    await write(former, topic, 2, [(b"k", b"without a claim", [], 1)])
    await write(former, topic, 1, [(b"k", b"elsewhere", [], 1)], await claimed(former, 1))
    found = [each[3] for each in await read_all(kafka, topic, 2)]
    assert found == [b"old", b"old, on its way", b"new", b"newer", b"without a claim"]
    await former.stop()
    await owner.stop()


@pytest.mark.kafka
async def test_what_a_frozen_producer_sends_when_it_wakes_up_is_refused(kafka: Log) -> None:
    """The batch waits in the client, past every question of ours, as it would in a process that fell asleep."""
    topic = await kafka.topic()
    former, owner = KafkaProducer(kafka.options("frozen")), KafkaProducer(kafka.options("frozen"))
    await former.start()
    await owner.start()
    old = await claimed(former, 0)
    client = former._client
    assert client is not None
    asleep, send = asyncio.Event(), client.client.send

    async def send_when_awake(node: int, request: object, **options: object) -> object:
        await asleep.wait()
        return await send(node, request, **options)

    await client.client._wait_on_metadata(topic)
    client.client.send = send_when_awake
    on_its_way = asyncio.create_task(write(former, topic, 0, [(b"k", b"old", [], 1)], old))
    await write(owner, topic, 0, [(b"k", b"new", [], 1)], await claimed(owner, 0))
    asleep.set()
    with pytest.raises(FencedError, match="ProducerFenced"):
        await on_its_way
    assert [found[3] for found in await read_all(kafka, topic, 0)] == [b"new"]
    await former.stop()
    await owner.stop()


async def claimed(producer: KafkaProducer, partition: int) -> object:
    """Return a claim; the first of all waits until the broker has made the topic where it keeps them."""
    async with asyncio.timeout(180):
        while True:
            try:
                return await producer.claim(partition)
            except UnavailableError:
                await asyncio.sleep(0.2)


@pytest.mark.kafka
async def test_what_the_broker_refuses_under_a_claim_harms_no_other_partition(kafka: Log) -> None:
    topic = await kafka.topic(max_message_bytes="1000")
    producer = KafkaProducer(kafka.options("narrow"))
    await producer.start()
    refused, other = await claimed(producer, 0), await claimed(producer, 1)
    client = producer._client
    with pytest.raises(InputError, match=r"publishing partition 0: MessageSizeTooLargeError: .*\[kafka-record\]"):
        await write(producer, topic, 0, [(b"k", bytes(2_000), [], 1)], refused)
    with pytest.raises(UnavailableError, match="claim the partition anew"):
        await write(producer, topic, 0, [(b"k", b"small", [], 1)], refused)
    await write(producer, topic, 1, [(b"k", b"other", [], 1)], other)
    assert producer._client is client
    await write(producer, topic, 0, [(b"k", b"small", [], 1)], await claimed(producer, 0))
    assert [found[3] for found in await read_all(kafka, topic, 0)] == [b"small"]
    await producer.stop()


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
