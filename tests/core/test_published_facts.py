"""What a transition tells beside the move: how often, how long, and whether campaigns may act; by hand."""

from __future__ import annotations

from dataclasses import replace

from tests.core.side_by_side import agree
from tests.oracle.story import at_ms, audience, did

VIEWED = audience({"did": "product_viewed", "within": "5s"})


def test_who_enters_again_is_told_to_be_there_the_second_time_after_a_stay_of_its_own_length() -> None:
    """In from 1 to 6, and from 10 to 17, since a second view at 12 holds them."""
    found = agree(VIEWED, [did(1), did(10), did(12)], at_ms(60))
    assert [(one.at, one.entered, one.entry_count, one.dwell_ms) for one in found] == [
        (at_ms(1), "x", 1, 0),
        (at_ms(6), "", 0, 5_000),
        (at_ms(10), "x", 2, 0),
        (at_ms(17), "", 0, 7_000),
    ]


def test_campaigns_do_not_act_up_to_the_end_of_loaded_history_and_do_after_it() -> None:
    """The first record says that history ends at second 10: a transition at that very instant is in it."""
    loaded = replace(did(1), backfill_until=at_ms(10))
    found = agree(VIEWED, [loaded, did(10), did(20)], at_ms(60))
    assert [(one.at, one.entered, one.acts) for one in found] == [
        (at_ms(1), "x", False),
        (at_ms(6), "", False),
        (at_ms(10), "x", False),
        (at_ms(15), "", True),
        (at_ms(20), "x", True),
        (at_ms(25), "", True),
    ]


def test_history_that_ends_right_before_a_record_leaves_that_to_campaigns() -> None:
    """One millisecond decides."""
    found = agree(VIEWED, [replace(did(1), backfill_until=at_ms(10) - 1), did(10)])
    assert [one.acts for one in found] == [False, False, True]
