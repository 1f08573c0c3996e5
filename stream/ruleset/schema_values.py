"""The values of the rule language beside spans and dates: numbers, texts, names, events, fields.

Each reader returns a value or raises what `wrong` makes. A number is int or Decimal, exactly as written.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Discriminator, Field, PlainValidator, Tag, WithJsonSchema

from stream.ruleset.pattern import pattern_problem
from stream.ruleset.schema_part import Part, shown, wrong
from stream.ruleset.source import number
from stream.ruleset.spans import Span

HUNDRED: Final = 100
LONGEST_PATTERN: Final = 200  # characters

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def read_number(value: Any) -> int | Decimal:
    """Return a number as int or Decimal; text in quotes that says a number is one; raise [rule-value] otherwise."""
    if isinstance(value, str):
        value = number(value.strip())
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise wrong("rule-value", f"{shown(value)} is not a number")
    return value


def read_count(value: Any) -> int:
    """Return a whole number of zero or more; raise [rule-value] otherwise."""
    count = read_number(value)
    if not isinstance(count, int) or count < 0:
        raise wrong("rule-value", f"{shown(value)} is not a count; write a whole number of 0 or more")
    return count


def read_count_from_one(value: Any) -> int:
    """Return a whole number of one or more; raise [rule-value] otherwise."""
    count = read_count(value)
    if count == 0:
        raise wrong("rule-value", '"0" is too little; write 1 or more')
    return count


def read_percent(value: Any) -> int:
    """Return a whole number from 0 to 100; raise [rule-value] otherwise."""
    percent = read_number(value)
    if not isinstance(percent, int) or not 0 <= percent <= HUNDRED:
        raise wrong("rule-value", f"{shown(value)} is not a whole number from 0 to 100")
    return percent


def read_above_zero(value: Any) -> int | Decimal:
    """Return a number above zero; raise [rule-value] otherwise."""
    found = read_number(value)
    if found <= 0:
        raise wrong("rule-value", f"{shown(value)} is not above 0")
    return found


_NUMBER_SCHEMA = {"type": ["number", "string"], "description": "a number; in quotes it is read as the same number"}
PlainNumber: TypeAlias = Annotated[int | Decimal, PlainValidator(read_number), WithJsonSchema(_NUMBER_SCHEMA)]
AboveZero: TypeAlias = Annotated[
    int | Decimal, PlainValidator(read_above_zero), WithJsonSchema({"type": "number", "exclusiveMinimum": 0})
]
CountNumber: TypeAlias = Annotated[int, PlainValidator(read_count), WithJsonSchema({"type": "integer", "minimum": 0})]
CountFromOne: TypeAlias = Annotated[
    int, PlainValidator(read_count_from_one), WithJsonSchema({"type": "integer", "minimum": 1})
]
Percent: TypeAlias = Annotated[
    int, PlainValidator(read_percent), WithJsonSchema({"type": "integer", "minimum": 0, "maximum": 100})
]


def read_text(value: Any) -> str:
    """Return text that is not empty; raise [rule-value] for numbers, true, false, nothing, lists and mappings."""
    if isinstance(value, str) and value.strip():
        return value
    if isinstance(value, bool | int | Decimal):
        word = shown(value).strip('"')
        raise wrong("rule-value", f'{word} is not text; write "{word}" in quotes if you mean the text')
    raise wrong("rule-value", f"{shown(value)} where a text belongs; write a text")


def read_name(value: Any) -> str:
    """Return a name of lower-case letters, digits and `_`; raise [rule-value] otherwise."""
    text = read_text(value)
    if not _NAME.fullmatch(text):
        raise wrong("rule-value", f'"{text}" is not a name; write lower-case letters, digits and "_", a letter first')
    return text


def read_flag(value: Any) -> bool:
    """Return true or false; raise [rule-value] otherwise."""
    if not isinstance(value, bool):
        raise wrong("rule-value", f"{shown(value)} is neither true nor false")
    return value


Text: TypeAlias = Annotated[str, PlainValidator(read_text), WithJsonSchema({"type": "string", "minLength": 1})]
Name: TypeAlias = Annotated[
    str, PlainValidator(read_name), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})
]
Flag: TypeAlias = Annotated[bool, PlainValidator(read_flag), WithJsonSchema({"type": "boolean"})]


class Personal(Part):
    """A multiple of the customer's own usual gap between orders, never shorter than the floor `at_least` (ms)."""

    personal_gaps: AboveZero = Field(description="how many of the customer's own gaps between orders")
    at_least: Span = Field(description="never shorter than this")


