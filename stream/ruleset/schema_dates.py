"""Days, moments and periods. A day knows no zone; a moment is milliseconds since 1970; a period is whole local days."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, TypeAlias

from pydantic import PlainValidator, WithJsonSchema

from stream.ruleset.schema_part import Part, shown, suggestion, wrong

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)

PERIODS: Final = (
    "today", "yesterday", "tomorrow", "this_week", "last_week", "next_week", "this_month", "last_month", "next_month",
    "this_year", "last_year", "next_year",
)  # fmt: skip
MOST_DAYS: Final = 36_600  # a hundred years
COUNTED_PERIODS: Final = ("last_days", "days_ago", "days_ahead")


class Day(Part):
    """A whole day of the calendar; which instants it covers depends on the zone."""

    date: date


class Moment(Part):
    """An instant with its offset: `at_ms` since 1970, and the text as written."""

    at_ms: int
    text: str


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and _MOMENT.fullmatch(value) is not None


def read_day(value: Any) -> Day:
    """Return a whole day; raise [rule-date] otherwise."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            return Day(date=date.fromisoformat(value))
        except ValueError:
            raise wrong("rule-date", f'"{value}" is not a day of the calendar; write one as 2027-03-01') from None
    if _is_moment(value):
        raise wrong("rule-date", f'"{value}" is a moment; this takes whole days, as 2027-03-01')
    raise wrong("rule-date", f"{shown(value)} is not a day; write it as 2027-03-01")


def read_moment(value: Any) -> Moment:
    """Return a moment; raise [rule-date] if it has no offset or is none."""
    if not _is_moment(value):
        raise wrong("rule-date", f"{shown(value)} is not a moment; write it as 2027-03-01T18:00+01:00")
    try:
        moment = datetime.fromisoformat(value.upper())
    except ValueError:
        raise wrong("rule-date", f'"{value}" is not a moment of the calendar') from None
    if moment.tzinfo is None:
        raise wrong("rule-date", f'"{value}" has no offset; write "{value}+00:00", or the offset that is meant')
    microseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // datetime.resolution
    return Moment(at_ms=microseconds // 1000, text=value)


def read_day_or_moment(value: Any) -> Day | Moment:
    """Return a day or a moment; raise [rule-date] otherwise."""
    return read_moment(value) if _is_moment(value) else read_day(value)


_DAY_SCHEMA = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "description": "a whole day in the zone"}
_MOMENT_SCHEMA = {"type": "string", "description": "a moment with its offset, as 2027-03-01T18:00+01:00"}
DayValue: TypeAlias = Annotated[Day, PlainValidator(read_day), WithJsonSchema(_DAY_SCHEMA)]
MomentValue: TypeAlias = Annotated[Moment, PlainValidator(read_moment), WithJsonSchema(_MOMENT_SCHEMA)]
DayOrMoment: TypeAlias = Annotated[
    Day | Moment, PlainValidator(read_day_or_moment), WithJsonSchema({"anyOf": [_DAY_SCHEMA, _MOMENT_SCHEMA]})
]


def read_to_day(value: Any) -> Day:
    """Return the whole day of `to`; raise [rule-date], at the key, for a moment, with both ways to write it."""
    if not _is_moment(value):
        return read_day(value)
    try:
        moment = datetime.fromisoformat(value.upper())
        starts_day = moment.time() == moment.time().min and moment.date() > date.min
        day = date.fromordinal(moment.toordinal() - 1) if starts_day else moment.date()
    except ValueError:
        raise wrong("rule-date", f'"{value}" is not a moment of the calendar') from None
    offset = "" if moment.tzinfo else "+00:00"
    text = moment.isoformat(timespec="auto" if moment.second or moment.microsecond else "minutes") + offset
    message = f'"to" takes whole days; write {day} (the whole day counts), or "before: {text}"'
    raise wrong("rule-date", message, side="key")


ToDay: TypeAlias = Annotated[Day, PlainValidator(read_to_day), WithJsonSchema(_DAY_SCHEMA)]


class Period(Part):
    """Whole local days: a word such as `this_week`, or `last_days`, `days_ago`, `days_ahead` with so many `days`."""

    word: str
    days: int = 0


def read_period(value: Any) -> Period:
    """Return a period; raise [rule-value] otherwise."""
    if isinstance(value, str):
        if value in PERIODS:
            return Period(word=value)
        advice = suggestion(value, list(PERIODS), f"one of: {', '.join(PERIODS)}")
        raise wrong("rule-value", f'"{value}" is not a period; {advice}')
    if not isinstance(value, dict) or len(value) != 1:
        raise wrong("rule-value", f"{shown(value)} is not a period; write this_week, or {{last_days: 7}}")
    [(word, days)] = value.items()
    if word not in COUNTED_PERIODS:
        advice = suggestion(str(word), list(COUNTED_PERIODS), f"one of: {', '.join(COUNTED_PERIODS)}")
        raise wrong("rule-key", f'unknown key "{word}"; {advice}', at=word, side="key")
    if isinstance(days, bool) or not isinstance(days, int) or not 0 < days <= MOST_DAYS:
        raise wrong("rule-value", f"{shown(days)} is not a number of days; write 1 or more", at=word)
    return Period(word=word, days=days)


PeriodValue: TypeAlias = Annotated[
    Period,
    PlainValidator(read_period),
    WithJsonSchema(
        {
            "description": "whole local days; weeks start on Monday",
            "oneOf": [
                {"enum": list(PERIODS)},
                *(
                    {
                        "type": "object",
                        "properties": {word: {"type": "integer", "minimum": 1}},
                        "required": [word],
                        "additionalProperties": False,
                    }
                    for word in COUNTED_PERIODS
                ),
            ],
        }
    ),
]
