"""The guard: has the engine become slower? Ratios to a fixed loop of plain Python, so that the machine hardly matters.

`python -m bench.guard` compares with what bench/guard.json holds and ends with 1 where a ratio is beyond the margin;
`python -m bench.guard --record` writes the file anew, to be committed with the change that made the difference.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from time import process_time

from bench import mix, rulesets
from bench.engine import engine, slices
from bench.measure import origin
from bench.report import told
from stream.core.plan import Plan
from stream.ports import Record

PAPER = Path(__file__).with_name("guard.json")
MARGIN = 1.4
"""A ratio may grow by so much before it is called slower: shared machines are that uncertain."""
PAIRS = 7
TRAFFIC, HISTORY = 3_000, 500
ROUNDS = 40_000
Ratios = dict[str, float]
Work = Callable[[], object]


def reference() -> int:
    """Return a number made by what engines are made of: calls, attributes, dicts, small lists, whole numbers."""
    kept: dict[int, list[int]] = {}
    total = 0
    for number in range(ROUNDS):
        key = number * 2_654_435_761 % 4_096
        row = kept.get(key)
        if row is None:
            row = kept[key] = []
        row.append(number)
        if len(row) > 8:
            del row[0]
        total += _weighed(row, number)
    return total


def _weighed(row: list[int], number: int) -> int:
    return max((number - each) // 7 for each in row) if len(row) & 1 else min(row[0], number)


def works() -> dict[str, Work]:
    """Return what is guarded, by name."""
    plan = rulesets.starter().rules.plan
    fed = {"traffic": mix.traffic(TRAFFIC).records(), "history": mix.history(HISTORY).records()}
    parts = {"engine": engine, "slice": slices}
    return {
        f"{part}, {name}": _work(measure, records, plan)
        for part, measure in parts.items()
        for name, records in fed.items()
    }


def _work(measure: Callable[[list[Record], int, Plan], object], records: list[Record], plan: Plan) -> Work:
    return lambda: measure(records, 0, plan)


def ratio(work: Work) -> float:
    """Return the median of how many times as long as the reference the work takes, each pair one after the other."""
    found = []
    for _ in range(PAIRS):
        base_s = _used_s(reference)
        found.append(_used_s(work) / base_s)
    return statistics.median(found)


def _used_s(work: Work) -> float:
    gc.collect()
    began = process_time()
    work()
    return process_time() - began


def slower(recorded: Ratios, found: Ratios) -> list[str]:
    """Return one line for each ratio beyond the margin."""
    return [
        f"{name}: {told(found[name])} times the reference, recorded {told(before)}: "
        f"more than {MARGIN} times as slow; find out why, or record it with a reason"
        for name, before in recorded.items()
        if name in found and found[name] > before * MARGIN
    ]


def main() -> int:
    """Measure, tell and compare; return 1 where something became slower."""
    found = {name: ratio(work) for name, work in works().items()}
    where = origin(sys.argv[1:])
    paper = json.loads(PAPER.read_text(encoding="utf-8")) if PAPER.exists() else {}
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    recorded: Ratios = paper.get(python, {}).get("ratios", {})
    for name, value in found.items():
        print(f"{name:<16} {told(value):>8} times the reference; recorded: {told(recorded.get(name))}")
    if "--record" in sys.argv[1:]:
        ratios = {name: round(value, 3) for name, value in found.items()}
        paper[python] = {"ratios": ratios, "commit": where.commit, "date": where.date, "machine": where.machine}
        PAPER.write_text(json.dumps(paper, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return 0
    if not recorded:
        print(f"nothing is recorded for Python {python}: nothing to compare with; run with --record")
    problems = slower(recorded, found)
    for line in problems:
        sys.stderr.write(f"{line}\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
