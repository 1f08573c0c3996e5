"""A profile as bytes: what is fixed or random as it is, then msgpack of the rest, shortened if it is long.

Format 4: the format, how many bytes of signs and of recent ids follow (a byte each; if there are 255 or more of signs,
255, and how many in four bytes behind), these, then ["", as_of, sequence, wake, indexed, known_since, backfill_until,
layout, states by key, standings by key], all as `Profile` has them, so that it is read in one go: the customer is the
key of the bytes, NEVER is 0, an `indexed` that is `wake` is -1. A standing is [segment, since, past, until], without
`until` for NEVER.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile, Standing
from stream.errors import CorruptProfileError
from stream.wire.shortened import restored, shortened

FORMAT = 4
BEGIN = bytes((FORMAT,))
AS_WAKE = -1
MANY = 0xFF
"""Bytes of signs that are told in four bytes: no catalogue has more conditions than can be stored."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Profile).decode


def encode_profile(profile: Profile) -> bytes:
    """Return the bytes of a profile."""
    wake, indexed, signs, recent = profile.wake, profile.indexed, profile.signs, profile.recent
    standings = profile.standings
    parts = _encode(
        (
            "",
            profile.as_of,
            profile.sequence,
            wake if wake < NEVER else 0,
            AS_WAKE if indexed == wake else indexed if indexed < NEVER else 0,
            profile.known_since,
            profile.backfill_until,
            profile.layout,
            profile.states,
            {key: _stored(standing) for key, standing in standings.items()} if standings else standings,
        )
    )
    held = (signs.bit_length() + 7) // 8
    head = bytes((FORMAT, held, len(recent))) if held < MANY else _long_head(held, len(recent))
    return head + signs.to_bytes(held, "little") + recent + shortened(parts, profile.as_of)


def _long_head(held: int, recent: int) -> bytes:
    return bytes((FORMAT, MANY, recent)) + held.to_bytes(4, "little")


def _stored(standing: Standing) -> tuple[Any, ...]:
    segment, until, opened = standing.segment, standing.until, standing.opened
    past = standing.packed if opened is None else opened.packed(segment)
    return (segment, standing.since, past, until) if until < NEVER else (segment, standing.since, past)


def decode_profile(customer_id: str, packed: bytes | None) -> Profile:
    """Return the profile in these bytes, a new one for None; CorruptProfileError where they cannot be read."""
    if packed is None:
        return Profile(customer_id)
    if not packed.startswith(BEGIN):
        raise CorruptProfileError(
            customer_id, f"profile format {packed[:1].hex() or 'none'}; this version reads {FORMAT:02}"
        )
    try:
        return _read(customer_id, packed)
    except (ValueError, RecursionError, IndexError) as error:
        raise CorruptProfileError(customer_id, f"profile cannot be read: {error}") from error


def _read(customer_id: str, packed: bytes) -> Profile:
    begin, held = 3, packed[1]
    if held == MANY:
        begin, held = 7, int.from_bytes(packed[3:7], "little")
    signs = begin + held
    recent = signs + packed[2]
    profile = _decode(restored(packed[recent:]))
    profile.customer_id = customer_id
    profile.signs = int.from_bytes(packed[begin:signs], "little")
    profile.recent = packed[signs:recent]
    wake = profile.wake = profile.wake or NEVER
    indexed = profile.indexed
    profile.indexed = wake if indexed == AS_WAKE else indexed or NEVER
    return profile
