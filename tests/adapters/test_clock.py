"""Clocks: a wall that jumps moves no time ahead and none back, and a simulated one goes on where it was left."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from stream.adapters.clock import SETTLED_MS, TOLERANCE_MS, ScaledClock
from tests.fake_clock import Machine
from tests.histories import DAY_MS, HOUR_MS, START_MS

YEAR_MS = 365 * DAY_MS


def test_a_sound_clock_is_the_walls() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    with capture_logs() as said:
        for _ in range(1_000):
            machine.pass_ms(7_777)
            assert clock.now_ms() == machine.ms
    assert (clock.jumped_ms(), said) == (0, [])


@pytest.mark.parametrize("jump_ms", [TOLERANCE_MS + 1, HOUR_MS, 5 * YEAR_MS])
def test_a_wall_that_jumps_ahead_is_not_followed_and_time_goes_on(jump_ms: int) -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    machine.pass_ms(500)
    machine.ms += jump_ms
    with capture_logs() as said:
        for passed in range(1, 11):
            machine.pass_ms(1_000)
            assert clock.now_ms() == START_MS + 500 + passed * 1_000
    assert clock.jumped_ms() == jump_ms
    assert [(one["event"], one["log_level"], one["by_s"]) for one in said] == [
        ("clock_jumped", "error", jump_ms / 1000)
    ], "it says so, once"
    assert "restart this worker" in said[0]["what_to_do"]


def test_a_wall_that_comes_back_from_ahead_is_believed_again() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    machine.ms += YEAR_MS
    clock.now_ms()
    machine.pass_ms(10_000)
    machine.ms -= YEAR_MS - 40
    with capture_logs() as said:
        assert clock.now_ms() == START_MS + 10_040
    assert [one["event"] for one in said] == ["clock_sound_again"]


def test_a_wall_that_jumps_back_is_waited_for_and_time_never_goes_back() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    machine.pass_ms(HOUR_MS)
    stood = clock.now_ms()
    machine.ms -= 10 * 60_000
    with capture_logs() as said:
        for _ in range(10):
            assert clock.now_ms() == stood
            machine.pass_ms(60_000)
    assert clock.jumped_ms() == -10 * 60_000
    assert [one["event"] for one in said] == ["clock_jumped"]
    assert "no timer fires until" in said[0]["what_to_do"]
    machine.pass_ms(5_000)
    assert clock.now_ms() == stood + 5_000, "the wall has come there again"


def test_a_wall_that_is_put_right_again_goes_on_at_once() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    machine.ms -= DAY_MS
    clock.now_ms()
    machine.pass_ms(1_000)
    machine.ms += DAY_MS
    assert clock.now_ms() == START_MS + 1_000


def test_a_restart_believes_the_clock_it_starts_with() -> None:
    """After an outage of a year the wall is a year further, and right: nothing else is known at a start."""
    machine = Machine(START_MS)
    assert machine.wall_clock().now_ms() == START_MS
    machine.ms += YEAR_MS
    clock = machine.wall_clock()
    with capture_logs() as said:
        clock.resume(START_MS)
    assert (clock.now_ms(), clock.jumped_ms(), said) == (START_MS + YEAR_MS, 0, [])


def test_small_corrections_are_followed_for_ever_but_no_clock_that_runs_away() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    for _ in range(50):  # half a minute a day, as a machine without a time server is corrected
        for _ in range(24):
            machine.pass_ms(HOUR_MS)
            clock.now_ms()
        machine.ms += 30_000
        assert clock.now_ms() == machine.ms
    away = machine.ms
    for _ in range(SETTLED_MS // 1_000):  # a wall at twice the speed
        machine.pass_ms(1_000)
        machine.ms += 1_000
    assert clock.now_ms() <= away + SETTLED_MS + 30_000


def test_small_steps_back_hold_time_and_are_not_worth_a_line() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    machine.ms -= 2_000
    with capture_logs() as said:
        assert clock.now_ms() == START_MS
        machine.pass_ms(3_000)
        assert clock.now_ms() == START_MS + 1_000
    assert said == []


def test_a_clock_behind_the_last_tick_says_so_once_for_all_partitions() -> None:
    machine = Machine(START_MS)
    clock = machine.wall_clock()
    with capture_logs() as said:
        for partition in range(8):
            clock.resume(START_MS + HOUR_MS + partition % 3)
    lines: list[dict[str, Any]] = [dict(one) for one in said]
    assert [one["event"] for one in lines] == ["clock_behind_log"]
    assert lines[0]["last_tick"] == "2026-01-05T01:00:00.000Z"
    assert clock.now_ms() == START_MS, "nothing but the wall moves it"


# -- simulated time ---------------------------------------------------------------------------------


def test_simulated_time_runs_faster_from_where_it_begins() -> None:
    machine = Machine(START_MS)
    clock = ScaledClock(START_MS, 3_600.0, machine.monotonic)
    machine.pass_ms(2_000)
    assert clock.now_ms() == START_MS + 2 * HOUR_MS
    machine.ms += YEAR_MS
    assert (clock.now_ms(), clock.jumped_ms()) == (START_MS + 2 * HOUR_MS, 0), "no wall is asked"


@pytest.mark.parametrize("left_ms", [START_MS - 40 * DAY_MS, START_MS + 40 * DAY_MS])
def test_a_restart_goes_on_where_time_was_left(left_ms: int) -> None:
    machine = Machine(START_MS)
    clock = ScaledClock(machine.ms, 60.0, machine.monotonic)
    clock.resume(left_ms)
    machine.pass_ms(1_000)
    assert clock.now_ms() == left_ms + 60_000


def test_the_partition_that_was_left_last_tells_and_time_never_goes_back() -> None:
    machine = Machine(START_MS)
    clock = ScaledClock(machine.ms, 1.0, machine.monotonic)
    for left_ms, now_ms in [(5_000, 5_000), (3_000, 5_000), (9_000, 9_000), (9_000, 9_000)]:
        clock.resume(left_ms)
        assert clock.now_ms() == now_ms


def test_another_speed_holds_from_here_on() -> None:
    machine = Machine(START_MS)
    clock = ScaledClock(START_MS, 0.0, machine.monotonic)
    machine.pass_ms(HOUR_MS)
    clock.run(10.0)
    assert clock.now_ms() == START_MS
    machine.pass_ms(100)
    assert clock.now_ms() == START_MS + 1_000
