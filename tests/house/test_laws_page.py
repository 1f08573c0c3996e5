"""The page that maps laws and points to tests is made from the tests, and leaves none of them out."""

from __future__ import annotations

import ast

from scripts import laws
from scripts.points import ALSO, GROUPS

POINTS = [point for points in GROUPS.values() for point in points]


def test_every_point_is_shown_by_a_test() -> None:
    page = laws.page()
    assert [point for point in POINTS if f"### {point}\n\n" not in page] == []
    assert len(set(POINTS)) == len(POINTS)
    assert ALSO.keys() <= set(POINTS)
    assert laws.LAWS.keys() <= {point.partition(":")[0] for point in POINTS}


def test_every_file_of_tests_belongs_to_a_point() -> None:
    every = (laws.ROOT / "tests").rglob("*.py")
    missing = {path for path in every if path.name.startswith("test_") or laws.tests_in(path)} - laws.shown()
    assert sorted(str(path.relative_to(laws.ROOT)) for path in missing) == [], "name it in scripts/points.py"


def test_what_runs_only_nightly_is_told() -> None:
    (whole,) = ast.parse("@pytest.mark.nightly\ndef test_all_of_it(): ...").body
    (part,) = ast.parse("@parametrize('n', [1, param(9, marks=[pytest.mark.nightly])])\ndef test_a_lot(): ...").body
    assert isinstance(whole, ast.FunctionDef)
    assert isinstance(part, ast.FunctionDef)
    assert [laws.told(whole), laws.told(part)] == ["all of it (nightly)", "a lot (full size nightly)"]
