"""What writers of rules wait for: whole commands, from start to end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from time import perf_counter

from bench import equal, mix
from bench.measure import BrokenRunError, Row
from bench.report import Report
from bench.rulesets import STARTER, written
from bench.scaling import LOOKED
from bench.stage import Stage
from stream.adapters.files import shipped_rules

QUICK_RULES, FULL_RULES = 50, 500
QUICK_HISTORY, FULL_HISTORY = 2_000, 23_146
RULE = "title: Audience {number}\nowner: benchmarks\nenter: {{did: page_viewed, within: {days}d}}\n"
CASES = """\
tests:
  - name: for as long as the rule says
    events:
      - {{at: 0d, did: page_viewed, page: home}}
    until: 730d
    expect:
      - {{at: 0d, enters: a{number}}}
      - {{at: {days}d, leaves: a{number}}}
  - name: nobody who did something else
    events:
      - {{at: 0d, did: purchase, amount: 5}}
    expect: []
"""
NOTE = "from the start of Python to its end; by wall clock, and CPU of the process"
KEY = "seconds"


def run(stage: Stage) -> list[Report]:
    """Return one row per command."""
    many, one = _many(stage), shipped_rules() / "audiences" / "core_customers.yaml"
    recorded, events = _recorded(stage)
    counted = f"{events:,} recorded orders and refunds"
    rows = [
        _timed(stage, "rules check", f"{stage.pick(QUICK_RULES, FULL_RULES)} segments with cases", str(many)),
        _timed(stage, "rules test", "all shipped rules", str(shipped_rules())),
        _timed(stage, "rules preview", f"{counted}, one segment", str(one), "--events", recorded),
        _timed(stage, "rules preview", f"{counted}, another folder", str(STARTER), "--events", recorded),
    ]
    return [
        Report("tools", "Whole commands that writers of rules wait for", rows, ["from the start of Python to its end"])
    ]


def _many(stage: Stage) -> Path:
    """Return a folder with so many audiences, and a file of cases beside each."""
    files = {"vocabulary.yaml": (equal.RULES / "vocabulary.yaml").read_text() + LOOKED}
    for number in range(stage.pick(QUICK_RULES, FULL_RULES)):
        said = {"number": number, "days": 1 + number}
        files[f"audiences/a{number}.yaml"] = RULE.format(**said)
        files[f"audiences/a{number}.test.yaml"] = CASES.format(**said)
    return written(stage.folder / "many", files).folder


def _recorded(stage: Stage) -> tuple[str, int]:
    """Return a file of the recorded orders, and how many there are."""
    told = mix.recorded(stage.pick(QUICK_HISTORY, FULL_HISTORY))
    path = stage.folder / "recorded.jsonl"
    path.write_text("".join(f"{json.dumps(each)}\n" for each in told), encoding="utf-8")
    return str(path), len(told)


def _timed(stage: Stage, command: str, on: str, *arguments: str) -> Row:
    def measured() -> Row:
        begun, used = perf_counter(), getrusage(RUSAGE_CHILDREN)
        asked = [sys.executable, "-m", "stream", *command.split(), *arguments]
        done = subprocess.run(asked, capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokenRunError(f"{command}: {done.stderr[-500:] or done.stdout[-500:]}")
        spent = getrusage(RUSAGE_CHILDREN)
        cpu = spent.ru_utime + spent.ru_stime - used.ru_utime - used.ru_stime
        return {KEY: perf_counter() - begun, "CPU s": cpu}

    return {"command": command, "on": on} | stage.median(measured, KEY)
