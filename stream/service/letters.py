"""Dead letters: a record that could not be used, byte for byte, with the reason in its headers."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from stream.errors import InputError
from stream.ports import Message, Producer, Record
from stream.service.slices import Refused
from stream.wire.event import LARGEST_BYTES
from stream.wire.instant import to_text

Header = tuple[str, bytes]

OURS = "segments.errors."
LEFT_OUT = "segments.errors.left_out_bytes"
"""Only where a record is too large for any letter: the size of what was left out."""
LONGEST_MESSAGE = 1_000
"""Characters of the reason that are kept: it may quote the record."""


async def send_dead_letters(producer: Producer, topic: str, events_topic: str, refused: Sequence[Refused]) -> None:
    """Send these records of one partition to the dead letters and return when all are acknowledged.

    The record time stands in for "when", so that a repeat is the same record with the same headers.
    """
    for is_large, some in groupby(refused, key=_is_large):
        letters = [_letter(each.record, _reason(each, events_topic)) for each in some]
        partition = refused[0].record.partition
        if not is_large:
            await producer.send_batch(topic, partition, letters)
            continue
        for letter in letters:
            await _send_large(producer, topic, partition, letter)


def _is_large(refused: Refused) -> bool:
    return _size(refused.record.key, refused.record.value, refused.record.headers) > LARGEST_BYTES


def _size(key: bytes | None, value: bytes | None, headers: Sequence[Header]) -> int:
    return len(key or b"") + len(value or b"") + sum(len(name) + len(told or b"") for name, told in headers)


async def _send_large(producer: Producer, topic: str, partition: int, letter: Message) -> None:
    """Send a letter that came in a compressed batch; where it fits into none, only its reason and where it lies.

    It must not be tried for ever: no record behind it would be served.
    """
    try:
        await producer.send_batch(topic, partition, [letter])
    except InputError:
        key, value, headers, stamp = letter
        size = (LEFT_OUT, str(_size(key, value, headers)).encode())
        reason = [header for header in headers if header[0].startswith(OURS)]
        await producer.send_batch(topic, partition, [(None, None, (*reason, size), stamp)])


def _letter(record: Record, reason: Sequence[Header]) -> Message:
    return (record.key, record.value, (*record.headers, *reason), None)


def _reason(refused: Refused, events_topic: str) -> Sequence[Header]:
    record = refused.record
    return (
        ("segments.errors.stage", refused.stage.encode()),
        ("segments.errors.code", refused.code.encode()),
        ("segments.errors.message", refused.message[:LONGEST_MESSAGE].encode(errors="replace")),
        ("segments.errors.topic", events_topic.encode()),
        ("segments.errors.partition", str(record.partition).encode()),
        ("segments.errors.offset", str(record.offset).encode()),
        ("segments.errors.at", to_text(record.timestamp_ms).encode()),
    )
