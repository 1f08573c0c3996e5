"""What happened, apart for each value of a property: `per` and `distinct`.

A state of this kind is `[instants by name, inexact]`: a name says the kind of the value and the value, and
`inexact` becomes 1 when the names are too many and the one not seen for longest is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from stream.core import ledger as books
from stream.core import window
from stream.core.condition import Read
from stream.core.event import Event
from stream.core.fold import Fold, Matches
from stream.core.frame import Frame
from stream.core.matching import is_number, looked_up, value_in
from stream.core.profile import NEVER, Profile
from stream.core.sources import Instants, Test

GROUPS, INEXACT = range(2)
CAP = 256
"""How many names a state keeps apart."""
TEXT_MARK = '"'
NAMES_LIMIT = 12
"""How many names evidence tells of."""

Keep = Callable[[list[int], int, int], None]
"""Puts an instant among others of which so many are kept."""
Groups = Callable[[Profile], Mapping[str, Sequence[int]]]


def name_of(value: Any) -> str | None:
    """Return what names a value: the same for 1 and 1.0, another for "1" and for true; None for a missing one."""
    if value is None:
        return None
    if isinstance(value, str):
        return TEXT_MARK + value
    if is_number(value) and value == int(value):
        return str(int(value))
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def shown_names(names: Sequence[str]) -> list[str]:
    """Return the first of some names, sorted, as people write them."""
    return [name.removeprefix(TEXT_MARK) for name in sorted(names)[:NAMES_LIMIT]]


def apart(key: int, path: str, depth: int, matches: Matches | None, keep: Keep, span_ms: int) -> Fold:
    """Return the fold that keeps `depth` instants for each value of a property."""

    def fold(profile: Profile, event: Event) -> bool:
        if matches is not None and not matches(event.properties):
            return False
        name = name_of(looked_up(event.properties, path))
        if name is None:
            return False
        state = profile.states.setdefault(key, [{}, 0])
        instants = state[GROUPS].get(name)
        if instants is None:
            instants = [event.occurred_at]
        else:
            keep(instants, event.occurred_at, depth)
        put(state, name, instants, event.record_time - span_ms, _newest)
        return True

    return fold


def put(state: list[Any], name: str, group: Any, before: int, newest: Callable[[Any], int]) -> None:
    """Put a group in its place, forget those of which nothing is after `before`, and of too many the oldest.

    Groups stand in the order of their newest, so that the oldest are found at once however many there are.
    """
    groups: dict[str, Any] = state[GROUPS]
    at = newest(group)
    is_last = not groups or newest(groups[next(reversed(groups))]) <= at
    groups.pop(name, None)
    groups[name] = group
    if not is_last:
        state[GROUPS] = groups = dict(sorted(groups.items(), key=lambda item: newest(item[1])))
    while newest(groups[oldest := next(iter(groups))]) <= before and oldest != name:
        del groups[oldest]
    if len(groups) > CAP:
        del groups[oldest]
        state[INEXACT] = 1


def fade(span_ms: int, newest: Callable[[Any], int] | None = None) -> Callable[[list[Any], int], bool]:
    """Return what forgets the groups of which nothing is left `span_ms` later, and tells whether anything is left."""
    newest_of = newest or _newest

    def forget(state: list[Any], now: int) -> bool:
        groups, before = state[GROUPS], now - span_ms
        while groups and newest_of(groups[oldest := next(iter(groups))]) <= before:
            del groups[oldest]
        return bool(groups or state[INEXACT])

    return forget


Both = Callable[[list[Any], list[Any]], list[Any]]
"""From the states of two customers to that of both."""


def groups_of_both(join: Callable[[Any, Any], Any], newest: Callable[[Any], int]) -> Both:
    """Return what joins two states of this kind, group by group; of too many the oldest are forgotten."""

    def joined(one: list[Any], other: list[Any]) -> list[Any]:
        groups = {**one[GROUPS], **other[GROUPS]}
        for name in one[GROUPS].keys() & other[GROUPS].keys():
            groups[name] = join(one[GROUPS][name], other[GROUPS][name])
        kept = sorted(groups.items(), key=lambda item: (newest(item[1]), item[0]))[-CAP:]
        return [dict(kept), one[INEXACT] | other[INEXACT] | (len(groups) > CAP)]

    return joined


def apart_of_both(join: Callable[[Any, Any], Any]) -> Both:
    """Return what joins two states of instants by value."""
    return groups_of_both(join, _newest)


def _newest(instants: Sequence[int]) -> int:
    return instants[-1]


def grouped(kept: Sequence[int], booked: Sequence[tuple[int, Test | None]], path: str) -> Groups:
    """Return the reader of all instants by name, sorted: out of states of this kind and out of ledgers."""

    def groups(profile: Profile) -> Mapping[str, Sequence[int]]:
        parts = [state[GROUPS] for key in kept if (state := profile.states.get(key)) is not None]
        parts += [_by_name(profile.states[key], test, path) for key, test in booked if key in profile.states]
        if len(parts) == 1:
            found: Mapping[str, Sequence[int]] = parts[0]
            return found
        names = {name for part in parts for name in part}
        return {name: sorted(at for part in parts for at in part.get(name, ())) for name in names}

    return groups


def _by_name(ledger: books.Ledger, matches: Test | None, path: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for row in ledger[books.ROWS]:
        if (matches is None or matches(row)) and (name := name_of(value_in(row, path))) is not None:
            found.setdefault(name, []).extend([row[books.AT]] * row[books.WEIGHT])
    return found


# -- conditions ---------------------------------------------------------------------------


def did_per_value(groups: Groups, low: int, high: int, frame: Frame) -> Read:
    """Return whether for at least one value the number of instants in the window lies in [low, high], not 0."""

    def read(profile: Profile, now: int) -> int:
        found = groups(profile).values()
        return max([_count(profile, instants, now, low, high, frame) for instants in found], default=-NEVER)

    return read


def _count(profile: Profile, instants: Sequence[int], now: int, low: int, high: int, frame: Frame) -> int:
    if frame.is_recent and frame.within is not None:
        return window.count_within(instants, now, frame.within(profile), low, high)
    return frame.verdict(profile, instants, now, lambda start, stop: low <= stop - start <= high)


def values_with(groups: Groups, low: int, high: int, frame: Frame) -> Callable[[Profile, int], list[str]]:
    """Return the values whose number of instants in the window lies in [low, high]."""

    def value(profile: Profile, now: int) -> list[str]:
        found = groups(profile)
        return shown_names(
            [name for name, instants in found.items() if _count(profile, instants, now, low, high, frame) > 0]
        )

    return value


def one_each(groups: Groups, index: int) -> Instants:
    """Return one instant of each value, sorted: its newest (-1) or its oldest (0)."""
    return lambda profile: sorted([instants[index] for instants in groups(profile).values()])


def newest_of_all(key: int, most: int) -> Instants:
    """Return the newest instants of the values in a state, sorted, `most` of them: they stand in that order there."""

    def instants(profile: Profile) -> Sequence[int]:
        state = profile.states.get(key)
        if state is None:
            return ()
        found = [group[-1] for group in islice(reversed(state[GROUPS].values()), most)]
        found.reverse()
        return found

    return instants
