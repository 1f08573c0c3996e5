"""A profile as bytes: a format byte, then msgpack of its parts.

Format 2: [as_of, sequence, wake, indexed, known_since, backfill_until, recent ids (8 bytes each), layout, signs,
states by key, standings by key]. Instants of standings count from `known_since`; NEVER is written as 0. A standing
is [names, entries of each, segment, since, until, came_from, clocks]: segments by their place among the names, from
1 on, 0 for outside. Format 1, which knew of no layout, is still read (`stream.wire.profile_1`).
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile, Standing
from stream.errors import CorruptProfileError
from stream.wire import profile_1

FORMAT = b"\x02"
NONE = -1
"""Stands in clocks for no instant."""

Packed = tuple[list[str], list[int], int, int, int, int, dict[int, tuple[int, int, int]]]
Parts = tuple[int, int, int, int, int, int, bytes, int, bytes, dict[int, Any], dict[int, Packed]]

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Parts)
_recent = [struct.Struct(f">{count}Q") for count in range(256)]


def encode_profile(profile: Profile) -> bytes:
    """Return the bytes of a profile."""
    begin, signs, recent = profile.known_since, profile.signs, profile.recent
    return FORMAT + _encode(
        (
            profile.as_of,
            profile.sequence,
            profile.wake if profile.wake < NEVER else 0,
            profile.indexed if profile.indexed < NEVER else 0,
            begin,
            profile.backfill_until,
            _recent[len(recent)].pack(*recent),
            profile.layout,
            signs.to_bytes((signs.bit_length() + 7) // 8, "little"),
            profile.states,
            {key: _packed(each, begin) for key, each in profile.standings.items()},
        )
    )


def _packed(standing: Standing, begin: int) -> Packed:
    names = list(standing.entries)
    counts = list(standing.entries.values())
    places = {"": 0}
    for name in (*names, standing.segment, standing.came_from, *standing.clocks):
        if name not in places:
            places[name] = len(places)
            if len(places) > len(names) + 1:
                names.append(name)
    clocks = {places[name]: _clock(clock, -begin) for name, clock in standing.clocks.items()}
    until = standing.until - begin if standing.until < NEVER else 0
    since = standing.since - begin
    return names, counts, places[standing.segment], since, until, places[standing.came_from], clocks


def _clock(clock: list[int] | tuple[int, int, int], shift: int) -> tuple[int, int, int]:
    true_since, left_at, spent = clock
    return (
        true_since + shift if true_since != NONE else NONE,
        left_at + shift if left_at != NONE else NONE,
        spent,
    )


def decode_profile(customer_id: str, packed: bytes | None) -> Profile:
    """Return the profile in these bytes, a new one for None; CorruptProfileError where they cannot be read."""
    profile = Profile(customer_id)
    if packed is None:
        return profile
    try:
        if packed[:1] == FORMAT:
            _read(profile, _decoder.decode(memoryview(packed)[1:]))
        elif packed[:1] == profile_1.FORMAT:
            profile_1.read(profile, packed)
        else:
            raise CorruptProfileError(
                customer_id, f"profile format {packed[:1].hex() or 'none'}; this version reads {FORMAT.hex()}"
            )
    except (ValueError, RecursionError, IndexError, struct.error) as error:
        raise CorruptProfileError(customer_id, f"profile cannot be read: {error}") from error
    return profile


def _read(profile: Profile, parts: Parts) -> None:
    (
        profile.as_of,
        profile.sequence,
        wake,
        indexed,
        begin,
        profile.backfill_until,
        recent,
        profile.layout,
        signs,
        profile.states,
        standings,
    ) = parts
    profile.known_since = begin
    profile.recent = list(_recent[len(recent) // 8].unpack(recent))
    profile.signs = int.from_bytes(signs, "little")
    profile.wake, profile.indexed = wake or NEVER, indexed or NEVER
    for key, each in standings.items():
        profile.standings[key] = _standing(each, begin)


def _standing(packed: Packed, begin: int) -> Standing:
    names, counts, segment, since, until, came_from, clocks = packed
    named = ["", *names]
    standing = Standing(named[segment], since + begin, until + begin if until else NEVER)
    standing.came_from = named[came_from]
    standing.entries = dict(zip(names, counts, strict=False))
    standing.clocks = {named[place]: list(_clock(clock, begin)) for place, clock in clocks.items()}
    return standing
