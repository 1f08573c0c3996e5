"""One line of a replay file: record time, kind and content of one record of the log.

    {"record_time": "2026-11-21T18:56:33.591Z", "kind": "event", "content": {…}, "backfill_until": "…"}
    {"record_time": "2026-11-22T00:00:00.000Z", "kind": "tick", "content": {"before": 1795305600000}}
    {"record_time": "2026-11-23T09:00:00.000Z", "kind": "merge", "content": {"stays": "c-1", "goes": "anon:7"}}

A record that intake took from a source says so as in its header: "src": "generation/partition/offset".
A line that is a canonical event by itself is read as well: its record time is when it occurred.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import msgspec

from stream.errors import InputError
from stream.wire.control import Origin, Tick, Use, decode_control, decode_origin
from stream.wire.event import ANONYMOUS, EPOCH, MILLISECOND, CanonicalEvent, decode_event
from stream.wire.instant import to_text
from stream.wire.merge import Merge, decode_merge


class Line(msgspec.Struct):
    """One line as it stands in the file."""

    record_time: dt.datetime | None = None
    kind: str = ""
    content: msgspec.Raw = msgspec.Raw(b"")
    backfill_until: dt.datetime | None = None
    src: str | None = None


class Named(msgspec.Struct, gc=False):
    """Of a line only whose it is; a bare event names the customer itself."""

    customer_id: str | None = None
    anonymous_id: str | None = None
    content: Named | None = None


class Replayed(NamedTuple):
    """One record of a replay file."""

    record_time: int
    content: CanonicalEvent | Tick | Use | Merge
    backfill_until: int = -1
    origin: Origin | None = None


_decoder = msgspec.json.Decoder(Line)
_named = msgspec.json.Decoder(Named)
_encode = msgspec.json.Encoder().encode


def decode_line(text: bytes) -> Replayed:
    """Return the record of one line; InputError where it cannot be used, with what to write."""
    try:
        line = _decoder.decode(text)
    except (ValueError, RecursionError) as error:
        raise InputError("json", f"not a line of a replay file: {error}") from error
    if not line.kind:
        event = decode_event(text)
        if event.occurred_ms is None:
            raise InputError(
                "record_time", "a bare event without occurred_at; add it, or write record_time, kind, content"
            )
        return Replayed(event.occurred_ms, event)
    record_time = _ms("record_time", line.record_time)
    if line.kind == "merge":
        return Replayed(record_time, decode_merge(bytes(line.content)))
    if line.kind != "event":
        return Replayed(record_time, decode_control(line.kind, bytes(line.content)))
    until = -1 if line.backfill_until is None else _ms("backfill_until", line.backfill_until)
    origin = None if line.src is None else decode_origin(line.src.encode())
    return Replayed(record_time, decode_event(bytes(line.content)), until, origin)


def customer_of(text: bytes) -> str:
    """Return the customer whose event a line holds, without a look at the rest; empty where it names none."""
    try:
        named = _named.decode(text)
    except (ValueError, RecursionError):
        return ""
    event = named.content or named
    if event.customer_id:
        return event.customer_id
    return f"{ANONYMOUS}{event.anonymous_id}" if event.anonymous_id else ""


def encode_line(record_time: int, kind: str, content: bytes, backfill_until: int = -1, src: str = "") -> bytes:
    """Return the line of one record, without its line end; `src` is its header of that name."""
    line: dict[str, Any] = {"record_time": to_text(record_time), "kind": kind, "content": msgspec.Raw(content)}
    if backfill_until >= 0:
        line["backfill_until"] = to_text(backfill_until)
    if src:
        line["src"] = src
    return _encode(line)


def _ms(name: str, moment: dt.datetime | None) -> int:
    if moment is None or moment.tzinfo is None:
        raise InputError(name, f"{name} is missing or has no zone; write RFC 3339 as 2026-11-21T18:56:33.591Z")
    return (moment - EPOCH) // MILLISECOND
