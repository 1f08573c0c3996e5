"""Spans, numbers and days as people write them, read once more and independently of the program."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction
from typing import Any

UNIT_MS = {"s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DAY_MS = UNIT_MS["d"]
SPAN = re.compile(r"([1-9][0-9]*)(s|min|h|d|w)")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)


def is_span(value: object) -> bool:
    """Return whether `value` is a span such as `45min`."""
    return isinstance(value, str) and SPAN.fullmatch(value) is not None


def span_ms(text: str) -> int:
    """Return the milliseconds of a span such as `45min`; raises ValueError for anything else."""
    match = SPAN.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a span")
    return int(match[1]) * UNIT_MS[match[2]]


def exact(value: object) -> Fraction | None:
    """Return a number exactly as it is written (quoted numbers too), None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Fraction):
        return None
    try:
        return value if isinstance(value, Fraction) else Fraction(str(value))
    except ValueError:
        return None


def plain_number(value: object) -> Fraction | None:
    """Return the number a record holds; text is no number, and neither is true or false."""
    return None if isinstance(value, str) else exact(value)


def instant_ms(value: Any) -> int:
    """Return the milliseconds since 1970 of a moment: integer milliseconds, a datetime, or text with an offset."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    moment = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError(f"{value!r} has no offset")
    return (moment - EPOCH) // MILLISECOND


def as_day(value: Any) -> dt.date | None:
    """Return the day that a rule or a record names, None when it is no plain day."""
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            return None
    return None
