"""Deciding: which segment of a dimension has a customer at an instant, and the clocks that calm it.

The order is read from the top: the first segment that asks for the customer, or that is the
customer's own and keeps, has the customer. A move up happens at once, a move down not before
`stay_at_least` is over.
"""

from __future__ import annotations

from stream.core.condition import Read
from stream.core.dimension import LEFT_AT, OUTSIDE, SPENT, TRUE_SINCE, Change, Dimension, Segment
from stream.core.profile import NEVER, Profile, Standing


def decide(dimension: Dimension, profile: Profile, now: int, *, is_new: bool = False) -> list[Change]:
    """Bring the customer's standing up to `now`, set when it must be looked at next, and return the moves.

    `is_new` says that the customer without a standing was never seen by this dimension, and does not rest in it.
    """
    standing = profile.standings.get(dimension.key)
    scope = dimension.inside is None or profile.since_in(*dimension.inside) is not None
    if standing is None:
        if dimension.is_plain and dimension.inside is None and not is_new:
            return _decide_at_rest(dimension, profile, now)
        standing = Standing(OUTSIDE, now, NEVER) if is_new else profile.resting(dimension.place.rest)
        profile.standings[dimension.key] = standing
    if not scope:
        standing.until = NEVER
        return [_go_out(standing, dimension, now)] if standing.segment != OUTSIDE else []
    placed = _place(dimension, standing, now) if standing.segment == OUTSIDE and dimension.otherwise.name else None
    settle = _settle_at_once if dimension.is_plain else _settle
    return settle(dimension, profile, standing, now, [placed] if placed else [])


def moves(dimension: Dimension, profile: Profile, now: int) -> bool:
    """Tell whether `decide` would move the customer; where not, the standing is brought up to `now` as it does."""
    standing = profile.standings.get(dimension.key)
    if standing is None or dimension.inside is not None:
        return bool(decide(dimension, profile, now))
    look = Look(dimension, profile, standing, now)
    if not _stays(look):
        return True
    standing.until = _until(look)
    return False


def _go_out(standing: Standing, dimension: Dimension, now: int) -> Change:
    """Leave a nested dimension: how long `enter` has held counts anew inside, cooldowns and spent stays go on."""
    left, since = standing.segment, standing.since
    clocks, segment = standing.clocks, dimension.by_name.get(left)
    if segment is not None and (segment.has_clock or segment.is_warming):
        clocks.setdefault(left, [-1, -1, 0])[LEFT_AT] = now
    for clock in clocks.values():
        clock[TRUE_SINCE] = -1
    standing.segment, standing.since, standing.came_from = OUTSIDE, now, left
    return Change(dimension, left, OUTSIDE, now, since, False)


def _place(dimension: Dimension, standing: Standing, now: int) -> Change:
    """Put a customer into `otherwise`: of a first time it is told only where the dimension says so.

    Who comes back into a nested dimension was told to be outside of it, so coming back is told always.
    """
    standing.segment, standing.since = dimension.otherwise.name, now
    is_first = standing.came_from == OUTSIDE
    is_announced = dimension.announces_first or not is_first
    return Change(dimension, OUTSIDE, standing.segment, now, now, is_first, is_announced)


