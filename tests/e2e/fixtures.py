"""Fixtures: a deployment of the test's own on real servers, or on the embedded ones."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from stream.adapters.embedded import embedded_valkey
from stream.adapters.mock_broker import start_mock_broker
from tests.brokers.kafka_broker import KafkaBroker
from tests.e2e.site import Site
from tests.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One real redis-server for all tests that leave it alive."""
    with RedisServer("redis", tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def real_site(kafka_node: KafkaBroker, redis_node: RedisServer, tmp_path: Path) -> Site:
    """A deployment on Apache Kafka and redis-server."""
    return Site(kafka_node.bootstrap, redis_node.url, tmp_path).open()


@pytest.fixture
def embedded_site(tmp_path: Path) -> Iterator[Site]:
    """A deployment on the servers that come as wheels; the mock broker is the test's own, because it forgets."""
    with embedded_valkey(tmp_path / "valkey") as url:
        broker = start_mock_broker()
        try:
            yield Site(broker.bootstrap, url, tmp_path, is_real=False).open()
        finally:
            broker.stop()


@pytest.fixture(
    params=[
        pytest.param("embedded_site", marks=pytest.mark.servers),
        pytest.param("real_site", marks=[pytest.mark.kafka, pytest.mark.redis]),
    ]
)
def site(request: pytest.FixtureRequest) -> Site:
    """Run the test twice: on the embedded servers and on the real ones."""
    found: Site = request.getfixturevalue(request.param)
    return found
