"""Windows as rules name them: the part of sorted instants that counts at an instant, and when that changes.

There are two kinds: spans that look back from now (`within`, `older_ms`), and windows of the calendar.
Every condition with a window goes through `inside` and `verdict`, and knows neither kind.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from stream.core import ledger as books
from stream.core import window
from stream.core.calendar_window import CalendarWindow
from stream.core.profile import NEVER, Profile
from stream.core.sources import remembered

DAY_MS = 86_400_000

Span = Callable[[Profile], int]
"""From a profile to a length in ms; between orders it is constant."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A window: from `older_ms` ago back to `within` ago (None: ever), or one of the calendar."""

    within: Span | None = None
    older_ms: int = 0
    longest_ms: int = NEVER
    """The longest it can be, for how long rows are worth keeping apart."""
    calendar: CalendarWindow | None = None
    """Set for windows of the calendar, whose spans are not looked at."""
    states: frozenset[int] = frozenset()
    """Keys of the states that it depends on itself: the orders of a personal span, the zone of a calendar."""

    is_ever: bool = field(init=False)
    """Whether everything counts, always."""
    newest: Span | None = field(init=False)
    """Set where it is only so long back from now: its span."""

    def __post_init__(self) -> None:
        """Note what is asked of it most often."""
        is_span = self.calendar is None and not self.older_ms
        object.__setattr__(self, "newest", self.within if is_span else None)
        object.__setattr__(self, "is_ever", self.within is None and not self.older_ms and self.calendar is None)

    @property
    def is_recent(self) -> bool:
        """Tell whether what counts is always the newest: things only leave it, and in order."""
        return self.calendar.is_recent if self.calendar is not None else not self.older_ms

    @property
    def is_oldest(self) -> bool:
        """Tell whether what counts is always the oldest: things only come into it, and in order."""
        return self.calendar.is_oldest if self.calendar is not None else self.within is None

    def inside(self, profile: Profile, instants: Sequence[int], now: int) -> tuple[int, int]:
        """Return the slice [start, stop) of sorted instants that lies in the window at `now`."""
        if self.calendar is not None:
            first, end = self.calendar.bounds(profile, now)
            start = bisect_left(instants, first)
            return start, max(start, bisect_left(instants, end))
        return window.inside(instants, now, self.within(profile) if self.within else NEVER, self.older_ms)

    def verdict(
        self,
        profile: Profile,
        instants: Sequence[int],
        now: int,
        holds: Callable[[int, int], bool],
    ) -> int:
        """Return whether `holds(start, stop)` of the slice that counts at `now`, and until which edge it stays so."""
        if self.is_ever:
            return NEVER if holds(0, len(instants)) else -NEVER
        if self.calendar is not None:
            edges = self.calendar.edges(profile, instants, now)
            return window.first_change(lambda at: holds(*self.inside(profile, instants, at)), edges, now)
        reach = self.within(profile) if self.within else NEVER
        if not self.older_ms:
            return window.what_is_left(instants, now, reach, holds)

        def holds_at(at: int) -> bool:
            return holds(*window.inside(instants, at, reach, self.older_ms))

        return window.first_change(holds_at, window.edges(instants, now, reach, self.older_ms), now)


def fixed(span_ms: int) -> Span:
    """Return a span that is the same for everybody."""
    return lambda profile: span_ms


def personal(key: int, numerator: int, denominator: int, floor_ms: int, mean_ms: int) -> Span:
    """Return the span of so many of the customer's own gaps between order days, never below the floor.

    The gap is (2 * mean + t_x) // (2 + x) in ms: x repeat days, t_x from the first to the last order day.
    """

    gap = remembered(("gap", key, mean_ms), lambda profile: gap_ms(profile, key, mean_ms))

    def span(profile: Profile) -> int:
        return max(gap(profile) * numerator // denominator, floor_ms)

    return span


def gap_ms(profile: Profile, key: int, mean_ms: int) -> int:
    """Return the customer's usual gap between order days, drawn towards the mean of all customers."""
    orders = profile.states.get(key)
    if orders is None:
        return mean_ms
    days, first, last = books.gap_days(orders)
    return (2 * mean_ms + (last - first) * DAY_MS) // (1 + days) if days else mean_ms
