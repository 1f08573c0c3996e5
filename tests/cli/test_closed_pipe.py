"""Whoever reads the answer may go before its end: a real pipe, closed after the first line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import BUYERS, folder, order

READER_LEFT = 141
MORE_THAN_A_PIPE_HOLDS = 2_000
"""Customers whose transitions come to more than 64 KiB."""


def left_after_a_line(*arguments: str | Path, lines: int = 1, is_stderr_read_too: bool = False) -> tuple[int, str]:
    """Run the command, close the pipe after so many lines, and return its exit code and what it said beside it."""
    stderr = subprocess.STDOUT if is_stderr_read_too else subprocess.PIPE
    command = [sys.executable, "-m", "stream", *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr, text=True) as process:
        assert process.stdout is not None
        for _ in range(lines):
            assert process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read() if process.stderr else ""
        return process.wait(60), said


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_text("".join(order(1, customer=f"c-{number}") for number in range(MORE_THAN_A_PIPE_HOLDS)))
    return file


@pytest.mark.parametrize("is_stderr_read_too", [False, True], ids=["stdout", "both"])
def test_a_long_answer_that_is_read_no_further_ends_quietly(
    tmp_path: Path, events: Path, *, is_stderr_read_too: bool
) -> None:
    rules = folder(tmp_path / "rules", BUYERS)
    ended = left_after_a_line("replay", events, "--rules", rules, is_stderr_read_too=is_stderr_read_too)
    assert ended == (READER_LEFT, "")


@pytest.mark.parametrize(
    "command", [("rules", "docs"), ("settings",), ("--help",), ("rules", "--help"), ("--version",)], ids=" ".join
)
def test_what_is_still_to_be_flushed_at_the_end_is_told_to_nobody(command: tuple[str, ...]) -> None:
    assert left_after_a_line(*command, lines=0) == (READER_LEFT, "")


def test_sentences_about_mistakes_may_stay_unread_too(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    code, _ = left_after_a_line("rules", "check", nowhere, lines=0, is_stderr_read_too=True)
    assert code == READER_LEFT
    assert left_after_a_line("rules", "check", nowhere, "--json", lines=0) == (READER_LEFT, "")
