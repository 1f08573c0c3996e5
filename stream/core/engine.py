"""The one step the whole service repeats.

Laws: time is an argument; a profile changes only here; instants that are due fire before the
event that comes after them; each transition leaves what the one before entered.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from stream.core.deciding import decide, moves
from stream.core.dimension import Change, Dimension, Segment
from stream.core.event import Event
from stream.core.gauge import remember
from stream.core.lottery import is_control
from stream.core.plan import Plan
from stream.core.profile import MARK_BYTES, NEVER, RECENT_BYTES, Profile, is_among, mark_of
from stream.core.reason import evidence_of, what_ran_out
from stream.core.transition import EVENT, MERGE, Cause, Transition
from stream.errors import CorruptProfileError

ACCEPTED, DUPLICATE, DUPLICATE_ORDER = "accepted", "duplicate", "duplicate_order"
AHEAD_LIMIT = 64
"""How many wake-ups the search for `holds_until` looks through before it says so."""


class Step(msgspec.Struct):
    """What one step did: the outcome of the record, the transitions to publish, every move for the counts."""

    outcome: str
    transitions: list[Transition]
    moves: list[Change]
    rested: int = 0
    """The bits of the dimensions in which a new customer rests, without a move."""


def step(profile: Profile, event: Event, clock: int, plan: Plan) -> Step:
    """Apply one event to one customer and return what changed.

    `clock` is the highest tick read before this record: what is due before it has fired, or does now.
    """
    mark, recent = mark_of(event.event_id), profile.recent
    if mark in recent and plan.remembers_ids and is_among(mark, recent):
        return Step(DUPLICATE, [], [])
    if event.name in plan.orders and plan.is_repeated_order(profile, event):
        return Step(DUPLICATE_ORDER, [], [])
    now = event.record_time
    before = now if now > clock else clock
    done = catch_up(profile, before, plan) if profile.wake < before else Step(ACCEPTED, [], [])
    fresh, touched = _settle_in(profile, plan) if profile.layout != plan.layout.number else (0, 0)
    if now >= profile.as_of:
        profile.as_of = now
    else:
        now = profile.as_of
    if profile.known_since == NEVER:
        profile.known_since = now
    profile.recent = (recent if len(recent) < RECENT_BYTES else recent[MARK_BYTES:]) + mark
    if event.backfill_until >= 0:
        profile.backfill_until = max(profile.backfill_until, event.backfill_until)
    touched = plan.fold(profile, event, touched)
    if touched or fresh or profile.wake <= now:
        _run(profile, touched, fresh, now, plan, event, done)
    return done


def catch_up(profile: Profile, before: int, plan: Plan) -> Step:
    """Fire every instant of this customer due strictly before `before`, each as of its own instant.

    What nobody reaches any more from there on is forgotten.
    """
    done = Step(ACCEPTED, [], [])
    while profile.wake < before:
        fresh, touched = _settle_in(profile, plan) if profile.layout != plan.layout.number else (0, 0)
        now = profile.as_of = profile.wake
        _run(profile, touched, fresh, now, plan, None, done)
    plan.forget(profile)  # not before the last is told: it asks what held an instant earlier
    return done


def _settle_in(profile: Profile, plan: Plan) -> tuple[int, int]:
    """Let a plan decide from now on: return the bits of the dimensions new to the customer, and of those to decide.

    Of whom nothing is known, most need no look; raises CorruptProfileError where other rules decided so far.
    """
    if not plan.is_of(profile):
        raise CorruptProfileError(profile.customer_id, "the profile was kept under other rules")
    everything, layout = plan.everything, plan.layout
    is_blank = profile.is_new and not profile.states
    profile.layout, profile.signs = layout.number, layout.signs if is_blank else 0
    profile.verdicts = {}
    fresh = everything & ~sum([layout.bits[key] for key in profile.standings if key in layout.bits])
    return fresh, everything & ~layout.resting if is_blank else everything


def decide_all(profile: Profile, now: int, plan: Plan, why: Cause, gone: list[Change], done: Step) -> None:
    """Let a plan that is new to a customer decide everything as of `now`, once; moves that are `gone` are told first.

    Raises CorruptProfileError where another plan has not let go of the customer.
    """
    fresh, touched = _settle_in(profile, plan)
    _tell(profile, gone, now, plan, why, done)
    _run(profile, touched, fresh, now, plan, why, done)


def _run(
    profile: Profile, touched: int, fresh: int, now: int, plan: Plan, why: Event | Cause | None, done: Step
) -> None:
    """Decide what was touched or is due at `now`, and number what is announced; `fresh` are new to the customer."""
    if profile.wake <= now:
        touched |= _due(profile, now, plan)
    moved, decided = _decide(profile, touched, fresh, now, plan)
    done.rested |= fresh & ~decided
    wake = NEVER
    for standing in profile.standings.values():
        if standing.until < wake:  # noqa: PLR1730 - a call of min takes three times as long
            wake = standing.until
    profile.wake = wake
    if wake <= now:
        raise CorruptProfileError(profile.customer_id, f"a verdict ends at {wake}, not after {now}")
    if moved:
        _tell(profile, moved, now, plan, why, done)


def _due(profile: Profile, now: int, plan: Plan) -> int:
    """Return the bits of the dimensions that must be looked at by `now`."""
    bits = plan.layout.bits
    return sum([bits[key] for key, standing in profile.standings.items() if standing.until <= now and key in bits])


def _decide(profile: Profile, touched: int, fresh: int, now: int, plan: Plan) -> tuple[list[Change], int]:
    """Return the moves in topological order, and the bits that were decided: who looks at what moved is, too."""
    dimensions, looks, lookers = plan.dimensions, plan.looks, plan.lookers
    standings = profile.standings
    moved: list[Change] = []
    decided = 0
    while touched:
        bit = touched & -touched
        touched ^= bit
        decided |= bit
        index = bit.bit_length() - 1
        dimension = dimensions[index]
        if dimension.inside is not None:  # whoever is outside of it is not looked at
            remember(plan.layout.gauges[index], profile, now)
        look = looks.get(index) or plan.look(index)
        changes = decide(dimension, profile, now, is_new=fresh & bit != 0, look=look)
        if changes:
            moved += changes
            touched |= lookers[index]
        standing = standings.get(dimension.key)
        if standing is not None and standing.until == NEVER and profile.is_resting(standing, dimension.place.rest):
            del standings[dimension.key]
    return moved, decided


def tell(profile: Profile, moved: list[Change], now: int, plan: Plan, why: Cause, done: Step) -> None:
    """Add moves that no condition decided to what is done, numbered where they are announced."""
    _tell(profile, moved, now, plan, why, done)


def _tell(profile: Profile, moved: list[Change], now: int, plan: Plan, why: Event | Cause | None, done: Step) -> None:
    done.moves += moved
    announced = []
    for change in moved:
        if change.entered and (standing := profile.standings.get(change.dimension.key)) is not None:
            entries = standing.past.entries
            entries[change.entered] = entries.get(change.entered, 0) + 1
        if change.is_announced:
            announced.append(change)
    if not plan.tells:
        profile.sequence += len(announced)
        return
    cause = _cause(why, plan) if isinstance(why, Event) else why
    for change in announced:
        profile.sequence += 1
        done.transitions.append(_transition(profile, change, now, plan, cause))


def _cause(event: Event, plan: Plan) -> Cause:
    is_late = event.record_time - event.occurred_at > plan.lateness_ms
    return Cause(EVENT, event.event_id, event.name, event.source, is_late=is_late)


def _transition(profile: Profile, change: Change, now: int, plan: Plan, cause: Cause | None) -> Transition:
    dimension, left, entered, customer_id = change.dimension, change.left, change.entered, profile.customer_id
    segment, (until, is_exact) = told_segment(dimension, change), _holds_until(change, profile, plan)
    standing = profile.standings.get(dimension.key) or profile.standing(dimension.place)
    percent = segment.holdout_percent
    is_holdout = percent > 0 and is_control(segment.lottery, customer_id, percent)
    return Transition(  # by place: names cost half as much again, and nothing else is made as often
        customer_id,
        profile.sequence,
        dimension.name,
        left,
        entered,
        now,
        cause or Cause("time", condition=what_ran_out(profile, change, now)),
        now > profile.backfill_until and not plan.is_silent and not is_holdout and may_act(cause, segment),
        evidence_of(profile, change, now),
        now - change.left_since if left else 0,  # dwell_ms
        standing.past.entries.get(entered, 0) if standing else 0,
        until,
        is_exact,
        plan.version,
        segment.owner,
        segment.next_action if entered else "",
        is_holdout,
    )


def may_act(cause: Cause | None, segment: Segment) -> bool:
    """Tell whether campaigns may act on such a cause: on other rules only where the segment announces that."""
    return cause is None or cause.kind == EVENT or (segment.announces_rules and cause.kind != MERGE)


def told_segment(dimension: Dimension, change: Change) -> Segment:
    """Return the segment whose owner hears of a change: the entered one, outside the one that was left."""
    return dimension.by_name.get(change.entered or change.left, dimension.otherwise)


def _holds_until(change: Change, profile: Profile, plan: Plan) -> tuple[int, bool]:
    """Play silence on a copy: when does the dimension change next, and is that exact."""
    dimension, standings = change.dimension, profile.standings
    if dimension.key not in plan.layout.bits:
        return NEVER, True
    played = plan.layout.upstream[dimension.index]
    keys = [one.key for one in played]
    now = min([standings[key].until for key in keys if key in standings], default=NEVER)
    if now >= NEVER:
        return NEVER, True
    ahead = profile.ahead(keys)
    for _ in range(AHEAD_LIMIT):
        ahead.as_of = now
        if _play(ahead, now, played, plan):
            return now, True
        now = min([ahead.until(key) for key in keys])
        if now >= NEVER:
            return NEVER, True
    return ahead.as_of, False


def _play(profile: Profile, now: int, played: Sequence[Dimension], plan: Plan) -> bool:
    """Decide what is due at `now` among a dimension and those that it looks at, and tell whether it moves itself."""
    *above, last = played
    if not above:
        return moves(last, profile, now, plan.look(last.index))
    touched = 0
    for dimension in above:
        is_due = touched >> dimension.index & 1 or profile.until(dimension.key) <= now
        if is_due and decide(dimension, profile, now, look=plan.look(dimension.index)):
            touched |= plan.lookers[dimension.index]
    is_due = touched >> last.index & 1 or profile.until(last.key) <= now
    return bool(is_due) and moves(last, profile, now, plan.look(last.index))
