"""The collector: rare while a worker runs, and yet no garbage without end."""

from __future__ import annotations

import gc
import weakref

from stream.adapters.memory import OBJECTS_BETWEEN, rare_collections


class Knot:
    """Something that refers to itself, as a task and its error do."""

    def __init__(self) -> None:
        self.itself = self


def test_what_is_there_is_not_looked_at_again_and_the_old_ways_come_back() -> None:
    before = gc.get_threshold()
    with rare_collections():
        assert gc.get_freeze_count() > 1_000
        assert gc.get_threshold()[0] == OBJECTS_BETWEEN
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_garbage_in_cycles_is_bounded() -> None:
    """Six times as many knots as start a look: never more than two looks' worth are there at once."""
    left: weakref.WeakSet[Knot] = weakref.WeakSet()
    most = 0
    with rare_collections():
        for _ in range(6):
            for _ in range(OBJECTS_BETWEEN):
                left.add(Knot())
            most = max(most, len(left))
    assert most <= 2 * OBJECTS_BETWEEN
