"""Instants as text: RFC 3339 in UTC with milliseconds."""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

DAY_MS = 86_400_000
MINUTE_MS = 60_000
EPOCH = dt.date(1970, 1, 1)
MILLISECOND = dt.timedelta(milliseconds=1)
_ZERO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
EARLIEST_MS = -62_135_596_800_000
"""The first instant that RFC 3339 can name: the year 1."""
LATEST_MS = 253_402_300_799_999
"""The last one: the end of the year 9999."""


_MINUTES = [f"T{minute // 60:02}:{minute % 60:02}:" for minute in range(1440)]
_REST = [f"{ms // 1000:02}.{ms % 1000:03}Z" for ms in range(60_000)]
"""Seconds and milliseconds of a minute."""


@lru_cache(maxsize=4096)
def _day(number: int) -> str:
    return (EPOCH + dt.timedelta(days=number)).isoformat()


def to_text(instant_ms: int) -> str:
    """Return an instant as RFC 3339 with milliseconds and Z; beyond the years 1 to 9999 the nearest one in them."""
    if not EARLIEST_MS <= instant_ms <= LATEST_MS:
        instant_ms = min(max(instant_ms, EARLIEST_MS), LATEST_MS)
    day, rest = divmod(instant_ms, DAY_MS)
    return _day(day) + _MINUTES[rest // MINUTE_MS] + _REST[rest % MINUTE_MS]


def to_ms(text: str) -> int:
    """Return ms since 1970 of an RFC 3339 text with a zone; ValueError for anything else."""
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no zone; add Z or an offset")
    return (moment - _ZERO) // MILLISECOND
