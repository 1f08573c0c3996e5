"""A profile as bytes: a format byte, then msgpack of its parts, shortened (`stream.wire.shortened`).

Format 3: [as_of, sequence, wake, indexed, known_since, backfill_until, recent ids (8 bytes each), layout, signs,
states by key, standings by key (`stream.wire.kept`)]. NEVER is written as 0, an `indexed` that is `wake` as -1.
Formats 1 and 2 are still read (`stream.wire.profile_1`, `stream.wire.profile_2`).
"""

from __future__ import annotations

import struct
from typing import Any

import msgspec

from stream.core.profile import NEVER, Profile
from stream.errors import CorruptProfileError
from stream.wire import profile_1, profile_2
from stream.wire.kept import Kept, Packed, packed
from stream.wire.shortened import restored, shortened

FORMAT = b"\x03"
AS_WAKE = -1

Parts = tuple[int, int, int, int, int, int, bytes, int, bytes, dict[int, Any], dict[int, Packed]]

_encode = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Parts)
_recent = [struct.Struct(f">{count}Q") for count in range(256)]


def encode_profile(profile: Profile) -> bytes:
    """Return the bytes of a profile."""
    wake, signs, recent = profile.wake, profile.signs, profile.recent
    parts = _encode(
        (
            profile.as_of,
            profile.sequence,
            wake if wake < NEVER else 0,
            AS_WAKE if profile.indexed == wake else profile.indexed if profile.indexed < NEVER else 0,
            profile.known_since,
            profile.backfill_until,
            _recent[len(recent)].pack(*recent),
            profile.layout,
            signs.to_bytes((signs.bit_length() + 7) // 8, "little"),
            profile.states,
            {key: packed(each) for key, each in profile.standings.items()},
        )
    )
    return FORMAT + shortened(parts, profile.as_of)


def decode_profile(customer_id: str, packed: bytes | None) -> Profile:
    """Return the profile in these bytes, a new one for None; CorruptProfileError where they cannot be read."""
    if packed is None:
        return Profile(customer_id)
    read = READERS.get(packed[:1])
    if read is None:
        raise CorruptProfileError(
            customer_id, f"profile format {packed[:1].hex() or 'none'}; this version reads {FORMAT.hex()}"
        )
    try:
        return read(customer_id, packed[1:])
    except (ValueError, RecursionError, IndexError, struct.error) as error:
        raise CorruptProfileError(customer_id, f"profile cannot be read: {error}") from error


def _read(customer_id: str, packed: bytes) -> Profile:
    as_of, sequence, wake, indexed, begin, backfill_until, recent, layout, signs, states, standings = _decoder.decode(
        restored(packed)
    )
    wake = wake or NEVER
    return Profile(
        customer_id,
        as_of,
        sequence,
        wake,
        wake if indexed == AS_WAKE else indexed or NEVER,
        begin,
        backfill_until,
        list(_recent[len(recent) // 8].unpack(recent)),
        layout,
        int.from_bytes(signs, "little"),
        states,
        {key: Kept(each) for key, each in standings.items()},
    )


READERS = {FORMAT: _read, profile_2.FORMAT: profile_2.read, profile_1.FORMAT: profile_1.read}
"""By format byte: from the customer and the bytes after it to the profile."""
