"""The map of the house: one sentence per file, small files, plain names, and the same list of pure rooms everywhere."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STREAM = ROOT / "stream"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
FILES = sorted(STREAM.rglob("*.py"))
VAGUE = re.compile(r"(?:^|_)(?:manager|helper|helpers|util|utils|common|base|data|info|process|misc)(?:_|$)")
MOST_LINES = 300
MOST_IN_A_BODY = 25
"""Lines of a function without signature and docstring: those grow with what is asked for, not with what is done."""
LONGER_FILES: dict[str, str] = {}
"""Files of more lines, each with the reason."""
LONGER_BODIES = {
    "stream/ruleset/compile_dimensions.py:_warning": "one segment and its one leaf, field by field",
}
"""Functions of more lines, each with the reason."""


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", FILES, ids=named)
def test_a_file_says_in_its_first_sentence_what_it_is(path: Path) -> None:
    doc = ast.get_docstring(ast.parse(path.read_text()))
    assert doc
    assert doc.splitlines()[0].endswith((".", ":", ";", ",")) or doc.split("\n\n", 1)[0].endswith((".", ":"))


SUPPRESSED = re.compile(r"# ?(?:noqa|type: ?ignore|pragma:|mypy:|ruff:)")
WHY = re.compile(r"# noqa: [A-Z0-9, ]+ - \w|# type: ignore\[[a-z, -]+\]  # \w|# pragma: no (?:cover|branch) - \w")
"""mypy wants the reason of a `type: ignore` in a comment of its own, the others behind a dash."""


@pytest.mark.parametrize("path", FILES, ids=named)
def test_what_is_suppressed_says_why(path: Path) -> None:
    lines = path.read_text().splitlines()
    silent = [number for number, line in enumerate(lines, 1) if SUPPRESSED.search(line) and not WHY.search(line)]
    assert silent == [], f"{named(path)}: say behind the code why, or mend what is suppressed"


@pytest.mark.parametrize(
    ("line", "is_told"),
    [
        ("x()  # noqa: S1 - a wheel of 40 MB", True),
        ("x()  # noqa: S1", False),
        ("x()  # noqa", False),
        ("x()  # type: ignore[misc]  # it ships no types", True),
        ("x()  # type: ignore[misc]", False),
        ("x()  # pragma: no cover - only on Windows", True),
        ("x()  # pragma: no cover", False),
    ],
)
def test_a_reason_is_told_from_none(line: str, is_told: bool) -> None:
    assert SUPPRESSED.search(line)
    assert bool(WHY.search(line)) is is_told


def test_files_are_small() -> None:
    longer = {named(path) for path in FILES if len(path.read_text().splitlines()) > MOST_LINES}
    assert longer - LONGER_FILES.keys() == set(), "split the file, or say in LONGER_FILES why not"
    assert LONGER_FILES.keys() - longer == set(), "these are small again: take them out of LONGER_FILES"


def test_functions_are_short() -> None:
    found = [body for path in FILES for body in bodies(path)]
    longer = {name for name, lines in found if lines > MOST_IN_A_BODY}
    assert longer - LONGER_BODIES.keys() == set(), "split the function, or say in LONGER_BODIES why not"
    assert LONGER_BODIES.keys() - longer == set(), "these are short again: take them out of LONGER_BODIES"


def bodies(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each function of a file, by its name, with the lines of its body."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1:2] if ast.get_docstring(node) else node.body[:1]
            lines = (node.end_lineno or 0) - first[0].lineno + 1 if first else 0
            yield f"{named(path)}:{node.name}", lines


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
