"""What the Kafka client leaves open, closed behind it: otherwise a later test hears of it, whenever the collector runs.

aiokafka 0.14 keeps no account of a connection while it asks for the first metadata over it (cancelled there, nobody
closes it), nor of one that a task of its own opens behind `close`. A process that ends closes both.
"""

from __future__ import annotations

from asyncio.selector_events import _SelectorSocketTransport  # type: ignore[attr-defined]
from collections.abc import Iterator
from functools import wraps
from weakref import WeakSet

import pytest
from aiokafka.conn import AIOKafkaConnection

_opened: WeakSet[AIOKafkaConnection] = WeakSet()


@pytest.fixture(scope="session", autouse=True)
def noted() -> Iterator[None]:
    """Note every connection of the client from now on."""
    connect = AIOKafkaConnection.connect

    @wraps(connect)
    async def noting(self: AIOKafkaConnection) -> object:
        _opened.add(self)
        return await connect(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AIOKafkaConnection, "connect", noting)
        yield


@pytest.fixture(autouse=True)
def closed_behind_the_client(noted: None) -> Iterator[None]:
    """Close what is still open when a test is over and its loop is closed."""
    yield
    for each in list(_opened):
        if each._loop.is_closed() and each.connected():
            close(each)


def close(left: AIOKafkaConnection) -> None:
    """Close a connection whose loop has gone, as its loop would have."""
    transport = left._writer.transport
    assert isinstance(transport, _SelectorSocketTransport)
    transport._closing = True
    if transport._sock is not None:
        transport._sock.close()
        transport._sock = None
    left._reader = None
