"""All current memberships of one customer as a JSON body, for the compacted topic."""

from __future__ import annotations

import msgspec

from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.wire.instant import to_text

TYPE = "segments.membership.v1"

_encode = msgspec.json.Encoder().encode


def body(profile: Profile, plan: Plan) -> bytes:
    """Return the customer's segments, each with `since`, and the sequence of the last transition."""
    standings = profile.standings
    return _encode(
        {
            "customer_id": profile.customer_id,
            "sequence": profile.sequence,
            "memberships": {
                dimension.name: {"segment": standing.segment, "since": to_text(standing.since)}
                for dimension in plan.dimensions
                if (standing := standings.get(dimension.key)) is not None and standing.segment
            },
            "rules_version": plan.version,
        }
    )
