"""How long the consumer waits between two fetches of few records."""

from __future__ import annotations

import pytest

from stream.adapters.kafka_pace import LONGEST_S, SHARE, SHORTEST_S, Pace


class Machine:
    """Two clocks that the test moves: what the process used, and the time."""

    def __init__(self) -> None:
        self.used_s = 0.0
        self.now_s = 0.0
        self.pace = Pace(lambda: self.used_s, lambda: self.now_s)

    def fetched(self, cost_s: float, waited_s: float = 0.0) -> float:
        """Let a fetch cost so much CPU after waiting for records, and return the pause, which passes."""
        self.used_s += cost_s
        self.now_s += cost_s + waited_s
        pause_s = self.pace.pause_s()
        self.now_s += pause_s
        return pause_s


@pytest.mark.parametrize("cost_s", [0.0004, 0.0008, 0.0012])
def test_a_process_whose_fetches_follow_each_other_uses_its_share(cost_s: float) -> None:
    machine = Machine()
    for _ in range(500):
        machine.fetched(cost_s)
    assert machine.used_s / machine.now_s == pytest.approx(SHARE, rel=0.05)


def test_records_that_come_seldom_wait_for_nothing() -> None:
    machine = Machine()
    assert {machine.fetched(0.001, waited_s=0.01) for _ in range(50)} == {SHORTEST_S}


def test_however_dear_a_fetch_is_the_pause_has_an_end_and_leaves_no_debt_behind() -> None:
    machine = Machine()
    assert max(machine.fetched(5.0) for _ in range(5)) == LONGEST_S
    machine.fetched(0.0, waited_s=2 * LONGEST_S)
    assert machine.fetched(0.0) == SHORTEST_S
