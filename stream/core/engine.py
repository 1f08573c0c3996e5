"""The one step the whole service repeats.

Laws: time is an argument; a profile changes only here; instants that are due fire before the
event that comes after them; each transition leaves what the one before entered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stream.core.dimension import Change, Dimension, Segment, decide
from stream.core.event import Event
from stream.core.lottery import is_control
from stream.core.plan import Plan
from stream.core.profile import NEVER, RECENT_IDS, Profile
from stream.core.reason import evidence_of, what_ran_out
from stream.core.transition import Cause, Transition
from stream.errors import CorruptProfileError

ACCEPTED, DUPLICATE, DUPLICATE_ORDER = "accepted", "duplicate", "duplicate_order"
AHEAD_LIMIT = 64
"""How many wake-ups the search for `holds_until` looks through before it says so."""


@dataclass(slots=True)
class Step:
    """What one step did: the outcome of the record, the transitions to publish, every move for the counts."""

    outcome: str
    transitions: list[Transition]
    moves: list[Change]


def step(profile: Profile, event: Event, clock: int, plan: Plan) -> Step:
    """Apply one event to one customer and return what changed.

    `clock` is the highest tick read before this record: what is due before it has fired, or does now.
    """
    identity = plan.identity(event.event_id)
    if plan.remembers_ids and identity in profile.recent:
        return Step(DUPLICATE, [], [])
    if plan.is_repeated_order(profile, event):
        return Step(DUPLICATE_ORDER, [], [])
    done = catch_up(profile, max(clock, event.record_time), plan)
    now = max(profile.as_of, event.record_time)
    is_new = profile.is_new
    profile.as_of = now
    profile.known_since = min(profile.known_since, now)
    profile.recent.append(identity)
    del profile.recent[:-RECENT_IDS]
    profile.backfill_until = max(profile.backfill_until, event.backfill_until)
    touched = plan.fold(profile, event)
    cause = Cause(
        "event",
        event.event_id,
        event.name,
        event.source,
        is_late=event.record_time - event.occurred_at > plan.lateness_ms,
    )
    _run(profile, plan.everything if is_new else touched, now, plan, cause, done)
    return done


def catch_up(profile: Profile, before: int, plan: Plan) -> Step:
    """Fire every instant of this customer due strictly before `before`, each as of its own instant."""
    done = Step(ACCEPTED, [], [])
    while profile.wake < before:
        now = profile.as_of = profile.wake
        _run(profile, 0, now, plan, None, done)
    return done


def _run(profile: Profile, touched: int, now: int, plan: Plan, cause: Cause | None, done: Step) -> None:
    """Decide what was touched or is due at `now`, in topological order, and number what is announced."""
    if touched == 0 and profile.wake > now:
        return
    moved: list[Change] = []
    standings = profile.standings
    for dimension in plan.dimensions:
        standing = standings.get(dimension.key)
        if touched >> dimension.index & 1 or standing is None or standing.until <= now:
            changes = decide(dimension, profile, now)
            if changes:
                moved += changes
                touched |= plan.lookers[dimension.index]
    profile.wake = min([standing.until for standing in standings.values()], default=NEVER)
    if profile.wake <= now:
        raise CorruptProfileError(profile.customer_id, f"a verdict ends at {profile.wake}, not after {now}")
    if moved:
        _tell(profile, moved, now, plan, cause, done)


def _tell(profile: Profile, moved: list[Change], now: int, plan: Plan, cause: Cause | None, done: Step) -> None:
    done.moves += moved
    announced = [change for change in moved if change.is_announced]
    for change in moved:
        entries = profile.standings[change.dimension.key].entries
        if change.entered:
            entries[change.entered] = entries.get(change.entered, 0) + 1
    if not announced or not plan.tells:
        profile.sequence += len(announced)
        return
    horizon = _holds_until({change.dimension.key for change in announced}, profile, plan)
    for change in announced:
        profile.sequence += 1
        done.transitions.append(_transition(profile, change, now, plan, cause, horizon[change.dimension.key]))


def _transition(
    profile: Profile, change: Change, now: int, plan: Plan, cause: Cause | None, horizon: tuple[int, bool]
) -> Transition:
    dimension = change.dimension
    segment = told_segment(dimension, change)
    is_holdout = is_control(segment.lottery, profile.customer_id, segment.holdout_percent)
    return Transition(
        customer_id=profile.customer_id,
        sequence=profile.sequence,
        dimension=dimension.name,
        left=change.left,
        entered=change.entered,
        at=now,
        cause=cause or Cause("time", condition=what_ran_out(profile, change, now)),
        acts=now > profile.backfill_until and not plan.is_silent and not is_holdout,
        evidence=evidence_of(profile, change, now),
        dwell_ms=now - change.left_since if change.left else 0,
        entry_count=profile.standings[dimension.key].entries.get(change.entered, 0),
        holds_until=horizon[0],
        holds_until_is_exact=horizon[1],
        rules_version=plan.version,
        owner=segment.owner,
        next_action=segment.next_action if change.entered else "",
        is_holdout=is_holdout,
    )


def told_segment(dimension: Dimension, change: Change) -> Segment:
    """Return the segment whose owner hears of a change: the entered one, outside the one that was left."""
    return dimension.by_name.get(change.entered or change.left, dimension.otherwise)


def _holds_until(keys: set[int], profile: Profile, plan: Plan) -> dict[int, tuple[int, bool]]:
    """Play silence on a copy: when does each of these dimensions change next, and is that exact.

    Only the dimensions asked for, and those they look at, are played.
    """
    ahead = profile.ahead()
    found: dict[int, tuple[int, bool]] = {}
    for _ in range(AHEAD_LIMIT):
        played = plan.upstream_of(keys - found.keys())
        now = min([ahead.standings[dimension.key].until for dimension in played], default=NEVER)
        if now >= NEVER:
            return {key: found.get(key, (NEVER, True)) for key in keys}
        ahead.as_of = now
        for changed in _play(ahead, now, played, plan):
            found.setdefault(changed, (now, True))
    return {key: found.get(key, (now, False)) for key in keys}


def _play(profile: Profile, now: int, played: Sequence[Dimension], plan: Plan) -> list[int]:
    """Decide what is due at `now` among some dimensions, and return the keys of those that changed."""
    changed, touched = [], 0
    for dimension in played:
        is_due = touched >> dimension.index & 1 or profile.standings[dimension.key].until <= now
        if is_due and decide(dimension, profile, now):
            changed.append(dimension.key)
            touched |= plan.lookers[dimension.index]
    return changed
