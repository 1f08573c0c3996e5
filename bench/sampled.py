"""`segments worker` with a thread that notes, every few milliseconds, what all other threads are doing.

SIGUSR1 begins the notes, SIGUSR2 writes them into the file that BENCH_SAMPLES names.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from bench.measure import REPOSITORY, TICKS_PER_S
from stream.cli.main import main

PAUSE_S = 0.005
Stack = tuple[str, ...]
"""From the outermost frame to the one that runs: file and function."""


class Sampler(threading.Thread):
    """The thread that takes notes; `stacks` counts what was seen, by thread."""

    def __init__(self) -> None:
        super().__init__(name="sampler", daemon=True)
        self.stacks: Counter[tuple[str, Stack]] = Counter()
        self._begun: dict[str, float] = {}

    def begin(self, *_: object) -> None:
        """Forget what was seen, and take notes from now on."""
        self.stacks.clear()
        self._begun = _cpu_by_thread()

    def write(self, *_: object) -> None:
        """Write down the seconds of CPU that each thread used, and how often each stack was seen."""
        used = {name: seconds - self._begun.get(name, 0.0) for name, seconds in _cpu_by_thread().items()}
        seen = [[thread, stack, count] for (thread, stack), count in self.stacks.copy().items()]
        file = Path(os.environ["BENCH_SAMPLES"])
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps({"cpu_s": used, "stacks": seen}))
        draft.rename(file)

    def run(self) -> None:
        """Look for ever."""
        while True:
            time.sleep(PAUSE_S)
            names = {each.ident: each.name for each in threading.enumerate()}
            for ident, frame in sys._current_frames().items():
                if ident != self.ident:
                    self.stacks[names.get(ident, "?"), _stack(frame)] += 1


def _stack(frame: FrameType | None) -> Stack:
    found = []
    while frame is not None:
        found.append(f"{_short(frame.f_code.co_filename)}:{frame.f_code.co_qualname}")
        frame = frame.f_back
    return tuple(reversed(found))


def _short(file: str) -> str:
    return file.rpartition("site-packages/")[2].removeprefix(f"{REPOSITORY}/")


def _cpu_by_thread() -> dict[str, float]:
    names = {each.native_id: each.name for each in threading.enumerate()}
    found: Counter[str] = Counter()
    for folder in Path("/proc/self/task").iterdir():
        after_name = (folder / "stat").read_text().rpartition(")")[2].split()
        found[names.get(int(folder.name), "other")] += int(after_name[11]) + int(after_name[12])
    return {name: ticks / TICKS_PER_S for name, ticks in found.items()}


if __name__ == "__main__":
    sampler = Sampler()
    signal.signal(signal.SIGUSR1, sampler.begin)
    signal.signal(signal.SIGUSR2, sampler.write)
    sampler.start()
    sys.argv = ["segments", "worker"]
    main()
