"""Bars against each other, against the points that can be given, and windows against the history that is taken in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import NamedTuple

from stream.ruleset.check_stay import must_hold, subject
from stream.ruleset.findings import Findings
from stream.ruleset.reach import ALWAYS, NEVER, Reach, reach_of, things_of
from stream.ruleset.schema import All, AnyOf, Condition, walk
from stream.ruleset.schema_customers import Everyone
from stream.ruleset.schema_dates import Day
from stream.ruleset.schema_events import Did, DidNot, DidOnDays, Distinct, Points
from stream.ruleset.schema_files import PointsLine
from stream.ruleset.schema_forms import Count
from stream.ruleset.schema_words import Counted, Windowed, Words
from stream.ruleset.source import Path

_NONE, _ONCE = Count("exactly", 0), Count("at_least", 1)


class Bar(NamedTuple):
    """A condition with the count that it asks, its place, and the word to blame."""

    about: tuple[object, dict[str, object]]
    """What is counted: all but the bar."""
    asked: Count
    path: Path
    word: str
    are_things: bool
    """Whether it is a whole number, 0 of nothing."""

    @property
    def reach(self) -> Reach | None:
        """Return the numbers that it lets pass."""
        return (things_of if self.are_things else reach_of)(self.asked)

    @property
    def words(self) -> str:
        """Return how the bar is shown."""
        high = f", {self.asked.high}]" if self.asked.op == "between" else ""
        asked = f"{self.asked.op}: {'[' if high else ''}{self.asked.value}{high}"
        return f'"{asked}"' if self.word == self.asked.op else f'"{self.word}"'


def check_bars(condition: Condition, path: Path, findings: Findings) -> None:
    """Find counts of the same thing of which only one can hold in an `all`, or one always does in an `any`."""
    blamed: set[Path] = set()
    for here, group in walk(condition, path):
        if isinstance(group, All):
            for one, other in _of_the_same(must_hold(group, here)):
                if one.reach and other.reach and one.reach.misses(other.reach) and other.path not in blamed:
                    blamed.add(other.path)
                    message = f"{other.words} and {one.words} of the same are never true together; keep one"
                    findings.add((*other.path, other.word), message, NEVER, key=True)
        elif isinstance(group, AnyOf):
            inner = ((leaf, (*here, "any", index)) for index, leaf in enumerate(group.any))
            for one, other in _of_the_same(inner):
                if one.are_things and one.reach and other.reach and one.reach.completes(other.reach):
                    message = f'{other.words} or {one.words} of the same is always true; write "everyone: true"'
                    findings.add((*other.path, other.word), message, ALWAYS, key=True)


def _of_the_same(leaves: Iterable[tuple[Words, Path]]) -> Iterator[tuple[Bar, Bar]]:
    """Yield each two that count the same."""
    found = [_bar(leaf, path) for leaf, path in leaves]
    return ((one, other) for one, other in combinations(filter(None, found), 2) if one.about == other.about)


def _bar(leaf: Words, path: Path) -> Bar | None:
    if isinstance(leaf, DidNot):
        written = subject(leaf)
        return Bar((Did, {"did": written.pop("did_not"), **written}), _NONE, path, "did_not", are_things=True)
    if isinstance(leaf, Did) and leaf.per is not None:
        return None  # two values may be counted
    if isinstance(leaf, Did) and leaf.count is None:
        return Bar((Did, subject(leaf)), _ONCE, path, "did", are_things=True)
    if isinstance(leaf, Counted) and leaf.count is not None:
        are_things = isinstance(leaf, Did | DidOnDays | Distinct)
        return Bar((type(leaf), subject(leaf)), leaf.count, path, leaf.count.op, are_things)
    return None


def check_points(
    condition: Condition, path: Path, given: Mapping[str, Sequence[PointsLine]], findings: Findings
) -> None:
    """Find bars that no points, or all, reach; `given` are the lines of each file of points."""
    for here, leaf in walk(condition, path):
        lines = given.get(leaf.points) if isinstance(leaf, Points) else None
        if not lines or not isinstance(leaf, Points) or leaf.count is None:
            continue
        asked, possible = reach_of(leaf.count), _possible(lines)
        ends = f'"{leaf.points}" gives from {possible.low} to {possible.high}'
        place = (*here, leaf.count.op)
        if asked is not None and asked.misses(possible):
            findings.add(place, f'"{leaf.count.op}" is never true: {ends}; write a number between', NEVER)
        elif asked is not None and asked.holds(possible):
            findings.add(place, f'"{leaf.count.op}" is always true: {ends}; write a number between', ALWAYS)


def _possible(lines: Sequence[PointsLine]) -> Reach:
    low = high = Decimal(0)
    for line in lines:
        is_given = isinstance(line.when, Everyone)
        low += line.give if is_given else min(line.give, 0)
        high += line.give if is_given else max(line.give, 0)
    return Reach(low, high)


def check_windows(condition: Condition, path: Path, since: date | None, findings: Findings) -> None:
    """Find windows that end before the first day of which anything is taken in."""
    for here, leaf in walk(condition, path):
        if since is None or not isinstance(leaf, Windowed):
            continue
        window = leaf.window
        word, end = ("to", window.to) if window.to else ("before", window.before)
        is_empty = isinstance(end, Day) and (end.date < since or (word == "before" and end.date == since))
        if is_empty:
            message = f'"{word}" ends it before history_since ({since}), and nothing older is kept; write later days'
            findings.add((*here, word), message, NEVER)
