"""First this, then that: whether some choice of events makes the steps of a sequence, and until when.

Each event that matches steps is an instant with a mask: bit i for step i, and one more bit for the silent end.
Events of one instant may stand in any order, and no event is taken twice.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter

from stream.core import window
from stream.core.profile import NEVER

Steps = Sequence[tuple[int, int]]
"""(instant, mask) sorted by instant."""
Masks = tuple[tuple[int, int], ...]
"""(mask, how many events have it): the events of one instant."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a sequence asks: how many steps, how far apart, all within what, and the silence at its end."""

    gaps: tuple[int, ...]
    """By step: it lies less than this many ms after the one before; NEVER where nothing is asked."""
    within_ms: int = NEVER
    silence_ms: int = 0
    """How long nothing of the silent end came; 0 for no such end."""

    size: int = field(init=False)
    """The number of steps, without the silent end."""
    end_bit: int = field(init=False)
    """The bit of the silent end in masks."""

    def __post_init__(self) -> None:
        """Count the steps."""
        object.__setattr__(self, "size", len(self.gaps))
        object.__setattr__(self, "end_bit", 1 << len(self.gaps))


def verdict(found: Steps, newest_end: int, shape: Shape, now: int) -> int:
    """Return whether some choice of these events makes the sequence; `newest_end` is the newest of the silent end."""
    if shape.within_ms < NEVER:
        found = found[bisect_right(found, now - shape.within_ms, key=itemgetter(0)) :]
    if not _has_all_steps(found, shape):
        return -NEVER
    spells = [
        (last + shape.silence_ms, min(first + shape.within_ms, NEVER))
        for first, last in chains(found, newest_end, shape)
    ]
    if not shape.silence_ms:
        return max([end for _, end in spells], default=-NEVER)
    return window.any_of(spells, now)


def _has_all_steps(found: Steps, shape: Shape) -> bool:
    """Tell quickly whether there is an event for each step at all."""
    covered = 0
    for _, mask in found:
        covered |= mask
    return (covered | shape.end_bit) + 1 == shape.end_bit << 1


def chains(found: Steps, newest_end: int, shape: Shape) -> Iterator[tuple[int, int]]:
    """Yield (first, last) instant of the choices that count: for each last instant the one that begins latest.

    With a silent end only those after which nothing of it came.
    """
    reach = _Reach(shape.gaps)
    silent_from = 0
    if shape.silence_ms:
        silent_from = max([newest_end + 1, *[at for at, mask in found if mask & shape.end_bit]])
    index = 0
    while index < len(found):
        at, mask = found[index]
        after = index + 1
        while after < len(found) and found[after][0] == at:
            after += 1
        masks = () if after == index + 1 else _counted(found[index:after])
        first = reach.several(at, masks) if masks else reach.alone(at, mask)
        if at >= silent_from:
            begun = reach.ending(at, masks, shape.end_bit) if masks and shape.silence_ms else first[-1]
            if begun >= 0:
                yield begun, at
        reach.extend(at, first)
        index = after


def _counted(group: Steps) -> Masks:
    return tuple(sorted(Counter(mask for _, mask in group).items()))


class _Reach:
    """For each number of steps: the choices so far, of those that end later only if they begin later too."""

    def __init__(self, gaps: tuple[int, ...]) -> None:
        self._gaps = gaps
        self._ends: list[deque[tuple[int, int]]] = [deque() for _ in gaps]

    def _begun(self, steps: int, at: int) -> int:
        """Return the latest beginning of the choices of so many steps that can go on at `at`, -1 for none."""
        if not steps:
            return at
        ends, gap = self._ends[steps - 1], self._gaps[steps]
        while ends and at - ends[0][0] >= gap:
            ends.popleft()
        return ends[0][1] if ends else -1

    def alone(self, at: int, mask: int) -> list[int]:
        """Return what `several` does, for one event: it can only be one step."""
        bits = range(len(self._gaps))
        return [-1, *[self._begun(step, at) if mask >> step & 1 else -1 for step in bits]]

    def several(self, at: int, masks: Masks) -> list[int]:
        """Return for each number of steps the latest beginning of those whose last step lies at `at`, -1 for none."""
        size = len(self._gaps)
        found = [-1] * (size + 1)
        for before in range(size):
            begun = self._begun(before, at)
            if begun < 0:
                continue
            for upto in range(before + 1, size + 1):
                if not _fits(masks, before, upto, 0):
                    break
                found[upto] = max(found[upto], begun)
        return found

    def ending(self, at: int, masks: Masks, end: int) -> int:
        """Return the latest beginning of those that end at `at` and take every event of the silent end there."""
        size = len(self._gaps)
        return max([self._begun(before, at) for before in range(size) if _fits(masks, before, size, end)], default=-1)

    def extend(self, at: int, first: Sequence[int]) -> None:
        """Let later instants go on from these."""
        for ends, begun in zip(self._ends, first[1:], strict=True):
            if begun >= 0:
                while ends and ends[-1][1] <= begun:
                    ends.pop()
                ends.append((at, begun))


@lru_cache(maxsize=4096)
def _fits(masks: Masks, step: int, upto: int, required: int) -> bool:
    """Tell whether events of one instant can make the steps from `step` up to `upto`, using all that are required."""
    if step == upto:
        return not any(mask & required for mask, _ in masks)
    return any(
        _fits(_without(masks, place), step + 1, upto, required)
        for place, (mask, _) in enumerate(masks)
        if mask >> step & 1
    )


def _without(masks: Masks, place: int) -> Masks:
    mask, count = masks[place]
    rest = ((mask, count - 1),) if count > 1 else ()
    return masks[:place] + rest + masks[place + 1 :]
