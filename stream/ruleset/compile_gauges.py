"""Numbers the conditions of all dimensions, and says who reads which state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from stream.core.bundle import Bundle
from stream.core.condition import Leaf, Read
from stream.core.dimension import Dimension
from stream.core.gauge import Gauge, Readers

KEPT = b"2"
"""Raised when the same rules keep other states: a profile without them must not be decided as if nothing was done."""


@dataclass(slots=True)
class _Condition:
    """One gauge in the making."""

    leaf: Leaf
    readers: int = 0
    keys: tuple[int, ...] = ()
    states: set[int] = field(default_factory=set)

    def gauge(self, number: int, slot: int) -> Gauge:
        """Return the gauge of this number, whose verdict is kept in a slot."""
        leaf = self.leaf
        assert leaf.shared is not None
        lean = (leaf.leans, leaf.ended_by)
        return Gauge(1 << number, leaf.shared, self.readers, self.keys, slot, *lean, leaf.sketch, leaf.read)


class Gauges:
    """The gauges of some dimensions: equal conditions are one; those that look at other segments are none."""

    def __init__(
        self, dimensions: Sequence[Dimension], meanings: Mapping[bytes, Read], slots: Mapping[int, Sequence[int]]
    ) -> None:
        """Number the conditions in the order of the dimensions; `meanings` stand in the order of slots."""
        self._dimensions = dimensions
        self._meanings = {id(read): meaning for meaning, read in meanings.items()}
        slot_of = {id(read): slot for slot, read in enumerate(meanings.values())}
        self._asked = _conditions(dimensions)
        gauges = [each.gauge(number, slot_of[id_]) for number, (id_, each) in enumerate(self._asked.items())]
        self.by_dimension = [
            [gauge for gauge in gauges if gauge.readers >> dimension.index & 1] for dimension in dimensions
        ]
        self.readers = self._readers(gauges, slots)

    def number(self, bundle: Bundle) -> int:
        """Return the number of the layout: other dimensions, other conditions or other bars have another."""
        digest = blake2b(KEPT, digest_size=8)
        for dimension in self._dimensions:
            digest.update(f"{dimension.key} {dimension.place.rest}\n".encode())
        for id_ in self._asked:
            digest.update(self._meanings[id_] + b"\n")
        digest.update(f"{bundle.version} {sorted(bundle.bars.items())}".encode())
        return int.from_bytes(digest.digest(), "big") >> 1 or 1

    def _readers(self, gauges: Sequence[Gauge], slots: Mapping[int, Sequence[int]]) -> dict[int, Readers]:
        """Return, by state key, who reads it."""
        asked: dict[int, list[Gauge]] = {}
        for condition, gauge in zip(self._asked.values(), gauges, strict=True):
            for key in condition.states:
                asked.setdefault(key, []).append(gauge)
        always: dict[int, int] = {}
        for dimension, leaf in _leaves(self._dimensions):
            if leaf.shared is None:
                for key in leaf.states:
                    always[key] = always.get(key, 0) | 1 << dimension.index
        return {
            key: Readers(tuple(asked.get(key, ())), always.get(key, 0), tuple(slots.get(key, ())))
            for key in asked.keys() | always.keys() | slots.keys()
        }


def _leaves(dimensions: Sequence[Dimension]) -> Iterator[tuple[Dimension, Leaf]]:
    for dimension in dimensions:
        for segment in dimension.order:
            for leaf in segment.leaves:
                yield dimension, leaf


def _conditions(dimensions: Sequence[Dimension]) -> dict[int, _Condition]:
    """Return what each shared verdict is asked by, and which states it reads."""
    found: dict[int, _Condition] = {}
    for dimension, leaf in _leaves(dimensions):
        if leaf.shared is not None:
            condition = found.setdefault(id(leaf.shared), _Condition(leaf))
            if not condition.readers >> dimension.index & 1:
                condition.readers |= 1 << dimension.index
                condition.keys += (dimension.key,)
            condition.states |= leaf.states
    return found
