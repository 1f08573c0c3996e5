"""Packed profiles of recently seen customers, the least recently used forgotten first."""

from __future__ import annotations

from collections import OrderedDict

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
        before = self._kept.pop(customer_id, None)
        if before is not None:
            self.size_bytes -= len(before) + OVERHEAD_BYTES
        self._kept[customer_id] = packed
        self.size_bytes += len(packed) + OVERHEAD_BYTES
        while self.size_bytes > self._limit:
            _, dropped = self._kept.popitem(last=False)
            self.size_bytes -= len(dropped) + OVERHEAD_BYTES

    def clear(self) -> None:
        """Forget everything."""
        self._kept.clear()
        self.size_bytes = 0

    def __len__(self) -> int:
        """Return how many customers are remembered."""
        return len(self._kept)
