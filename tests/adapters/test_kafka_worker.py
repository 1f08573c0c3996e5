"""The worker's consumer on the mock broker and on a real one: order, position, recovery, back-pressure."""

from __future__ import annotations

import asyncio

import aiokafka.errors
import pytest
from confluent_kafka import Producer

from stream.adapters.kafka_producer import KafkaProducer
from stream.errors import FencedError, LayoutError, StreamError, UnavailableError
from stream.ports import Record
from tests.brokers.fixtures import Log
from tests.brokers.member import Notebook, member, numbered, write


async def test_whole_batches_arrive_in_order_byte_for_byte(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(2_000))
    notebook = Notebook()
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 2_000)
    found = [record for records in notebook.kept.values() for record in records]
    assert sorted(record.value or b"" for record in found) == numbered(2_000)
    assert all(record.key == record.value for record in found)
    assert all(record.headers == (("n", record.value),) for record in found)
    assert all(record.timestamp_ms == 1_000 + int(record.value or b"") for record in found)
    for partition, records in notebook.kept.items():
        assert {record.partition for record in records} == {partition}
        assert [record.offset for record in records] == list(range(len(records)))
        assert notebook.calls.count(("records", partition)) < len(records), "lists, not single records"


@pytest.mark.parametrize("compression", ["gzip", "snappy", "lz4", "zstd"])
async def test_every_compression_of_kafka_is_read(log: Log, compression: str) -> None:
    topic = await log.topic()
    producer = Producer({"bootstrap.servers": log.bootstrap, "compression.type": compression, "linger.ms": 50})
    for value in numbered(200):
        producer.produce(topic, value, value)
    assert producer.flush(30) == 0
    notebook = Notebook()
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 200)
    assert sorted(record.value or b"" for records in notebook.kept.values() for record in records) == numbered(200)


async def test_the_position_comes_from_the_handler_before_any_record(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(800))
    notebook = Notebook()
    notebook.positions = {0: 3, 1: 5, 2: 7, 3: 11}
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 800 - 3 - 5 - 7 - 11)
    assert notebook.first_offset == {0: 3, 1: 5, 2: 7, 3: 11}
    for partition in range(4):
        own = [what for what, which in notebook.calls if which == partition]
        assert own[0] == "assigned"
        assert own[-1] == "revoked"


async def test_a_second_start_goes_on_where_the_handler_says_not_where_kafka_says(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(100), partition=0)
    notebook = Notebook()
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 100)
    rolled_back = Notebook()
    rolled_back.positions = {0: 40}
    async with member(log.options(topic), rolled_back):
        await rolled_back.until(lambda: rolled_back.count == 60)
    assert [record.offset for record in rolled_back.kept[0]] == list(range(40, 100))


@pytest.mark.parametrize("error", [FencedError, UnavailableError])
async def test_after_a_refused_commit_the_position_is_asked_for_again(log: Log, error: type[StreamError]) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(3_000), partition=2)
    failures = []

    async def refuse_twice(partition: int, records: list[Record]) -> None:
        if len(failures) < 2 and records[-1].offset > 100:
            failures.append(records[0].offset)
            notebook.kept[partition] = notebook.kept[partition][:50]
            notebook.positions[partition] = len(notebook.kept[partition])
            raise error("refused")

    notebook = Notebook(refuse_twice)
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 3_000)
    assert len(failures) == 2
    assert notebook.calls.count(("assigned", 2)) == 3
    assert [record.offset for record in notebook.kept[2]] == list(range(3_000))


@pytest.mark.kafka
async def test_two_members_share_all_partitions_and_none_twice(kafka: Log) -> None:
    """Not on the mock broker: its group coordinator loses members in one of two rebalances."""
    log = kafka
    topic = await log.topic()
    one, two = Notebook(), Notebook()
    async with member(log.options(topic), one):
        await one.until(lambda: one.owned == {0, 1, 2, 3})
        async with member(log.options(topic), two):
            await two.until(lambda: len(two.owned) == 2)
            await one.until(lambda: len(one.owned) == 2)
            assert one.owned | two.owned == {0, 1, 2, 3}
        await one.until(lambda: one.owned == {0, 1, 2, 3})