class Bar(Part):
    """A published cut point; `percent: 80` is 80 % of it."""

    bar: Text = Field(description="the name of a published cut point, as in value.vip")
    percent: AboveZero = Field(default=100, description="so many percent of it")


def _is_mapping(value: Any) -> str:
    return "<mapping>" if isinstance(value, dict) else "<plain>"


SpanOrPersonal: TypeAlias = Annotated[
    Annotated[Span, Tag("<plain>")] | Annotated[Personal, Tag("<mapping>")], Discriminator(_is_mapping)
]
Number: TypeAlias = Annotated[
    Annotated[PlainNumber, Tag("<plain>")] | Annotated[Bar, Tag("<mapping>")], Discriminator(_is_mapping)
]


Scalar: TypeAlias = str | int | Decimal | bool


def read_scalar(value: Any) -> Scalar:
    """Return text, a number, true or false; raise [rule-value] for nothing, lists and mappings."""
    if isinstance(value, str | int | Decimal):  # bool is an int
        return value
    raise wrong("rule-value", f"{shown(value)} where one value belongs; write a text, a number, true or false")


ScalarValue: TypeAlias = Annotated[
    Scalar, PlainValidator(read_scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})
]
ScalarOrBar: TypeAlias = Annotated[
    Annotated[ScalarValue, Tag("<plain>")] | Annotated[Bar, Tag("<mapping>")], Discriminator(_is_mapping)
]


def read_pattern(value: Any) -> str:
    """Return a pattern without look-around and back references, so that it can be matched in linear time."""
    text = read_text(value)
    if len(text) > LONGEST_PATTERN:
        raise wrong("rule-value", f"a pattern has at most {LONGEST_PATTERN} characters")
    if re.search(r"\(\?(?!:)|\\[1-9]|\[\[|--|&&|\|\||~~", text):
        raise wrong("rule-value", f'"{text}" has what a linear-time pattern cannot have: (?…), \\1, or a set in a set')
    problem = pattern_problem(text)
    if problem is not None:
        raise wrong("rule-value", f'"{text}" is not a pattern: {problem}')
    return text


Pattern: TypeAlias = Annotated[str, PlainValidator(read_pattern), WithJsonSchema({"type": "string"})]

_EVENT = re.compile(r"[a-z][a-z0-9_]*\*?|\*")


def read_event(value: Any) -> str:
    """Return an event name, `prefix*` or `any_event`; raise [rule-value] otherwise."""
    text = read_text(value)
    if text == "*":
        raise wrong("rule-value", '"*" alone is too much; write "any_event"')
    if not _EVENT.fullmatch(text):
        raise wrong("rule-value", f'"{text}" is not an event; write a name of vocabulary.yaml, prefix* or any_event')
    return text


Event: TypeAlias = Annotated[
    str,
    PlainValidator(read_event),
    WithJsonSchema({"type": "string", "description": "an event of vocabulary.yaml, prefix*, or any_event"}),
]


class EventField(Part):
    """A property of an event, nested with dots: `order_placed.amount`."""

    event: str
    property: str


def read_field(value: Any) -> EventField:
    """Return the event and the property that a FIELD names; raise [rule-value] otherwise."""
    text = read_text(value)
    event, dot, name = text.partition(".")
    if not dot or not name or not _EVENT.fullmatch(event):
        raise wrong("rule-value", f'"{text}" is not EVENT.property; write it as in order_placed.amount')
    return EventField(event=event, property=name)


FieldValue: TypeAlias = Annotated[
    EventField,
    PlainValidator(read_field),
    WithJsonSchema({"type": "string", "description": "EVENT.property, as order_placed.amount", "pattern": "\\."}),
]
TypeName: TypeAlias = Literal["text", "number", "money", "true_false", "date", "moment", "list", "place", "untyped"]
