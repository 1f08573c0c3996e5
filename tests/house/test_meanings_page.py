"""The page that maps meanings to tests is made from the tests; the page of meanings names each of them."""

from __future__ import annotations

import re

from scripts import meanings


def test_every_meaning_has_named_tests() -> None:
    assert {one.number for one in meanings.named_tests()} == meanings.MEANINGS.keys()


def test_what_is_not_built_is_expected_to_fail_and_nothing_else_is() -> None:
    marks = re.compile(r"@NO_\w+\n(?:@.*\n)*def test_meaning_(\d+)_")
    text = "".join((meanings.ROOT / one).read_text() for one in {each.path for each in meanings.named_tests()})
    assert {int(number) for number in marks.findall(text)} == meanings.NOT_BUILT.keys()


def test_the_page_to_look_up_has_every_meaning() -> None:
    text = (meanings.PAGE.parent / "meanings.md").read_text()
    assert {int(number) for number in re.findall(r"^\| (\d+) \|", text, re.MULTILINE)} == meanings.MEANINGS.keys()
