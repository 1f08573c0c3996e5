"""Negative controls: parts with one safeguard taken out, which the tests of that safeguard must catch."""

from __future__ import annotations

from stream.adapters.redis import RedisStore
from stream.adapters.redis_keys import Keys
from stream.adapters.redis_partition import HeldPartition


class _Trusting(HeldPartition):
    """Writes onto whatever is there."""

    def _is_ours(self, stored_id: bytes | None) -> bool:
        return True

    def wrote(self, id_: bytes) -> bool:
        return True


class StoreWithoutCompare(RedisStore):
    """A store whose commits do not ask whether the head is the one they build on."""

    def _holding(self, keys: Keys, last_id: bytes) -> HeldPartition:
        return _Trusting(self._lines, keys, last_id, self._new_id)
