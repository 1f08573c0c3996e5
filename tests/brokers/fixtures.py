"""Fixtures: a real Kafka for the session, the mock broker for the session, and either behind one name."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_topics import TopicPlan, apply_topics
from stream.adapters.mock_broker import start_mock_broker
from stream.ports import Record
from tests.brokers.kafka_broker import KafkaBroker, ServersMissingError

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Log:
    """A Kafka to test on, real or mock."""

    bootstrap: str
    is_real: bool

    async def topic(self, partitions: int = 4, **settings: str) -> str:
        """Return the name of a new topic, made where the broker does not make it by itself."""
        name = f"test-{next(_numbers)}"
        if self.is_real:
            dotted = {key.replace("_", "."): value for key, value in settings.items()}
            dotted.setdefault("retention.ms", "-1")  # test records are stamped in 1970
            await apply_topics(self.options(name), [TopicPlan(name, partitions, dotted)])
        return name

    def options(self, topic: str, **changes: object) -> KafkaOptions:
        """Return options for one member of this topic's own group; sessions are short."""
        options = KafkaOptions(self.bootstrap, topic=topic, group=f"group-{topic}")
        return replace(options, heartbeat_ms=500, hint_every_ms=100, **changes)  # type: ignore[arg-type]

    async def read(self, topic: str, partition: int) -> list[Record]:
        """Return all that is in a partition."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await consumer.start()
        place = TopicPartition(topic, partition)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        consumer.seek(place, 0)
        found: list[Record] = []
        while len(found) < end:
            each = await consumer.getone()
            found.append(Record(partition, each.offset, each.timestamp, each.key, each.value, each.headers))
        await consumer.stop()
        return found


@pytest.fixture(scope="session")
def kafka_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """One real broker for all tests that leave it alive."""
    broker = new_broker(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture
def mortal_kafka(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A real broker of the test's own, to be killed, stopped and restarted."""
    broker = new_broker(tmp_path / "kafka")
    yield broker
    broker.thaw()
    broker.stop()


def new_broker(folder: Path) -> KafkaBroker:
    """Start a real broker, or skip the test with the reason why this machine cannot."""
    return started(lambda: KafkaBroker(folder))


def started(make: Callable[[], KafkaBroker]) -> KafkaBroker:
    """Make a broker and start it, or skip the test with the reason why this machine cannot."""
    try:
        return make().start()
    except ServersMissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def kafka(kafka_node: KafkaBroker) -> Log:
    """The session's real broker."""
    return Log(kafka_node.bootstrap, is_real=True)


@pytest.fixture(scope="session")
def mock_bootstrap() -> Iterator[str]:
    """One mock broker for the session."""
    broker = start_mock_broker()
    yield broker.bootstrap
    broker.stop()


@pytest.fixture
def mock_kafka(mock_bootstrap: str) -> Log:
    """The session's mock broker."""
    return Log(mock_bootstrap, is_real=False)


@pytest.fixture(
    params=[pytest.param("mock_kafka", marks=pytest.mark.servers), pytest.param("kafka", marks=pytest.mark.kafka)]
)
def log(request: pytest.FixtureRequest) -> Log:
    """Run the test twice: on the mock broker and on the real one."""
    found: Log = request.getfixturevalue(request.param)
    return found
