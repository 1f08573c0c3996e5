"""What is kept of which events, and where conditions read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from stream.core import ledger as books
from stream.core import running
from stream.core.fold import Fold
from stream.core.frame import Frame
from stream.core.keeping import Keeping
from stream.core.keyed import Groups, grouped
from stream.core.marks import Mark, marked
from stream.core.matching import Test
from stream.core.profile import NEVER
from stream.core.sources import (
    Instants,
    Numbers,
    Rows,
    booked,
    booked_numbers,
    booked_rows,
    merged,
    newest_of,
    newest_per_day,
)

Tests = Sequence[tuple[str, Test]]
Column = Callable[[Mapping[str, Any]], Any]
PLAIN = frozenset({"newest", "oldest", "spread"})
"""Kinds that are lists of instants."""
SEQUENCE = "sequence"
"""Of `own`: events with the steps that they may be."""
KEYED = frozenset({"newest_each", "oldest_each"})
"""Kinds that are lists of instants by the value of a property."""
TOTAL = "total"
"""The kind that is how many numbers there are and what they add up to."""
ASKS_FIRST = frozenset({"oldest", "oldest_each", "first"})
"""Kinds of which the earliest in life is asked, however short the window."""


@dataclass(slots=True)
class Kept:
    """One state: what is kept of which events, and how much of it."""

    key: int
    kind: str
    """Instants (PLAIN, KEYED), TOTAL, rows (`ledger`, or `last`, `first`, `largest`, `smallest` of them), `own`."""
    pattern: str
    names: tuple[str, ...]
    tests: Tests = ()
    depth: int = 1
    span_ms: int = 0
    reach_ms: int = 0
    """How far back those look who read it: NEVER where the first in life counts, or what was before the span."""
    gap_ms: int = 0
    """Of `spread`: the shortest window that is asked."""
    path: str = ""
    """Of KEYED, TOTAL, `largest` and `smallest`: the property."""
    columns: dict[str, Column] = field(default_factory=dict)
    is_order: bool = False
    is_mixed: bool = False
    """Whether it is a ledger of orders and other events, in the order of the log."""
    own: Callable[[Kept], Fold] | None = None
    """Of `own`: what makes the fold, once all rules have asked."""

    def asked_for(self, span_ms: int, *, is_for_life: bool = False) -> Kept:
        """Keep it for so long at least, and return it; `is_for_life` of those who look back farther than that."""
        self.span_ms = max(self.span_ms, span_ms)
        self.reach_ms = NEVER if is_for_life else max(self.reach_ms, span_ms)
        return self

    @property
    def is_plain(self) -> bool:
        """Tell whether it is no rows."""
        return self.kind in PLAIN or self.kind in KEYED or self.kind == TOTAL

    @property
    def keeping(self) -> Keeping:
        """Return how much of the past it keeps: what an order may be reversed of is kept for life, and counts too."""
        is_for_life = self.is_order or self.is_mixed or self.kind in {"newest", "oldest"}
        return Keeping(
            self.reach_ms,
            NEVER if is_for_life else self.span_ms,
            self.depth,
            self.gap_ms,
            frozenset(self.names),
            frozenset(self.columns),
        )


@dataclass(slots=True)
class Source:
    """Where a condition finds its instants or rows: the parts, each with the test that its rows must pass."""

    parts: list[tuple[Kept, Test | None]]

    @property
    def keys(self) -> frozenset[int]:
        """Return the keys of the states."""
        return frozenset(kept.key for kept, _ in self.parts)

    @property
    def mark(self) -> Mark:
        """Return the reader of whether a customer did more than the states keep."""
        return marked([key for key, _ in self._booked], [kept.key for kept, _ in self.parts if kept.kind in KEYED])

    @property
    def keeps_newest(self) -> bool:
        """Tell whether the newest of what matches is never forgotten for something that does not match."""
        return all(test is None for _, test in self._booked)

    @property
    def _booked(self) -> list[tuple[int, Test | None]]:
        return [(kept.key, test) for kept, test in self.parts if not kept.is_plain]

    def instants(self) -> Instants:
        """Return the reader of all matching instants, sorted."""
        plain = [newest_of(kept.key) for kept, _ in self.parts if kept.kind in PLAIN]
        return merged([booked(key, test) for key, test in self._booked] + plain)

    def days(self) -> Rows:
        """Return the reader of (instant, local day) of all matching rows."""
        return newest_per_day(self._booked)

    def numbers(self, path: str, frame: Frame) -> Numbers:
        """Return the reader of (instant, number, weight) of all matching rows whose property is a number."""
        return booked_numbers(tuple(self._booked), path, frame.is_oldest)

    def totals(self, path: str) -> running.Totals:
        """Return the reader of how many numbers a property ever was, and what they add up to."""
        kept = [running.kept(kept.key) for kept, _ in self.parts if kept.kind == TOTAL]
        booked = [running.of_numbers(booked_numbers((part,), path, True)) for part in self._booked]
        return running.added(kept + booked)

    def values(self, value: Callable[[books.Row], Any]) -> Rows:
        """Return the reader of (instant, value) of all matching rows."""
        return booked_rows([(key, test, value) for key, test in self._booked])

    @property
    def only(self) -> tuple[Kept, Test | None] | None:
        """Return the one part that it has; None where there are several."""
        return self.parts[0] if len(self.parts) == 1 else None

    def answers(self, judge_of: Callable[[Kept], Test]) -> Rows:
        """Return the reader of (instant, whether the row passes); `judge_of` gives the test for each part."""
        return booked_rows([(kept.key, test, judge_of(kept)) for kept, test in self.parts])

    def groups(self, path: str) -> Groups:
        """Return the reader of all matching instants by the value of a property."""
        return grouped([kept.key for kept, _ in self.parts if kept.kind in KEYED], self._booked, path)
