"""Dead letters of records that are too large for a letter; all others are in tests/laws."""

from __future__ import annotations

from collections.abc import Iterable

from stream.errors import InputError
from stream.ports import Message, Record
from stream.service.letters import send_dead_letters
from stream.service.slices import Refused
from stream.wire.event import LARGEST_BYTES
from tests.fake_log import FakeLog, FakeProducer
from tests.laws.letters import reasons

HUGE = b"x" * (LARGEST_BYTES + 1)


class Narrow(FakeProducer):
    """A producer onto a broker that takes no message of this size."""

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        told = list(messages)
        if any(len(value or b"") >= len(HUGE) for _, value, _, _ in told):
            raise InputError("kafka-record", "too large")
        return await super().send_batch(topic, partition, told)


def refused(offset: int, value: bytes) -> Refused:
    return Refused(Record(2, offset, 5, b"key", value, (("mine", b"kept"),)), "worker", "json", "no JSON")


async def test_a_record_too_large_for_any_letter_leaves_its_reason_and_holds_up_nothing() -> None:
    log = FakeLog()
    await send_dead_letters(Narrow(log), "dlq", "events", [refused(1, b"a"), refused(2, HUGE), refused(3, b"b")])
    first, large, last = log.all("dlq")
    assert (first.value, last.value) == (b"a", b"b")
    assert (large.key, large.value) == (None, None)
    told = reasons(large)
    assert (told["partition"], told["offset"], told["code"]) == ("2", "2", "json")
    assert int(told["left_out_bytes"]) > len(HUGE)


async def test_a_large_record_that_fits_is_a_letter_as_any_other() -> None:
    log = FakeLog()
    await send_dead_letters(FakeProducer(log), "dlq", "events", [refused(1, HUGE), refused(2, b"b")])
    assert [record.value for record in log.all("dlq")] == [HUGE, b"b"]
    assert log.all("dlq")[0].headers[0] == ("mine", b"kept")
