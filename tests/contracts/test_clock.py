"""The clock contract, on the fake and on both clocks of the service over a machine that the test moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import pytest

from stream.adapters.clock import ScaledClock
from stream.ports import Clock
from tests.fake_clock import FakeClock, Machine
from tests.histories import START_MS


class Rig(NamedTuple):
    """A clock, what lets wall ms pass, and how many of its own ms are one of the wall's."""

    clock: Clock
    pass_ms: Callable[[int], None]
    speed: int = 1


class ClockContract:
    """What every clock must do while its machine is sound."""

    async def test_time_goes_on_by_what_passes_and_never_back(self, rig: Rig) -> None:
        begun_ms, begun_s = rig.clock.now_ms(), rig.clock.elapsed()
        for passed_ms in range(250, 2_500, 250):
            rig.pass_ms(250)
            assert rig.clock.now_ms() == begun_ms + passed_ms * rig.speed
            assert rig.clock.elapsed() == pytest.approx(begun_s + passed_ms / 1000)
        assert rig.clock.jumped_ms() == 0

    async def test_what_was_waited_is_told_in_ms_of_the_wall(self, rig: Rig) -> None:
        first = rig.clock.now_ms()
        rig.pass_ms(1_000)
        second = rig.clock.now_ms()
        rig.pass_ms(500)
        assert rig.clock.waited_ms([first, second, rig.clock.now_ms()]) == [1_500, 500, 0]

    async def test_a_log_that_was_left_earlier_takes_no_time_back(self, rig: Rig) -> None:
        rig.clock.resume(START_MS)
        rig.pass_ms(1_000)
        now_ms = rig.clock.now_ms()
        rig.clock.resume(START_MS - 5_000)
        assert rig.clock.now_ms() == now_ms

    async def test_sleeping_ends_and_goes_on_at_the_wall_s_pace(self, rig: Rig) -> None:
        before_ms, before_s = rig.clock.now_ms(), rig.clock.elapsed()
        await rig.clock.sleep(0.001)
        assert rig.clock.now_ms() >= before_ms
        assert rig.clock.elapsed() >= before_s


class TestFakeClock(ClockContract):
    @pytest.fixture
    def rig(self) -> Rig:
        clock = FakeClock(START_MS)
        return Rig(clock, lambda ms: clock.go(clock.ms + ms))


class TestWallClock(ClockContract):
    @pytest.fixture
    def rig(self) -> Rig:
        machine = Machine(START_MS)
        return Rig(machine.wall_clock(), machine.pass_ms)


class TestScaledClock(ClockContract):
    @pytest.fixture
    def rig(self) -> Rig:
        machine = Machine(START_MS)
        return Rig(ScaledClock(START_MS, 60, machine.monotonic), machine.pass_ms, speed=60)
