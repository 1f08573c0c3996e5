"""One line of a replay file: record time, kind and content of one record of the log.

    {"record_time": "2026-11-21T18:56:33.591Z", "kind": "event", "content": {…}, "backfill_until": "…"}
    {"record_time": "2026-11-22T00:00:00.000Z", "kind": "tick", "content": {"before": 1795305600000}}

A line that is a canonical event by itself is read as well: its record time is when it occurred.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec

from stream.errors import InputError
from stream.wire.control import Tick, Use, decode_control
from stream.wire.event import EPOCH, MILLISECOND, CanonicalEvent, decode_event
from stream.wire.instant import to_text


class Line(msgspec.Struct):
    """One line as it stands in the file."""

    record_time: dt.datetime | None = None
    kind: str = ""
    content: msgspec.Raw = msgspec.Raw(b"")
    backfill_until: dt.datetime | None = None


class Replayed(NamedTuple):
    """One record of a replay file."""

    record_time: int
    content: CanonicalEvent | Tick | Use
    backfill_until: int


_decoder = msgspec.json.Decoder(Line)
_encode = msgspec.json.Encoder().encode


def decode_line(text: bytes) -> Replayed:
    """Return the record of one line; InputError where it cannot be used, with what to write."""
    try:
        line = _decoder.decode(text)
    except msgspec.DecodeError as error:
        raise InputError("json", f"not a line of a replay file: {error}") from error
    if not line.kind:
        event = decode_event(text)
        if event.occurred_ms is None:
            raise InputError(
                "record_time", "a bare event without occurred_at; add it, or write record_time, kind, content"
            )
        return Replayed(event.occurred_ms, event, -1)
    if line.record_time is None or line.record_time.tzinfo is None:
        raise InputError(
            "record_time", "record_time is missing or has no zone; write RFC 3339 as 2026-11-21T18:56:33.591Z"
        )
    record_time = _ms(line.record_time)
    if line.kind != "event":
        return Replayed(record_time, decode_control(line.kind, bytes(line.content)), -1)
    until = -1 if line.backfill_until is None else _ms(line.backfill_until)
    return Replayed(record_time, decode_event(bytes(line.content)), until)


def encode_line(record_time: int, kind: str, content: bytes, backfill_until: int = -1) -> bytes:
    """Return the line of one record, without its line end."""
    line: dict[str, Any] = {"record_time": to_text(record_time), "kind": kind, "content": msgspec.Raw(content)}
    if backfill_until >= 0:
        line["backfill_until"] = to_text(backfill_until)
    return _encode(line)


def _ms(moment: dt.datetime) -> int:
    return (moment - EPOCH) // MILLISECOND
