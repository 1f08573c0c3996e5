"""The page that maps meanings to tests is made from the tests, and current; the page of meanings names each of them."""

from __future__ import annotations

import re

from scripts import meanings


def test_the_page_of_meanings_and_their_tests_is_current() -> None:
    assert meanings.PAGE.read_text() == meanings.page(), "run `make fmt`"


def test_every_meaning_that_is_built_has_named_tests() -> None:
    shown = {one.number for one in meanings.named_tests()}
    assert shown | meanings.NOT_BUILT.keys() == meanings.MEANINGS.keys()
    assert shown & meanings.NOT_BUILT.keys() == set()


def test_the_page_to_look_up_has_every_meaning() -> None:
    text = (meanings.PAGE.parent / "meanings.md").read_text()
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == meanings.MEANINGS.keys()
