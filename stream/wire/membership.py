"""All current memberships of one customer as a JSON body, for the compacted topic."""

from __future__ import annotations

import msgspec

from stream.core.dimension import Dimension
from stream.core.lottery import is_control
from stream.core.plan import Plan
from stream.core.profile import Profile, Standing
from stream.wire.instant import to_text

TYPE = "segments.membership.v1"

_encode = msgspec.json.Encoder().encode


def body(profile: Profile, plan: Plan) -> bytes:
    """Return the customer's segments, each with `since` and a mark for its control group; consents; the sequence."""
    standings, states = profile.standings, profile.states
    return _encode(
        {
            "customer_id": profile.customer_id,
            "sequence": profile.sequence,
            "memberships": {
                dimension.name: _held(profile, dimension, standing)
                for dimension in plan.dimensions
                if (standing := standings.get(dimension.key)) is not None and standing.segment
            },
            "consents": {name: states[key][0] for name, (key, _) in plan.told.consents.items() if key in states},
            "rules_version": plan.version,
        }
    )


def _held(profile: Profile, dimension: Dimension, standing: Standing) -> dict[str, object]:
    told: dict[str, object] = {"segment": standing.segment, "since": to_text(standing.since)}
    segment = dimension.by_name.get(standing.segment)
    if segment is not None and is_control(segment.lottery, profile.customer_id, segment.holdout_percent):
        told["holdout"] = True
    return told
