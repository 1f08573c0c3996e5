"""Patterns: the whole text, in linear time, and a clear word about what is none."""

from __future__ import annotations

import pytest

from stream.ruleset.pattern import matches, pattern_problem


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("g.*n", "garden", True),
        ("g.*n", "gardens", False),
        ("a|b", "b", True),
        ("a|b", "ab", False),
        (r"\d{4}-\d{3}", "1200-095", True),
        ("gr.n", "grün", True),
        (".*", "", True),
        ("5", 5, False),
        ("true", True, False),
        (".*", None, False),
        (".*", ["a"], False),
    ],
)
def test_the_whole_text_must_fit(pattern: str, value: object, fits: bool) -> None:
    assert matches(pattern)(value) is fits


def test_a_pattern_that_makes_others_hang_is_no_trouble() -> None:
    assert not matches("(a|aa)*(a|aa)*(a|aa)*b")("a" * 50_000)


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(a", "missing ): (a"),
        ("a++", "bad repetition operator: ++"),
        ("[z-a]", "invalid character class range: z-a"),
        (r"\C", r"\C is not known"),
    ],
)
def test_what_is_no_pattern_is_told(pattern: str, problem: str) -> None:
    assert pattern_problem(pattern) == problem


def test_a_backslash_before_a_letter_is_not_one_byte() -> None:
    assert pattern_problem(r"\\C") is None
