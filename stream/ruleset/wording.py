"""How conditions read: one plain phrase for each part, the same for evidence, state keys and documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from stream.ruleset.schema_dates import Day, Moment, Period
from stream.ruleset.schema_parts import Compare, DateRange, ItemWhere, Where, Window
from stream.ruleset.schema_values import Bar, Personal
from stream.ruleset.spans import span_text

WHOLE_PERCENT = 100


def value_text(value: Any) -> str:  # noqa: PLR0911 - one line for each kind of value
    """Return a value as a person would write it; equal texts mean equal values."""
    match value:
        case bool():
            return "true" if value else "false"
        case Day():
            return value.date.isoformat()
        case Moment():
            return value.text
        case Period():
            return f"{value.word} {value.days}" if value.days else value.word
        case Bar():
            return f"bar {value.bar}" + (f" ({value.percent} %)" if value.percent != WHOLE_PERCENT else "")
        case DateRange():
            parts = [("from", value.from_), ("to", value.to), ("before", value.before)]
            return " ".join(f"{word} {value_text(each)}" for word, each in parts if each is not None)
        case tuple():
            return ", ".join(value_text(each) for each in value)
        case int() | Decimal():
            return str(value)
        case _:
            return f'"{value}"'


def span_words(span: int | Personal) -> str:
    """Return a span as it is written in rules, or so many personal gaps."""
    if isinstance(span, Personal):
        return f"{span.personal_gaps} personal gaps (at least {span_text(span.at_least)})"
    return span_text(span)


def window_words(window: Window) -> str:
    """Return the window as words that follow a condition, empty for ever."""
    match window.kind:
        case "span":
            parts = [("within", window.within), ("older than", window.older_than)]
            return " ".join(f"{word} {span_words(span)}" for word, span in parts if span is not None)
        case "during":
            return f"during {value_text(window.during)}"
        case "dates":
            days = [("from", window.from_), ("to", window.to), ("before", window.before)]
            return " ".join(f"{word} {value_text(day)}" for word, day in days if day is not None)
        case _:
            return ""


_SPAN_OPS = frozenset({"within", "within_next", "older_than"})


def compare_words(compare: Compare) -> str:
    """Return a comparison as words: `at least 20`, `is "garden"`."""
    if compare.op == "from_to":
        return value_text(compare.value)
    value: Any = compare.value  # of the type that goes with the operator
    shown = span_text(value) if compare.op in _SPAN_OPS else value_text(value)
    return f"{op_words(compare.op)} {shown}"


def op_words(op: str) -> str:
    """Return an operator as words."""
    return op.replace("_", " ")


def where_words(where: ItemWhere | None) -> str:
    """Return the tests on properties as words, empty for none."""
    if where is None:
        return ""
    tests = [f"{name} {compare_words(compare)}" for name, compare in where.properties]
    if isinstance(where, Where) and where.any_item is not None:
        tests.append(f"any item ({where_words(where.any_item)})")
    return " and ".join(tests)


def event_words(event: str, where: ItemWhere | None, window: Window | None) -> str:
    """Return `EVENT where … within …`."""
    parts = [event]
    if where is not None:
        parts.append(f"where {where_words(where)}")
    if window is not None and (words := window_words(window)):
        parts.append(words)
    return " ".join(parts)


def bar_value(value: Any) -> Any:
    """Return a bar as JSON has it: a whole number where it is one."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, tuple):
        return [bar_value(each) for each in value]
    return value if isinstance(value, bool | int | str) else value_text(value)