async def test_a_header_name_that_is_no_text_arrives_as_bytes_and_the_next_record_is_served(log: Log) -> None:
    topic = await log.topic()
    name = b"na\xffme".decode(errors="surrogateescape")
    producer = KafkaProducer(log.options(topic))
    await producer.start()
    good = [(b"k", value, [("n", value)], 5) for value in numbered(100)]
    bad = [(b"its key", value, [("mine", b"kept"), (name, b"\x00")], 6) for value in (b"bad", b"worse")]
    assert await producer.send_batch(topic, 1, [*good, *bad, *good, bad[0], *good]) == 303
    await producer.stop()
    notebook = Notebook()
    async with member(log.options(topic), notebook):
        await notebook.until(lambda: notebook.count == 303)
    assert [record.offset for record in notebook.kept[1]] == list(range(303))
    found = [record for record in notebook.kept[1] if record.fault]
    assert [(record.offset, record.key, record.value) for record in found] == [
        (100, b"its key", b"bad"),
        (101, b"its key", b"worse"),
        (202, b"its key", b"bad"),
    ]
    assert {record.headers for record in found} == {(("mine", b"kept"), (name, b"\x00"))}
    assert {record.headers[0][0] for record in notebook.kept[1] if not record.fault} == {"n"}


async def test_a_slow_partition_holds_back_neither_memory_nor_its_neighbours(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, [bytes(300)] * 2_500, partition=1)
    gate = asyncio.Event()

    async def block_one(partition: int, records: list[Record]) -> None:
        if partition == 1:
            await gate.wait()

    notebook = Notebook(block_one)
    async with member(log.options(topic, fetch_max_bytes=100_000), notebook) as app:
        await notebook.until(lambda: ("records", 1) in notebook.calls)
        await write(log, topic, numbered(500), partition=3)
        await notebook.until(lambda: len(notebook.kept[3]) == 500)
        (slow,) = (each for each in app.partitions.lanes.statuses() if each.partition == 1)
        assert slow.position == 0, "nothing of the slow partition is handled"
        assert notebook.calls.count(("records", 1)) == 1, "and its second batch waits for the first"
        assert 1 not in app.partitions.lanes.wanted(), "and no third is taken"
        gate.set()
        await notebook.until(lambda: len(notebook.kept[1]) == 2_500)


async def test_a_paused_partition_waits_and_goes_on(log: Log) -> None:
    topic = await log.topic()
    notebook = Notebook()
    async with member(log.options(topic), notebook) as app:
        await notebook.until(lambda: notebook.owned == {0, 1, 2, 3})
        app.partitions.lanes.pause(1)
        await write(log, topic, numbered(10), partition=1)
        await write(log, topic, numbered(10), partition=2)
        await notebook.until(lambda: len(notebook.kept[2]) == 10)
        assert notebook.kept[1] == []
        app.partitions.lanes.resume(1)
        await notebook.until(lambda: len(notebook.kept[1]) == 10)


async def test_lag_tools_see_the_position_after_us(log: Log) -> None:
    topic = await log.topic()
    await write(log, topic, numbered(30), partition=0)
    notebook = Notebook()
    options = log.options(topic)
    async with member(options, notebook):
        await notebook.until(lambda: notebook.count == 30)
    consumer = aiokafka.AIOKafkaConsumer(bootstrap_servers=log.bootstrap, group_id=options.group)
    await consumer.start()
    assert await consumer.committed(aiokafka.TopicPartition(topic, 0)) == 30
    await consumer.stop()


async def test_a_position_outside_the_log_ends_the_worker_with_the_reason(log: Log) -> None:
    topic = await log.topic()
    notebook = Notebook()
    notebook.positions = {0: 17}
    with pytest.raises(LayoutError, match=r"partition 0: position 17 is not in the log, which holds 0 to 0"):
        async with member(log.options(topic), notebook) as app:
            await app.ended.wait()


async def test_a_lost_membership_ends_the_worker(log: Log) -> None:
    topic = await log.topic()
    notebook = Notebook()

    async def lose_the_membership() -> None:
        async with member(log.options(topic), notebook) as app:
            await notebook.until(lambda: notebook.owned == {0, 1, 2, 3})
            subscription = app.partitions._thread._ensure_consumer()._subscription
            subscription.abort_waiters(aiokafka.errors.GroupAuthorizationFailedError("group"))
            await app.ended.wait()

    with pytest.raises(StreamError, match=r"being a member of the group 'group-test-\d+': .*kafka-refused"):
        await lose_the_membership()
