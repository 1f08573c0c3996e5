"""Windows over sorted instants: is the count inside its bounds, and until when under silence.

A span is half-open: an event at `e` counts for `within` while `e <= now < e + within`, for
`older_than` from `e + older_than` on. A verdict is one signed integer: `+u` is true until `u`,
`-u` is false until `u`; `NEVER` where silence never changes it. So `all` is min, `any` is max
and `not` is minus.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from stream.core.profile import NEVER

AHEAD = 24
"""How many edges of a window a verdict looks ahead."""


def count_ever(instants: Sequence[int], low: int, high: int) -> int:
    """Return the verdict of `low <= number of instants <= high`, without a window."""
    return NEVER if low <= len(instants) <= high else -NEVER


def count_within(instants: Sequence[int], now: int, within: int, low: int, high: int) -> int:
    """Return the verdict of `low <= number of instants in the last `within` ms <= high`; silence only lowers it."""
    size = len(instants)
    count = size - bisect_right(instants, now - within)
    if count < low:
        return -NEVER
    if count > high:
        return -(instants[size - high - 1] + within)
    return instants[size - low] + within if low > 0 else NEVER


def count_since(instants: Sequence[int], before: int) -> int:
    """Return how many instants lie after one."""
    return len(instants) - bisect_right(instants, before)


def count_older(instants: Sequence[int], now: int, older: int, low: int, high: int) -> int:
    """Return the verdict of `low <= number of instants at least `older` ms old <= high`; silence only raises it."""
    size = len(instants)
    count = bisect_right(instants, now - older)
    if count > high:
        return -NEVER
    if count < low:
        return -(instants[low - 1] + older) if low <= size else -NEVER
    return instants[high] + older if high < size else NEVER


def count_between(instants: Sequence[int], now: int, within: int, older: int, low: int, high: int) -> int:
    """Return the verdict for instants at least `older` and less than `within` ms ago, at most `AHEAD` edges ahead."""
    size, until = len(instants), NEVER
    gone, come = bisect_right(instants, now - within), bisect_right(instants, now - older)
    holds = low <= come - gone <= high
    for _ in range(AHEAD):
        leaves = instants[gone] + within if gone < size else NEVER
        enters = instants[come] + older if come < size else NEVER
        until = leaves if leaves < enters else enters
        while gone < size and instants[gone] + within == until:
            gone += 1
        while come < size and instants[come] + older == until:
            come += 1
        if until == NEVER or (low <= come - gone <= high) is not holds:
            break
    return until if holds else -until


def edges(instants: Sequence[int], now: int, within: int, older: int) -> list[int]:
    """Return, sorted, the instants after `now` at which something enters (`older` > 0) or leaves the window."""
    found = [e + within for e in instants[bisect_right(instants, now - within) :]] if within < NEVER else []
    if older:
        found += [e + older for e in instants[bisect_right(instants, now - older) :]]
        found.sort()
    return found


def what_is_left(instants: Sequence[int], now: int, within: int, holds: Callable[[int, int], bool]) -> int:
    """Return the verdict of `holds(start, stop)` of what is left in the window, at most `AHEAD` edges ahead."""
    stop = len(instants)
    start = bisect_right(instants, now - within)
    held, until = holds(start, stop), NEVER
    for index in range(start, stop):
        if index + 1 < stop and instants[index + 1] == instants[index]:
            continue
        if index - start >= AHEAD or holds(index + 1, stop) != held:
            until = instants[index] + within
            break
    return until if held else -until


def sum_left(instants: Sequence[int], sums: Sequence[Any], now: int, within: int, bar: Any, *, is_above: bool) -> int:
    """Return the verdict of: what is left in the window adds up to the bar, or to more (`is_above`).

    `sums` are those of the first 0, 1, 2 … of it, which never fall; of nothing there is no sum.
    """
    stop = len(instants)
    start = bisect_right(instants, now - within)
    least = (bisect_left if is_above else bisect_right)(sums, sums[stop] - bar) - 1
    return instants[min(least, stop - 1)] + within if start <= least and start < stop else -NEVER


def first_change(holds_at: Callable[[int], bool], candidates: Sequence[int], now: int) -> int:
    """Return the verdict of `holds_at(now)`, until the first candidate where it is otherwise.

    It looks only so many candidates ahead, and then says "until the next one": the next event asks anew anyway.
    """
    holds = holds_at(now)
    until = NEVER if len(candidates) <= AHEAD else candidates[AHEAD]
    until = next((at for at in candidates[:AHEAD] if holds_at(at) != holds), until)
    return until if holds else -until


def inside(instants: Sequence[int], now: int, within: int, older: int) -> tuple[int, int]:
    """Return the slice [start, stop) of the sorted instants that lie in the window at `now`."""
    start = bisect_right(instants, now - within) if within < NEVER else 0
    stop = bisect_right(instants, now - older) if older else len(instants)
    return start, max(start, stop)


def keep_newest(instants: list[int], at: int, depth: int) -> None:
    """Put `at` in its place among the newest `depth` instants; late ones beyond the depth are forgotten."""
    if not instants or at >= instants[-1]:
        instants.append(at)
    else:
        instants.insert(bisect_right(instants, at), at)
    if len(instants) > depth:
        del instants[0]


def keep_oldest(instants: list[int], at: int, depth: int) -> None:
    """Put `at` in its place among the oldest `depth` instants."""
    if len(instants) < depth or at < instants[-1]:
        instants.insert(bisect_left(instants, at), at)
        del instants[depth:]


def newest_of_both(depth: int) -> Callable[[list[int], list[int]], list[int]]:
    """Return what joins two lists of which the newest `depth` instants are kept."""
    return lambda one, other: sorted(one + other)[-depth:]


def oldest_of_both(depth: int) -> Callable[[list[int], list[int]], list[int]]:
    """Return what joins two lists of which the oldest `depth` instants are kept."""
    return lambda one, other: sorted(one + other)[:depth]


def apart_of_both(gap: int, most: int) -> Callable[[list[int], list[int]], list[int]]:
    """Return what joins two lists that `keep_apart` keeps."""

    def joined(one: list[int], other: list[int]) -> list[int]:
        found: list[int] = []
        for at in sorted(one + other):
            keep_apart(found, at, gap, most)
        return found

    return joined


def any_of(spells: Sequence[tuple[int, int]], now: int) -> int:
    """Return whether `now` lies in one of these half-open spells [start, end), until the end of those that join."""
    ahead = sorted((start, end) for start, end in spells if start < end > now)
    if not ahead:
        return -NEVER
    if ahead[0][0] > now:
        return -ahead[0][0]
    until = now
    for start, end in ahead:
        if start > until:
            break
        until = max(until, end)
    return until


def keep_apart(instants: list[int], at: int, gap: int, most: int) -> None:
    """Put `at` in its place, then drop what no window of `gap` ms needs to tell whether it holds `most` instants.

    An instant is dropped if every window that holds it holds `most` others: those that are longer than `gap`,
    or ask for fewer, then lose nothing either, whatever comes later or late.
    """
    index = bisect_right(instants, at)
    instants.insert(index, at)
    first = max(index - most, 0)
    while first < len(instants) and first <= index + most:
        if _is_crowded(instants, first, gap, most):
            del instants[first]
            index -= first <= index
            first = max(first - most, 0)
        else:
            first += 1


def _is_crowded(instants: Sequence[int], index: int, gap: int, most: int) -> bool:
    """Tell whether every window of `gap` ms that holds this instant holds `most` others."""
    size = len(instants)
    for before in range(most):
        low, high = index - before - 1, index + most - before
        if low < 0 or high >= size or instants[high] - instants[low] > gap:
            return False
    return True


def forget_before(instants: list[int], before: int) -> None:
    """Drop what lies before an instant, but for the newest of it."""
    del instants[: max(bisect_left(instants, before) - 1, 0)]
