"""Dead letters: a record that could not be used, byte for byte, with the reason in its headers."""

from __future__ import annotations

from collections.abc import Sequence

from stream.ports import Message, Producer
from stream.service.slices import Refused
from stream.wire.instant import to_text

LONGEST_MESSAGE = 1_000
"""Characters of the reason that are kept: it may quote the record."""


async def send_dead_letters(producer: Producer, topic: str, events_topic: str, refused: Sequence[Refused]) -> None:
    """Send these records of one partition to the dead letters and return when all are acknowledged.

    The record time stands in for "when", so that a repeat is the same record with the same headers.
    """
    if refused:
        await producer.send_batch(topic, refused[0].record.partition, [_letter(each, events_topic) for each in refused])


def _letter(refused: Refused, events_topic: str) -> Message:
    record = refused.record
    reason = (
        ("segments.errors.stage", refused.stage.encode()),
        ("segments.errors.code", refused.code.encode()),
        ("segments.errors.message", refused.message[:LONGEST_MESSAGE].encode(errors="replace")),
        ("segments.errors.topic", events_topic.encode()),
        ("segments.errors.partition", str(record.partition).encode()),
        ("segments.errors.offset", str(record.offset).encode()),
        ("segments.errors.at", to_text(record.timestamp_ms).encode()),
    )
    return (record.key, record.value, (*record.headers, *reason), None)
