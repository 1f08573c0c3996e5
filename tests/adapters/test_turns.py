"""The turns that threads take, while a worker runs and behind it."""

from __future__ import annotations

import sys

from stream.adapters.turns import LONGEST_TURN_S, short_turns


def test_turns_are_short_for_the_time_of_a_block_and_as_before_behind_it() -> None:
    before_s = sys.getswitchinterval()
    with short_turns():
        assert sys.getswitchinterval() == LONGEST_TURN_S
    assert sys.getswitchinterval() == before_s
