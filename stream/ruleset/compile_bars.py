"""Published cut points in conditions: `{bar: NAME, percent}` becomes the number that the bundle gives it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stream.ruleset.schema_part import Part
from stream.ruleset.schema_values import Bar


def with_bars(part: Any, bars: Mapping[str, Fraction]) -> Any:
    """Return a condition (or a part of one) with its bars as numbers; a bar that nobody has published stays."""
    if isinstance(part, Bar):
        return part if part.bar not in bars else _number(bars[part.bar] * Fraction(str(part.percent)) / 100)
    if isinstance(part, tuple):
        made = tuple(with_bars(each, bars) for each in part)
        return made if any(new is not old for new, old in zip(made, part, strict=True)) else part
    if not isinstance(part, Part):
        return part
    inner = {name: getattr(part, name) for name in part.model_fields_set | (part.__pydantic_extra__ or {}).keys()}
    changed = {name: new for name, old in inner.items() if (new := with_bars(old, bars)) is not old}
    return part.model_copy(update=changed) if changed else part


def _number(value: Fraction) -> int | Decimal:
    """Return a bar as a number of rules: whole where it is, else exact to 28 digits."""
    return value.numerator if value.denominator == 1 else Decimal(value.numerator) / Decimal(value.denominator)
