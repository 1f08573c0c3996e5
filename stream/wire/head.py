"""The head of a partition as bytes: where it stands in the log, and under what.

msgpack of a map by field name, after a format byte. Stored behind the commit id.
"""

from __future__ import annotations

import msgspec

from stream.errors import LayoutError

FORMAT = b"\x01"


class Head(msgspec.Struct, omit_defaults=True):
    """Everything of a partition that is not of one customer."""

    position: int
    """Offset of the next record to handle."""
    fingerprint: bytes = b""
    """Of the last record handled; compared where the log still holds it."""
    tick_ms: int = 0
    """The highest tick read."""
    rules: tuple[int, str] = (0, "")
    """Number and hash of the rules in use."""
    log_id: str = ""
    """Which log the position is of; only the embedded default, whose log lives in memory, changes it."""
    intake: dict[str, int] = {}
    """Highest offset taken in, by generation and source partition."""
    members: dict[str, dict[str, int]] = {}
    """Members by dimension and segment."""
    customers: int = 0
    """Known customers."""
    anchor_ms: int = 0
    """Now, at the very first start: where simulated time began."""


_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Head)


def encode_head(head: Head) -> bytes:
    """Return the bytes of a head."""
    return FORMAT + _encode(head)


def decode_head(packed: bytes) -> Head:
    """Return the head in these bytes; LayoutError where this version cannot read them."""
    if packed[:1] != FORMAT:
        raise LayoutError(f"head format {packed[:1].hex()}; this version reads {FORMAT.hex()}; see the upgrade notes")
    try:
        return _decoder.decode(memoryview(packed)[1:])
    except (ValueError, RecursionError) as error:
        raise LayoutError(f"the head of a partition cannot be read ({error}); restore Redis or rebuild") from error
