"""How figures are taken: medians and quantiles, CPU of processes and of the machine, and where they come from."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MEASURED = ("stream", "bench", "rules")
"""What decides the figures: a change there that is not committed is told beside the commit."""

Cell = float | int | str | None
Row = dict[str, Cell]


class BrokenRunError(RuntimeError):
    """A benchmark could not be finished; says what was waited for."""


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """Return the value below which this share lies, None where there are none; `ordered` ascends."""
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None


def quantiles(values: Iterable[float], unit: str = "ms") -> Row:
    """Return p50, p95, p99 and max of these values as cells."""
    ordered = sorted(values)
    told: Row = {f"p{share} {unit}": quantile(ordered, share / 100) for share in (50, 95, 99)}
    return told | {f"max {unit}": ordered[-1] if ordered else None}


def middle(runs: Sequence[Row], spread_of: str = "") -> Row:
    """Return one row of the medians of several, cell by cell; words stay, `spread_of` shows lowest and highest too."""
    told: Row = {}
    for name, first in runs[0].items():
        found = [each for each in (run[name] for run in runs) if isinstance(each, int | float)]
        told[name] = statistics.median(found) if found and not isinstance(first, str) else first
    if spread_of:
        values = [each for each in (run[spread_of] for run in runs) if isinstance(each, int | float)]
        if values:
            told |= {f"lowest {spread_of}": min(values), f"highest {spread_of}": max(values)}
        told["runs"] = len(runs)
    return told


def cpu_s(pid: int) -> float:
    """Return the seconds of CPU that a process with all its threads has used; raises OSError where it has ended."""
    after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / TICKS_PER_S


def peak_mib(pid: int) -> float:
    """Return the most memory a process ever had resident, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


def available_gib() -> float:
    """Return how much memory the machine could still give, in GiB."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) / 2**20
    return 0.0


def machine_cpu_s() -> float:
    """Return the seconds of CPU that all processes of the machine have used."""
    user, nice, system, _idle, _wait, irq, soft = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:8]
    )
    return (user + nice + system + irq + soft) / TICKS_PER_S


class CpuMeter:
    """CPU of named processes between two instants, and of everybody else meanwhile."""

    def __init__(self, pids: Mapping[str, int]) -> None:
        """Begin to count for these processes."""
        self._pids = dict(pids)
        self._before = {name: cpu_s(pid) for name, pid in pids.items()}
        self._own_s, self._machine_s = cpu_s(os.getpid()), machine_cpu_s()

    def used_s(self) -> dict[str, float]:
        """Return the seconds each used since the beginning; `others` is what belongs to none of them nor to us."""
        used = {name: cpu_s(pid) - self._before[name] for name, pid in self._pids.items()}
        own_s = cpu_s(os.getpid()) - self._own_s
        return used | {"others": max(0.0, machine_cpu_s() - self._machine_s - own_s - sum(used.values()))}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where figures come from: commit, command, date and machine."""

    commit: str
    command: str
    date: str
    machine: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.date} · commit {self.commit} · `{self.command}` · {self.machine}"


def origin(arguments: Sequence[str]) -> Origin:
    """Return where the figures of this process come from, which was called with these arguments."""
    command = " ".join(["python -m bench", *arguments])
    return Origin(_commit(), command, f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", _machine())


def _commit() -> str:
    commit = _git("rev-parse", "--short=10", "HEAD") or "unknown"
    return (
        f"{commit} with changes"
        if _git("status", "--porcelain", "--", *MEASURED, ":!bench/README.md", ":!bench/guard.json")
        else commit
    )


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _machine() -> str:
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}.{sys.version_info.micro}"
    return f"{os.cpu_count()} cores ({_processor()}), {memory_gib:.0f} GiB, {platform.system()}, {python}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
