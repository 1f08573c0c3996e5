"""The guard of the engine's cost: what it counts, when it speaks, and that nothing became dearer."""

from __future__ import annotations

import subprocess
import sys

from bench import guard
from bench.measure import REPOSITORY


def test_no_record_takes_more_instructions_than_was_written_down() -> None:
    """In a process of its own: who measures coverage watches the same way."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.guard"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "slice, traffic" in done.stdout


def test_the_guard_names_what_became_dearer_and_nothing_else() -> None:
    found = {"a": 103, "b": 104, "new": 999}
    assert [line.partition(":")[0] for line in guard.dearer({"a": 100, "b": 100, "gone": 1}, found)] == ["b"]


def test_instructions_are_counted_alike_each_time_and_grow_with_the_work() -> None:
    def work(rounds: int) -> int:
        return guard.instructions(lambda: [number * number for number in range(rounds)])

    assert work(100) == work(100)
    assert work(200) - work(100) == work(300) - work(200) > 100
