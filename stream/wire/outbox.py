"""One slice of the outbox as bytes: what one commit has to publish.

msgpack of [memberships, transitions, when they were decided]: a membership is [customer, body]; a transition is
[customer, id, at, caused by time, reference instant, body].
One blob per commit, so that the outbox costs one item a slice.
"""

from __future__ import annotations

import msgspec

from stream.errors import StateError


class Told(msgspec.Struct, array_like=True, gc=False):
    """One transition ready to be published."""

    customer_id: str
    id: str
    at: int
    is_timed: bool
    record_time: int
    """Of the record that caused it; for time, the instant it was due."""
    body: bytes


class Slice(msgspec.Struct, array_like=True):
    """What one commit publishes: memberships first, then transitions."""

    memberships: list[tuple[str, bytes]]
    transitions: list[Told]
    decided_at: int = 0
    """When the service noticed what these tell, by its clock; 0 in slices of older versions."""

    @property
    def size(self) -> int:
        """Return how many records this publishes."""
        return len(self.memberships) + len(self.transitions)


encode_slice = msgspec.msgpack.Encoder().encode
_decoder = msgspec.msgpack.Decoder(Slice)


def decode_slice(packed: bytes) -> Slice:
    """Return the slice in these bytes; StateError where they cannot be read."""
    try:
        return _decoder.decode(packed)
    except (ValueError, RecursionError) as error:
        raise StateError(f"a slice of the outbox cannot be read ({error}); restore Redis, or rebuild") from error
