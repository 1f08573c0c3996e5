"""The store contract, on the fake and on real servers behind a proxy that cuts their connections."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from stream.adapters.redis import RedisStore
from tests.contracts.store_contract import StoreContract
from tests.cutting_proxy import CuttingProxy
from tests.fakes import FakeServer, FakeStore
from tests.redis_server import RedisServer

_namespaces = count()


class FakeRig:
    """A server in memory."""

    def __init__(self) -> None:
        self._server = FakeServer()

    def end(self) -> None:
        assert not self._server.lost, "a planned loss did not happen"

    def store(self) -> FakeStore:
        return FakeStore(self._server)

    def lose_commit(self) -> None:
        self._server.lost.append("before")

    def lose_answer(self) -> None:
        self._server.lost.append("after")

    async def go_away(self) -> None:
        self._server.is_away = True

    async def come_back(self) -> None:
        self._server.is_away = False


class ProxyRig:
    """A real server behind a proxy; every test has a namespace of its own on it."""

    def __init__(self, proxy: CuttingProxy) -> None:
        self._proxy = proxy
        self._namespace = f"test-{next(_namespaces)}"
        self._stores: list[RedisStore] = []

    def store(self) -> RedisStore:
        self._stores.append(RedisStore(self._proxy.url, self._namespace, timeout_s=2))
        return self._stores[-1]

    def lose_commit(self) -> None:
        self._proxy.plan("cut before")

    def lose_answer(self) -> None:
        self._proxy.plan("cut after")

    async def go_away(self) -> None:
        await self._proxy.close()

    async def come_back(self) -> None:
        await self._proxy.open()

    async def end(self) -> None:
        for store in self._stores:
            await store.close()
        await self._proxy.end()
        assert not self._proxy.tricks, "a planned loss did not happen"


class TestFakeStore(StoreContract):
    @pytest.fixture
    def rig(self) -> Iterator[FakeRig]:
        rig = FakeRig()
        yield rig
        rig.end()


class OnServer(StoreContract):
    """The contract on the server program named by `name`."""

    name: str

    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
        with RedisServer(cls.name, tmp_path_factory.mktemp(cls.name)) as server:
            yield server

    @pytest.fixture
    async def rig(self, server: RedisServer) -> AsyncIterator[ProxyRig]:
        proxy = CuttingProxy(server.port)
        await proxy.open()
        rig = ProxyRig(proxy)
        yield rig
        await rig.end()


@pytest.mark.servers
class TestValkeyStore(OnServer):
    name = "valkey"


@pytest.mark.redis
class TestRedisStore(OnServer):
    name = "redis"
