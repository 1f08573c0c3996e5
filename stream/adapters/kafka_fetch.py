"""What one fetch brought, as our records; what the client cannot read is read again by ourselves, or said loudly."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import cramjam
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException, LeaderNotAvailableError, for_code
from aiokafka.protocol.fetch import FetchRequest

from stream.adapters.kafka_batch import read_batch
from stream.adapters.kafka_errors import CLIENT_ERRORS, translated
from stream.adapters.kafka_marks import Span, Watched
from stream.adapters.kafka_options import KafkaOptions
from stream.errors import StreamError, UnavailableError
from stream.ports import Record

DAMAGED = (
    *(CorruptRecordException, zlib.error, cramjam.DecompressionError, EOFError),
    *(ValueError, LookupError, struct.error, OSError),
)
"""What the client raises at a batch whose checksum, compression or structure is broken."""
BAD_NAME = UnavailableError("a header name is not UTF-8, which the client cannot read; reading it again [kafka-header]")
"""Stands for an error that `read_again` heals."""


def records_of(result: Any, tp: TopicPartition) -> tuple[list[Record], list[Span], StreamError | None]:
    """Return records and marks of one fetch, or the error it met; those before an unreadable batch come alone."""
    if not isinstance(result, FetchResult):
        try:
            result.check_raise()
        except CLIENT_ERRORS as raised:
            return [], [], translated(raised, f"fetching partition {tp.partition}")
    if not result.check_assignment(tp) or not result.has_more():
        return [], [], None
    records: list[Record] = []
    batches = result._partition_records
    # an attribute hides the method that would build aiokafka's own, twice as dear, record
    batches._consumer_record = _record
    watched = batches._records = Watched(batches)
    error = None
    try:
        records.extend(batches)
    except (*DAMAGED, *CLIENT_ERRORS) as raised:
        error = None if records or watched.marks else _meant(raised, tp, batches.next_fetch_offset)
    result._update_position()
    return records, watched.marks, error


def _meant(raised: BaseException, tp: TopicPartition, offset: int) -> StreamError:
    """Return what an error of the first record means; the client's two implementations wrap a bad name differently."""
    if isinstance(raised, UnicodeDecodeError) or isinstance(raised.__cause__, UnicodeDecodeError):
        return BAD_NAME
    return damaged(raised, tp, offset) if isinstance(raised, DAMAGED) else translated(raised, _doing(tp, offset))


def damaged(raised: BaseException, tp: TopicPartition, offset: int) -> UnavailableError:
    """Return what to say of a batch that nobody can read."""
    return UnavailableError(
        f"partition {tp.partition}: the batch of records at offset {offset} is damaged ({type(raised).__name__}:"
        f" {raised}); the partition waits, for nothing is skipped in silence: restore this part of the log from a good"
        " replica [kafka-damaged]"
    )


def _doing(tp: TopicPartition, offset: int) -> str:
    return f"fetching partition {tp.partition} at offset {offset}"


async def read_again(
    client: Any, tp: TopicPartition, offset: int, options: KafkaOptions
) -> tuple[list[Record], int, StreamError | None]:
    """Fetch the batch at `offset` and read it ourselves; return its records, the offset behind it, or an error."""
    try:
        return *read_batch(await _fetch(client, tp, offset, options), tp.partition, offset), None
    except (*DAMAGED, *CLIENT_ERRORS) as raised:
        is_ours = isinstance(raised, DAMAGED) and not isinstance(raised, OSError)
        return [], offset, damaged(raised, tp, offset) if is_ours else translated(raised, _doing(tp, offset))


async def _fetch(client: Any, tp: TopicPartition, offset: int, options: KafkaOptions) -> bytes:
    """Return the bytes that the log holds from the batch with this offset on; the first batch is always whole."""
    node = client.cluster.leader_for_partition(tp)
    if node in (None, -1):
        raise LeaderNotAvailableError
    asked = [(tp.topic, [(tp.partition, offset, options.fetch_max_bytes)])]
    answer = await client.send(node, FetchRequest(options.fetch_max_wait_ms, 1, options.fetch_max_bytes, 0, asked))
    ((_, ((_, code, *_, written),)),) = answer.topics
    if code:
        raise for_code(code)
    return bytes(written)


def _record(tp: TopicPartition, raw: Any) -> Record:
    return Record(tp[1], raw.offset, raw.timestamp, raw.key, raw.value, tuple(raw.headers))
