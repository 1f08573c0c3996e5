"""Rows of things that happened, in order of time, that may be taken back later.

A ledger is a plain list `[rows, waiting, gone, folded]`, so that its bytes are itself:

- `rows`: `[instant, reference, amount, day, weight, columns]`, sorted by instant, the later in
  the log after the earlier; `amount` is what is left of it in minor units (None: it had none);
- `waiting`: reversals whose order has not come yet, by reference (WHOLE: all of it);
- `gone`: references of which nothing is left; a repeat of one is still a repeat;
- `folded`: totals of rows beyond the cap: `[weight, amount, days, first instant, last instant,
  first day, last day, inexact]`, empty until then.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

Row = list[Any]
Ledger = list[Any]

AT, REFERENCE, AMOUNT, DAY, WEIGHT, COLUMNS = range(6)
ROWS, WAITING, GONE, FOLDED = range(4)
WHOLE = -1
CAP = 256
"""How many rows (and gone references) a ledger holds before the oldest are merged or folded."""


def new_ledger() -> Ledger:
    """Return an empty ledger."""
    return [[], {}, [], []]


def knows(ledger: Ledger, reference: int) -> bool:
    """Tell whether a thing of this reference was placed before (0 names nothing)."""
    if not reference:
        return False
    return reference in ledger[GONE] or reference in [row[REFERENCE] for row in ledger[ROWS]]


def place(
    ledger: Ledger, at: int, reference: int, amount: int | None, day: int, columns: dict[str, Any], span: int
) -> None:
    """Put one thing in its place; what waited for it is taken off first. The row takes `columns` as they are.

    `span` is the longest window in ms.
    """
    if reference and reference in ledger[WAITING]:
        taken = ledger[WAITING].pop(reference)
        amount, is_gone = _less(amount, taken)
        if is_gone:
            _forget(ledger, reference)
            return
    rows = ledger[ROWS]
    row = [at, reference, amount, day, 1, columns]
    if not rows or at >= rows[-1][AT]:
        rows.append(row)
    else:
        rows.insert(bisect_right(rows, at, key=_instant), row)
    if len(rows) > CAP:
        _shorten(ledger, span)


def reverse(ledger: Ledger, reference: int, amount: int) -> None:
    """Take `amount` minor units (WHOLE: everything) off the thing of this reference, or let it wait."""
    rows = ledger[ROWS]
    for index, row in enumerate(rows):
        if row[REFERENCE] == reference:
            row[AMOUNT], is_gone = _less(row[AMOUNT], amount)
            if is_gone:
                del rows[index]
                _forget(ledger, reference)
            return
    if reference not in ledger[GONE]:
        waiting = ledger[WAITING]
        before = waiting.get(reference, 0)
        waiting[reference] = WHOLE if WHOLE in (before, amount) else before + amount
        if len(waiting) > CAP:
            del waiting[next(iter(waiting))]


def of_both(span: int, thin: Callable[[list[Row]], None] | None = None) -> Callable[[Ledger, Ledger], Ledger]:
    """Return what joins two ledgers: each order once, what was taken back wherever that was told.

    `span` is the longest window in ms; `thin` drops the rows that nobody asks for.
    """

    def joined(one: Ledger, other: Ledger) -> Ledger:
        one, other = sorted((one, other), key=repr)  # the same, whichever way round: rows of one instant have no order
        gone = list(dict.fromkeys([*one[GONE], *other[GONE]]))[-CAP:]
        rows, folded = _rows_of_both(one, other, gone), _folded_of_both(one[FOLDED], other[FOLDED])
        ledger: Ledger = [rows, {}, gone, folded]
        for waiting in (one[WAITING], other[WAITING]):
            for reference, amount in waiting.items():
                reverse(ledger, reference, amount)
        if thin is not None:
            thin(rows)
        while len(rows) > CAP:
            _shorten(ledger, span)
        return ledger

    return joined


def _rows_of_both(one: Ledger, other: Ledger, gone: Sequence[int]) -> list[Row]:
    """Return all rows; of an order that both know the earlier, with the least that was left of it."""
    found: dict[int, Row] = {}
    for number, row in enumerate(sorted([*one[ROWS], *other[ROWS]], key=_instant)):
        first = found.setdefault(row[REFERENCE] or -number - 1, [*row])
        if first[AMOUNT] is not None and row[AMOUNT] is not None:
            first[AMOUNT] = min(first[AMOUNT], row[AMOUNT])
    return [row for row in found.values() if not row[REFERENCE] or row[REFERENCE] not in gone]


def _folded_of_both(one: list[int], other: list[int]) -> list[int]:
    if not (one and one[0] and other and other[0]):
        found = [*(one if one and one[0] else other or one)]
        return [*found[:7], max(one[7:] + other[7:])] if found else []
    earlier, later = sorted((one, other), key=_first_day)
    is_apart = earlier[6] < later[5]
    return [
        *(mine + yours for mine, yours in zip(one[:3], other[:3], strict=True)),
        *(min(one[3], other[3]), max(one[4], other[4]), min(one[5], other[5]), max(one[6], other[6])),
        one[7] | other[7] | (not is_apart),
    ]


def _first_day(folded: list[int]) -> int:
    return folded[5]


def is_inexact(ledger: Ledger) -> bool:
    """Tell whether rows that a window may ask for apart were merged or folded."""
    return bool(ledger[FOLDED] and ledger[FOLDED][7])


def forget_before(ledger: Ledger, before: int) -> None:
    """Drop the rows up to an instant that no window reaches any more."""
    rows = ledger[ROWS]
    if rows and rows[0][AT] <= before:
        del rows[: bisect_right(rows, before, key=_instant)]


def gap_days(ledger: Ledger) -> tuple[int, int, int]:
    """Return (number of different days, first day, last day) of everything in the ledger; (0, 0, 0) if empty."""
    days = {row[DAY] for row in ledger[ROWS]}
    folded = ledger[FOLDED]
    if not folded:
        return (len(days), min(days), max(days)) if days else (0, 0, 0)
    days.discard(folded[6])
    newest = max(days, default=folded[6])
    return folded[2] + len(days), min(folded[5], min(days, default=folded[5])), max(folded[6], newest)


def _less(amount: int | None, taken: int) -> tuple[int | None, bool]:
    if taken == WHOLE or amount is None:
        return None, True
    return amount - taken, amount <= taken


def _forget(ledger: Ledger, reference: int) -> None:
    gone = ledger[GONE]
    gone.append(reference)
    if len(gone) > CAP:
        del gone[0]


def _instant(row: Row) -> int:
    at: int = row[AT]
    return at


def _shorten(ledger: Ledger, span: int) -> None:
    """Merge the oldest pair within 1 % of the longest window, else fold the oldest row into the totals."""
    rows = ledger[ROWS]
    reach = span // 100
    for older, newer in pairwise(rows[: CAP // 2]):
        if newer[AT] - older[AT] <= reach and older[COLUMNS] == newer[COLUMNS] and older[DAY] == newer[DAY]:
            newer[WEIGHT] += older[WEIGHT]
            newer[AMOUNT] = _sum(newer[AMOUNT], older[AMOUNT])
            newer[REFERENCE] = 0
            rows.remove(older)
            _mark(ledger)
            return
    _fold(ledger, rows.pop(0), is_inexact=rows[-1][AT] - rows[0][AT] < span)


def _sum(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return left if right is None else right
    return left + right


def _mark(ledger: Ledger) -> None:
    if not ledger[FOLDED]:
        ledger[FOLDED] = [0, 0, 0, 0, 0, -1, -1, 0]
    ledger[FOLDED][7] = 1


def _fold(ledger: Ledger, row: Row, *, is_inexact: bool) -> None:
    folded = ledger[FOLDED] or [0, 0, 0, row[AT], row[AT], row[DAY], -1, 0]
    folded[0] += row[WEIGHT]
    folded[1] += row[AMOUNT] or 0
    folded[2] += row[DAY] != folded[6]
    folded[7] |= is_inexact or row[DAY] < folded[6]  # folded by another customer, who is this one now
    folded[4], folded[6] = max(folded[4], row[AT]), max(folded[6], row[DAY])
    ledger[FOLDED] = folded
