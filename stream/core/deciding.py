"""Deciding: which segment of a dimension has a customer at an instant, and the clocks that calm it.

The order is read from the top: the first segment that asks for the customer, or that is the
customer's own and keeps, has the customer. A move up happens at once, a move down not before
`stay_at_least` is over.
"""

from __future__ import annotations

from collections.abc import Callable

from stream.core.condition import Read
from stream.core.dimension import LEFT_AT, OUTSIDE, SPENT, TRUE_SINCE, Change, Dimension, Segment
from stream.core.past import NO_PAST, Past
from stream.core.profile import NEVER, Profile, Standing

Clocks = dict[str, list[int]]
"""By segment: since when `enter` holds, when the customer left, whether the stay is spent."""
Look = Callable[[Profile, str, int, Clocks, int], tuple[str, int]]
"""From a profile, the segment a customer is in, since when, the clocks and an instant to the segment that has the
customer, and until when that is so at least as far as conditions say."""


def decide(
    dimension: Dimension, profile: Profile, now: int, *, is_new: bool = False, look: Look | None = None
) -> list[Change]:
    """Bring the customer's standing up to `now`, set when it must be looked at next, and return the moves.

    `is_new` says that the customer without a standing was never seen by this dimension, and does not rest in it;
    `look` looks at the dimension as `closures` does.
    """
    look = look or closures(dimension)
    standing = profile.standings.get(dimension.key)
    if standing is None and (is_new or dimension.inside is not None):
        standing = Standing(OUTSIDE, now) if is_new else profile.resting(dimension.place.rest)
        profile.standings[dimension.key] = standing
    if standing is None:
        return _decide_at_rest(dimension, look, profile, now)
    if dimension.inside is not None and profile.since_in(*dimension.inside) is None:
        standing.until = NEVER
        return [_go_out(standing, dimension, now)] if standing.segment != OUTSIDE else []
    changes: list[Change] = []
    if standing.segment == OUTSIDE and dimension.otherwise.name:
        changes = [_place(dimension, standing, now)]
    found = look(profile, standing.segment, standing.since, _clocks(dimension, standing), now)
    return _settle(dimension, look, profile, standing, now, found, changes)


def moves(dimension: Dimension, profile: Profile, now: int, look: Look | None = None) -> bool:
    """Tell whether `decide` would move the customer; where not, the standing is brought up to `now` as it does."""
    standing = profile.standings.get(dimension.key)
    if standing is None or dimension.inside is not None:
        return bool(decide(dimension, profile, now, look=look))
    winner, until = (look or closures(dimension))(
        profile, standing.segment, standing.since, _clocks(dimension, standing), now
    )
    if winner != standing.segment:
        return True
    standing.until = _until(dimension, standing, until, now) if dimension.is_timed else until
    return False


def closures(dimension: Dimension) -> Look:
    """Return the look that reads what conditions say from the top, and no more than the answer depends on."""

    def look(profile: Profile, own: str, since: int, clocks: Clocks, now: int) -> tuple[str, int]:
        reading = _Reading(dimension, profile, own, since, clocks, now)
        return _winner(reading), reading.until

    return look


def _decide_at_rest(dimension: Dimension, look: Look, profile: Profile, now: int) -> list[Change]:
    """Decide about a customer who rests in a dimension: who goes on resting needs no standing."""
    rest = dimension.place.rest
    clocks: Clocks = {}
    winner, until = found = look(profile, rest, profile.known_since, clocks, now)
    if winner == rest and until == NEVER and not clocks:
        return []
    past = Past("", clocks, {rest: 1} if rest else {})
    standing = profile.standings[dimension.key] = Standing(rest, profile.known_since, NO_PAST, NEVER, past)
    return _settle(dimension, look, profile, standing, now, found, [])


def _clocks(dimension: Dimension, standing: Standing) -> Clocks:
    """Return the clocks of a standing; where no segment has one, what was before is not opened for them."""
    return standing.past.clocks if dimension.clocked else {}


