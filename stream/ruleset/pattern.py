"""Patterns of `matches`: RE2, whose matching takes time in proportion to the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import re2

_QUIET = re2.Options()
_QUIET.log_errors = False


def pattern_problem(text: str) -> str | None:
    r"""Return why a text is not a pattern, or None. `\C` (one byte) is refused: a text has no bytes."""
    if r"\C" in text.replace(r"\\", ""):
        return r"\C is not known"
    try:
        re2.compile(text, _QUIET)
    except re2.error as error:
        return str(error.args[0].decode() if isinstance(error.args[0], bytes) else error)
    return None


def matches(text: str) -> Callable[[Any], bool]:
    """Return the test that a whole text fits the pattern; what is no text does not."""
    fullmatch = re2.compile(text, _QUIET).fullmatch
    return lambda value: isinstance(value, str) and fullmatch(value) is not None
