"""The frontier contract, on the fake and a real Valkey: what is said last holds, all must have said something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from stream.adapters.redis_frontier import RedisFrontier
from stream.ports import Frontier
from tests.fake_clock import FakeFrontier
from tests.redis_server import RedisServer


class FrontierContract:
    """What every frontier must do."""

    async def test_nothing_is_reached_while_one_has_said_nothing(self, frontier: Frontier) -> None:
        assert await frontier.reached(["a", "b"]) is None
        await frontier.report("a", 5)
        assert await frontier.reached(["a", "b"]) is None
        assert await frontier.reached(["a"]) == 5

    async def test_the_slowest_of_those_that_are_asked_holds(self, frontier: Frontier) -> None:
        for source, at in (("a", 9), ("b", 3), ("c", 1)):
            await frontier.report(source, at)
        assert await frontier.reached(["a", "b"]) == 3

    async def test_who_begins_a_new_log_may_go_back(self, frontier: Frontier) -> None:
        await frontier.report("a", 9)
        await frontier.report("a", 0)
        assert await frontier.reached(["a"]) == 0


class TestFakeFrontier(FrontierContract):
    @pytest.fixture
    def frontier(self) -> FakeFrontier:
        return FakeFrontier()


@pytest.mark.servers
class TestRedisFrontier(FrontierContract):
    @pytest.fixture(scope="class")
    @classmethod
    def server(cls, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
        with RedisServer("valkey", tmp_path_factory.mktemp("frontier")) as server:
            yield server

    @pytest.fixture
    async def frontier(self, server: RedisServer, request: pytest.FixtureRequest) -> AsyncIterator[RedisFrontier]:
        made = RedisFrontier(server.url, request.node.name)
        yield made
        await made.close()
