"""What one run of the benchmarks shares: how much time it has, where files lie, servers started when asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bench.measure import Row, middle

if TYPE_CHECKING:
    from bench.servers import Servers

FULL_RUNS = 3
T = TypeVar("T")


@dataclass(slots=True)
class Stage:
    """One run; leaving `stack` stops what was started."""

    is_quick: bool
    folder: Path
    stack: ExitStack
    _servers: Servers | None = None

    @property
    def runs(self) -> int:
        """Return how often each thing is measured."""
        return 1 if self.is_quick else FULL_RUNS

    def pick(self, quick: T, full: T) -> T:
        """Return what fits the time there is."""
        return quick if self.is_quick else full

    def median(self, measure: Callable[[], Row], spread_of: str) -> Row:
        """Return the medians of several measurements as one row."""
        return middle([measure() for _ in range(self.runs)], "" if self.is_quick else spread_of)

    def medians(self, measure: Callable[[], Sequence[Row]], spread_of: str) -> list[Row]:
        """Return the medians of several measurements that give several rows each."""
        found = [measure() for _ in range(self.runs)]
        return [middle(runs, "" if self.is_quick else spread_of) for runs in zip(*found, strict=True)]

    @property
    def servers(self) -> Servers:
        """Return a broker and a Valkey, started at the first question."""
        if self._servers is None:
            from bench.servers import started

            self._servers = self.stack.enter_context(started(self.folder))
        return self._servers
