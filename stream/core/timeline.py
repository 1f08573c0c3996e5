"""Many customers in one log, in memory: the engine without servers, for replay and for the cases of rules."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heappop, heappush

from stream.core.engine import Step, catch_up, step
from stream.core.event import Event
from stream.core.joins import Joins
from stream.core.merge import join
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.core.switching import Switch
from stream.core.transition import RULE_CHANGED, Cause


class Timeline:
    """The profiles of all customers of one partition of the log, and their wake-ups."""

    def __init__(self, plan: Plan) -> None:
        """Start before the first record."""
        self.plan = plan
        self.profiles: dict[str, Profile] = {}
        self.joins = Joins()
        self.clock = 0
        """The highest tick so far."""
        self._due: list[tuple[int, str]] = []

    def apply(self, event: Event) -> Step:
        """Apply one event and return what it changed, its customer's due instants included."""
        customer_id = event.customer_id = self.joins.stays(event.customer_id)
        profile = self.profiles.get(customer_id)
        if profile is None:
            profile = self.profiles[customer_id] = Profile(customer_id)
        done = step(profile, event, self.clock, self.plan)
        if profile.wake < profile.indexed:
            self._index(profile)
        return done

    def join(self, stays: str, goes: str, at: int) -> Iterator[Step]:
        """Let one id go into another as of an instant; nothing happens where both are one customer already."""
        stayer, leavers = self.joins.join(stays, goes)
        for leaver in leavers:
            one, other = (self.profiles.setdefault(each, Profile(each)) for each in (stayer, leaver))
            yield from join(one, other, at, self.clock, self.plan)
            self._index(one)
            for profile in (one, other):
                if profile.is_new:
                    del self.profiles[profile.customer_id]

    def tick(self, before: int) -> Iterator[Step]:
        """Fire everything due before an instant, customer by customer in order of their wake-ups."""
        self.clock = max(self.clock, before)
        while self._due and self._due[0][0] < self.clock:
            wake, customer_id = heappop(self._due)
            profile = self.profiles[customer_id]
            if profile.indexed != wake:
                continue
            profile.indexed = NEVER
            if profile.wake < self.clock:
                yield catch_up(profile, self.clock, self.plan)
            self._index(profile)

    def take(self, plan: Plan, at: int, why: str = RULE_CHANGED, memory: Timeline | None = None) -> Iterator[Step]:
        """Let another plan decide as of an instant: every customer takes the step, in the order of coming.

        `memory` has kept what the new plan needs, and is what keeps for the old one from now on.
        """
        switch = Switch(self.plan, plan, Cause(why))
        self.plan = plan
        if memory is not None:
            memory.plan = switch.old.keeping()
        known = [*self.profiles, *(memory.profiles if memory else ())]
        for customer_id in dict.fromkeys(one for one in known if self.joins.stays(one) == one):
            profile = self.profiles.setdefault(customer_id, Profile(customer_id))
            kept = memory.profiles.setdefault(customer_id, Profile(customer_id)) if memory else None
            yield switch.take(profile, at, self.clock, kept)
            self._index(profile)

    def _index(self, profile: Profile) -> None:
        """Keep one entry per customer that matters: the earliest; later wake-ups are found when it fires."""
        if profile.wake < profile.indexed:
            profile.indexed = profile.wake
            heappush(self._due, (profile.wake, profile.customer_id))
