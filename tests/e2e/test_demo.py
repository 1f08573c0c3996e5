"""`segments demo` as a person starts it: a small history, a rule of their own, Ctrl-C, and a second start."""

from __future__ import annotations

import gzip
import json
import os
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


def last_line(answer: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(answer.splitlines()[-1])
    return found


def test_the_demo_from_history_over_a_second_start_to_ctrl_c(place: Path) -> None:
    code, answer, told = ended(started(place, "--until-caught-up", "--json"))
    assert code == 0, told
    assert "the event log is in memory" in told
    first = last_line(answer)
    assert (first["caught_up"], first["events"]) == (True, ROWS)
    assert first["transitions"] > ROWS / 2
    assert sum(first["members"]["lifecycle"].values()) > ROWS / 4

    demo = started(place, "--seconds", "60")
    lines: list[str] = []
    assert demo.stderr is not None
    for line in demo.stderr:  # a sentence of our own rule, then Ctrl-C
        lines.append(line)
        if "just_looked" in line:
            demo.send_signal(signal.SIGINT)
            break
    code, _, rest = ended(demo)
    told = "".join(lines) + rest
    assert code == 0, told
    assert "going on where the demo before stood" in told
    assert "Traceback" not in told
    assert " because " in next(line for line in lines if "just_looked" in line)
