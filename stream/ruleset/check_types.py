"""Whether a comparison fits the type of what it compares: numbers with numbers, dates with dates."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from stream.ruleset.schema_forms import Compare
from stream.ruleset.schema_values import Bar
from stream.ruleset.source import number

NUMBERS: Final = ("at_least", "at_most", "above", "below", "between")
_SAME: Final = ("is", "is_not", "one_of", "none_of")
_TEXTS: Final = ("starts_with", "ends_with", "contains", "matches")
_LISTS: Final = ("has_any", "has_all", "has_none")
_DATES: Final = ("before", "from", "to", "within", "within_next", "falls", "older_than", "anniversary", "on_day")
FITTING: Final[dict[str, tuple[str, ...]]] = {
    "number": (*NUMBERS, *_SAME),
    "money": (*NUMBERS, *_SAME),
    "text": (*_SAME, *_TEXTS, *_LISTS),
    "true_false": ("is", "is_not"),
    "date": _DATES,
    "moment": _DATES,
    "list": _LISTS,
    "place": (),
}
_HINTS: Final[dict[str, str]] = {
    "number": "at_least, at_most, above, below, between, is",
    "money": "at_least, at_most, above, below, between, is",
    "text": "is, is_not, one_of, none_of, starts_with, contains, matches",
    "true_false": "is, is_not, exists",
    "date": "before, from, to, within, within_next, falls",
    "moment": "before, from, to, within, within_next, falls",
    "list": "has_any, has_all, has_none, exists",
    "place": "exists",
}
NOUNS: Final[dict[str, str]] = {
    "number": "a number", "money": "money", "text": "a text", "true_false": "true or false", "date": "a date",
    "moment": "a moment", "list": "a list", "place": "a place",
}  # fmt: skip
_COMPARES: Final[dict[str, str]] = {
    **dict.fromkeys(NUMBERS, "numbers"), **dict.fromkeys(_SAME, "single values"), **dict.fromkeys(_TEXTS, "text"),
    **dict.fromkeys(_LISTS, "lists"), **dict.fromkeys((*_DATES, "from_to"), "dates"),
}  # fmt: skip


def operator_problem(subject: str, kind: str, compare: Compare) -> str | None:
    """Return why the word of a comparison does not fit the type, or None. `subject` is shown: `trait "plan"`."""
    word = _shown_word(compare)
    if kind == "untyped" or word == "exists" or word in FITTING[kind]:
        return None
    what = _COMPARES[compare.op]
    return f'{subject} is {NOUNS[kind]}; "{word}" compares {what}; use {_HINTS[kind]}'


def _shown_word(compare: Compare) -> str:
    if compare.op != "from_to":
        return compare.op
    return "from" if getattr(compare.value, "from_", None) else "to"


def value_problem(subject: str, kind: str, compare: Compare) -> str | None:
    """Return why a value does not fit the type, or None; the operator is known to fit."""
    if compare.op in {*_SAME, *_LISTS} and "" in _values(compare):
        return f'an empty text is a missing value; write "exists: false" (or true) to ask whether there is {subject}'
    if kind == "untyped" or compare.op not in {*_SAME, *_LISTS}:
        return None
    return next((problem for value in _values(compare) if (problem := _one_problem(subject, kind, value))), None)


def _values(compare: Compare) -> Iterator[Any]:
    if isinstance(compare.value, tuple):
        yield from compare.value
    else:
        yield compare.value


def _one_problem(subject: str, kind: str, value: Any) -> str | None:
    """Return why one value does not fit; text in quotes that says a number is one where numbers are compared."""
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if kind in {"number", "money"} and not _is_number(value):
        return f'"{word}" is not a number'
    if kind == "text" and not isinstance(value, str):
        return f'{subject} is a text; write "{word}" in quotes'
    if kind == "true_false" and not isinstance(value, bool):
        return f'"{word}" is neither true nor false'
    return None


def _is_number(value: Any) -> bool:
    if isinstance(value, str):
        value = number(value.strip())
    return isinstance(value, Bar) or (isinstance(value, int | Decimal) and not isinstance(value, bool))
