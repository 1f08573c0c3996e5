"""Reads profiles of format 2, as later development versions wrote them: nothing shortened, every standing in full.

[as_of, sequence, wake, indexed, known_since, backfill_until, recent ids (8 bytes each), layout, signs, states by key,
standings by key]. Instants of standings count from `known_since`; NEVER is written as 0. A standing is [names, entries
of each, segment, since, until, came_from, clocks]: segments by their place among the names, from 1 on, 0 for outside.
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile, Standing

FORMAT = b"\x02"
NONE = -1
"""Stands in clocks for no instant."""

Clock = tuple[int, int, int]
Packed = tuple[list[str], list[int], int, int, int, int, dict[int, Clock]]
Parts = tuple[int, int, int, int, int, int, bytes, int, bytes, dict[int, Any], dict[int, Packed]]

_decoder = msgspec.msgpack.Decoder(Parts)


def read(customer_id: str, packed: bytes) -> Profile:
    """Return the profile in the bytes after the format; ValueError or another error where they are none of it."""
    profile = Profile(customer_id)
    (
        profile.as_of,
        profile.sequence,
        wake,
        indexed,
        profile.known_since,
        profile.backfill_until,
        recent,
        profile.layout,
        signs,
        profile.states,
        standings,
    ) = _decoder.decode(packed)
    profile.recent = list(struct.unpack(f">{len(recent) // 8}Q", recent))
    profile.signs = int.from_bytes(signs, "little")
    profile.wake, profile.indexed = wake or NEVER, indexed or NEVER
    for key, each in standings.items():
        profile.standings[key] = _standing(each, profile.known_since)
    return profile


def _standing(packed: Packed, begin: int) -> Standing:
    names, counts, segment, since, until, came_from, clocks = packed
    named = ["", *names]
    standing = Standing(named[segment], since + begin, until + begin if until else NEVER)
    standing.came_from = named[came_from]
    standing.entries = dict(zip(names, counts, strict=False))
    standing.clocks = {named[place]: _clock(clock, begin) for place, clock in clocks.items()}
    return standing


def _clock(clock: Clock, shift: int) -> list[int]:
    true_since, left_at, spent = clock
    return [
        true_since + shift if true_since != NONE else NONE,
        left_at + shift if left_at != NONE else NONE,
        spent,
    ]