class Look:
    """One look at one dimension: what it reads on the way is what can change its answer, and no more is read."""

    __slots__ = ("_ticked", "dimension", "now", "profile", "standing", "until")

    def __init__(self, dimension: Dimension, profile: Profile, standing: Standing, now: int) -> None:
        """Let the clocks know what holds; have read nothing else yet."""
        self.dimension, self.profile, self.standing, self.now = dimension, profile, standing, now
        self.until = NEVER
        self._ticked: dict[str, bool] = {}
        for segment in dimension.clocked:
            holds = self._ticked[segment.name] = self._reads(segment.enter)
            _tick_clock(standing, segment.name, holds, now)

    def enters(self, segment: Segment) -> bool:
        """Tell whether `enter` of a segment holds."""
        return self._ticked[segment.name] if segment.has_clock else self._reads(segment.enter)

    def keeps(self, segment: Segment) -> bool:
        """Tell whether the customer's own segment keeps: by `enter` or by `stay_while`, until both have ended."""
        if segment.stay_at_most_ms and _is_over(segment, self.standing, self.now):
            return False
        if segment.has_clock:
            return self._ticked[segment.name] or (segment.stay is not None and self._reads(segment.stay))
        return self._reads(segment.keep)

    def _reads(self, read: Read) -> bool:
        verdict = read(self.profile, self.now)
        until = verdict if verdict > 0 else -verdict
        if until < self.until:  # noqa: PLR1730 - a call of min takes three times as long, and this is read most
            self.until = until
        return verdict > 0


def _settle_at_once(
    dimension: Dimension, profile: Profile, standing: Standing, now: int, changes: list[Change]
) -> list[Change]:
    """Do what `_settle` does, for a plain dimension: one look from the top is enough, and it ends with the first."""
    own, since = standing.segment, standing.since
    winner, until, passed = _first(dimension, profile, own, now)
    if passed is not None and winner != own and _is_held(passed, since, now):
        winner = own
    if winner != own:
        changes, since = _moved(dimension, standing, winner, now, changes), now
    least_ms = dimension.by_name[winner].stay_at_least_ms
    standing.until = _sooner(until, since + least_ms, now) if least_ms else until
    return changes


def _decide_at_rest(dimension: Dimension, profile: Profile, now: int) -> list[Change]:
    """Do what `decide` does, for a customer who rests in a plain dimension: who stays needs no standing."""
    rest = dimension.place.rest
    winner, until, _ = _first(dimension, profile, rest, now)
    if winner == rest and until == NEVER:
        return []
    standing = profile.standings[dimension.key] = profile.resting(rest)
    if winner == rest:
        standing.until = until
        return []
    least_ms = dimension.by_name[winner].stay_at_least_ms
    standing.until = _sooner(until, now + least_ms, now) if least_ms else until
    return [_move(dimension, standing, winner, now)]


def _first(dimension: Dimension, profile: Profile, own: str, now: int) -> tuple[str, int, Segment | None]:
    """Return the first that asks or keeps, until when that is so at least, and the own segment if it was passed."""
    until, passed = NEVER, None
    for segment in dimension.order:
        if segment.name == own:
            passed = segment
            verdict = segment.keep(profile, now)
        else:
            verdict = segment.enter(profile, now)
            if verdict > 0 and segment.stay is not None:
                verdict = segment.keep(profile, now)
        bound = verdict if verdict > 0 else -verdict
        if bound < until:  # noqa: PLR1730 - as above
            until = bound
        if verdict > 0:
            return segment.name, until, passed
    return dimension.otherwise.name, until, passed


def _settle(
    dimension: Dimension, profile: Profile, standing: Standing, now: int, changes: list[Change]
) -> list[Change]:
    """Decide again until nothing moves; no segment is entered twice at one instant.

    It never is, and this ends: `enter` of who was just entered holds and no stay of theirs is over, so they keep, and
    only a segment higher in the order takes the customer from them. After the first move all others go upwards.
    Only the last look says until when: who stands elsewhere by now is asked other things.
    """
    look = Look(dimension, profile, standing, now)
    ticked = look.until
    while (winner := _winner(look)) != standing.segment:
        changes = _moved(dimension, standing, winner, now, changes)
        look.until = ticked
    standing.until = _until(look)
    return changes


def _moved(dimension: Dimension, standing: Standing, entered: str, now: int, before: list[Change]) -> list[Change]:
    """Return the moves so far and one more: coming into `otherwise` and on from it at one instant is one."""
    change = _move(dimension, standing, entered, now)
    if before and before[-1].is_placement:
        return [*before[:-1], change.after(before[-1])]
    return [*before, change]


