"""Versions of the rules in a replay: which one decides from when on, and what the others keep until then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from heapq import heapify, heappop, heappush

from stream.core.engine import Step
from stream.core.plan import Plan
from stream.core.profile import NEVER
from stream.core.switching import means_the_same
from stream.core.timeline import Timeline
from stream.core.transition import BACKFILL, RULE_CHANGED
from stream.core.warming import SegmentKey, Version, warming
from stream.errors import InputError
from stream.wire.control import Use
from stream.wire.event import CanonicalEvent
from stream.wire.merge import Merge


class Versions:
    """The versions that a replay may come to, by name: the hash or the number of a `use`, or any name.

    What one needs that those before it did not keep comes from the whole log: each keeps from the first record on
    what it would know if it had always decided.
    """

    def __init__(self, first: Plan, named: Mapping[str, Version], begin: Mapping[int, str]) -> None:
        """Start with the first plan; `begin` names versions that are taken at an instant, without a `use`."""
        self._named = named
        self._memories = {name: Timeline(version.plan.keeping()) for name, version in named.items()}
        self._name = ""
        self._number = 0
        self._steps = [*begin.items()]
        heapify(self._steps)
        self._whole = first.keeps
        """What is kept with all of its history."""
        self._ready: dict[SegmentKey, int] = {}
        """The warming segments, and when the history of each is there."""
        self.passed_over: list[Use] = []
        """Versions that the log takes into use and nobody named: the one before went on."""

    def hear(self, content: CanonicalEvent, record_time: int, backfill_until: int) -> None:
        """Let each version that does not decide keep what it makes of a record."""
        for memory in self._memories.values():
            with suppress(InputError):
                memory.apply(memory.plan.vocabulary.accept(content, record_time, backfill_until))

    def join(self, merge: Merge, at: int) -> None:
        """Let each version that does not decide know that two ids are one customer."""
        for memory in self._memories.values():
            for _ in memory.join(merge.stays, merge.goes, at):
                pass  # it decides nothing

    def use(self, use: Use, at: int, timeline: Timeline) -> Iterator[Step]:
        """Take the version that a record of the log names; one of a lower number than before changes nothing."""
        if use.kind != "rules" or use.number <= self._number:
            return
        self._number = use.number
        name = next((name for name in (use.hash, str(use.number)) if name in self._named), None)
        if name is None:
            self.passed_over.append(use)
        else:
            yield from self._take(name, at, timeline)

    def due(self, latest: int, timeline: Timeline) -> Iterator[Step]:
        """Take every step whose instant has come by `latest`, included."""
        while self._steps and self._steps[0][0] <= latest:
            at, name = heappop(self._steps)
            yield from self._take(name, at, timeline) if name else self._warm_up(at, timeline)

    def _take(self, name: str, at: int, timeline: Timeline) -> Iterator[Step]:
        """Let a version decide from an instant on, but for the segments whose history is not there yet."""
        if name == self._name:
            return
        version, memory = self._named[name], self._memories.pop(name)
        if self._name:
            self._memories[self._name] = memory
        self._name = name
        if means_the_same(timeline.plan, version.plan) and not self._ready:
            timeline.plan = version.plan
            return
        self._ready = {segment: ready for segment, ready in version.ready_at(self._whole).items() if ready > at}
        for ready in {*self._ready.values()} - {NEVER}:
            heappush(self._steps, (ready, NOBODY))
        self._whole = version.kept_whole(self._whole) if self._ready else version.plan.keeps
        yield from timeline.take(self._plan(version), at, RULE_CHANGED, memory)

    def _warm_up(self, at: int, timeline: Timeline) -> Iterator[Step]:
        """Let the segments decide whose history is there now."""
        warm = [segment for segment, ready in self._ready.items() if ready <= at]
        if not warm:
            return
        version = self._named[self._name]
        self._ready = {segment: ready for segment, ready in self._ready.items() if ready > at}
        self._whole = self._whole if self._ready else version.plan.keeps
        yield from timeline.take(self._plan(version), at, BACKFILL)

    def _plan(self, version: Version) -> Plan:
        return warming(version.plan, self._ready) if self._ready else version.plan


NOBODY = ""
"""In place of the name of a version: a step in which only history comes in."""
