"""Tests on single values: what `where` and the comparisons of a rule ask of a property or trait.

A missing value is None; it passes `is_not`, `none_of`, `has_none` and `exists: false`, nothing
else. Unlike types compare as false, and true is not a number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stream.core import ledger as books

Test = Callable[[Any], bool]
Tests = Sequence[tuple[str, Test]]


NUMBERS = frozenset({int, float, Fraction})


def present(value: Any) -> Any:
    """Return the value, or None where it is absent, null, empty text or an empty list."""
    return None if value in (None, "", []) else value


def looked_up(properties: Mapping[str, Any], path: str) -> Any:
    """Return the value at a dotted path (a key with a dot in its name comes first), None where it is missing."""
    value: Any = properties.get(path)
    if value is None and "." in path:
        value = properties
        for part in path.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
    return present(value)


def is_number(value: Any) -> bool:
    """Tell whether a value is a number; true and false are not."""
    return type(value) in NUMBERS


def is_same(value: Any, other: Any) -> bool:
    """Tell whether two values are equal and of like type."""
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if is_number(value) or is_number(other):
        return is_number(value) and is_number(other) and bool(value == other)
    return type(value) is type(other) and bool(value == other)


def kind_of(value: Any) -> str:
    """Return the kind within which values can be equal at all."""
    if isinstance(value, bool):
        return "true_false"
    return "number" if isinstance(value, int | float | Fraction | Decimal) else type(value).__name__


def never(value: Any) -> bool:
    """Return false: what is compared with a number that nobody has published."""
    return False


def equals(wanted: Any) -> Test:
    """Return the test that a value is `wanted`."""
    if isinstance(wanted, str):
        return lambda value: bool(value == wanted)
    return lambda value: is_same(value, wanted)


def at_least(bar: float) -> Test:
    """Return the test value >= bar."""
    return lambda value: is_number(value) and value >= bar


def above(bar: float) -> Test:
    """Return the test value > bar."""
    return lambda value: is_number(value) and value > bar


def at_most(bar: float) -> Test:
    """Return the test value <= bar."""
    return lambda value: is_number(value) and value <= bar


def below(bar: float) -> Test:
    """Return the test value < bar."""
    return lambda value: is_number(value) and value < bar


def between(low: float, high: float) -> Test:
    """Return the test low <= value <= high."""
    return lambda value: is_number(value) and low <= value <= high


def starts_with(text: str) -> Test:
    """Return the test that a text begins so."""
    return lambda value: isinstance(value, str) and value.startswith(text)


def ends_with(text: str) -> Test:
    """Return the test that a text ends so."""
    return lambda value: isinstance(value, str) and value.endswith(text)


def contains(text: str) -> Test:
    """Return the test that a text has this in it."""
    return lambda value: isinstance(value, str) and text in value


def exists(*, wanted: bool) -> Test:
    """Return the test that a value is there (or, not wanted, that it is missing)."""
    return lambda value: (value is not None) is wanted


def has_any(wanted: Sequence[Any]) -> Test:
    """Return the test that a list holds one of these; a single value is a list of one."""
    return lambda value: any(is_same(item, each) for item in as_list(value) for each in wanted)


def has_all(wanted: Sequence[Any]) -> Test:
    """Return the test that a list holds all of these."""
    return lambda value: all(any(is_same(item, each) for item in as_list(value)) for each in wanted)


def has_none(wanted: Sequence[Any]) -> Test:
    """Return the test that a list holds none of these, missing included."""
    return lambda value: not any(is_same(item, each) for item in as_list(value) for each in wanted)


def as_list(value: Any) -> Sequence[Any]:
    """Return a list as it is, one value as a list of one, nothing as an empty list."""
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


def any_item(tests: Tests) -> Test:
    """Return the test that one item of a list passes everything at once."""

    def test(items: Any) -> bool:
        return any(
            isinstance(item, Mapping) and all(check(looked_up(item, path)) for path, check in tests)
            for item in as_list(items)
        )

    return test


def on_event(tests: Tests) -> Callable[[Mapping[str, Any]], bool] | None:
    """Return the test of all on the properties of one event; None where nothing is asked."""
    if not tests:
        return None
    if len(tests) == 1:
        ((path, check),) = tests
        return lambda properties: check(looked_up(properties, path))
    return lambda properties: all(check(looked_up(properties, path)) for path, check in tests)


def on_row(tests: Tests) -> Test | None:
    """Return the test of all on a ledger row; `amount` is what is left of it. None where nothing is asked."""
    if not tests:
        return None
    if len(tests) == 1:
        ((path, check),) = tests
        if path == "amount":
            return lambda row: check(row[books.AMOUNT])
        return lambda row: check(row[books.COLUMNS].get(path))
    return lambda row: all(check(value_in(row, path)) for path, check in tests)


def value_in(row: books.Row, path: str) -> Any:
    """Return the value that a ledger row keeps of a property, None where it is missing."""
    return row[books.AMOUNT] if path == "amount" else row[books.COLUMNS].get(path)
