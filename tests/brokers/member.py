"""A handler that writes down what it is told, and a member of the group around it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from stream.adapters.kafka import EventsApp, events_app, serve
from stream.adapters.kafka_options import KafkaOptions
from stream.adapters.kafka_producer import KafkaProducer
from stream.ports import Record
from tests.brokers.fixtures import Log

PATIENCE_S = 180.0
Hook = Callable[[int, list[Record]], Awaitable[None]]


class Notebook:
    """A RecordHandler: its positions are the truth, and every call is written down."""

    def __init__(self, hook: Hook | None = None) -> None:
        self.positions: dict[int, int] = {}
        self.kept: dict[int, list[Record]] = defaultdict(list)
        self.calls: list[tuple[str, int]] = []
        self.owned: set[int] = set()
        self.first_offset: dict[int, int] = {}
        self.hook = hook
        self._news = asyncio.Event()

    async def assigned(self, partition: int, log_start: int, log_end: int) -> int:
        """Take the partition at the noted position, the start of the log the first time."""
        self._note("assigned", partition)
        self.owned.add(partition)
        self.first_offset.pop(partition, None)
        return self.positions.setdefault(partition, log_start)

    async def revoked(self, partitions: list[int]) -> None:
        """Give the partitions back."""
        self.owned -= set(partitions)
        for partition in partitions:
            self._note("revoked", partition)

    async def records(self, partition: int, records: list[Record]) -> None:
        """Run the test's hook, which may raise; then keep the records and move the position."""
        self._note("records", partition)
        self.first_offset.setdefault(partition, records[0].offset)
        if self.hook is not None:
            await self.hook(partition, records)
        assert records[0].offset == self.positions[partition], "a hole, or a record from before the seek"
        self.kept[partition] += records
        self.positions[partition] = records[-1].offset + 1
        self._news.set()

    def position(self, partition: int) -> int:
        """Return the offset behind the last record kept."""
        return self.positions.get(partition, 0)

    async def until(self, is_reached: Callable[[], bool]) -> None:
        """Return when the condition holds; fails after three minutes."""
        async with asyncio.timeout(PATIENCE_S):
            while not is_reached():
                self._news.clear()
                await self._news.wait()

    @property
    def count(self) -> int:
        """Return how many records were kept."""
        return sum(map(len, self.kept.values()))

    def _note(self, what: str, partition: int) -> None:
        self.calls.append((what, partition))
        self._news.set()


@asynccontextmanager
async def member(
    options: KafkaOptions, notebook: Notebook, on_stall: Callable[[str], None] | None = None
) -> AsyncIterator[EventsApp]:
    """Run one worker of the group while the block runs; raises what crashed it."""
    stop = asyncio.Event()
    app = events_app(options, notebook, on_stall or (lambda reason: None))
    serving = asyncio.create_task(serve(app, stop))
    try:
        yield app
    finally:
        stop.set()
        await serving


async def write(log: Log, topic: str, values: Sequence[bytes], partition: int | None = None) -> None:
    """Write records with the key of their own value and wait until all are acknowledged."""
    producer = KafkaProducer(log.options(topic))
    await producer.start()
    sent = [
        await producer.send(topic, partition, value, value, [("n", value)], 1_000 + i) for i, value in enumerate(values)
    ]
    for each in sent:
        await each
    await producer.stop()


def numbered(count: int) -> list[bytes]:
    """Return `count` different values."""
    return [b"%06d" % number for number in range(count)]
