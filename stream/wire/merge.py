"""A merge in the log: two ids are one customer, and one of them goes into the other.

    {"stays": "c-1", "goes": "anon:7"}

Only a replay joins ids: a worker sets such a control record aside, like every kind that it does not know.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from stream.errors import InputError


class Merge(msgspec.Struct, frozen=True):
    """Two ids are one customer: one goes into the other."""

    stays: Annotated[str, msgspec.Meta(min_length=1)]
    goes: Annotated[str, msgspec.Meta(min_length=1)]


_decoder = msgspec.json.Decoder(Merge)


def decode_merge(value: bytes) -> Merge:
    """Return which id goes into which; InputError `merge` where that cannot be read, or it is one and the same."""
    try:
        merge = _decoder.decode(value)
    except (ValueError, RecursionError) as error:
        raise InputError("merge", f'a merge that cannot be read: {error}; write {{"stays": ID, "goes": ID}}') from error
    if merge.stays == merge.goes:
        raise InputError("merge", f"{merge.goes!r} goes into itself; name two ids")
    return merge
