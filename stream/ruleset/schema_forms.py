"""WINDOW, COUNT and COMPARE as one small value each, for whoever evaluates them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from stream.ruleset.schema_dates import Day, Moment, Period
from stream.ruleset.schema_values import Bar, Personal, Scalar

NumberOrBar: TypeAlias = int | Decimal | Bar
WindowKind: TypeAlias = Literal["ever", "span", "during", "dates"]


@dataclass(frozen=True, slots=True)
class Window:
    """WINDOW as one value; `kind` says which of the others are set: spans in ms, a period, or dates."""

    kind: WindowKind
    within: int | Personal | None = None
    older_than: int | None = None
    during: Period | None = None
    from_: Day | Moment | None = None
    to: Day | None = None
    before: Day | Moment | None = None


@dataclass(frozen=True, slots=True)
class Count:
    """COUNT as one value: `op` is the word; `high` is set for `between` only, whose low end is `value`."""

    op: Literal["at_least", "at_most", "above", "below", "exactly", "between"]
    value: NumberOrBar
    high: NumberOrBar | None = None


@dataclass(frozen=True, slots=True)
class DateRange:
    """The value of COMPARE `from` and/or `to` or `before`."""

    from_: Day | Moment | None = None
    to: Day | None = None
    before: Day | Moment | None = None


CompareValue: TypeAlias = Scalar | Bar | tuple[Any, ...] | Period | Day | Moment | DateRange


@dataclass(frozen=True, slots=True)
class Compare:
    """COMPARE as one value: `op` is the word, or `from_to`; `between` has a pair, lists are tuples, spans are ms."""

    op: str
    value: CompareValue
