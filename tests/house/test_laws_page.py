"""The page that maps laws to tests is made from the tests, and current."""

from __future__ import annotations

from scripts import laws


def test_the_page_of_laws_is_current() -> None:
    assert laws.PAGE.read_text() == laws.page(), "run `make fmt`"


def test_every_point_is_shown_by_a_test() -> None:
    assert laws.page().count("## ") == len(laws.POINTS)
