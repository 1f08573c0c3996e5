"""Reads profiles of format 1, as the first development versions wrote them: every standing in full, no layout.

[as_of, sequence, wake, indexed, known_since, backfill_until, recent ids, states by key, standings by key], a standing
being [segment, since, until, came_from, clocks, entries]. The next decision gives the customer a layout.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile, Standing

FORMAT = b"\x01"

Packed = tuple[str, int, int, str, dict[str, list[int]], dict[str, int]]

_decoder = msgspec.msgpack.Decoder(tuple[int, int, int, int, int, int, list[int], dict[int, Any], dict[int, Packed]])


def read(customer_id: str, packed: bytes) -> Profile:
    """Return the profile in the bytes after the format; ValueError or RecursionError where they are none of it."""
    profile = Profile(customer_id)
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
    ) = _decoder.decode(packed)
    profile.wake, profile.indexed = wake or NEVER, indexed or NEVER
    for key, (segment, since, until, came_from, clocks, entries) in standings.items():
        standing = profile.standings[key] = Standing(segment, since, until or NEVER)
        standing.came_from, standing.clocks, standing.entries = came_from, clocks, entries
    return profile
