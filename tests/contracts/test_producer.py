"""The producer contract, on the fake, on the mock broker and on a real one behind a client whose wire fails."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from aiokafka.errors import OutOfOrderSequenceNumber, RequestTimedOutError
from aiokafka.protocol.produce import ProduceRequest

from stream.adapters.kafka_producer import KafkaProducer
from stream.errors import UnavailableError
from stream.ports import Message, Producer
from tests.brokers.fixtures import Log
from tests.contracts.producer_contract import FencingContract, Loss, ProducerContract
from tests.fake_log import FakeLog, FakeProducer


class FakeRig:
    """Kafka in memory."""

    def __init__(self) -> None:
        self._log = FakeLog()
        self._numbers = count()

    async def topic(self) -> str:
        return f"test-{next(self._numbers)}"

    async def producer(self) -> FakeProducer:
        return FakeProducer(self._log)

    async def claim(self, producer: Producer, partition: int) -> object:
        return await producer.claim(partition)

    async def written(self, topic: str, partition: int) -> list[Message]:
        found = self._log.read(topic, partition, 0)
        return [(each.key, each.value, list(each.headers), each.timestamp_ms) for each in found]

    @contextmanager
    def failing(self, producer: FakeProducer, how: Loss, after: int = 0) -> Iterator[None]:
        producer.faults += [""] * after
        producer.faults.append(how)
        yield
        assert not producer.faults, "a planned loss did not happen"

    @contextmanager
    def asleep(self, producer: FakeProducer) -> Iterator[None]:
        producer.asleep = asyncio.Event()
        yield
        producer.asleep.set()

    @contextmanager
    def away(self, producer: FakeProducer) -> Iterator[None]:
        producer.is_away = True
        yield
        producer.is_away = False


class CutProducer(KafkaProducer):
    """A producer whose client loses a request or its answer as told, and from then on reaches nobody."""

    loses: Loss | None = None
    passes = 0
    is_away = False
    awake: asyncio.Event | None = None

    async def start(self) -> None:
        await super().start()
        client: Any = self._client
        wire, cut = client.client.send, asyncio.Event()

        async def send(node: int, request: Any, **options: Any) -> Any:
            if self.is_away or cut.is_set():
                raise RequestTimedOutError("the wire is cut")
            if not isinstance(request, ProduceRequest):
                return await wire(node, request, **options)
            if self.awake is not None:
                await self.awake.wait()
            answer = None if self._loses("refuse") else await wire(node, request, **options)
            # a broker that is not ready yet took nothing, and is asked again
            if answer is not None and (_code(answer) or not self._loses("lose ack")):
                self.passes -= not _code(answer)
                return answer
            cut.set()
            # after a lost answer we ask again for ever; what ends that is the broker's word that it forgot the producer
            raise OutOfOrderSequenceNumber("as after a lost answer")

        client.client.send = send

    def _loses(self, how: Loss) -> bool:
        return self.loses == how and self.passes == 0


def _code(answer: Any) -> int:
    """Return the first error code that a broker answered, 0 where it wrote everything."""
    return next((int(code) for _, told in answer.topics for _, code, *_ in told if code), 0)


class BrokerRig:
    """A broker, and producers of one deployment."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._group = ""
        self._producers: list[CutProducer] = []

    async def topic(self) -> str:
        name = await self._log.topic()
        self._group = self._group or name
        return name

    async def producer(self) -> CutProducer:
        made = CutProducer(self._log.options(self._group))
        await made.start()
        self._producers.append(made)
        return made

    async def claim(self, producer: Producer, partition: int) -> object:
        async with asyncio.timeout(180):
            while True:
                try:
                    return await producer.claim(partition)
                except UnavailableError:
                    await asyncio.sleep(0.2)

    async def written(self, topic: str, partition: int) -> list[Message]:
        found = await self._log.read(topic, partition)
        return [(each.key, each.value, list(each.headers), each.timestamp_ms) for each in found]

    @contextmanager
    def failing(self, producer: CutProducer, how: Loss, after: int = 0) -> Iterator[None]:
        producer.loses, producer.passes = how, after
        yield
        producer.loses = None

    @contextmanager
    def asleep(self, producer: CutProducer) -> Iterator[None]:
        producer.awake = asyncio.Event()
        yield
        producer.awake.set()

    @contextmanager
    def away(self, producer: CutProducer) -> Iterator[None]:
        producer.is_away = True
        yield
        producer.is_away = False

    async def end(self) -> None:
        for producer in self._producers:
            await producer.stop()


class TestFakeProducer(FencingContract):
    @pytest.fixture
    def rig(self) -> FakeRig:
        return FakeRig()


@pytest.mark.servers
class TestProducerOnTheMockBroker(ProducerContract):
    @pytest.fixture
    async def rig(self, mock_kafka: Log) -> AsyncIterator[BrokerRig]:
        rig = BrokerRig(mock_kafka)
        yield rig
        await rig.end()


@pytest.mark.kafka
class TestKafkaProducer(FencingContract):
    @pytest.fixture
    async def rig(self, kafka: Log) -> AsyncIterator[BrokerRig]:
        rig = BrokerRig(kafka)
        yield rig
        await rig.end()
