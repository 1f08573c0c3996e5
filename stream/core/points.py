"""Points: the sum of what the conditions that hold give."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stream.core.condition import Read
from stream.core.profile import NEVER, Profile

Line = tuple[int, Read]
"""So many points (scaled to whole numbers) while a condition holds."""


def total(lines: Sequence[Line]) -> Callable[[Profile, int], int]:
    """Return the scaled points of a customer; 0 if nothing holds."""
    return lambda profile, now: sum([give for give, read in lines if read(profile, now) > 0])


def points(lines: Sequence[Line], test: Callable[[int], bool]) -> Read:
    """Return whether the scaled points pass a test; asked again when any of the conditions may turn."""

    def read(profile: Profile, now: int) -> int:
        given, until = 0, NEVER
        for give, read in lines:
            verdict = read(profile, now)
            if verdict > 0:
                given += give
            bound = verdict if verdict > 0 else -verdict
            if bound < until:  # noqa: PLR1730 - a call of min takes three times as long
                until = bound
        return until if test(given) else -until

    return read
