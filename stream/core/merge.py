"""Two customers become one: the one that stays is as if every record had carried its id, the other leaves everything.

What both remember is joined state by state, as each family of states says (`Plan.joins`); it does not matter which of
two is joined into which, nor in what order several are. The one that stays keeps its own entry dates and clocks.
Exact up to what both still hold: what one of them has forgotten at a cap is gone, and is marked where it would have
been; what only the order in the log of both could tell (equal instants, words that were told late, and since when a
comparison holds that the other one broke in between) is told from what is newest.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, zip_longest

from stream.core.dimension import OUTSIDE, Change, Dimension
from stream.core.engine import ACCEPTED, Step, catch_up, decide_all, tell
from stream.core.past import Past
from stream.core.plan import Plan
from stream.core.profile import MARK_BYTES, NEVER, RECENT_IDS, Profile, Standing
from stream.core.transition import MERGE, Cause

WHY = Cause(MERGE)


def join(stays: Profile, goes: Profile, at: int, clock: int, plan: Plan) -> tuple[Step, Step]:
    """Join one customer into another as of an instant, and return what that changed: of the one that goes, then here.

    All that was due before it fires first, of both. `clock` is the highest tick before it.
    """
    if goes.is_new:
        return Step(ACCEPTED, [], []), Step(ACCEPTED, [], [])
    before = max(at, clock)
    left, done = catch_up(goes, before, plan), catch_up(stays, before, plan)
    stays.as_of = now = max(at, stays.as_of, goes.as_of)
    _stand_still(stays, plan)
    take_in(stays, goes, plan)
    _leave(goes, now, plan, left)
    decide_all(stays, now, plan, WHY, [], done)
    return left, done


def take_in(stays: Profile, goes: Profile, plan: Plan) -> None:
    """Let a profile remember what another one does, as if every record had been its own; standings stay as they are."""
    plan.told.join(stays, goes)
    for key, joined in plan.joins.items():
        if (other := goes.states.get(key)) is not None:
            one = stays.states.get(key)
            stays.states[key] = other if one is None else joined(one, other)
    stays.known_since = min(stays.known_since, goes.known_since)
    stays.backfill_until = max(stays.backfill_until, goes.backfill_until)
    stays.recent = _recent(stays.recent, goes.recent)
    stays.derived, stays.verdicts = {}, {}


def _recent(one: bytes, other: bytes) -> bytes:
    """Return the newest ids of both in turn, the newest last: no log says which of two came later."""
    newest = chain.from_iterable(zip_longest(*sorted((_newest_first(one), _newest_first(other)))))
    return b"".join(list(dict.fromkeys(each for each in newest if each is not None))[:RECENT_IDS][::-1])


def _newest_first(recent: bytes) -> list[bytes]:
    return [recent[start : start + MARK_BYTES] for start in range(0, len(recent), MARK_BYTES)][::-1]


def _stand_still(profile: Profile, plan: Plan) -> None:
    """Write out where a customer rests: since when is their own affair, whenever the other one became known."""
    if profile.layout:
        for dimension in plan.dimensions:
            if dimension.key not in profile.standings:
                profile.standings[dimension.key] = profile.resting(dimension.place.rest)
    profile.layout = profile.signs = 0


def _leave(profile: Profile, now: int, plan: Plan, done: Step) -> None:
    """Let a customer leave every segment, the outer ones first, and remember nothing."""
    profile.as_of = now
    tell(profile, list(_left(profile, now, plan)), now, plan, WHY, done)
    profile.layout = profile.signs = 0
    profile.wake = NEVER
    profile.states, profile.recent, profile.derived, profile.verdicts = {}, b"", {}, {}


def _left(profile: Profile, now: int, plan: Plan) -> Iterator[Change]:
    for dimension in plan.dimensions:
        standing = profile.standing(dimension.place)
        profile.standings.pop(dimension.key, None)
        if standing is not None and standing.segment != OUTSIDE:
            left, is_told = standing.segment, _was_told(standing, dimension)
            if dimension.otherwise.name and is_told:
                profile.standings[dimension.key] = _outside(standing, now)
            yield Change(dimension, left, OUTSIDE, now, standing.since, False, is_told)


def _was_told(standing: Standing, dimension: Dimension) -> bool:
    """Tell whether anybody heard that the customer is there: of those who rest where all begin, mostly nobody did."""
    return dimension.announces_first or bool(standing.past.came_from) or standing.segment != dimension.otherwise.name


def _outside(standing: Standing, now: int) -> Standing:
    """Return the standing of who was told to be out of an exclusive dimension: should they come back, that is told."""
    return Standing(OUTSIDE, now, opened=Past(standing.segment, {}, standing.past.entries))
