"""What every `Producer` must do, in memory and on brokers; subclasses provide the `rig` fixture."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Literal, Protocol

import pytest

from stream.errors import FencedError, UnavailableError
from stream.ports import Message, Producer

Loss = Literal["refuse", "lose ack"]
LOSSES: list[Loss] = ["refuse", "lose ack"]
ALONE = 200_000
"""Bytes of a value that is a request of its own, so that one of a batch can fail."""


class ProducerRig(Protocol):
    """One Kafka, any number of writers, and the ways in which the wire between them fails."""

    async def topic(self) -> str:
        """Return the name of a new topic."""
        ...

    async def producer(self) -> Producer:
        """Return the producer of one more process of the same deployment."""
        ...

    async def claim(self, producer: Producer, partition: int) -> object:
        """Return a claim; the first of all may have to wait until the broker is ready for claims."""
        ...

    async def written(self, topic: str, partition: int) -> list[Message]:
        """Return all that is in a partition, in order."""
        ...

    def failing(self, producer: Producer, how: Loss, after: int = 0) -> AbstractContextManager[None]:
        """Within the block so many requests to write pass; the next does not arrive, or is never acknowledged."""
        ...

    def asleep(self, producer: Producer) -> AbstractContextManager[None]:
        """Within the block what this producer sends is on its way, and arrives only behind it."""
        ...

    def away(self, producer: Producer) -> AbstractContextManager[None]:
        """Within the block Kafka cannot be reached."""
        ...


def messages(*values: bytes, size: int = 0) -> list[Message]:
    """Return a message of each value, filled up to a size."""
    return [(b"k", value.ljust(size, b"."), [("h", value)], 7) for value in values]


async def values(rig: ProducerRig, topic: str, partition: int) -> list[bytes]:
    """Return what is written, without what it was filled up with."""
    return [(value or b"").rstrip(b".") for _, value, _, _ in await rig.written(topic, partition)]


async def write(
    producer: Producer, topic: str, partition: int, told: Iterable[Message], claim: object | None = None
) -> int:
    """Write to one partition of one topic, under a claim or without."""
    if claim is None:
        return await producer.send_batch(topic, partition, told)
    return await producer.publish(partition, {topic: told}, claim)


class ProducerContract:
    """Run by tests/contracts/test_producer.py on the fake, on the mock broker and on the real one."""

    async def test_what_is_sent_is_there_once_in_order_and_says_its_offset(self, rig: ProducerRig) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        sent = [await producer.send(topic, 1, *message) for message in messages(b"a", b"b", b"c")]
        assert [await each for each in sent] == [0, 1, 2]
        assert await values(rig, topic, 1) == [b"a", b"b", b"c"]
        assert await values(rig, topic, 0) == []

    async def test_a_record_is_written_as_it_is(self, rig: ProducerRig) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        odd: list[Message] = [
            (b"key", b"value", [("one", b"1"), ("one", b"\xff"), ("none", b"")], 5_000),
            (b"a tombstone", None, [], 6_000),
            (None, b"no key", [], 6_000),
            (None, None, [("neither", b"")], 7_000),
        ]
        await (await producer.send(topic, 0, *odd[0]))
        assert await write(producer, topic, 0, iter(odd[1:])) == 3
        assert await rig.written(topic, 0) == odd

    async def test_a_batch_is_there_whole_in_order_when_it_returns(self, rig: ProducerRig) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        claim = await rig.claim(producer, 2)
        assert await write(producer, topic, 2, messages(b"a", b"b", b"c", size=ALONE), claim) == 3
        assert await write(producer, topic, 2, messages(b"d"), claim) == 1
        assert await write(producer, topic, 2, [], claim) == 0
        assert await write(producer, topic, 2, messages(b"e")) == 1
        assert await values(rig, topic, 2) == [b"a", b"b", b"c", b"d", b"e"]

    async def test_a_claim_holds_for_every_topic(self, rig: ProducerRig) -> None:
        topics, producer = [await rig.topic(), await rig.topic()], await rig.producer()
        claim = await rig.claim(producer, 0)
        for value in (b"a", b"b", b"c"):
            for topic in topics:
                await write(producer, topic, 0, messages(value), claim)
        assert [await values(rig, topic, 0) for topic in topics] == [[b"a", b"b", b"c"]] * 2

    @pytest.mark.parametrize("how", LOSSES)
    async def test_one_record_that_fails_says_so_and_the_next_is_written(self, rig: ProducerRig, how: Loss) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        with rig.failing(producer, how), pytest.raises(UnavailableError):
            await (await producer.send(topic, 0, *messages(b"a")[0]))
        assert await (await producer.send(topic, 0, *messages(b"b")[0])) == (how == "lose ack")
        assert await values(rig, topic, 0) == ([b"b"] if how == "refuse" else [b"a", b"b"])

    @pytest.mark.parametrize("how", LOSSES)
    @pytest.mark.parametrize("is_claimed", [False, True], ids=["", "claimed"])
    async def test_behind_the_first_that_fails_nothing_is_sent_so_a_repeat_keeps_the_order(
        self, rig: ProducerRig, how: Loss, is_claimed: bool
    ) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        batch = messages(b"a", b"b", b"c", size=ALONE)
        claim = await rig.claim(producer, 0) if is_claimed else None
        with rig.failing(producer, how, after=1), pytest.raises(UnavailableError):
            await write(producer, topic, 0, batch, claim)
        arrived = [b"a"] if how == "refuse" else [b"a", b"b"]
        assert await values(rig, topic, 0) == arrived
        claim = await rig.claim(producer, 0) if is_claimed else None
        assert await write(producer, topic, 0, batch, claim) == 3
        assert await values(rig, topic, 0) == [*arrived, b"a", b"b", b"c"]

    @pytest.mark.parametrize("how", LOSSES)
    async def test_a_failed_write_ends_its_claim(self, rig: ProducerRig, how: Loss) -> None:
        """What comes behind a record whose fate nobody knows could come before it."""
        topic, producer = await rig.topic(), await rig.producer()
        claim = await rig.claim(producer, 0)
        with rig.failing(producer, how), pytest.raises(UnavailableError):
            await write(producer, topic, 0, messages(b"a"), claim)
        for _ in range(2):
            with pytest.raises(UnavailableError, match="claim"):
                await write(producer, topic, 0, messages(b"b"), claim)
        await write(producer, topic, 0, messages(b"c"), await rig.claim(producer, 0))
        assert await values(rig, topic, 0) == ([b"c"] if how == "refuse" else [b"a", b"c"])

    async def test_while_kafka_is_away_nobody_claims_and_what_is_sent_waits_or_fails(self, rig: ProducerRig) -> None:
        topic, producer = await rig.topic(), await rig.producer()
        claim = await rig.claim(producer, 0)
        await write(producer, topic, 0, messages(b"a"), claim)
        with rig.away(producer):
            with pytest.raises(UnavailableError):
                await producer.claim(0)
            sent = asyncio.create_task(write(producer, topic, 0, messages(b"b"), claim))
            await asyncio.wait([sent], timeout=0.3)
        try:
            await sent
        except UnavailableError:
            await write(producer, topic, 0, messages(b"b"), await rig.claim(producer, 0))
        assert await values(rig, topic, 0) == [b"a", b"b"]


class FencingContract(ProducerContract):
    """What a claim is for; the mock broker knows no fences."""

    async def test_an_older_claim_writes_until_a_newer_has_written_and_never_again(self, rig: ProducerRig) -> None:
        topic, former, owner = await rig.topic(), await rig.producer(), await rig.producer()
        old = await rig.claim(former, 2)
        await write(former, topic, 2, messages(b"old"), old)
        new = await rig.claim(owner, 2)
        await write(former, topic, 2, messages(b"on its way"), old)
        await write(owner, topic, 2, messages(b"new"), new)
        for _ in range(2):
            with pytest.raises(FencedError):
                await write(former, topic, 2, messages(b"too late"), old)
        await write(owner, topic, 2, messages(b"newer"), new)
        assert await values(rig, topic, 2) == [b"old", b"on its way", b"new", b"newer"]

    async def test_a_fence_stands_before_one_partition_of_one_topic(self, rig: ProducerRig) -> None:
        topic, other, producer = await rig.topic(), await rig.topic(), await rig.producer()
        old = await rig.claim(producer, 0)
        elsewhere = await rig.claim(producer, 1)
        await write(producer, topic, 0, messages(b"new"), await rig.claim(producer, 0))
        await write(producer, topic, 1, messages(b"elsewhere"), elsewhere)
        await write(producer, other, 0, messages(b"old"), old)
        await write(producer, topic, 0, messages(b"without a claim"))
        assert await values(rig, topic, 0) == [b"new", b"without a claim"]
        assert await values(rig, topic, 1) == [b"elsewhere"]
        assert await values(rig, other, 0) == [b"old"]

    async def test_what_a_process_sent_before_it_fell_asleep_is_refused_when_it_wakes_up(
        self, rig: ProducerRig
    ) -> None:
        topic, former, owner = await rig.topic(), await rig.producer(), await rig.producer()
        old = await rig.claim(former, 0)
        with rig.asleep(former):
            on_its_way = asyncio.create_task(write(former, topic, 0, messages(b"old"), old))
            await write(owner, topic, 0, messages(b"new"), await rig.claim(owner, 0))
        with pytest.raises(FencedError):
            await on_its_way
        assert await values(rig, topic, 0) == [b"new"]
