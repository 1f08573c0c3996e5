"""Setting aside: a record on which the engine fails twice is kept out of the work, so that the next one is served."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream.ports import Record
from stream.service.slices import Changes, EngineFault, Incoming, Work

FAULTS_BEFORE_ASIDE = 2
"""A record on which the engine fails so often goes to the dead letters: once may be chance."""


class Aside:
    """The records of one partition on which the engine failed."""

    def __init__(self) -> None:
        """Know of no failure."""
        self._failures: dict[int, int] = {}
        self._poison: dict[int, str] = {}

    def apply(self, incoming: Iterable[Incoming], work: Work) -> None:
        """Apply these records; those that are set aside go to the dead letters."""
        for each in incoming:
            fault = self._poison.get(each.record.offset)
            if fault is None:
                work.apply(each)
            else:
                work.refuse(each.record, "engine", "engine", fault)

    def worked(self, begin: Callable[[bool], Work], fill: Callable[[Work], None]) -> tuple[Work, Changes]:
        """Begin, fill and finish a slice, again and again until nothing fails; `begin` is told whether carefully."""
        is_careful = False
        while True:
            work = begin(is_careful)
            try:
                fill(work)
                return work, work.finish()
            except EngineFault as fault:
                if fault.offset is not None:
                    self._failed(fault.offset, str(fault))
                elif is_careful:
                    raise
                is_careful = is_careful or fault.offset is None

    def _failed(self, offset: int, reason: str) -> None:
        self._failures[offset] = self._failures.get(offset, 0) + 1
        if self._failures[offset] >= FAULTS_BEFORE_ASIDE:
            self._poison[offset] = reason

    def forget(self, records: Iterable[Record]) -> None:
        """Forget these records: they are committed."""
        for record in records:
            self._failures.pop(record.offset, None)
            self._poison.pop(record.offset, None)