def _go_out(standing: Standing, dimension: Dimension, now: int) -> Change:
    """Leave a nested dimension: how long `enter` has held counts anew inside, cooldowns and spent stays go on."""
    left, since = standing.segment, standing.since
    past, segment = standing.move(OUTSIDE, now), dimension.by_name.get(left)
    if segment is not None and (segment.has_clock or segment.is_warming):
        past.clocks.setdefault(left, [-1, -1, 0])[LEFT_AT] = now
    for clock in past.clocks.values():
        clock[TRUE_SINCE] = -1
    past.came_from = left
    return Change(dimension, left, OUTSIDE, now, since, False)


def _place(dimension: Dimension, standing: Standing, now: int) -> Change:
    """Put a customer into `otherwise`: of a first time it is told only where the dimension says so.

    Who comes back into a nested dimension was told to be outside of it, so coming back is told always.
    """
    is_first = standing.move(dimension.otherwise.name, now).came_from == OUTSIDE
    is_announced = dimension.announces_first or not is_first
    return Change(dimension, OUTSIDE, standing.segment, now, now, is_first, is_announced)


class _Reading:
    """One look at one dimension: what it reads on the way is what can change its answer, and no more is read."""

    __slots__ = ("_ticked", "clocks", "dimension", "now", "own", "profile", "since", "until")

    def __init__(self, dimension: Dimension, profile: Profile, own: str, since: int, clocks: Clocks, now: int) -> None:
        """Let the clocks know what holds; have read nothing else yet."""
        self.dimension, self.profile, self.now = dimension, profile, now
        self.own, self.since, self.clocks = own, since, clocks
        self.until = NEVER
        self._ticked: dict[str, bool] = {}
        for segment in dimension.clocked:
            holds = self._ticked[segment.name] = self._saw(segment.enter(profile, now))
            _tick_clock(clocks, segment.name, holds, now)

    def enters(self, segment: Segment) -> bool:
        """Tell whether `enter` of a segment holds; where it does, whoever comes stays as long as it keeps."""
        if segment.has_clock:
            return self._ticked[segment.name]
        verdict = segment.enter(self.profile, self.now)
        if verdict > 0 and segment.stay is not None:
            verdict = segment.keep(self.profile, self.now)
        return self._saw(verdict)

    def keeps(self, segment: Segment) -> bool:
        """Tell whether the customer's own segment keeps: by `enter` or by `stay_while`, until both have ended."""
        if segment.stay_at_most_ms and _is_over(segment, self.since, self.now):
            return False
        if segment.has_clock:
            return self._ticked[segment.name] or (segment.stay is not None and self._reads(segment.stay))
        return self._reads(segment.keep)

    def _reads(self, read: Read) -> bool:
        return self._saw(read(self.profile, self.now))

    def _saw(self, verdict: int) -> bool:
        until = verdict if verdict > 0 else -verdict
        if until < self.until:  # noqa: PLR1730 - a call of min takes three times as long, and this is read most
            self.until = until
        return verdict > 0


def _settle(
    dimension: Dimension,
    look: Look,
    profile: Profile,
    standing: Standing,
    now: int,
    found: tuple[str, int],
    changes: list[Change],
) -> list[Change]:
    """Move to who was `found` to have the customer, and look again until nothing moves.

    No segment is entered twice at one instant, and this ends: `enter` of who was just entered holds and no stay of
    theirs is over, so they keep, and only a segment higher in the order takes the customer from them. After the first
    move all others go upwards. In a plain dimension one look is enough. Only the last look says until when: who
    stands elsewhere by now is asked other things.
    """
    winner, until = found
    while winner != standing.segment:
        changes = _moved(dimension, standing, winner, now, changes)
        if dimension.is_plain:
            break
        winner, until = look(profile, winner, now, _clocks(dimension, standing), now)
    standing.until = _until(dimension, standing, until, now) if dimension.is_timed else until
    return changes


