"""Whether a bar can be reached, and missed: a count that nobody can have, or that everybody has, says nothing."""

from __future__ import annotations

from decimal import Decimal
from math import ceil, floor
from typing import Final, NamedTuple

from stream.ruleset.schema_forms import Count, Window
from stream.ruleset.schema_part import wrong
from stream.ruleset.spans import UNITS_MS

NEVER: Final = "rule-never"
ALWAYS: Final = "rule-always"
INFINITE: Final = Decimal("Infinity")
SHORTEST_DAY_MS: Final = 23 * UNITS_MS["h"]
_DAYS: Final = {
    **dict.fromkeys(("today", "yesterday", "tomorrow", "days_ago", "days_ahead"), 1),
    **dict.fromkeys(("this_week", "last_week", "next_week"), 7),
    **dict.fromkeys(("this_month", "last_month", "next_month"), 31),
    **dict.fromkeys(("this_year", "last_year", "next_year"), 366),
}  # how many days a period has at most; `last_days` says itself


class Reach(NamedTuple):
    """The numbers from `low` to `high`; an open end is not one of them."""

    low: int | Decimal
    high: int | Decimal
    is_low_open: bool = False
    is_high_open: bool = False

    def misses(self, other: Reach) -> bool:
        """Tell whether no number is in both."""
        return self._ends_before(other) or other._ends_before(self)

    def _ends_before(self, other: Reach) -> bool:
        return self.high < other.low or (self.high == other.low and (self.is_high_open or other.is_low_open))

    def holds(self, other: Reach) -> bool:
        """Tell whether every number of the other is in this one; the other has no open ends."""
        is_below = self.low < other.low or (self.low == other.low and not self.is_low_open)
        return is_below and (self.high > other.high or (self.high == other.high and not self.is_high_open))

    def completes(self, other: Reach) -> bool:
        """Tell whether each whole number from 0 on is in one of the two; their ends are whole."""
        one, two = sorted((self, other))
        return one.low <= 0 and one.high + 1 >= two.low and max(one.high, two.high) == INFINITE


def reach_of(count: Count) -> Reach | None:
    """Return which numbers a count lets pass, or None where a published bar decides."""
    low, high = count.value, count.high if count.op == "between" else count.value
    if not isinstance(low, int | Decimal) or not isinstance(high, int | Decimal):
        return None
    match count.op:
        case "at_least" | "above":
            return Reach(low, INFINITE, is_low_open=count.op == "above")
        case "at_most" | "below":
            return Reach(-INFINITE, high, is_high_open=count.op == "below")
    return Reach(low, high)


def things_of(count: Count) -> Reach | None:
    """Return which whole numbers from 0 on a count lets pass; none where `high` is less than `low`."""
    asked = reach_of(count)
    if asked is None:
        return None
    low = 0 if asked.low < 0 else floor(asked.low) + 1 if asked.is_low_open else ceil(asked.low)
    if asked.high == INFINITE:
        return Reach(low, INFINITE)
    return Reach(low, ceil(asked.high) - 1 if asked.is_high_open else floor(asked.high))


def check_count(count: Count | None, most: int | None = None, why: str = "") -> None:
    """Raise [rule-never] or [rule-always], at the word, for a count that no number of things, or each, lets pass.

    `most` is how many there can be, and `why` says so.
    """
    asked = things_of(count) if count is not None else None
    if count is None or asked is None:
        return
    if asked.high < asked.low:
        raise wrong(NEVER, f'"{count.op}" is never true: {_not_a_count(count)}', at=count.op)
    if most is not None and asked.low > most:
        raise wrong(NEVER, f'"{count.op}" is never true: {why}; write {most} or less', at=count.op)
    if asked.low == 0 and asked.high == INFINITE:
        what = 'a count is never less than 0; write 1 or more, or "everyone: true"'
        raise wrong(ALWAYS, f'"{count.op}" is always true: {what}', at=count.op)
    if asked.low == 0 and most is not None and asked.high >= most:
        raise wrong(ALWAYS, f'"{count.op}" is always true: {why}; write less than {most}', at=count.op)


def _not_a_count(count: Count) -> str:
    if count.op == "exactly" and isinstance(count.value, Decimal) and count.value > 0:
        return f"a count is a whole number; write {round(count.value)}"
    if count.op == "between" and isinstance(count.high, int | Decimal) and count.high >= 0:
        return "a count is a whole number, and none lies between; make it wider"
    return 'a count is never less than 0; for none write "exactly: 0"'


def check_count_per(count: Count | None) -> None:
    """Raise [rule-never], at the word, for a count of each value that asks for less than one."""
    asked = things_of(count) if count is not None else None
    if count is not None and asked is not None and asked.high < max(asked.low, 1):
        what = "a value is counted once it was there; write 1 or more, or leave out per"
        raise wrong(NEVER, f'"{count.op}" is never true: {what}', at=count.op)


def check_share(count: Count | None) -> None:
    """Raise [rule-never], at the word, for a share that asks for more than all, or for less than none."""
    if count is not None and (count.op, count.value) in {("above", 1), ("below", 0)}:
        what, advice = ("more than 1", "at_least: 1") if count.op == "above" else ("less than 0", "at_most: 0")
        raise wrong(NEVER, f'"{count.op}" is never true: a share is never {what}; write "{advice}"', at=count.op)


def most_days(window: Window) -> int | None:
    """Return on how many different local days what lies in a window can be, None where there is no end."""
    if isinstance(window.within, int):
        length_ms = window.within - (window.older_than or 0)
        return -(-length_ms // SHORTEST_DAY_MS) + 1
    if window.during is not None:
        return window.during.days if window.during.word == "last_days" else _DAYS[window.during.word]
    return None
