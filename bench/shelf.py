"""A partition without neighbours: the pure work of its slices, with packed profiles in a dict instead of Redis."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from heapq import heappop, heappush

from stream.core.event import Event
from stream.core.plan import Plan
from stream.ports import Record
from stream.service.slices import Changes, Work, understand
from stream.wire.outbox import encode_slice

SLICE_RECORDS = 1_000
TIMERS = 500


class Shelf:
    """Works slices one after the other, as a partition does between fetch and commit."""

    def __init__(self, plan: Plan, *, is_kept: bool = False) -> None:
        """Know no customer yet; `is_kept` says whether the bodies of transitions are kept in `told`."""
        self._plan, self._is_kept = plan, is_kept
        self.told: list[bytes] = []
        self.profiles: dict[str, bytes] = {}
        self.timers: dict[str, int] = {}
        self.transitions = 0
        self.published_bytes = 0
        self.tick_ms = 0
        self._due: list[tuple[int, str]] = []
        self._intake: dict[str, int] = {}

    def work(self, records: Sequence[Record]) -> None:
        """Handle these records in slices, and after each slice the timers that its ticks made due."""
        for start in range(0, len(records), SLICE_RECORDS):
            incoming = [understand(record, self._plan) for record in records[start : start + SLICE_RECORDS]]
            customers = {each.content.customer_id for each in incoming if isinstance(each.content, Event)}
            work = self._begin(customers)
            for each in incoming:
                work.apply(each)
            self._keep(work, work.finish())
            while fired := self._fired():
                work = self._begin(fired)
                work.wake_all(fired, sys.maxsize)
                self._keep(work, work.finish())

    def _begin(self, customers: set[str] | list[str]) -> Work:
        stored = {each: self.profiles.get(each) for each in customers}
        return Work(self._plan, 0, 1, self.tick_ms, dict(self._intake), stored.get)

    def _keep(self, work: Work, changes: Changes) -> None:
        self.tick_ms, self._intake = work.tick_ms, work.intake
        self.profiles.update(changes.profiles)
        for customer_id, wake_ms in changes.timers.items():
            if wake_ms is None:
                self.timers.pop(customer_id, None)
            else:
                self.timers[customer_id] = wake_ms
                heappush(self._due, (wake_ms, customer_id))
        if changes.told:
            self.transitions += len(changes.told.transitions)
            self.published_bytes += len(encode_slice(changes.told))
            if self._is_kept:
                self.told += [each.body for each in changes.told.transitions]

    def _fired(self) -> list[str]:
        fired: dict[str, None] = {}
        while self._due and self._due[0][0] < self.tick_ms and len(fired) < TIMERS:
            wake_ms, customer_id = heappop(self._due)
            if self.timers.get(customer_id) == wake_ms:
                fired[customer_id] = None
        return list(fired)
