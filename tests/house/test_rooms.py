"""The map of the house: one sentence per file, small files, plain names, and the same list of pure rooms everywhere."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STREAM = ROOT / "stream"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FILES = sorted(STREAM.rglob("*.py"))
VAGUE = re.compile(r"(?:^|_)(?:manager|helper|helpers|util|utils|common|base|data|info|process|misc)(?:_|$)")
MOST_LINES = 450  # 300 is the habit; beyond this a file does two things


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_says_in_its_first_sentence_what_it_is(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text()))
    assert doc
    assert doc.splitlines()[0].endswith((".", ":", ";", ",")) or doc.split("\n\n", 1)[0].endswith((".", ":"))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_is_small(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


def test_no_file_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in FILES if VAGUE.search(path.stem)] == []


def test_the_pure_rooms_are_the_ones_that_are_covered() -> None:
    (pure,) = (each for each in PROJECT["tool"]["importlinter"]["contracts"] if each["id"] == "pure")
    covered = [room.replace("/", ".") for room in PROJECT["tool"]["coverage"]["run"]["source"]]
    assert sorted(pure["source_modules"]) == sorted(covered)


def test_the_readme_maps_every_room() -> None:
    readme = (ROOT / "README.md").read_text()
    rooms = {path.name for path in STREAM.iterdir() if (path / "__init__.py").exists()}
    assert [room for room in sorted(rooms) if f"`{room}/`" not in readme and f"  {room}/" not in readme] == []
