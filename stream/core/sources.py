"""Where conditions find what happened: instants, days and values out of the states of a profile, sorted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stream.core import ledger as books
from stream.core.profile import Profile

Instants = Callable[[Profile], Sequence[int]]
Rows = Callable[[Profile], Sequence[tuple[int, Any]]]
Test = Callable[[Any], bool]


def newest_of(key: int) -> Instants:
    """Return the instants that a state of plain instants holds."""
    return lambda profile: profile.states.get(key, ())


def booked(key: int, matches: Test | None) -> Instants:
    """Return the instants of what stands in a ledger and matches; folded rows stand at their first instant."""

    def instants(profile: Profile) -> Sequence[int]:
        ledger = profile.states.get(key)
        if ledger is None:
            return ()
        rows = ledger[books.ROWS] if matches is None else [row for row in ledger[books.ROWS] if matches(row)]
        found = [row[books.AT] for row in rows for _ in range(row[books.WEIGHT])]
        return found if matches or not ledger[books.FOLDED] else _folded_instants(ledger) + found

    return instants


def _folded_instants(ledger: books.Ledger) -> list[int]:
    folded = ledger[books.FOLDED]
    return [folded[3]] * folded[0]


def merged(sources: Sequence[Instants]) -> Instants:
    """Return the instants of several sources as one."""
    if len(sources) == 1:
        return sources[0]

    def instants(profile: Profile) -> Sequence[int]:
        found: list[int] = []
        for source in sources:
            found.extend(source(profile))
        return sorted(found)

    return instants


def newest_per_day(sources: Sequence[tuple[int, Test | None]]) -> Callable[[Profile], Sequence[tuple[int, int]]]:
    """Return (instant, day) of every booked row of these ledgers, sorted."""

    def rows(profile: Profile) -> Sequence[tuple[int, int]]:
        found = []
        for key, matches in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                found += [
                    (row[books.AT], row[books.DAY]) for row in ledger[books.ROWS] if matches is None or matches(row)
                ]
        return sorted(found)

    return rows


def booked_values(sources: Sequence[tuple[int, Test | None, Callable[[books.Row], Any]]]) -> Rows:
    """Return (instant, value) of every booked row that matches and has the value."""

    def rows(profile: Profile) -> Sequence[tuple[int, Any]]:
        found = []
        for key, matches, value in sources:
            ledger = profile.states.get(key)
            if ledger is not None:
                for row in ledger[books.ROWS]:
                    if (matches is None or matches(row)) and (got := value(row)) is not None:
                        found.append((row[books.AT], got))
        if len(sources) > 1:
            found.sort(key=_at)
        return found

    return rows


def _at(row: tuple[int, Any]) -> int:
    return row[0]
