"""The entrance of a partition: which records of a batch are new, and whether it is still the same log."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b

from stream.errors import FencedError, LayoutError
from stream.ports import Record
from stream.wire.head import Head


class Entrance:
    """Lets a record in once, in order; remembers which hole in the offsets was doubted already."""

    def __init__(self, partition: int) -> None:
        """Doubt nothing yet."""
        self.partition = partition
        self.holes = 0
        """Holes that were there on the second look, too: compaction leaves them."""
        self._doubted = -1

    def fresh(self, batch: Sequence[Record], head: Head) -> list[Record]:
        """Return the records from the position on; what lies below was fetched before the seek.

        LayoutError where the record handled last is another one now; FencedError at a hole seen for the first time:
        one that is more than the marks of transactions.
        """
        position = head.position
        for record in batch:
            if record.offset == position - 1 and head.fingerprint and fingerprint(record) != head.fingerprint:
                raise LayoutError(
                    f"partition {self.partition}: offset {record.offset} is not the record that was handled there; "
                    "the topic was recreated: restore it, or rebuild into an empty deployment"
                )
        fresh = [record for record in batch if record.offset >= position]
        if fresh and fresh[0].offset > position and not 0 <= fresh[0].follows <= position:
            if self._doubted != position:
                self._doubted = position
                raise FencedError(f"partition {self.partition}: offset {fresh[0].offset} came where {position} was due")
            self.holes += 1
        return fresh


def portions(records: Sequence[Record], most_records: Callable[[int], int], most_bytes: int) -> Iterator[list[Record]]:
    """Yield the records in parts for one commit each, of at most so many records and bytes; one is always taken.

    `most_records` is asked anew for each part, and told how many came.
    """
    part: list[Record] = []
    size, most = 0, most_records(len(records))
    for record in records:
        weight = len(record.value or b"")
        if part and (len(part) >= most or size + weight > most_bytes):
            yield part
            part, size, most = [], 0, most_records(len(records))
        part.append(record)
        size += weight
    if part:
        yield part


def fingerprint(record: Record) -> bytes:
    """Return 8 bytes that stand for a record: its time, key and value."""
    digest = blake2b(record.timestamp_ms.to_bytes(8, "big", signed=True), digest_size=8)
    for part in (record.key, record.value):
        digest.update(b"\0" if part is None else b"\1" + len(part).to_bytes(4, "big") + part)
    return digest.digest()
