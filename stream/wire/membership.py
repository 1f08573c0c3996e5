"""All current memberships of one customer as a JSON body, for the compacted topic."""

from __future__ import annotations

from functools import lru_cache

import msgspec

from stream.core.dimension import Dimension
from stream.core.lottery import is_control
from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.wire.instant import to_text

TYPE = "segments.membership.v1"

_encode = msgspec.json.Encoder().encode


def body(profile: Profile, plan: Plan) -> bytes:
    """Return the customer's segments, each with `since` and a mark for its control group; consents; the sequence."""
    form, states = _form(plan), profile.states
    consents = {name: states[key][0] for name, key in form.consents if key in states}
    return b'{"customer_id":%b,"sequence":%d,"memberships":{%b},"consents":%b,"rules_version":%b}' % (
        _encode(profile.customer_id),
        profile.sequence,
        b",".join(filter(None, form.memberships(profile))),
        _encode(consents),
        form.version,
    )


class _Form:
    """What is the same in all bodies under one plan."""

    def __init__(self, plan: Plan) -> None:
        self.version = _encode(plan.version)
        self.consents = [(name, key) for name, (key, _) in plan.told.consents.items()]
        self._dimensions = {dimension.key: dimension for dimension in plan.dimensions}
        self._rests = [_begin(each.name, each.place.rest) if each.place.rest else b"" for each in plan.dimensions]
        self._tells_rest = any(self._rests)
        self._drawn = [each for each in plan.dimensions if _draws(each, each.place.rest)]

    def memberships(self, profile: Profile) -> list[bytes]:
        """Return the membership in each dimension, empty for none.

        Where the customer rests, all that differs is since when they are known.
        """
        told = [b""] * len(self._rests)
        if profile.layout and self._tells_rest:
            end = (to_text(profile.known_since) + '"}').encode()
            told = [begin and begin + end for begin in self._rests]
            for dimension in self._drawn:
                told[dimension.index] = _membership(profile, dimension, dimension.place.rest, profile.known_since)
        for key, standing in profile.standings.items():
            found = self._dimensions.get(key)
            if found is not None:
                told[found.index] = _membership(profile, found, standing.segment, standing.since)
        return told


_form = lru_cache(maxsize=8)(_Form)


@lru_cache(maxsize=4096)
def _begin(dimension: str, segment: str) -> bytes:
    return b'%b:{"segment":%b,"since":"' % (_encode(dimension), _encode(segment))


def _membership(profile: Profile, dimension: Dimension, name: str, since: int) -> bytes:
    if not name:
        return b""
    told = _begin(dimension.name, name) + to_text(since).encode()
    segment = dimension.by_name.get(name)
    if segment is None or not segment.holdout_percent:
        return told + b'"}'
    is_holdout = is_control(segment.lottery, profile.customer_id, segment.holdout_percent)
    return told + (b'","holdout":true}' if is_holdout else b'"}')


def _draws(dimension: Dimension, name: str) -> bool:
    """Tell whether a segment has a control group."""
    return name in dimension.by_name and dimension.by_name[name].holdout_percent > 0
