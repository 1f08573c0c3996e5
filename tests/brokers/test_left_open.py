"""The net below the Kafka client: what it leaves open is closed before anybody stumbles over it."""

from __future__ import annotations

import asyncio
import gc
import warnings
import weakref

import pytest
from aiokafka.conn import AIOKafkaConnection

from tests.brokers.fixtures import Log
from tests.brokers.left_open import close


async def opened(bootstrap: str) -> AIOKafkaConnection:
    """Return a connection that nobody closes."""
    host, port = bootstrap.split(":")
    left = AIOKafkaConnection(host, int(port))
    await left.connect()
    left._read_task.cancel()
    await asyncio.sleep(0)
    return left


@pytest.mark.servers
def test_a_connection_without_a_loop_is_closed_without_a_word(mock_kafka: Log) -> None:
    left = asyncio.run(opened(mock_kafka.bootstrap))
    close(left)
    gone = weakref.ref(left)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        del left
        gc.collect()
    assert gone() is None
    assert heard == []
