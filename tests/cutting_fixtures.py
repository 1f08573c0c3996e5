"""A real Redis behind a proxy that can cut its answers off, for the adapters' tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.cutting_proxy import CuttingProxy
from tests.redis_server import RedisServer


@pytest.fixture(
    scope="module",
    params=[pytest.param("valkey", marks=pytest.mark.servers), pytest.param("redis", marks=pytest.mark.redis)],
)
def server_behind(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """One server for all tests of a module, each kind in its turn."""
    with RedisServer(request.param, tmp_path_factory.mktemp(request.param)) as server:
        yield server


@pytest.fixture
async def proxy(server_behind: RedisServer) -> AsyncIterator[CuttingProxy]:
    """A proxy before the emptied server; whatever it was to do must have been done at the end."""
    server_behind.ask("FLUSHALL")
    proxy = CuttingProxy(server_behind.port)
    await proxy.open()
    yield proxy
    await proxy.end()
    assert not proxy.tricks, "a planned trick was never played"
