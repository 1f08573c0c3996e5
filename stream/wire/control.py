"""Control records in the events log: ticks and versions, told from events by one header."""

from __future__ import annotations

import msgspec

from stream.errors import InputError

KIND = "segments.kind"
MODE = "segments.mode"
BACKFILL_UNTIL = "segments.backfill_until"
SOURCE = "src"
KINDS = ("tick", "use")


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
    except msgspec.DecodeError as error:
        raise InputError("control", f"a {kind} that cannot be read: {error}") from error
