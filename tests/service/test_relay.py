"""The relay by itself: order, repeats, back-off, the bound, and stopping."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping

import pytest

from stream.adapters.clock import ScaledClock
from stream.errors import FencedError, InputError, SettingsError, StateError, StreamError
from stream.ports import Message
from stream.service.relay import CLAIMED_S, LONGEST_BACKOFF_S, Relay
from stream.wire.outbox import Slice, Told, encode_slice
from tests.fake_clock import FakeClock, FakeMetrics
from tests.fake_log import FakeLog, FakeProducer
from tests.town import TOPICS, turns


def packed(number: int, is_timed: bool = False) -> bytes:
    told = Told("c-1", f"id-{number}", 1_000 + number, is_timed, 900, b"transition %d" % number)
    return encode_slice(Slice([("c-1", b"membership %d" % number)], [told]))


class Watched(FakeProducer):
    """A producer that keeps the order over all topics, and whose broker refuses with these errors first."""

    def __init__(self, log: FakeLog, now_ms: Callable[[], int]) -> None:
        super().__init__(log, now_ms)
        self.order: list[str] = []
        self.rounds: list[list[str]] = []
        """What was published at once."""
        self.refusals: list[StreamError] = []
        self.refused: set[str] = set()
        """What is not taken, while what is beside it is."""

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        told = {topic: list(messages) for topic, messages in written.items()}
        self.rounds.append([(value or b"").decode() for messages in told.values() for _, value, _, _ in messages])
        count = await super().publish(partition, told, claim)
        if refused := self.refused.intersection(self.rounds[-1]):
            raise InputError("kafka-record", f"{min(refused)} is too large")
        return count

    async def _written(self, topic: str, partition: int, message: Message) -> int:
        if (message[1] or b"").decode() in self.refused:
            return -1
        if self.refusals:
            raise self.refusals.pop()
        offset = await super()._written(topic, partition, message)
        self.order.append((message[1] or b"").decode())
        return offset


class Rig:
    def __init__(self, bound: int = 100, together: int = 100) -> None:
        self.log = FakeLog()
        self.clock = FakeClock(2_000)
        self.metrics = FakeMetrics()
        self.producer = Watched(self.log, self.clock.now_ms)
        self.owners = {3}
        self.warnings: list[str] = []
        self.bound, self.together = bound, together
        self.relay = self.made()

    def made(self) -> Relay:
        return Relay(
            3,
            topics=TOPICS,
            producer=self.producer,
            metrics=self.metrics,
            clock=self.clock,
            bound=self.bound,
            together=self.together,
            is_ours=self.is_ours,
            warn=self.warnings.append,
        )

    def share(self, other: Rig) -> None:
        """Write to the log of another."""
        self.log = self.producer.log = other.log

    async def is_ours(self, partition: int) -> bool:
        return partition in self.owners

    @property
    def order(self) -> list[str]:
        return self.producer.order

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


async def test_what_waits_is_published_together_memberships_first() -> None:
    rig = Rig()
    rig.relay.start([packed(1), packed(2), packed(3)])
    await rig.relay.drained()
    assert rig.order == [f"membership {n}" for n in (1, 2, 3)] + [f"transition {n}" for n in (1, 2, 3)]
    await rig.relay.stop()


async def test_memberships_of_what_came_meanwhile_go_beside_the_transitions_of_what_went_before() -> None:
    rig = Rig()
    rig.producer.asleep = asyncio.Event()
    rig.relay.start([packed(1)])
    await turns()
    rig.relay.hand_in(packed(2), 2)
    rig.producer.asleep.set()
    await rig.relay.drained()
    assert [set(told) for told in rig.producer.rounds] == [
        {"membership 1"},
        {"membership 2", "transition 1"},
        {"transition 2"},
    ]
    await rig.relay.stop()


async def test_no_more_than_so_many_records_are_published_together() -> None:
    rig = Rig(together=5)
    rig.relay.start([packed(1), packed(2), packed(3)])
    await rig.relay.drained()
    assert rig.order == [
        *("membership 1", "membership 2"),
        *("membership 3", "transition 1", "transition 2", "transition 3"),
    ]
    await rig.relay.stop()


async def test_what_failed_is_sent_again_from_its_beginning_and_none_overtakes_it() -> None:
    rig = Rig()
    rig.producer.faults += ["", "", "", "refuse", "", "lose ack"]
    rig.relay.start([packed(1), packed(2)])
    await rig.relay.drained()
    first, second = [[f"membership {number}", f"transition {number}"] for number in (1, 2)]
    assert rig.order == ["membership 1", "membership 2", "transition 1", "membership 1", *first, *second]
    assert rig.log.claims == {3: 3}, "a failed write ends its claim"
    assert len(rig.warnings) == 2
    assert "partition 3: 4 records wait to be published: fake Kafka: away" in rig.warnings
    await rig.relay.stop()


async def test_whose_the_partition_is_is_asked_before_anything_is_published() -> None:
    rig = Rig()
    rig.owners.clear()
    rig.relay.start([packed(1)])
    with pytest.raises(FencedError, match="somebody else publishes it now"):
        await rig.relay.drained()
    assert rig.order == []
    await rig.relay.stop()


async def asleep_on_the_way(is_fenced: bool = True) -> tuple[Rig, Rig]:
    """Return a former owner whose slice is on its way, and the rig of the next owner, who has published it and more."""
    former, owner = Rig(), Rig()
    owner.share(former)
    former.producer.is_fenced = owner.producer.is_fenced = is_fenced
    former.producer.asleep = asyncio.Event()
    former.relay.start([packed(1)])
    await turns()
    owner.relay.start([packed(1), packed(2)])
    await owner.relay.drained()
    former.producer.asleep.set()
    await turns()
    return former, owner


async def test_what_a_sleeping_former_owner_had_on_its_way_never_arrives_behind_the_newer() -> None:
    """A compacted topic keeps what was written last, not what is newest."""
    former, owner = await asleep_on_the_way()
    assert former.log.all(TOPICS.membership)[-1].value == b"membership 2"
    with pytest.raises(FencedError, match="written under a newer claim"):
        await former.relay.room()
    await former.relay.stop()
    await owner.relay.stop()


async def test_control_without_claims_it_does() -> None:
    former, owner = await asleep_on_the_way(is_fenced=False)
    assert former.log.all(TOPICS.membership)[-1].value == b"membership 1"
    await former.relay.stop()
    await owner.relay.stop()


async def test_a_claim_is_made_anew_before_kafka_forgets_it() -> None:
    rig = Rig()
    rig.relay.start([packed(1)])
    await rig.relay.drained()
    rig.relay.hand_in(packed(2), 2)
    await rig.relay.drained()
    assert rig.log.claims == {3: 1}
    rig.clock.passed_s += CLAIMED_S + 1
    rig.owners.clear()
    rig.relay.hand_in(packed(3), 2)
    with pytest.raises(FencedError, match="somebody else publishes it now"):
        await rig.relay.drained()
    assert rig.log.claims == {3: 2}
    await rig.relay.stop()


@pytest.mark.parametrize("error", [InputError("kafka-record", "too large"), SettingsError(["no right to write"])])
async def test_what_the_broker_refuses_is_kept_and_said_until_it_is_taken(error: StreamError) -> None:
    rig = Rig()
    rig.producer.refusals += [error, error]
    rig.relay.start([packed(1)])
    rig.relay.hand_in(packed(2), 2)
    await rig.relay.drained()
    assert rig.transitions() == [b"transition 1", b"transition 2"]
    assert rig.warnings == [f"partition 3: 4 records wait to be published: {error}"] * 2
    await rig.relay.stop()


async def sent(rig: Rig, count: int) -> None:
    """Return after so many rounds of publishing."""
    while len(rig.producer.rounds) < count:
        await turns()


async def test_what_is_refused_holds_up_only_what_comes_behind_it() -> None:
    """Nor is what went beside it published again each time."""
    rig = Rig(together=1)
    rig.producer.refused.add("membership 2")
    rig.relay.start([packed(1)])
    rig.relay.hand_in(packed(2), 2)
    await sent(rig, 100)
    assert (rig.relay.published, rig.relay.waiting, rig.transitions()[-1]) == (1, 2, b"transition 1")
    rig.relay.trimmed(1)
    assert rig.order == ["membership 1", "transition 1", "membership 1", "transition 1"]
    assert rig.warnings[-1] == "partition 3: 2 records wait to be published: membership 2 is too large"
    assert rig.clock.passed_s > 80 * LONGEST_BACKOFF_S
    rig.producer.refused.clear()
    await rig.relay.drained()
    assert rig.order[4:] == ["membership 2", "transition 2"]
    assert (rig.relay.published, rig.relay.waiting) == (1, 0)
    await rig.relay.stop()


@pytest.mark.parametrize("refused", ["membership 40", "transition 40"])
async def test_what_waits_together_with_what_is_refused_goes_as_far_as_that(refused: str) -> None:
    rig = Rig(together=200)
    rig.producer.refused.add(refused)
    rig.relay.start([packed(number) for number in range(80)])
    await sent(rig, 100)
    assert (rig.relay.published, rig.relay.waiting) == (40, 80)
    assert rig.order.count("transition 0") <= 2, "what is acknowledged is not published again"
    rig.producer.refused.clear()
    await rig.relay.drained()
    newest = list(dict.fromkeys(reversed(rig.transitions())))[::-1]
    assert newest == [b"transition %d" % number for number in range(80)]
    assert rig.relay.published == 80
    await rig.relay.stop()


async def test_a_right_missing_on_one_topic_is_asked_for_ever_more_seldom() -> None:
    rig = Rig()
    rig.producer.refused.add("transition 1")
    rig.relay.start([packed(1)])
    await sent(rig, 100)
    assert rig.clock.passed_s > 40 * LONGEST_BACKOFF_S
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


async def test_waits_are_wall_time_also_where_the_clock_runs_faster() -> None:
    """Two simulated hours at 3,600 times the speed are two seconds."""
    rig = Rig()
    monotonic_s = [10.0]
    rig.clock = ScaledClock(900, 3_600.0, lambda: monotonic_s[0])  # type: ignore[assignment]
    monotonic_s[0] += 2.0
    rig.relay = rig.made()
    rig.relay.start([packed(1), packed(2, is_timed=True)])
    await rig.relay.drained()
    assert (rig.metrics.waits, rig.metrics.timer_waits) == ([2_000], [2_000])
    await rig.relay.stop()


def test_what_was_before_time_took_up_its_speed_is_not_counted() -> None:
    monotonic_s = [10.0]
    clock = ScaledClock(1_000_000, 0.0, lambda: monotonic_s[0])
    assert clock.waited_ms([5]) == [0], "time stands still"
    clock.run(2.0)
    monotonic_s[0] += 3.0
    assert (clock.now_ms(), clock.waited_ms([5, 1_004_000])) == (1_006_000, [3_000, 1_000])


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
