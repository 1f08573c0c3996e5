"""Control records in the events log: ticks and versions, told from events by one header."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import msgspec

from stream.errors import InputError

KIND = "segments.kind"
MODE = "segments.mode"
BACKFILL_UNTIL = "segments.backfill_until"
SOURCE = "src"
KINDS = ("tick", "use")

MOST_DIGITS = 18
"""Of a number in a header: so many fit into 64 bits."""
LONGEST_LANE = 200
"""Characters that name a generation and a source partition; they are kept in the head."""


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where intake took a record from."""

    lane: str
    """Generation and partition of the source."""
    offset: int


class Tick(msgspec.Struct, frozen=True):
    """No later record is stamped below `before`; what is due before it fires."""

    before: int


class Use(msgspec.Struct, frozen=True):
    """From here on the content of this hash decides."""

    kind: str
    hash: str
    number: int


_encode = msgspec.json.Encoder().encode
_ticks = msgspec.json.Decoder(Tick)
_uses = msgspec.json.Decoder(Use)


def encode_control(control: Tick | Use) -> bytes:
    """Return the body of a control record."""
    return _encode(control)


def control_headers(control: Tick | Use) -> list[tuple[str, bytes]]:
    """Return the header that tells a control record from an event."""
    return [(KIND, b"tick" if isinstance(control, Tick) else b"use")]


def decode_control(kind: str, value: bytes | None) -> Tick | Use:
    """Return the control record; InputError `control` where it cannot be read or is of no kind known here."""
    if kind not in KINDS:
        raise InputError("control", f"control record of kind {kind!r}; known are {', '.join(KINDS)}")
    try:
        return _ticks.decode(value or b"") if kind == "tick" else _uses.decode(value or b"")
    except (ValueError, RecursionError) as error:
        raise InputError("control", f"a {kind} that cannot be read: {error}") from error


def decode_headers(headers: Iterable[tuple[str, bytes]]) -> tuple[str | None, int, Origin | None]:
    """Return the kind of a control record, None for an event; then what a header says of an event.

    That is the end of the history that it was loaded with, -1 for none, and where intake took it from.
    """
    kind = until = source = None
    for name, value in headers:
        if name == SOURCE:
            source = value
        elif name == KIND:
            kind = value
        elif name == BACKFILL_UNTIL:
            until = value
    if kind is not None:
        return kind.decode(errors="replace"), -1, None
    return None, decode_backfill_until(until), decode_origin(source)


def decode_backfill_until(text: bytes | None) -> int:
    """Return the end of the history that a record was loaded with, in ms, -1 for none; else InputError `header`."""
    if text is None:
        return -1
    if not text.isdigit() or len(text) > MOST_DIGITS:
        raise InputError("header", f"header {BACKFILL_UNTIL} is {text[:40]!r}, not a whole number of ms")
    return int(text)


def decode_origin(text: bytes | None) -> Origin | None:
    """Return where intake took a record from, None where nobody says; InputError `header` if it cannot be read."""
    if text is None:
        return None
    before, _, offset = text.rpartition(b"/")
    lane = _lane(before)
    if not offset.isdigit() or len(offset) > MOST_DIGITS or not 0 < len(lane) <= LONGEST_LANE:
        raise InputError("header", f"header {SOURCE} is {text[:40]!r}; it reads generation/partition/offset")
    return Origin(lane, int(offset))


@lru_cache(maxsize=1024)
def _lane(name: bytes) -> str:
    return name.decode(errors="replace")