def _moved(dimension: Dimension, standing: Standing, entered: str, now: int, before: list[Change]) -> list[Change]:
    """Return the moves so far and one more: coming into `otherwise` and on from it at one instant is one."""
    change = _move(dimension, standing, entered, now)
    if before and before[-1].is_placement:
        return [*before[:-1], change.after(before[-1])]
    return [*before, change]


def _winner(reading: _Reading) -> str:
    """Return the segment that has the customer, the own one while it may not be left downwards.

    What stands below the own segment is not asked while that keeps, nor who may not come from there.
    """
    for segment in reading.dimension.order:
        if segment.name == reading.own:
            if reading.keeps(segment) or _is_held(segment, reading.since, reading.now):
                return segment.name
        elif _comes(segment, reading):
            return segment.name
    return reading.dimension.otherwise.name


def _comes(segment: Segment, reading: _Reading) -> bool:
    """Tell whether a segment asks for a customer who may come into it."""
    if segment.only_from is not None and reading.own not in segment.only_from:
        return False
    return reading.enters(segment) and (not segment.has_clock or _asks(segment, reading.clocks, reading.now))


def _is_held(own: Segment, since: int, now: int) -> bool:
    """Tell whether the own segment may not be left downwards yet."""
    return now < since + own.stay_at_least_ms


def _tick_clock(clocks: Clocks, name: str, holds: bool, now: int) -> None:
    clock = clocks.get(name)
    if holds:
        if clock is None:
            clocks[name] = [now, -1, 0]
        elif clock[TRUE_SINCE] < 0:
            clock[TRUE_SINCE] = now
    elif clock is not None:
        clock[TRUE_SINCE], clock[SPENT] = -1, 0
        if clock[LEFT_AT] < 0:
            del clocks[name]  # it says nothing


def _is_over(segment: Segment, since: int, now: int) -> bool:
    return segment.stay_at_most_ms > 0 and now >= since + segment.stay_at_most_ms


def _asks(segment: Segment, clocks: Clocks, now: int) -> bool:
    true_since, left_at, spent = clocks[segment.name]
    return now >= true_since + segment.wait_ms and not spent and (left_at < 0 or now >= left_at + segment.cooldown_ms)


def _move(dimension: Dimension, standing: Standing, entered: str, now: int) -> Change:
    """Leave the own segment for `entered`, and let the clocks know."""
    left, since, past = standing.segment, standing.since, standing.past
    segment = dimension.by_name.get(left) if dimension.clocked else None
    if segment is not None and segment.has_clock:
        clock = past.clocks.setdefault(left, [-1, -1, 0])
        clock[LEFT_AT] = now
        clock[SPENT] = int(clock[TRUE_SINCE] >= 0 and _is_over(segment, since, now))
    is_return = entered == past.came_from != ""
    standing.segment, standing.since, past.came_from = entered, now, left
    return Change(dimension, left, entered, now, since, False, True, is_return)


def _until(dimension: Dimension, standing: Standing, until: int, now: int) -> int:
    """Return the first instant at which what was read, until `until`, or a clock may differ."""
    for segment in dimension.clocked:
        true_since, left_at, _ = standing.past.clocks.get(segment.name, (-1, -1, 0))
        if true_since >= 0:
            until = _sooner(until, true_since + segment.wait_ms, now)
            if left_at >= 0:
                until = _sooner(until, left_at + segment.cooldown_ms, now)
    own = dimension.by_name.get(standing.segment)
    if own is not None:
        if own.stay_at_least_ms:
            until = _sooner(until, standing.since + own.stay_at_least_ms, now)
        if own.stay_at_most_ms:
            until = _sooner(until, standing.since + own.stay_at_most_ms, now)
    return until


def _sooner(until: int, at: int, now: int) -> int:
    return at if now < at < until else until
