"""The guard: does the same work take more bytecode instructions than it did when that was last written down?

Instructions are counted, not seconds, so that the same commit gives the same number on every machine of the same
Python. What libraries written in C do is not seen: for that, and for what grows with rules or history, `bench scaling`.

`python -m bench.guard` compares with what bench/guard.json holds and ends with 1 where a count is beyond the margin;
`python -m bench.guard --record` writes the file anew, to be committed with the change that made the difference.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial
from itertools import product
from pathlib import Path
from types import FrameType
from typing import Any

from bench import equal, mix, rulesets
from bench.engine import decode, engine, slices
from bench.measure import origin

PAPER = Path(__file__).with_name("guard.json")
MARGIN = 1.03
"""A count may grow by so much: smaller steps are not worth a stop, and are recorded with the next."""
CATALOGUE = "traffic, all rules"
EQUAL, TRAFFIC, HISTORY = 1_000, 800, 120
PARTS = {"decode": decode, "engine": engine, "slice": slices}
Counts = dict[str, int]
Work = Callable[[], object]


def works() -> dict[str, tuple[Work, int]]:
    """Return what is guarded by name, and of how many records it is."""
    plan = rulesets.starter().rules.plan
    fed = {
        name: (each.records(), plan)
        for name, each in (("traffic", mix.traffic(TRAFFIC)), ("history", mix.history(HISTORY)))
    }
    fed["equal work"] = (equal.fed(EQUAL).records(), equal.rules().rules.plan)
    asked = list(product(PARTS, fed))
    fed[CATALOGUE] = (fed["traffic"][0], rulesets.shipped().rules.plan)
    asked.append(("engine", CATALOGUE))  # the part that grows with rules; a new dimension is recorded with its price
    return {
        f"{part}, {name}": (partial(PARTS[part], fed[name][0], 0, fed[name][1]), len(fed[name][0]))
        for part, name in asked
    }


def counts() -> Counts:
    """Return the bytecode instructions of each guarded work, per record."""
    return {name: round(instructions(work) / records) for name, (work, records) in works().items()}


def instructions(work: Work) -> int:
    """Return how many bytecode instructions of Python a call executes; who watches already is asked to wait."""
    count = 0

    def watch(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        if event == "opcode":
            count += 1
        elif event == "call":
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def dearer(recorded: Counts, found: Counts) -> list[str]:
    """Return one line for each count beyond the margin."""
    return [
        f"{name}: {found[name]:,} instructions a record, recorded {before:,} ({found[name] / before - 1:+.1%}): "
        "find out why, or record it with the reason (python -m bench.guard --record)"
        for name, before in recorded.items()
        if name in found and found[name] > before * MARGIN
    ]


def recorded() -> Counts:
    """Return the counts written down for this Python, none where there are none."""
    found: Counts = _paper().get(_python(), {}).get("instructions", {})
    return found


def main() -> int:
    """Count, tell and compare; return 1 where something became dearer."""
    before, found = recorded(), counts()
    for name, count in found.items():
        print(f"{name:<26} {count:>8,} instructions a record; recorded: {before.get(name, 'nothing')}")
    if "--record" in sys.argv[1:]:
        where = origin(sys.argv[1:])
        paper = _paper() | {_python(): {"instructions": found, "commit": where.commit, "date": where.date}}
        PAPER.write_text(json.dumps(paper, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    if not before:
        print(f"nothing is recorded for Python {_python()}: nothing to compare with; run with --record")
    problems = dearer(before, found)
    for line in problems:
        sys.stderr.write(f"{line}\n")
    return 1 if problems else 0


def _paper() -> dict[str, Any]:
    return dict(json.loads(PAPER.read_text(encoding="utf-8"))) if PAPER.exists() else {}


def _python() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


if __name__ == "__main__":
    sys.exit(main())
