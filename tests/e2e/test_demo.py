"""`segments demo` as a person starts it: a small history, a rule of their own, Ctrl-C, a second start and a third."""

from __future__ import annotations

import csv
import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
ROWS = 400
PATIENCE_S = 450
LIVE_S = 120
BY_CAUSE = re.compile(r"\(([\d,]+) by events, ([\d,]+) by time\)")
SEGMENTS = {"prospect", "intent", "new", "active", "loyal", "at_risk", "dormant", "churned", "reactivated"}
MINE = """\
title: Just looked
owner: us
enter: {did: product_viewed, within: 10min}
"""

pytestmark = [pytest.mark.e2e, pytest.mark.servers]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return a folder with rules that have one of our own, and a short history."""
    shutil.copytree(ROOT / "rules" / "lifecycle", tmp_path / "rules" / "lifecycle")
    shutil.copy(ROOT / "rules" / "vocabulary.yaml", tmp_path / "rules")
    (tmp_path / "rules" / "audiences").mkdir()
    (tmp_path / "rules" / "audiences" / "just_looked.yaml").write_text(MINE)
    with gzip.open(ROOT / "demo" / "online_retail.csv.gz", "rt") as lines:
        rows = list(islice(lines, ROWS + 1))
    with gzip.open(tmp_path / "history.csv.gz", "wt") as out:
        out.writelines(rows)
    return tmp_path


def started(place: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("SEGMENTS_", "KAFKA_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "stream", "demo", "--rules", "rules", "--history", "history.csv.gz", *arguments],
        cwd=place,
        env=environment
        | {"SEGMENTS_DATA": str(place / "state"), "SEGMENTS_LOG_LEVEL": "warning", "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(demo: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Return exit code, standard output and standard error."""
    try:
        answer, told = demo.communicate(timeout=PATIENCE_S)
    finally:
        demo.kill()
    return demo.returncode, answer, told


def customers(place: Path) -> int:
    """Return how many customers the short history has."""
    with gzip.open(place / "history.csv.gz", "rt", newline="") as lines:
        return len({row["customer_id"] for row in csv.DictReader(lines)})


def figures(demo: subprocess.Popen[str], events: int) -> dict[str, Any]:
    """Return the JSON of a demo that ends when it caught up, held against itself and the events it had to load."""
    code, answer, told = ended(demo)
    assert code == 0, told
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    assert found.keys() == {"caught_up", "events", "transitions", "members", "seconds", "events_per_second"}
    assert (found["caught_up"], found["events"]) == (True, events), told
    assert found["seconds"] > 0
    assert found["events_per_second"] == pytest.approx(events / found["seconds"], rel=0.02)
    return found | {"told": told}


def watched(demo: subprocess.Popen[str]) -> list[str]:
    """Read the live lines until both causes have shown and our own rule has spoken; return them."""
    lines: list[str] = []
    is_moving = has_spoken = False
    assert demo.stderr is not None
    for line in demo.stderr:
        lines.append(line)
        by_cause = BY_CAUSE.search(line)
        is_moving |= by_cause is not None and "0" not in by_cause.groups()
        has_spoken |= "just_looked" in line
        if is_moving and has_spoken:
            return lines
    raise AssertionError(f"the demo ended before both causes showed: {''.join(lines[-20:])}")


def test_the_demo_from_history_over_a_second_start_to_ctrl_c_and_a_third(place: Path) -> None:
    first = figures(started(place, "--until-caught-up", "--json"), ROWS)
    assert "the event log is in memory" in first["told"]
    assert first["transitions"] > ROWS / 2
    assert first["members"].keys() == {"lifecycle"}, "nobody looked at anything yet"
    assert first["members"]["lifecycle"].keys() <= SEGMENTS
    assert sum(first["members"]["lifecycle"].values()) == customers(place)

    demo = started(place, "--seconds", str(LIVE_S))
    try:
        lines = watched(demo)
        demo.send_signal(signal.SIGINT)
    finally:
        code, _, rest = ended(demo)
    told = "".join(lines) + rest
    assert code == 0, told
    assert "going on where the demo before stood" in told
    assert "Traceback" not in told
    assert " because " in next(line for line in lines if "just_looked" in line)

    third = figures(started(place, "--until-caught-up", "--json"), 0)
    assert sum(third["members"]["lifecycle"].values()) >= customers(place), "what the history made is still there"
