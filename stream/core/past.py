"""The past of a standing: it is kept as bytes until somebody asks for it, and written as it came if nobody does.

Packed, it is nothing where the customer only entered the one segment, once; else [names, counts, came_from, clocks].
Segments go by their place: 1 for the one the customer stands in, then the names, 0 for none. Counts say, in the same
order, how often each was entered.
"""

from __future__ import annotations

import msgspec

NO_PAST = msgspec.Raw(msgspec.msgpack.encode(None))
Rest = tuple[list[str], list[int], int, dict[int, list[int]]]

_decoder = msgspec.msgpack.Decoder(Rest | None)


class Past:
    """What was before in one dimension."""

    __slots__ = ("came_from", "clocks", "entries")

    def __init__(self, came_from: str, clocks: dict[str, list[int]], entries: dict[str, int]) -> None:
        """Take where the customer came from, the clocks of segments, and how often each was entered."""
        self.came_from = came_from
        self.clocks = clocks
        self.entries = entries

    def copy(self) -> Past:
        """Return an independent copy."""
        return Past(self.came_from, {name: [*clock] for name, clock in self.clocks.items()}, {**self.entries})

    def packed(self, segment: str) -> Rest | None:
        """Return it as it is stored beside the segment that the customer stands in."""
        came_from, entries, clocks = self.came_from, self.entries, self.clocks
        if not came_from and not clocks and entries == ({segment: 1} if segment else {}):
            return None
        # in order: a past that was read and one that was lived through must be the same bytes
        names = ["", segment, *sorted({*entries, came_from, *clocks} - {"", segment})]
        counts = [entries.get(name, 0) for name in names[1:]]
        kept = {names.index(name): clocks[name] for name in sorted(clocks)}
        return names[2:], counts, names.index(came_from), kept


def read_past(packed: msgspec.Raw, segment: str) -> Past:
    """Return what was stored beside the segment; ValueError or IndexError where that cannot be read."""
    rest = None if packed is NO_PAST else _decoder.decode(packed)
    if rest is None:
        return Past("", {}, {segment: 1} if segment else {})
    names, counts, place, kept = rest
    named = ["", segment, *names]
    entries = {name: count for name, count in zip(named[1:], counts, strict=False) if count}
    return Past(named[place], {named[number]: clock for number, clock in kept.items()}, entries)
