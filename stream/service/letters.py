"""Dead letters: a record that could not be used, byte for byte, with the reason in its headers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from stream.ports import Producer
from stream.service.slices import Refused
from stream.wire.instant import to_text

LONGEST_MESSAGE = 1_000
"""Characters of the reason that are kept: it may quote the record."""


async def send_dead_letters(producer: Producer, topic: str, events_topic: str, refused: Sequence[Refused]) -> None:
    """Send these records to the dead letters and return when all are acknowledged.

    The record time stands in for "when", so that a repeat is the same record with the same headers.
    """
    acknowledged = []
    for each in refused:
        record = each.record
        reason = (
            ("segments.errors.stage", each.stage.encode()),
            ("segments.errors.code", each.code.encode()),
            ("segments.errors.message", each.message[:LONGEST_MESSAGE].encode(errors="replace")),
            ("segments.errors.topic", events_topic.encode()),
            ("segments.errors.partition", str(record.partition).encode()),
            ("segments.errors.offset", str(record.offset).encode()),
            ("segments.errors.at", to_text(record.timestamp_ms).encode()),
        )
        acknowledged.append(
            await producer.send(topic, record.partition, record.key, record.value, (*record.headers, *reason))
        )
    await asyncio.gather(*acknowledged)
