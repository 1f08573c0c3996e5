"""Record batches that the client cannot read: names that are no UTF-8 go byte for byte, damage is said loudly."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from typing import Any

import cramjam
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchError, FetchResult, PartitionRecords
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import CorruptRecordException, TopicAuthorizationFailedError, UnsupportedCodecError
from aiokafka.record import memory_records
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.util import calc_crc32c

from stream.adapters.kafka_batch import UNREADABLE_NAME, Batch, Headers, read_batch
from stream.adapters.kafka_fetch import BAD_NAME, records_of
from stream.errors import SettingsError, StreamError, UnavailableError
from stream.ports import Record

PLACE = TopicPartition("events", 3)
RAW = b"na\xffme\xed\xa0\x80".decode(errors="surrogateescape")
GZIP, SNAPPY, LZ4, ZSTD, UNKNOWN = 1, 2, 3, 4, 5
CRC_AT, ATTRIBUTES_AT, BEHIND_HEADER = 17, 21, 61
BAD: Headers = [("mine", b"kept"), (RAW, b"\x00\xff")]
Told = tuple[bytes | None, bytes | None, Headers]
Reader = type[Any]


def batch(*records: Told, codec: int = 0, first: int = 0) -> bytes:
    """Return a batch of these records as it lies in the log from an offset on."""
    made = Batch(10_000, codec)
    assert made._takes_raw()
    for number, (key, value, headers) in enumerate(records):
        assert made.append(timestamp=1_000 + number, key=key, value=value, headers=headers) is not None
    made._set_producer_state(7, 1, 5)
    return struct.pack(">q", first) + bytes(made._build())[8:]


def signed(written: bytes) -> bytes:
    """Return a changed batch with the checksum that it has now."""
    return written[:CRC_AT] + struct.pack(">I", calc_crc32c(written[ATTRIBUTES_AT:])) + written[ATTRIBUTES_AT:]


def good(number: int) -> Told:
    return b"k%d" % number, b"v%d" % number, [("n", b"%d" % number)]


def bad(number: int) -> Told:
    return b"k%d" % number, b"v%d" % number, BAD


def fetched(
    written: bytes, offset: int = 0, reads: type[Any] = memory_records.MemoryRecords
) -> tuple[FetchResult, Any]:
    """Return what the client makes of an answer of the broker, and its state of the partition."""
    subscription = SubscriptionState()
    subscription.assign_from_user({PLACE})
    assignment = subscription.subscription.assignment
    state = assignment.state_value(PLACE)
    state.seek(offset)
    parsed = PartitionRecords(PLACE, reads(written), [], offset, None, None, True, 0)
    return FetchResult(PLACE, assignment=assignment, partition_records=parsed, backoff=0), state


@pytest.mark.parametrize("codec", [0, GZIP, SNAPPY, LZ4, ZSTD])
def test_a_name_that_is_no_text_is_written_and_read_byte_for_byte(codec: int) -> None:
    written = batch((None, b"x" * 500, BAD), (b"k", None, [("é", b"")]), codec=codec, first=40)
    assert codec or b"na\xffme\xed\xa0\x80" in written
    records, behind = read_batch(written + b"the next batch", 3, 40)
    assert behind == 42
    assert records == [
        Record(3, 40, 1_000, None, b"x" * 500, tuple(BAD), UNREADABLE_NAME),
        Record(3, 41, 1_001, b"k", None, (("é", b""),)),
    ]


def test_a_batch_is_read_from_an_offset_on() -> None:
    records, behind = read_batch(batch(good(0), bad(1), good(2), first=10), 3, 11)
    assert ([each.offset for each in records], behind) == ([11, 12], 13)


def test_the_brokers_stamp_wins_where_the_broker_stamps() -> None:
    written = bytearray(batch(bad(0), bad(1)))
    written[ATTRIBUTES_AT + 1] |= 8
    written[ATTRIBUTES_AT + 14 : ATTRIBUTES_AT + 22] = struct.pack(">q", 77_000)
    records, _ = read_batch(signed(bytes(written)), 3, 0)
    assert [each.timestamp_ms for each in records] == [77_000, 77_000]


async def test_records_before_such_a_name_come_first_and_then_the_rest_is_asked_for() -> None:
    result, state = fetched(batch(good(0)) + batch(good(1), bad(2), first=1), 0)
    records, _, error = records_of(result, PLACE)
    assert [each.value for each in records] == [b"v0", b"v1"]
    assert (error, state.position) == (None, 2)
    again, _ = fetched(batch(good(1), bad(2), first=1), 2)
    assert records_of(again, PLACE) == ([], [], BAD_NAME)


async def test_the_clients_other_implementation_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_records, "DefaultRecordBatch", _DefaultRecordBatchPy)
    result, _ = fetched(batch(bad(0)), reads=memory_records._MemoryRecordsPy)
    assert records_of(result, PLACE) == ([], [], BAD_NAME)


def flipped(written: bytes) -> bytes:
    return written[:-1] + bytes([written[-1] ^ 1])


def cut_compression(at: int, codec: int = GZIP) -> bytes:
    """Return a batch with a right checksum whose compressed part is broken at a byte."""
    written = bytearray(batch((b"k", b"x" * 500, []), codec=codec))
    written[BEHIND_HEADER + at] ^= 0xFF
    return signed(bytes(written))


DAMAGE = {
    "a bit flipped": flipped(batch(good(0))),
    "not gzip": cut_compression(0),
    "a broken stream": cut_compression(12),
    "not snappy": cut_compression(0, SNAPPY),
    "not lz4": cut_compression(0, LZ4),
    "not zstd": cut_compression(0, ZSTD),
    "the wrong size": signed(batch(good(0))[:-2] + b"\x7f\x00"),
}


@pytest.mark.parametrize("name", DAMAGE)
async def test_a_damaged_batch_waits_loudly_and_is_not_skipped(name: str) -> None:
    result, state = fetched(DAMAGE[name])
    records, _, error = records_of(result, PLACE)
    assert records == []
    assert state.position == 0
    with pytest.raises(UnavailableError, match=r"partition 3: the batch of records at offset 0 is damaged .*replica"):
        raise error or AssertionError("nothing was said")


async def test_records_before_a_damaged_batch_are_served() -> None:
    result, state = fetched(batch(good(0)) + flipped(batch(good(1), first=1)))
    records, _, error = records_of(result, PLACE)
    assert ([each.offset for each in records], error, state.position) == ([0], None, 1)


@pytest.mark.parametrize("name", DAMAGE)
def test_reading_it_ourselves_finds_the_same_damage(name: str) -> None:
    with pytest.raises(
        (CorruptRecordException, OSError, EOFError, ValueError, IndexError, zlib.error, cramjam.DecompressionError)
    ):
        read_batch(DAMAGE[name], 3, 0)


async def test_a_compression_that_nobody_knows_is_the_operators() -> None:
    written = bytearray(batch(good(0)))
    written[ATTRIBUTES_AT + 1] |= UNKNOWN
    result, _ = fetched(signed(bytes(written)))
    with pytest.raises(SettingsError, match="UnsupportedCodecError"):
        raise records_of(result, PLACE)[2] or AssertionError
    with pytest.raises(UnsupportedCodecError):
        read_batch(signed(bytes(written)), 3, 0)


def errors_of(code: type[Exception]) -> tuple[Sequence[Record], StreamError | None]:
    records, _, error = records_of(FetchError(error=code(), backoff=0), PLACE)
    return records, error


def test_an_error_of_the_fetch_is_ours() -> None:
    assert isinstance(errors_of(TopicAuthorizationFailedError)[1], SettingsError)


async def test_what_was_fetched_before_a_seek_is_nothing() -> None:
    result, state = fetched(batch(good(0)))
    state.seek(5)
    assert records_of(result, PLACE) == ([], [], None)


def test_names_that_are_no_text_begin_a_batch_of_their_own() -> None:
    made = Batch(10_000)
    assert made.append(timestamp=1, key=b"k", value=b"v", headers=[("n", b"")]) is not None
    assert made.append(timestamp=1, key=b"k", value=b"v", headers=BAD) is None
    assert made.append(timestamp=1, key=b"k", value=b"v", headers=[]) is None
    mixed = batch(bad(0), good(1), bad(2))
    assert [each.headers[0][0] for each in read_batch(mixed, 3, 0)[0]] == ["mine", "n", "mine"]
