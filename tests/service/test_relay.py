"""The relay by itself: order, repeats, back-off, the bound, and stopping."""

from __future__ import annotations

import asyncio

import pytest

from stream.errors import FencedError, StateError
from stream.service.relay import LONGEST_BACKOFF_S, Relay
from stream.wire.outbox import Slice, Told, encode_slice
from tests.fake_clock import FakeClock, FakeMetrics
from tests.fake_log import FakeLog, FakeProducer
from tests.town import TOPICS, turns


def packed(number: int, is_timed: bool = False) -> bytes:
    told = Told("c-1", f"id-{number}", 1_000 + number, is_timed, 900, b"transition %d" % number)
    return encode_slice(Slice([("c-1", b"membership %d" % number)], [told]))


class Rig:
    def __init__(self, bound: int = 100) -> None:
        self.log = FakeLog()
        self.clock = FakeClock(2_000)
        self.metrics = FakeMetrics()
        self.producer = FakeProducer(self.log, self.clock.now_ms)
        self.owners = {3}
        self.relay = Relay(3, TOPICS, self.producer, self.metrics, self.clock, bound, self.is_ours)

    async def is_ours(self, partition: int) -> bool:
        return partition in self.owners

    def transitions(self) -> list[bytes | None]:
        return [record.value for record in self.log.all(TOPICS.transitions)]


async def test_what_was_left_comes_before_what_is_handed_in() -> None:
    rig = Rig()
    rig.relay.start([packed(1), packed(2)])
    rig.relay.hand_in(packed(3), 2)
    await rig.relay.drained()
    assert rig.transitions() == [b"transition 1", b"transition 2", b"transition 3"]
    assert (rig.relay.published, rig.relay.waiting) == (3, 0)
    await rig.relay.stop()


async def test_key_headers_and_partition_are_those_of_the_customer() -> None:
    rig = Rig()
    rig.relay.start([packed(1)])
    await rig.relay.drained()
    (record,) = rig.log.all(TOPICS.transitions)
    assert (record.partition, record.key) == (3, b"c-1")
    headers = dict(record.headers)
    assert (headers["ce_id"], headers["ce_subject"], headers["ce_time"]) == (
        b"id-1",
        b"c-1",
        b"1970-01-01T00:00:01.001Z",
    )
    (membership,) = rig.log.all(TOPICS.membership)
    assert (membership.partition, membership.key, membership.value) == (3, b"c-1", b"membership 1")
    await rig.relay.stop()


async def test_a_failed_slice_is_sent_again_from_its_beginning_and_none_overtakes_it() -> None:
    rig = Rig()
    rig.producer.faults += ["", "refuse", "lose ack"]
    rig.relay.start([packed(1), packed(2)])
    await rig.relay.drained()
    assert rig.transitions() == [b"transition 1", b"transition 2"]
    assert [record.value for record in rig.log.all(TOPICS.membership)] == [
        b"membership 1",
        b"membership 1",
        b"membership 1",
        b"membership 2",
    ]
    await rig.relay.stop()


async def test_a_former_owner_publishes_nothing_behind_the_new_one() -> None:
    """The newest record of a compacted topic would be a membership older than the one before it."""
    rig = Rig()
    rig.relay.start([packed(1)])
    await rig.relay.drained()
    rig.owners.clear()
    rig.relay.hand_in(packed(2), 2)
    with pytest.raises(FencedError, match="somebody else publishes it now"):
        await rig.relay.drained()
    assert rig.transitions() == [b"transition 1"]
    await rig.relay.stop()


async def test_it_backs_off_ever_longer_up_to_a_bound() -> None:
    rig = Rig()
    rig.producer.faults += ["refuse"] * 10
    rig.relay.start([packed(1)])
    await rig.relay.drained()
    assert 5 * LONGEST_BACKOFF_S > rig.clock.passed_s - 0.1 * (2**6 - 1) > 2 * LONGEST_BACKOFF_S
    await rig.relay.stop()


async def test_room_waits_until_fewer_records_than_the_bound_are_left() -> None:
    rig = Rig(bound=3)
    rig.producer.held = asyncio.Event()
    rig.relay.start([packed(1), packed(2)])
    assert not rig.relay.has_room
    room = asyncio.create_task(rig.relay.room())
    await turns()
    assert not room.done()
    rig.producer.held.set()
    await room
    assert rig.relay.has_room
    await rig.relay.stop()


async def test_the_waits_are_told_by_what_caused_them() -> None:
    rig = Rig()
    rig.relay.start([packed(1), packed(2, is_timed=True)])
    await rig.relay.drained()
    assert (rig.metrics.waits, rig.metrics.timer_waits) == ([1_100], [1_100])
    assert rig.metrics.outboxes == {3: 0}
    await rig.relay.stop()


async def test_a_stopped_relay_publishes_nothing_more_and_may_start_again() -> None:
    rig = Rig()
    rig.producer.is_away = True
    rig.relay.start([packed(1)])
    await turns()
    await rig.relay.stop()
    rig.producer.is_away = False
    await turns()
    assert rig.transitions() == []
    rig.relay.start([packed(1)])
    await rig.relay.drained()
    assert rig.transitions() == [b"transition 1"]
    await rig.relay.stop()
    await rig.relay.stop()


async def test_what_ended_it_is_raised_to_whoever_waits() -> None:
    rig = Rig(bound=1)
    rig.relay.start([])
    rig.relay.hand_in(b"\xff", 1)
    with pytest.raises(StateError, match="cannot be read"):
        await rig.relay.room()
    with pytest.raises(StateError, match="cannot be read"):
        await rig.relay.drained()
    await rig.relay.stop()
