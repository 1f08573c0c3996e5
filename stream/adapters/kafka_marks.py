"""What in the log is no record: the marks of transactions, and what was taken back; a hole is anything else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import structs

from stream.ports import Record

Span = tuple[int, int]
"""The first offset of what is no record, and the offset behind it."""


class Watched:
    """The batches of one fetch as the client goes through them; `marks` has those that hold no record for us."""

    def __init__(self, partition_records: Any) -> None:
        """Look over the shoulder of aiokafka's `PartitionRecords`."""
        self.marks: list[Span] = []
        self._reader = partition_records
        self._batches = partition_records._records
        self._last: Any = None

    def has_next(self) -> bool:
        """Tell whether there is one more batch; the one before it is done with now."""
        last, self._last = self._last, None
        if last is not None and last.producer_id is not None and self._is_no_record(last):
            self.marks.append((last.base_offset, last.next_offset))
        return bool(self._batches.has_next())

    def next_batch(self) -> Any:
        """Return the next batch."""
        self._last = self._batches.next_batch()
        return self._last

    def _is_no_record(self, batch: Any) -> bool:
        is_taken_back = batch.is_transactional and batch.producer_id in self._reader._aborted_producers
        return bool(batch.is_control_batch or is_taken_back)


class Marks:
    """The marks since the last record that was handed over, one behind the other as one."""

    def __init__(self) -> None:
        """Begin behind a seek."""
        self._starts: dict[int, int] = {}

    def add(self, spans: Iterable[Span]) -> None:
        """Take in what one fetch passed over."""
        for start, behind in spans:
            self._starts[behind] = self._starts.pop(start, start)

    def told(self, records: list[Record]) -> list[Record]:
        """Return the records, those right behind marks saying so; what lies before the last is forgotten."""
        starts = self._starts
        if not starts:
            return records
        self._starts = {behind: start for behind, start in starts.items() if behind > records[-1].offset}
        return [
            structs.replace(each, follows=starts[each.offset]) if each.offset in starts else each for each in records
        ]
