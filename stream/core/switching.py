"""Switching: another version of the rules is taken as a step at its instant.

The old plan catches up and lets go of the customer, the new one decides everything once. Standings, entry dates
and clocks go on where dimension and segment are the same; who stands where the new version has nothing, leaves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from stream.core.dimension import OUTSIDE, Change, Dimension
from stream.core.engine import Step, catch_up, decide_all
from stream.core.past import Past
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile, Standing
from stream.core.transition import Cause


def means_the_same(old: Plan, new: Plan) -> bool:
    """Tell whether two plans decide alike: then nothing is to be done when one takes the place of the other."""
    return old.version == new.version and old.layout.number == new.layout.number


@dataclass(frozen=True, slots=True)
class Switch:
    """One plan in place of another, for one customer after the other."""

    old: Plan
    new: Plan
    why: Cause
    gone: tuple[Dimension, ...] = field(init=False)
    """The dimensions that only the old plan has, in its order; their conditions are asked no more."""

    def __post_init__(self) -> None:
        """Find what is gone."""
        gone = [_mute(one) for one in self.old.dimensions if one.key not in self.new.layout.bits]
        object.__setattr__(self, "gone", tuple(gone))

    def take(self, profile: Profile, at: int, clock: int = 0, kept: Profile | None = None) -> Step:
        """Return what the switch at an instant changes of one customer, all that was due before it included.

        `kept` holds the states of the new plan, and gets those of the old one; without it the customer's own go on.
        """
        done = catch_up(profile, max(at, clock), self.old)
        profile.as_of = now = max(profile.as_of, kept.as_of if kept else at, at)
        gone = list(self._let_go(profile, now))
        if kept is not None:
            _exchange(profile, kept)
        for dimension in self.new.dimensions:
            if (standing := profile.standings.get(dimension.key)) is not None:
                _keep_clocks(standing, dimension)
        decide_all(profile, now, self.new, self.why, gone, done)
        return done

    def _let_go(self, profile: Profile, now: int) -> Iterator[Change]:
        """Write out where the customer rests, forget what is read by the old plan only, and yield what is left."""
        if profile.layout:
            for dimension in self.old.dimensions:
                if dimension.key not in profile.standings:
                    profile.standings[dimension.key] = profile.resting(dimension.place.rest)
        profile.layout = profile.signs = 0
        profile.verdicts, profile.derived = {}, {}
        for dimension in self.gone:
            standing = profile.standings.pop(dimension.key, None)
            if standing is not None:
                left, since = standing.segment, standing.since
                if dimension.otherwise.name and (left or standing.past.came_from):
                    profile.standings[dimension.key] = _outside(standing, now)
                if left != OUTSIDE:
                    yield Change(dimension, left, OUTSIDE, now, since, False)


def _outside(standing: Standing, now: int) -> Standing:
    """Return the standing of who was told to be out of an exclusive dimension: should it come back, that is told."""
    past = standing.past
    return Standing(OUTSIDE, now, opened=Past(standing.segment or past.came_from, {}, past.entries))


def _exchange(profile: Profile, kept: Profile) -> None:
    """Give the customer what the new plan kept, and `kept` what the old one did."""
    kept.layout = 0
    profile.states, kept.states = kept.states, profile.states
    profile.recent, kept.recent = kept.recent, profile.recent
    if kept.known_since < NEVER:
        profile.known_since, kept.known_since = kept.known_since, profile.known_since


def _mute(dimension: Dimension) -> Dimension:
    """Return a dimension that nobody asks any more, for its words and owners only."""
    order = tuple(replace(segment, leaves=(), entering=0) for segment in dimension.order)
    return replace(dimension, order=order, inside=None)


def _keep_clocks(standing: Standing, dimension: Dimension) -> None:
    """Let the clocks of those segments go on that have clocks in the new version too."""
    kept = {one.name for one in dimension.order if one.has_clock or one.is_warming}
    past = standing.past
    past.clocks = {name: clock for name, clock in past.clocks.items() if name in kept}
