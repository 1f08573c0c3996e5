"""The page that maps laws to tests is made from the tests."""

from __future__ import annotations

from scripts import laws


def test_every_point_is_shown_by_a_test() -> None:
    assert laws.page().count("## ") == len(laws.POINTS)
