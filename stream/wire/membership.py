"""All current memberships of one customer as a JSON body, for the compacted topic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import msgspec

from stream.core.dimension import Dimension, Segment
from stream.core.lottery import is_control
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.wire.instant import to_text

TYPE = "segments.membership.v1"

_encode = msgspec.json.Encoder().encode


def body(profile: Profile, plan: Plan) -> bytes:
    """Return the customer's segments, each with `since` and a mark for its control group; consents; the sequence."""
    states = profile.states
    consents = {name: states[key][0] for name, (key, _) in plan.told.consents.items() if key in states}
    return b'{"customer_id":%b,"sequence":%d,"memberships":{%b},"consents":%b,"rules_version":%b}' % (
        _encode(profile.customer_id),
        profile.sequence,
        b",".join(_memberships(profile, plan.dimensions)),
        _encode(consents),
        _encode(plan.version),
    )


def _memberships(profile: Profile, dimensions: Sequence[Dimension]) -> Iterator[bytes]:
    """Yield each segment that the customer is in; where they rest, all that differs is since when they are known."""
    resting_since = to_text(profile.known_since).encode() if profile.layout else b""
    for dimension in dimensions:
        standing = profile.standings.get(dimension.key)
        if standing is not None:
            name, since = standing.segment, to_text(standing.since).encode()
        else:
            name, since = dimension.place.rest, resting_since
        if name and since:
            yield b"".join((_named(dimension.name, name), since, _end(profile, dimension.by_name.get(name))))


@lru_cache(maxsize=4096)
def _named(dimension: str, segment: str) -> bytes:
    return b'%b:{"segment":%b,"since":"' % (_encode(dimension), _encode(segment))


def _end(profile: Profile, segment: Segment | None) -> bytes:
    is_holdout = segment is not None and is_control(segment.lottery, profile.customer_id, segment.holdout_percent)
    return b'","holdout":true}' if is_holdout else b'"}'
