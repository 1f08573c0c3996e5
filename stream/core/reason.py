"""Why a change happened: the conditions that decided, and what ran out when only time passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from stream.core.dimension import OUTSIDE, Asked, Change, Segment
from stream.core.profile import Profile
from stream.core.transition import Evidence

BOTH = 2
EVIDENCE_LIMIT = 12
"""How many conditions a transition tells of."""
SHORT = frozenset({int, float, bool, type(None)})
"""Values that are told as they are."""
LONGEST_TEXT, MOST_ITEMS = 200, 20
"""So much of a value is told: what a customer sent may be a megabyte, and a transition must fit into the log."""


def evidence_of(profile: Profile, change: Change, now: int) -> tuple[Evidence, ...]:
    """Return the conditions of the segments that decided; where both did, half of the room is for each."""
    dimension = change.dimension
    if dimension.inside is not None and (around := _around(profile, change)):
        return around
    asked = dimension.told.get((change.left, change.entered))
    if asked is None:
        asked = dimension.told[change.left, change.entered] = _asked(change)
    return tuple([_told(profile, one, now) for one in asked])


def _asked(change: Change) -> tuple[Asked, ...]:
    asked = [segment.asked[:EVIDENCE_LIMIT] for segment in deciding(change)]
    if len(asked) == BOTH:
        first, second = asked
        asked[0] = first[: max(EVIDENCE_LIMIT // BOTH, EVIDENCE_LIMIT - len(second))]
        asked[1] = second[: EVIDENCE_LIMIT - len(asked[0])]
    return tuple([one for each in asked for one in each])


def deciding(change: Change) -> list[Segment]:
    """Return the segments whose conditions decided: up in the order the entered one, down both, the left one first.

    Neither the outside nor the segment that takes everybody else asks anything.
    """
    dimension = change.dimension
    order, ranks = dimension.order, dimension.ranks
    left, entered = ranks.get(change.left, -1), ranks.get(change.entered, -1)
    if left >= 0 and not 0 <= entered < left:
        return [order[left], order[entered]] if entered >= 0 else [order[left]]
    return [order[entered]] if entered >= 0 else []


def evidence(profile: Profile, segment: Segment, number: int, now: int) -> Evidence:
    """Return one condition of a segment, by its number, with the value that it has at `now`."""
    return _told(profile, segment.asked[number], now)


def _told(profile: Profile, asked: Asked, now: int) -> Evidence:
    value = asked.value(profile, now)
    return replace(
        asked.told,
        value=value if type(value) in SHORT else shortened(value),
        holds=asked.holds(profile, now) > 0,
    )


def _around(profile: Profile, change: Change) -> tuple[Evidence, ...]:
    """Return the segment around a nested dimension where coming in or going out decided alone, else nothing."""
    dimension = change.dimension
    assert dimension.inside is not None
    has_gone_out = change.entered == OUTSIDE
    if not has_gone_out and not (change.left == OUTSIDE and change.entered == dimension.otherwise.name):
        return ()
    standing = profile.standing(dimension.inside[0])
    stands_in = standing.segment or None if standing is not None else None
    of = change.left if has_gone_out else change.entered
    return (Evidence(f"in {dimension.around}", "", stands_in, None, not has_gone_out, "", of, "inside"),)


def shortened(value: Any) -> Any:
    """Return a value as it is told: long texts and lists end with an ellipsis."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_TEXT else f"{value[:LONGEST_TEXT]}…"
    if isinstance(value, list | tuple):
        told = [shortened(each) for each in value[:MOST_ITEMS]]
        return told if len(value) <= MOST_ITEMS else [*told, "…"]
    if isinstance(value, Mapping):
        return {shortened(str(name)): shortened(each) for name, each in list(value.items())[:MOST_ITEMS]}
    return value


def what_ran_out(profile: Profile, change: Change, now: int) -> str:
    """Return the text of the condition, or the name of the clock, that ended or began at `now` by time alone."""
    by_name = change.dimension.by_name
    left, entered = by_name.get(change.left), by_name.get(change.entered)
    asked = {id(one): one for one in (*deciding(change), left, entered) if one is not None}
    for segment in asked.values():
        for leaf in segment.turning:
            if leaf.holds(profile, now) != (leaf.read(profile, now - 1) > 0):
                return leaf.text
    return _clock(left, entered, change) or _looked_at(left, entered)


def _clock(left: Segment | None, entered: Segment | None, change: Change) -> str:
    stayed = change.at - change.left_since
    if left is not None and left.stay_at_most_ms and stayed >= left.stay_at_most_ms:
        return "stay_at_most"
    if left is not None and left.stay_at_least_ms and stayed == left.stay_at_least_ms:
        return "stay_at_least"
    if entered is not None and entered.wait_ms:
        return "wait"
    return "cooldown" if entered is not None and entered.cooldown_ms else ""


def _looked_at(left: Segment | None, entered: Segment | None) -> str:
    """Return the first condition on another segment: it moved at this same instant."""
    leaves = [leaf for segment in (left, entered) if segment for leaf in segment.leaves if leaf.dimensions]
    return leaves[0].text if leaves else "inside"
