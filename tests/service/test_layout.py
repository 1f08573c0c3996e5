"""The first start: beside another one, and on a store that lost its state."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from stream.core.profile import Profile
from stream.errors import LayoutError
from stream.service.layout import Deployment, prepare
from stream.wire import head, profile
from stream.wire.head import Head, decode_head, encode_head
from stream.wire.profile import encode_profile
from tests.fake_clock import FakeClock
from tests.fake_log import FakeLog, FakeProducer
from tests.fakes import FakeServer, FakeStore
from tests.town import TOPICS

TWO = Deployment(2, "seg:test", "hash")


class Used:
    """The `Log` port onto logs that a group has read; somebody else may lay out while we ask."""

    def __init__(self, meanwhile: FakeStore | None = None) -> None:
        self.meanwhile = meanwhile

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        return {0: (0, 0), 1: (0, 0)}

    async def has_positions(self) -> bool:
        if self.meanwhile is not None:
            await self.meanwhile.initialise(TWO.layout, {0: b"theirs", 1: b"theirs"})
        return True


async def start(server: FakeServer, log: Used) -> None:
    await prepare(TWO, TOPICS, FakeStore(server), FakeProducer(FakeLog()), log, FakeClock())


async def test_a_store_that_lost_its_state_is_refused() -> None:
    server = FakeServer()
    with pytest.raises(LayoutError, match="state-lost"):
        await start(server, Used())
    assert server.layout is None


async def test_two_first_starts_at_once_are_one() -> None:
    """The one that is slower finds a group that was used already, and no lost state."""
    server = FakeServer()
    await start(server, Used(FakeStore(server)))
    assert server.partitions[0].head == b"theirs"


async def test_the_first_start_notes_where_time_began_and_no_later_one_does() -> None:
    server, log = FakeServer(), Used()
    log.has_positions = _no  # type: ignore[method-assign]
    await prepare(TWO, TOPICS, FakeStore(server), FakeProducer(FakeLog()), log, FakeClock(1_000))
    await prepare(TWO, TOPICS, FakeStore(server), FakeProducer(FakeLog()), log, FakeClock(5_000))
    assert [decode_head(server.partitions[number].head).anchor_ms for number in range(2)] == [1_000, 1_000]


def test_the_layout_names_the_formats_that_are_written() -> None:
    said = json.loads(TWO.layout)
    assert said == {"partitions": 2, "head": head.FORMAT[0], "profile": profile.FORMAT}
    assert (said["head"], said["profile"]) == (encode_head(Head(0))[0], encode_profile(Profile("c"))[0])


@pytest.mark.parametrize(
    ("log_id", "what_to_do"), [("", "rebuild with a new namespace"), ("memory", "remove the state folder")]
)
async def test_a_state_of_another_profile_format_is_refused(log_id: str, what_to_do: str) -> None:
    server, older = FakeServer(), json.dumps({"head": 1, "partitions": 2, "profile": profile.FORMAT - 1})
    await FakeStore(server).initialise(older.encode(), {0: b"theirs", 1: b"theirs"})
    with pytest.raises(LayoutError) as caught:
        await prepare(
            replace(TWO, log_id=log_id), TOPICS, FakeStore(server), FakeProducer(FakeLog()), Used(), FakeClock()
        )
    said = str(caught.value)
    assert f"under seg:test has {older}, this worker writes {TWO.layout.decode()}; " in said
    assert what_to_do in said
    assert server.layout == older.encode()


async def _no() -> bool:
    return False
