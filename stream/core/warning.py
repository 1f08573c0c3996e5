"""About to leave: whether a member, if nothing is heard, leaves a segment before so long."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream.core.condition import Read
from stream.core.deciding import decide
from stream.core.dimension import Dimension
from stream.core.profile import NEVER, Place, Profile


def about_to_leave(played: Sequence[Dimension], place: Place, segment: str, warn_ms: int) -> Read:
    """Return whether a member of a segment leaves it in silence at an instant at most `warn_ms` away, until then.

    `played` are the dimension of the segment and all that it looks at, in topological order: time is played on a
    copy of how the customer stands in them.
    """

    def read(profile: Profile, now: int) -> int:
        if profile.since_in(place, segment) is None:
            return -NEVER
        ahead, at = _play(profile, played, place, segment, now + warn_ms)
        if ahead.since_in(place, segment) is None:
            return at
        return -(at - warn_ms) if at < NEVER else -NEVER

    return read


def leaves_at(
    played: Sequence[Dimension], place: Place, segment: str, warn_ms: int
) -> Callable[[Profile, int], int | None]:
    """Return the instant at which the member leaves in silence, None where that is farther away than `warn_ms`."""

    def value(profile: Profile, now: int) -> int | None:
        if profile.since_in(place, segment) is None:
            return None
        ahead, at = _play(profile, played, place, segment, now + warn_ms)
        return at if ahead.since_in(place, segment) is None else None

    return value


def _play(
    profile: Profile, played: Sequence[Dimension], place: Place, segment: str, latest: int
) -> tuple[Profile, int]:
    """Let time pass on a copy until the segment is left, or up to `latest`; return it and the instant it got to.

    Where the segment is not left, that is the next instant at which anything may change.
    """
    ahead = profile.ahead([dimension.key for dimension in played])
    while True:
        at = min([ahead.until(dimension.key) for dimension in played])
        if at > latest or at >= NEVER:
            return ahead, at
        ahead.as_of = at
        has_changed = False
        for dimension in played:
            if has_changed or ahead.until(dimension.key) <= at:
                has_changed |= bool(decide(dimension, ahead, at))
        if ahead.since_in(place, segment) is None:
            return ahead, at