def _stays(look: Look) -> bool:
    """Tell whether nobody else has the customer: what `_winner` would find out of that is not asked."""
    own = look.standing.segment
    for segment in look.dimension.order:
        if segment.name == own:
            return look.keeps(segment) or _is_held(segment, look.standing.since, look.now)
        if _comes(segment, look):
            return False
    return True


def _comes(segment: Segment, look: Look) -> bool:
    """Tell whether a segment asks for a customer who may come into it."""
    if segment.only_from is not None and not _may_come(segment, look.standing.segment):
        return False
    return look.enters(segment) and (not segment.has_clock or _asks(segment, look.standing, look.now))


def _is_held(own: Segment, since: int, now: int) -> bool:
    """Tell whether the own segment may not be left downwards yet."""
    return now < since + own.stay_at_least_ms


def _tick_clock(standing: Standing, name: str, holds: bool, now: int) -> None:
    clock = standing.clocks.get(name)
    if holds:
        if clock is None:
            standing.clocks[name] = [now, -1, 0]
        elif clock[TRUE_SINCE] < 0:
            clock[TRUE_SINCE] = now
    elif clock is not None:
        clock[TRUE_SINCE], clock[SPENT] = -1, 0
        if clock[LEFT_AT] < 0:
            del standing.clocks[name]  # it says nothing


def _winner(look: Look) -> str:
    """Return the segment that has the customer, the own one while it may not be left downwards.

    What stands below the own segment is not asked while that keeps, nor who may not come from there.
    """
    dimension, standing = look.dimension, look.standing
    own, winner, passed = standing.segment, dimension.otherwise.name, None
    for segment in dimension.order:
        if segment.name == own:
            if look.keeps(segment):
                return own
            passed = segment
        elif _comes(segment, look):
            winner = segment.name
            break
    return own if passed is not None and _is_held(passed, standing.since, look.now) else winner


def _may_come(segment: Segment, own: str) -> bool:
    return own in (segment.only_from or ())


def _is_over(segment: Segment, standing: Standing, now: int) -> bool:
    return segment.stay_at_most_ms > 0 and now >= standing.since + segment.stay_at_most_ms


def _asks(segment: Segment, standing: Standing, now: int) -> bool:
    true_since, left_at, spent = standing.clocks[segment.name]
    return now >= true_since + segment.wait_ms and not spent and (left_at < 0 or now >= left_at + segment.cooldown_ms)


def _move(dimension: Dimension, standing: Standing, entered: str, now: int) -> Change:
    """Leave the own segment for `entered`, and let the clocks know."""
    left = standing.segment
    segment = dimension.by_name.get(left)
    if segment is not None and segment.has_clock:
        clock = standing.clocks.setdefault(left, [-1, -1, 0])
        clock[LEFT_AT] = now
        clock[SPENT] = int(clock[TRUE_SINCE] >= 0 and _is_over(segment, standing, now))
    change = Change(dimension, left, entered, now, standing.since, False, is_return=entered == standing.came_from != "")
    standing.segment, standing.since, standing.came_from = entered, now, left
    return change


def _until(look: Look) -> int:
    """Return the first instant at which anything that was read, or a clock, may differ."""
    dimension, standing, now, until = look.dimension, look.standing, look.now, look.until
    for segment in dimension.clocked:
        true_since, left_at, _ = standing.clocks.get(segment.name, (-1, -1, 0))
        if true_since >= 0:
            until = _sooner(until, true_since + segment.wait_ms, now)
            if left_at >= 0:
                until = _sooner(until, left_at + segment.cooldown_ms, now)
    own = dimension.by_name.get(standing.segment)
    if own is not None:
        until = _sooner(until, standing.since + own.stay_at_least_ms, now)
        if own.stay_at_most_ms:
            until = _sooner(until, standing.since + own.stay_at_most_ms, now)
    return until


def _sooner(until: int, at: int, now: int) -> int:
    return at if now < at < until else until
