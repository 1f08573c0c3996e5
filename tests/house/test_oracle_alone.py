"""The oracle is a judge of its own: it imports nothing of the program that it judges."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ORACLE = Path(__file__).parents[1] / "oracle"
FILES = sorted(path for path in ORACLE.glob("*.py") if not path.name.startswith("test_"))


def imported(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_oracle_imports_nothing_of_the_program(path: Path) -> None:
    ours = {each for each in imported(path) if each.split(".")[0] in {"stream", "tests", "bench", "scripts"}}
    assert {each for each in ours if not each.startswith("tests.oracle")} == set()


def test_there_is_an_oracle_to_look_at() -> None:
    assert len(FILES) > 10
