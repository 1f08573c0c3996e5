"""Standings as they are stored: where a customer stands is read at once, what was before when somebody asks for it.

Packed, a standing is [segment, since, until, rest], `until` 0 for NEVER. The rest is [names, counts, came_from,
clocks]: segments go by their place, 1 for the one the customer stands in, then the names, 0 for none; counts say, in
the same order, how often each was entered. There is no rest where the customer only entered the one segment, once.
"""

from __future__ import annotations

from typing import Any

import msgspec

from stream.core.profile import NEVER, Standing

Packed = tuple[str, int, int, msgspec.Raw]
Rest = tuple[list[str], list[int], int, dict[int, list[int]]]

_decoder = msgspec.msgpack.Decoder(Rest | None)


class _Closed:
    """A part of a standing that is read when it is first asked for."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, standing: Kept, owner: type) -> Any:
        return getattr(standing.opened(), self._name)

    def __set__(self, standing: Kept, value: object) -> None:
        setattr(standing.opened(), self._name, value)


class Kept(Standing):
    """A standing whose past nobody asked for yet; it becomes a plain one when somebody does."""

    __slots__ = ()

    came_from = _Closed()
    clocks = _Closed()
    entries = _Closed()

    def __init__(self, packed: Packed) -> None:
        """Stand where the packed standing says."""
        self.segment, self.since, until, _ = packed
        self.until = until or NEVER
        self.packed = packed

    def opened(self) -> Standing:
        """Return itself with all that was before; ValueError or IndexError where that cannot be read."""
        segment, _, _, packed = self.packed
        rest = _decoder.decode(packed)
        entries, came_from, clocks = {segment: 1} if segment else {}, "", {}
        if rest is not None:
            names, counts, place, kept = rest
            named = ["", segment, *names]
            entries = {name: count for name, count in zip(named[1:], counts, strict=False) if count}
            came_from, clocks = named[place], {named[place]: clock for place, clock in kept.items()}
        self.__class__ = Standing  # type: ignore[assignment]  # same slots: only now are all of them filled
        self.came_from, self.clocks, self.entries = came_from, clocks, entries
        return self


def packed(standing: Standing) -> tuple[str, int, int, Any]:
    """Return a standing as it is stored."""
    until = standing.until if standing.until < NEVER else 0
    if type(standing) is Kept and standing.segment == standing.packed[0]:
        return standing.segment, standing.since, until, standing.packed[3]
    return standing.segment, standing.since, until, _rest(standing)


def _rest(standing: Standing) -> Rest | None:
    segment, came_from, entries, clocks = standing.segment, standing.came_from, standing.entries, standing.clocks
    if not came_from and not clocks and entries == ({segment: 1} if segment else {}):
        return None
    # in order: a standing that was read and one that was lived through must be the same bytes
    names = ["", segment, *sorted({*entries, came_from, *clocks} - {"", segment})]
    counts = [entries.get(name, 0) for name in names[1:]]
    kept = {names.index(name): clocks[name] for name in sorted(clocks)}
    return names[2:], counts, names.index(came_from), kept
