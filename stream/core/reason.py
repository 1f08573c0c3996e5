"""Why a change happened: the conditions that decided, and what ran out when only time passed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stream.core.dimension import Change, Segment
from stream.core.profile import Profile
from stream.core.transition import Evidence

EVIDENCE_LIMIT = 12
"""How many conditions a transition tells of."""
LONGEST_TEXT, MOST_ITEMS = 200, 20
"""So much of a value is told: what a customer sent may be a megabyte, and a transition must fit into the log."""


def evidence_of(profile: Profile, change: Change, now: int) -> tuple[Evidence, ...]:
    """Return the conditions of the entered segment, or of the left one where nothing was asked to enter."""
    segment = change.dimension.by_name.get(change.entered)
    if segment is None or not segment.leaves:
        segment = change.dimension.by_name.get(change.left)
    if segment is None:
        return ()
    return tuple(
        Evidence(
            leaf.text, leaf.test, shortened(leaf.value(profile, now)), leaf.bar, leaf.holds(profile, now), leaf.unit
        )
        for leaf in segment.leaves[:EVIDENCE_LIMIT]
    )


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
    for segment in (left, entered):
        for leaf in segment.leaves if segment else ():
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
