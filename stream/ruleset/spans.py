"""Spans of time: `36h` in a rule, milliseconds inside."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Final, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from stream.ruleset.schema_part import shown, wrong

UNITS_MS: Final[dict[str, int]] = {"s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
LONGEST_SPAN_MS: Final = 100 * 366 * UNITS_MS["d"]
_SPAN = re.compile(r"([0-9]{1,12})(s|min|h|d|w)")
_ALMOST_SPAN = re.compile(r"([0-9]{1,9})(\.[0-9]{1,3})? ?([A-Za-z]*)")
_PARTS = re.compile(r"[0-9]{1,6} ?(w|d|h|min|m|s)")
_SUM_OF_SPANS = re.compile(r"([0-9]{1,6} ?(w|d|h|min|m|s) ?){2,5}")
_SECONDS: Final[dict[str, int]] = {"s": 1, "min": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def span_text(ms: int) -> str:
    """Return a span as it is written in rules: `30d`, `90min`."""
    unit = next((unit for unit in ("d", "h", "min", "s") if ms % UNITS_MS[unit] == 0), "ms")
    return f"{ms // UNITS_MS.get(unit, 1)}{unit}"


def read_span(value: Any) -> int:
    """Return the milliseconds of a SPAN such as `36h`; raise [rule-span] for anything else, with what to write."""
    match = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise wrong("rule-span", f"{shown(value)} {_span_advice(value)}")
    ms = int(match[1]) * UNITS_MS[match[2]]
    if ms == 0:
        raise wrong("rule-span", f'"{value}" is no time at all; a span is at least "1s"')
    if ms > LONGEST_SPAN_MS:
        raise wrong("rule-span", f'"{value}" is longer than a hundred years; leave it out for "ever"')
    return ms


def read_span_from_zero(value: Any) -> int:
    """Return the milliseconds of a SPAN, or 0 for `0d`."""
    return 0 if value in ("0d", "0h", "0min", "0s", "0w") else read_span(value)


def _span_advice(value: Any) -> str:
    """Return what is wrong with a span, and what to write instead."""
    match = _ALMOST_SPAN.fullmatch(value if isinstance(value, str) else str(value))
    plain = 'is not a span; write a whole number with s, min, h, d or w, as in "36h"'
    if match is None or isinstance(value, bool):
        return _sum_advice(value) or plain
    count, unit = int(match[1]), match[3].lower()
    if match[2]:
        return _fraction_advice(Decimal(match[1] + match[2]), unit) or plain
    if unit in {"m", ""}:
        months = f'"{count}min" or "{count * 30}d"'
        return f"may be minutes or months; write {months}" if unit else f'has no unit; write "{count}d" or "{count}h"'
    for names, factor, target in (
        (("y", "yr", "year", "years"), 365, "d"), (("mo", "month", "months"), 30, "d"), (("day", "days"), 1, "d"),
        (("hour", "hours", "hr"), 1, "h"), (("mins", "minute", "minutes"), 1, "min"),
        (("sec", "secs", "second", "seconds"), 1, "s"), (("week", "weeks"), 1, "w"),
    ):  # fmt: skip
        if unit in names:
            return f'is not a span; write "{count * factor}{target}"'
    return f'is not a span; write "{count}{unit}"' if unit in UNITS_MS else plain


def _sum_advice(value: Any) -> str | None:
    """Return what to write instead of several spans in one, as in `24h30min`; beside an hour `m` is a minute."""
    if not isinstance(value, str) or not _SUM_OF_SPANS.fullmatch(value):
        return None
    parts = [(part[0].removesuffix(part[1]), part[1]) for part in _PARTS.finditer(value)]
    ms = sum(int(count) * UNITS_MS["min" if unit == "m" else unit] for count, unit in parts)
    return f'is more than one span; write "{span_text(ms)}"' if ms else None


def _fraction_advice(count: Decimal, unit: str) -> str | None:
    seconds = count * _SECONDS.get(unit, 0)
    if not seconds or seconds != int(seconds):
        return None
    whole = next(name for name in ("d", "h", "min", "s") if int(seconds) % _SECONDS[name] == 0)
    return f'is not a whole number; write "{int(seconds) // _SECONDS[whole]}{whole}"'


_SPAN_SCHEMA = {
    "type": "string", "pattern": "^[0-9]{1,12}(s|min|h|d|w)$", "examples": ["45min", "36h", "90d"],
    "description": "a span: a whole number with s, min, h, d (24 hours) or w",
}  # fmt: skip
Span: TypeAlias = Annotated[int, PlainValidator(read_span), WithJsonSchema(_SPAN_SCHEMA)]
SpanFromZero: TypeAlias = Annotated[int, PlainValidator(read_span_from_zero), WithJsonSchema(_SPAN_SCHEMA)]
