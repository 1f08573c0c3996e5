"""A profile as bytes: a format byte, then msgpack of its parts.

Format 1: [as_of, sequence, wake, indexed, known_since, backfill_until, recent ids, states by key, standings by key],
a standing being [segment, since, until, came_from, clocks, entries]. NEVER is written as 0.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile, Standing
from stream.errors import CorruptProfileError

FORMAT = b"\x01"

Packed = tuple[str, int, int, str, dict[str, list[int]], dict[str, int]]

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(tuple[int, int, int, int, int, int, list[int], dict[int, Any], dict[int, Packed]])


def encode_profile(profile: Profile) -> bytes:
    """Return the bytes of a profile."""
    standings = {
        key: (
            each.segment,
            each.since,
            each.until if each.until < NEVER else 0,
            each.came_from,
            each.clocks,
            each.entries,
        )
        for key, each in profile.standings.items()
    }
    return FORMAT + _encode(
        (
            profile.as_of,
            profile.sequence,
            profile.wake if profile.wake < NEVER else 0,
            profile.indexed if profile.indexed < NEVER else 0,
            profile.known_since,
            profile.backfill_until,
            profile.recent,
            profile.states,
            standings,
        )
    )


def decode_profile(customer_id: str, packed: bytes | None) -> Profile:
    """Return the profile in these bytes, a new one for None; CorruptProfileError where they cannot be read."""
    profile = Profile(customer_id)
    if packed is None:
        return profile
    if packed[:1] != FORMAT:
        raise CorruptProfileError(
            customer_id, f"profile format {packed[:1].hex() or 'none'}; this version reads {FORMAT.hex()}"
        )
    try:
        parts = _decoder.decode(memoryview(packed)[1:])
    except (ValueError, RecursionError) as error:
        raise CorruptProfileError(customer_id, f"profile cannot be read: {error}") from error
    (
        profile.as_of,
        profile.sequence,
        wake,
        indexed,
        profile.known_since,
        profile.backfill_until,
        profile.recent,
        profile.states,
        standings,
    ) = parts
    profile.wake, profile.indexed = wake or NEVER, indexed or NEVER
    for key, (segment, since, until, came_from, clocks, entries) in standings.items():
        standing = profile.standings[key] = Standing(segment, since, until or NEVER)
        standing.came_from, standing.clocks, standing.entries = came_from, clocks, entries
    return profile
