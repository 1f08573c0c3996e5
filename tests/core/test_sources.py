"""What conditions read from ledgers: folded rows stand in for what was too much to keep, several read as one."""

from __future__ import annotations

from stream.core import sources
from stream.core.ledger import CAP, new_ledger, place
from stream.core.profile import Profile

SPAN = 1_000
FOLDED_ROWS = 2


def customer() -> Profile:
    """Return one with a full ledger (key 1: two rows of 5 folded, 256 of 5 kept) and a small one (key 2)."""
    full, small = new_ledger(), new_ledger()
    for number in range(CAP + FOLDED_ROWS):
        place(full, number * SPAN, number + 1, 5, number, {"colour": "red"}, SPAN)
    place(small, SPAN // 2, 9_001, 7, 0, {"colour": "blue"}, SPAN)
    place(small, 10 * SPAN, 9_002, None, 10, {}, SPAN)
    profile = Profile("c")
    profile.states.update({1: full, 2: small})
    return profile


def test_folded_rows_stand_at_the_first_instant_where_nothing_is_asked_of_them() -> None:
    found = sources.booked(1, None)(customer())
    assert found[: FOLDED_ROWS + 1] == [0, 0, FOLDED_ROWS * SPAN]
    assert len(found) == CAP + FOLDED_ROWS
    assert len(sources.booked(1, lambda row: True)(customer())) == CAP
    assert sources.booked(3, None)(customer()) == ()


def test_numbers_of_several_ledgers_come_in_order_of_time_with_what_was_folded() -> None:
    found = sources.booked_numbers(((1, None), (2, None), (3, None)), "amount", True)(customer())
    assert found[:3] == [(SPAN // 2, 7, 1), (SPAN, 10, FOLDED_ROWS), (FOLDED_ROWS * SPAN, 5, 1)]
    assert sum(got for _, got, _ in found) == 7 + 5 * (CAP + FOLDED_ROWS)
    in_a_window = sources.booked_numbers(((1, None),), "amount", False)(customer())
    assert sum(got for _, got, _ in in_a_window) == 5 * CAP


def test_the_number_of_a_row_that_was_merged_is_the_mean() -> None:
    numbers = sources.each(lambda profile: [(1, 9, 1), (2, 9, 2)])
    assert numbers(Profile("c")) == [(1, 9), (2, 4.5)]


def test_values_of_several_ledgers_come_in_order_of_time_and_missing_ones_can_be_left_out() -> None:
    asked = [(key, None, lambda row: row[5].get("colour")) for key in (1, 2, 3)]
    rows = sources.booked_rows(asked)
    found = rows(customer())
    assert found[0] == (SPAN // 2, "blue")
    assert [at for at, _ in found] == sorted(at for at, _ in found)
    assert (len(found), len(sources.there(rows)(customer()))) == (CAP + 2, CAP + 1)
