"""Rows that may be taken back: what waits, what is gone, and what is left of the oldest beyond the cap."""

from __future__ import annotations

from stream.core.ledger import (
    AMOUNT,
    CAP,
    GONE,
    ROWS,
    WAITING,
    WEIGHT,
    WHOLE,
    Ledger,
    forget_before,
    gap_days,
    is_inexact,
    knows,
    new_ledger,
    place,
    reverse,
)

SPAN = 1_000_000


def filled(rows: int, apart_ms: int, amount: int | None = 5, rows_a_day: int = 1) -> Ledger:
    ledger = new_ledger()
    for number in range(rows):
        place(ledger, number * apart_ms, number + 1, amount, number // rows_a_day, {}, SPAN)
    return ledger


def test_a_reversal_may_come_before_its_row() -> None:
    ledger = new_ledger()
    reverse(ledger, 7, 3)
    reverse(ledger, 8, WHOLE)
    place(ledger, 10, 7, 5, 0, {}, SPAN)
    place(ledger, 11, 8, 5, 0, {}, SPAN)
    assert [row[AMOUNT] for row in ledger[ROWS]] == [2]
    assert (knows(ledger, 7), knows(ledger, 8), knows(ledger, 9), knows(ledger, 0)) == (True, True, False, False)


def test_only_so_many_reversals_wait_and_only_so_many_rows_are_known_as_gone() -> None:
    ledger = new_ledger()
    for reference in range(1, CAP + 2):
        reverse(ledger, reference, WHOLE)
    assert list(ledger[WAITING]) == list(range(2, CAP + 2))
    for reference in range(2, CAP + 2):
        place(ledger, reference, reference, 1, 0, {}, SPAN)
    place(ledger, 500, 500, 1, 0, {}, SPAN)
    reverse(ledger, 500, WHOLE)
    assert (ledger[ROWS], ledger[WAITING], len(ledger[GONE])) == ([], {}, CAP)
    assert (knows(ledger, 2), knows(ledger, 3), knows(ledger, 500)) == (False, True, True)


def test_beyond_the_cap_the_oldest_rows_close_together_become_one() -> None:
    ledger = filled(CAP + 1, apart_ms=1, rows_a_day=CAP + 1)
    assert (len(ledger[ROWS]), ledger[ROWS][0][WEIGHT], ledger[ROWS][0][AMOUNT]) == (CAP, 2, 10)
    assert is_inexact(ledger)
    nothing = filled(CAP + 1, apart_ms=1, amount=None, rows_a_day=CAP + 1)
    assert nothing[ROWS][0][AMOUNT] is None


def test_beyond_the_cap_the_oldest_row_far_from_the_next_is_folded_away_and_its_days_are_kept() -> None:
    exact, inexact = filled(CAP + 2, apart_ms=SPAN), filled(CAP + 2, apart_ms=SPAN // CAP)
    assert [len(each[ROWS]) for each in (exact, inexact)] == [CAP, CAP]
    assert (is_inexact(exact), is_inexact(inexact), is_inexact(new_ledger())) == (False, True, False)
    assert gap_days(exact) == (CAP + 2, 0, CAP + 1)


def test_days_of_a_ledger() -> None:
    assert gap_days(new_ledger()) == (0, 0, 0)
    assert gap_days(filled(5, apart_ms=10, rows_a_day=2)) == (3, 0, 2)


def test_rows_that_no_window_reaches_are_dropped() -> None:
    ledger = filled(4, apart_ms=10)
    forget_before(ledger, 10)
    assert [row[0] for row in ledger[ROWS]] == [20, 30]
    forget_before(ledger, 19)
    assert len(ledger[ROWS]) == 2
