"""How many records go into one commit."""

from __future__ import annotations

import pytest

from stream.service.stride import FEWEST_RECORDS, SHORT_SHARE, Stride


class Cpu:
    """A CPU clock that the test moves."""

    def __init__(self) -> None:
        self.used_s = 0.0

    def __call__(self) -> float:
        return self.used_s


def work(stride: Stride, cpu: Cpu, record_s: float, slices: int = 20) -> int:
    """Work slices of what the stride allows; return what it allows then."""
    for _ in range(slices):
        with stride.measured(range(stride.records)):
            cpu.used_s += stride.records * record_s
    return stride.records


def test_a_slice_has_as_many_records_as_are_worked_in_its_time() -> None:
    cpu = Cpu()
    stride = Stride(10_000, 0.05, cpu_s=cpu)
    assert work(stride, cpu, 20e-6) == pytest.approx(2_500, rel=0.01)
    assert work(stride, cpu, 100e-6) == pytest.approx(500, rel=0.01)


def test_a_slice_is_short_while_little_waits_and_long_while_catching_up() -> None:
    cpu = Cpu()
    stride = Stride(10_000, 0.1, cpu_s=cpu)
    assert work(stride, cpu, 50e-6) == pytest.approx(2_000, rel=0.01)
    assert stride.of(990) == pytest.approx(SHORT_SHARE * 2_000, rel=0.01)
    assert stride.of(1_010) == stride.records


def test_nothing_is_learnt_of_a_slice_of_a_few_records() -> None:
    cpu = Cpu()
    stride = Stride(10_000, 0.05, cpu_s=cpu)
    before = stride.records
    with stride.measured(range(FEWEST_RECORDS - 1)):
        cpu.used_s += 5.0
    assert stride.records == before


def test_however_slow_or_quick_a_slice_stays_within_its_bounds() -> None:
    cpu = Cpu()
    assert work(Stride(10_000, 0.05, cpu_s=cpu), cpu, 1.0) == FEWEST_RECORDS
    assert work(Stride(2_000, 0.05, cpu_s=cpu), cpu, 0.0) == 2_000
    assert Stride(7, 0.05, cpu_s=cpu).records == 7
