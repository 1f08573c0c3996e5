"""What a profile remembers for sequences, and how their verdict is read from it and from ledgers.

A state is `[groups by name, inexact]`; a group is `[instants, masks, newest end]`, the last for what is the silent
end and no step. Without `per` there is one group, whose name is empty. Orders stay in their ledgers.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stream.core import keyed
from stream.core import ledger as books
from stream.core.condition import Read
from stream.core.event import Event
from stream.core.fold import Fold, Matches
from stream.core.keyed import GROUPS, INEXACT, groups_of_both, name_of, put, shown_names
from stream.core.matching import looked_up, value_in
from stream.core.profile import NEVER, Profile
from stream.core.sequence import Shape, Steps, verdict
from stream.core.sources import Test, remembered

AT, MASKS, NEWEST_END = range(3)
CAP = 256
"""How many events a group holds before the oldest is forgotten."""
NO_NAME = ""

Bits = Sequence[tuple[int, Matches | None]]
"""(bit, test of the properties) of each step that an event name may be."""
Seen = Mapping[str, tuple[Steps, int]]
"""By name: the events, and the newest instant of the silent end."""


@dataclass(frozen=True, slots=True)
class Booked:
    """One ledger that steps are read from: (bit, test of a row) of each step that its rows may be."""

    key: int
    bits: tuple[tuple[int, Test | None], ...]


def sequence_fold(
    key: int, by_name: Mapping[str, Bits], other: Bits, per: str | None, end_bit: int, span_ms: int
) -> Fold:
    """Return the fold that keeps the events of a sequence, apart for each value of `per`.

    `other` is asked of names that the vocabulary does not know; `span_ms` is how far back the sequence looks.
    """

    plain = {name: sum(bit for bit, _ in bits) for name, bits in by_name.items() if not any(test for _, test in bits)}

    def fold(profile: Profile, event: Event) -> bool:
        mask = plain.get(event.name, 0) or _mask(by_name.get(event.name, other), event.properties)
        name = name_of(looked_up(event.properties, per)) if per else NO_NAME
        if not mask or name is None:
            return False
        state = profile.states.setdefault(key, [{}, 0])
        before = event.record_time - span_ms
        group = state[GROUPS].get(name) or [[], [], -1]
        _keep(state, group, event.occurred_at, mask, end_bit)
        if group[AT] and group[AT][0] <= before:
            stale = bisect_right(group[AT], before)
            del group[AT][:stale], group[MASKS][:stale]
        if per:
            put(state, name, group, before, _newest)
        else:
            state[GROUPS][NO_NAME] = group
        return True

    return fold


def _mask(asked: Bits, properties: Mapping[str, Any]) -> int:
    return sum(bit for bit, matches in asked if matches is None or matches(properties))


def _keep(state: list[Any], group: list[Any], at: int, mask: int, end_bit: int) -> None:
    if mask == end_bit:
        group[NEWEST_END] = max(group[NEWEST_END], at)
        return
    place = bisect_right(group[AT], at)
    group[AT].insert(place, at)
    group[MASKS].insert(place, mask)
    if len(group[AT]) > CAP:
        del group[AT][0], group[MASKS][0]
        state[INEXACT] = 1


def fade(span_ms: int) -> Callable[[list[Any], int], bool]:
    """Return what forgets the events of a sequence that looks no farther back, and tells whether anything is left."""
    return keyed.fade(span_ms, _newest)


def of_both(one: list[Any], other: list[Any]) -> list[Any]:
    """Return the events of two customers as those of one."""
    cut = [0]
    state: list[Any] = groups_of_both(lambda mine, yours: _group_of_both(mine, yours, cut), _newest)(one, other)
    return [state[GROUPS], state[INEXACT] | cut[0]]


def _group_of_both(one: list[Any], other: list[Any], cut: list[int]) -> list[Any]:
    """Return one group of two; `cut` becomes 1 where the oldest events are forgotten."""
    steps = sorted([*zip(one[AT], one[MASKS], strict=True), *zip(other[AT], other[MASKS], strict=True)])
    cut[0] |= len(steps) > CAP
    kept = steps[-CAP:]
    return [[at for at, _ in kept], [mask for _, mask in kept], max(one[NEWEST_END], other[NEWEST_END])]


def _newest(group: list[Any]) -> int:
    newest: int = max(group[NEWEST_END], group[AT][-1] if group[AT] else -1)
    return newest


def seen(key: int | None, booked: Sequence[Booked], per: str | None, end_bit: int) -> Callable[[Profile], Seen]:
    """Return the reader of all events of a sequence by name."""

    def read(profile: Profile) -> Seen:
        state = profile.states.get(key) if key is not None else None
        groups = state[GROUPS] if state else {}
        found = {
            name: (list(zip(group[AT], group[MASKS], strict=True)), group[NEWEST_END]) for name, group in groups.items()
        }
        for part in booked:
            for name, at, mask in _rows(profile, part, per):
                steps, newest_end = found.get(name, ([], -1))
                if mask == end_bit:
                    found[name] = steps, max(newest_end, at)
                else:
                    steps.append((at, mask))
                    found[name] = steps, newest_end
        for steps, _ in found.values():
            steps.sort()
        return found

    return remembered(read, read)


def _rows(profile: Profile, part: Booked, per: str | None) -> Sequence[tuple[str, int, int]]:
    """Return (name, instant, mask) of the rows of a ledger that are a step or the silent end."""
    ledger = profile.states.get(part.key)
    rows = []
    for row in ledger[books.ROWS] if ledger else ():
        mask = sum(bit for bit, matches in part.bits if matches is None or matches(row))
        name = name_of(value_in(row, per)) if per else NO_NAME
        if mask and name is not None:
            rows.append((name, row[books.AT], mask))
    return rows


def sequence(read_seen: Callable[[Profile], Seen], shape: Shape) -> Read:
    """Return whether for at least one name some choice of events makes the sequence."""

    def read(profile: Profile, now: int) -> int:
        found = read_seen(profile).values()
        return max([verdict(steps, newest_end, shape, now) for steps, newest_end in found], default=-NEVER)

    return read


def sequence_value(
    read_seen: Callable[[Profile], Seen], shape: Shape, *, has_names: bool
) -> Callable[[Profile, int], Any]:
    """Return the names for which the sequence is made, or whether it is where events are not kept apart."""

    def value(profile: Profile, now: int) -> Any:
        names = [name for name, (steps, end) in read_seen(profile).items() if verdict(steps, end, shape, now) > 0]
        return shown_names(names) if has_names else bool(names)

    return value
