"""Record batches where header names are bytes: what the client refuses to read or write, byte for byte.

Kafka says that a header name is UTF-8, and nobody checks it. The client raises on any other, reading and
writing. Here such a name is a text with surrogate escapes, which gives the same bytes back.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

from aiokafka.errors import CorruptRecordException
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy, _DefaultRecordBatchPy
from aiokafka.record.util import decode_varint

from stream.ports import Record

Headers = Sequence[tuple[str, bytes]]
Stamp = Callable[[int], tuple[int, int, int]]
"""Gives producer id, epoch and first sequence number to so many records."""

LENGTH_AT, LENGTH_ENDS = 8, 12
"""Where a batch says how many bytes follow."""
UNREADABLE_NAME = "a header name is not UTF-8"


class RawName(str):
    """A header name with surrogate escapes, which the builder encodes as the bytes they stand for."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "surrogateescape") -> bytes:
        """Return the bytes that were read."""
        return str.encode(self, encoding, errors)


class Batch(BatchBuilder):  # type: ignore[misc]  # aiokafka ships no types
    """A batch that also takes header names with surrogate escapes, and can be stamped by its writer."""

    _builder: Any

    def __init__(self, batch_bytes: int, codec: int = 0) -> None:
        super().__init__(batch_bytes, codec)
        self._sizes = batch_bytes, codec

    def append(self, *, timestamp: int | None, key: bytes | None, value: bytes | None, headers: Headers = ()) -> Any:
        """Add a record; None where it does not fit any more (the first one always does)."""
        if self._closed:
            return None
        try:
            added = self._builder.append(self._relative_offset, timestamp, key, value, list(headers))
        except UnicodeEncodeError:
            raw = [(RawName(name), told) for name, told in headers]
            if not self._takes_raw():
                return None
            added = self._builder.append(self._relative_offset, timestamp, key, value, raw)
        if added is None:
            self.close()
        else:
            self._relative_offset += 1
        return added

    def _takes_raw(self) -> bool:
        """Change to the builder that takes raw names, the one in Python; tell whether it is not too late for that."""
        if not isinstance(self._builder, _DefaultRecordBatchBuilderPy):
            if self.record_count():
                self.close()
                return False
            batch_bytes, codec = self._sizes
            self._builder = _DefaultRecordBatchBuilderPy(2, codec, 0, -1, -1, 0, batch_bytes)
        return True

    def stamped(self, stamp: Stamp) -> bytearray:
        """Return the bytes of the batch under a stamp, which is asked for once; nothing can be added any more."""
        self._builder.set_producer_state(*stamp(self.record_count()))
        built: bytearray = self._build()
        return built

    def _set_producer_state(self, producer_id: int, producer_epoch: int, base_sequence: int) -> None:
        self._builder.set_producer_state(producer_id, producer_epoch, base_sequence)


def read_batch(written: bytes, partition: int, offset: int) -> tuple[list[Record], int]:
    """Return the records of the first batch in `written` from `offset` on, and the offset behind the batch.

    Raises CorruptRecordException where it is damaged, UnsupportedCodecError where no library can open it.
    """
    (length,) = struct.unpack_from(">i", written, LENGTH_AT)
    batch: Any = _DefaultRecordBatchPy(bytearray(written[: LENGTH_ENDS + length]))
    if not batch.validate_crc():
        raise CorruptRecordException(f"Invalid CRC of the batch at {batch.base_offset}")
    batch._maybe_uncompress()
    buffer, at = batch._buffer, batch._pos
    records = []
    for _ in range(batch._num_records):
        record, at = _read(buffer, at, batch, partition)
        records.append(record)
    return [each for each in records if each.offset >= offset], batch.next_offset


def _read(buffer: bytearray, at: int, batch: Any, partition: int) -> tuple[Record, int]:
    length, at = decode_varint(buffer, at)
    end = at + length
    later_ms, at = decode_varint(buffer, at + 1)  # behind a byte of attributes
    offset, at = decode_varint(buffer, at)
    stamp = batch.max_timestamp if batch.timestamp_type else batch.first_timestamp + later_ms
    key, at = _part(buffer, at)
    value, at = _part(buffer, at)
    count, at = decode_varint(buffer, at)
    headers: list[tuple[str, Any]] = []  # a value may be null: who reads them passes over those
    for _ in range(count):
        name, at = _part(buffer, at)
        told, at = _part(buffer, at)
        headers.append(((name or b"").decode(errors="surrogateescape"), told))
    if at != end:
        raise CorruptRecordException(f"A record of the batch at {batch.base_offset} ends at {at} and not at {end}")
    fault = "" if all(_is_text(name) for name, _ in headers) else UNREADABLE_NAME
    return Record(partition, batch.base_offset + offset, stamp, key, value, tuple(headers), fault), at


def _part(buffer: bytearray, at: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(buffer, at)
    return (None, at) if length < 0 else (bytes(buffer[at : at + length]), at + length)


def _is_text(name: str) -> bool:
    return not any("\ud800" <= each <= "\udfff" for each in name)
