"""From COUNT, COMPARE and WHERE to tests on values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import Any, Protocol

from stream.core import matching
from stream.core.matching import Test
from stream.core.profile import NEVER
from stream.ruleset.pattern import matches
from stream.ruleset.schema_parts import Compare, Count, ItemWhere, Where
from stream.ruleset.schema_values import Bar
from stream.ruleset.source import number

Number = int | Decimal


def counts(count: Count | None) -> tuple[int, int]:
    """Return the least and the greatest whole number that passes; (1, 0) where none does, (1, NEVER) for no count."""
    if count is None:
        return 1, NEVER
    value, high = plain(count.value), plain(count.high) if count.high is not None else 0
    if value is None or high is None:
        return 1, 0
    bounds = {
        "at_least": (ceil(value), NEVER),
        "above": (floor(value) + 1, NEVER),
        "at_most": (0, floor(value)),
        "below": (0, ceil(value) - 1),
        "exactly": (int(value), int(value)) if value == int(value) >= 0 else (1, 0),
        "between": (ceil(value), floor(high)),
    }
    low, top = bounds[count.op]
    return (max(low, 0), top) if top >= max(low, 0) else (1, 0)


def plain(value: Any) -> Number | None:
    """Return a number that stands in the rule, None for a bar that nobody has published."""
    plain_number: Number | None = None if isinstance(value, Bar) else value
    return plain_number


def number_test(op: str, value: Any, high: Any, scale: int) -> Test:
    """Return the test of a number against one or two bars, times `scale` (100 for money in cents)."""
    bar, top = plain(value), plain(high) if op == "between" else 0
    if bar is None or top is None:
        return matching.never
    low, high_end = exact(bar, scale), exact(top, scale)
    make: dict[str, Callable[[Any], Test]] = {
        "at_least": matching.at_least,
        "above": matching.above,
        "at_most": matching.at_most,
        "below": matching.below,
        "exactly": matching.equals,
        "is": matching.equals,
    }
    if op == "between":
        between: Callable[[Any, Any], Test] = matching.between
        return _either_kind(between(low, high_end), between(float(low), float(high_end)))
    return _either_kind(make[op](low), make[op](float(low)))


def exact(bar: Number, scale: int) -> int | Fraction:
    """Return a bar times `scale`, whole where it is whole."""
    product = Fraction(bar) * scale
    return product.numerator if product.denominator == 1 else product


def _either_kind(exact: Test, floating: Test) -> Test:
    """Compare floats with the float that the bar is written like, everything else exactly."""
    return lambda value: floating(value) if isinstance(value, float) else exact(value)


def count_test(count: Count, scale: int) -> Test:
    """Return the test of a COUNT on an aggregate."""
    return number_test(count.op, count.value, count.high, scale)


def least(op: str, value: Any, scale: int) -> int | None:
    """Return the least whole number that passes a test of a number; None where the test is no such bar."""
    bar = plain(value) if op in {"at_least", "above"} else None
    if bar is None:
        return None
    return ceil(exact(bar, scale)) if op == "at_least" else floor(exact(bar, scale)) + 1


def compare_test(compare: Compare, scale: int) -> Test:
    """Return the test of a COMPARE on a value, None meaning missing; ValueError for a comparison with time."""
    op = compare.op
    value: Any = compare.value  # of the type that goes with the operator
    if op in NUMBER_OPS:
        pair = value if op == "between" else (value, None)
        return number_test(op, pair[0], pair[1], scale)
    if op in TEXT_TESTS:
        return TEXT_TESTS[op](str(value))
    if op in LIST_TESTS:
        return LIST_TESTS[op]([_json_like(each) for each in value])
    if op == "exists":
        return matching.exists(wanted=bool(value))
    if op in SAME_OPS:
        return _same(op, value, scale)
    raise ValueError(f"{op} compares with time")


NUMBER_OPS = frozenset({"at_least", "above", "at_most", "below", "between"})
SAME_OPS = frozenset({"is", "is_not", "one_of", "none_of"})
TEXT_TESTS: dict[str, Callable[[str], Test]] = {
    "starts_with": matching.starts_with,
    "ends_with": matching.ends_with,
    "contains": matching.contains,
    "matches": matches,
}
LIST_TESTS: dict[str, Callable[[Sequence[Any]], Test]] = {
    "has_any": matching.has_any,
    "has_all": matching.has_all,
    "has_none": matching.has_none,
}


def _same(op: str, value: Any, scale: int) -> Test:
    """Return the test that a value is the wanted one, or one of those wanted; or, negated, that it is not.

    Negated, it is false of a value unlike all that is wanted, and true of a missing one.
    """
    values = value if isinstance(value, tuple) else (value,)
    wanted = [_is(each, scale) for each in values]
    if op in {"is", "one_of"}:
        return wanted[0] if len(wanted) == 1 else lambda got: any(test(got) for test in wanted)
    kinds = {matching.kind_of(each) for each in values}
    return lambda got: got is None or (matching.kind_of(got) in kinds and not any(test(got) for test in wanted))


def _is(value: Any, scale: int) -> Test:
    if isinstance(value, int | Decimal | Bar) and not isinstance(value, bool):
        return number_test("is", value, None, scale)
    return matching.equals(value)


def _json_like(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value


def numbered(compare: Compare) -> Compare:
    """Return a comparison with what is a number: text in quotes that says one is that number."""
    if compare.op not in SAME_OPS:
        return compare
    value = compare.value
    texts = value if isinstance(value, tuple) else (value,)
    numbers = tuple(number(text) if isinstance(text, str) else text for text in texts)
    return replace(compare, value=numbers if isinstance(value, tuple) else numbers[0])


class Units(Protocol):
    """What the properties of some events are measured in."""

    def scale(self, path: str) -> int:
        """Return how many minor units one of it is: 100 for money in cents, 1 for all else."""

    def is_number(self, path: str) -> bool:
        """Tell whether it is declared a number or money."""


def compare_with(compare: Compare, units: Units, path: str) -> Test:
    """Return the test of a COMPARE on a property."""
    return compare_test(numbered(compare) if units.is_number(path) else compare, units.scale(path))


def where_tests(where: ItemWhere | None, units: Units) -> list[tuple[str, Test]]:
    """Return (property, test) for each test of WHERE; `any_item` asks the property `items`."""
    if where is None:
        return []
    tests = [(name, compare_with(compare, units, name)) for name, compare in where.properties]
    if isinstance(where, Where) and where.any_item is not None:
        inner = [(name, compare_test(compare, 1)) for name, compare in where.any_item.properties]
        tests.append(("items", matching.any_item(inner)))
    return tests
