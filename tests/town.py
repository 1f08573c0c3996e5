"""A deployment in memory: a log, a server, and workers whose lanes the test drives step by step.

`Town` is what outlives a process; `Member` is one process. `replayed` and `consumed` are the two sides of law 2:
what the log means, and what an outside consumer of the topics ends up with.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, NamedTuple

from stream.core.plan import Plan
from stream.errors import FencedError, InputError, UnavailableError
from stream.ports import Record
from stream.service.limits import Limits
from stream.service.neighbours import Neighbours
from stream.service.replay import Replay
from stream.service.slices import understand
from stream.service.topics import Topics
from stream.service.worker import Time, Worker
from stream.wire import transition
from stream.wire.control import BACKFILL_UNTIL, KIND, SOURCE, Tick, control_headers, encode_control
from stream.wire.head import Head, decode_head, encode_head
from stream.wire.placing import partition_of
from stream.wire.profile import decode_profile
from stream.wire.replay import encode_line
from tests.fake_clock import FakeClock, FakeFrontier, FakeMetrics
from tests.fake_log import FakeLog, FakeProducer, Fate, Headers, Killed, MortalStore
from tests.fakes import FakeServer
from tests.marks import as_repeated, check_marks

RULES = (1, "hash of the rules")
TOPICS = Topics()


@dataclass
class Town:
    """Everything of a deployment that outlives its processes."""

    plan: Plan
    partitions: int = 2
    log: FakeLog = field(default_factory=FakeLog)
    server: FakeServer = field(default_factory=FakeServer)
    clock: Any = field(default_factory=FakeClock)
    """A `FakeClock`, or one of the service's own on a `Machine`."""
    frontier: FakeFrontier = field(default_factory=FakeFrontier)
    metrics: FakeMetrics = field(default_factory=FakeMetrics)
    limits: Limits = field(default_factory=lambda: Limits(slice_records=7, timers=3, together_records=9))
    sources: tuple[str, ...] = ()
    appends_ticks: bool = False
    hints: dict[int, int] = field(default_factory=dict)
    """The group's positions in Kafka: a hint that runs ahead of what was committed."""

    async def open(self) -> Town:
        """Lay the deployment out, as the very first start does."""
        heads = {number: encode_head(Head(0, rules=RULES)) for number in range(self.partitions)}
        await MortalStore(self.server, Fate()).initialise(b"layout", heads)
        return self

    def member(self, fate: Fate | None = None, kind: type[Member] | None = None) -> Member:
        """Return a new process."""
        return (kind or Member)(self, fate or Fate())

    # -- writing the log --------------------------------------------------------------------

    def tell(self, content: dict[str, Any], record_time: int, headers: Headers = (), partition: int = -1) -> int:
        """Append one canonical event to the partition of its customer (or to the one given); return its offset."""
        customer_id = content.get("customer_id") or f"anon:{content.get('anonymous_id')}"
        home = partition_of(str(customer_id), self.partitions) if partition < 0 else partition
        value = json.dumps(content).encode()
        return self.log.append(TOPICS.events, home, str(customer_id).encode(), value, headers, record_time)

    def tick(self, before: int, stamped: int | None = None, partition: int = -1) -> None:
        """Append a tick to one partition, or to all."""
        told = Tick(before)
        for number in range(self.partitions) if partition < 0 else [partition]:
            stamp = before if stamped is None else stamped
            self.log.append(TOPICS.events, number, None, encode_control(told), control_headers(told), stamp)

    # -- what is stored -----------------------------------------------------------------------

    def head(self, partition: int) -> Head:
        """Return the head as it is stored."""
        return decode_head(self.server.partitions[partition].head)

    def recounted(self, partition: int) -> dict[str, dict[str, int]]:
        """Return the members by dimension and segment, counted from all stored profiles; zeros left out."""
        found: dict[str, dict[str, int]] = {}
        for customer_id, packed in self.server.partitions[partition].state.items():
            profile = decode_profile(customer_id, packed)
            for dimension in self.plan.dimensions:
                standing = profile.standing(dimension.place)
                if standing is not None and standing.segment:
                    counts = found.setdefault(dimension.name, {})
                    counts[standing.segment] = counts.get(standing.segment, 0) + 1
        return found

    def published(self) -> int:
        """Return how many records the transitions topic has."""
        return len(self.log.all(TOPICS.transitions))


class Member:
    """One process: a worker on fakes, and the lanes of its partitions, driven by the test."""

    def __init__(self, town: Town, fate: Fate) -> None:
        self.town = town
        self.fate = fate
        self.store = self.new_store()
        self.producer = FakeProducer(town.log, town.clock.now_ms, fate)
        shared = Neighbours(
            town.plan,
            RULES,
            town.partitions,
            TOPICS,
            self.store,
            self.producer,
            town.metrics,
            town.clock,
            town.limits,
        )
        self.worker = Worker(shared, Time(town.appends_ticks, town.frontier, town.sources, trim_after_s=0.0), self.lose)
        self.positions: dict[int, int] = {}

    def new_store(self) -> MortalStore:
        """Return the store that this process writes through."""
        return MortalStore(self.town.server, self.fate)

    def lose(self, partition: int) -> None:
        """Make the partition be taken again before the next batch."""
        self.positions.pop(partition, None)

    async def acquire(self, partition: int) -> None:
        """Take the partition and seek."""
        bounds = self.town.log.bounds(TOPICS.events, partition)
        offset = await self.worker.assigned(partition, *bounds)
        self.positions[partition] = self.sought(partition, offset)

    def sought(self, partition: int, offset: int) -> int:
        """Return where reading goes on after taking a partition."""
        return offset

    async def deliver(self, partition: int, most: int) -> bool:
        """Hand in one batch as a lane would; tell whether there was anything to do."""
        try:
            if partition not in self.positions:
                await self.acquire(partition)
            batch = self.town.log.read(TOPICS.events, partition, self.positions[partition], most)
            if not batch:
                return False
            self.town.hints[partition] = batch[-1].offset + 1
            await self.worker.records(partition, batch)
            self.positions[partition] = batch[-1].offset + 1
        except (FencedError, UnavailableError):
            self.lose(partition)
            await self.town.clock.sleep(0.05)
        return True

    async def work(self, partitions: Iterable[int] | None = None, batches: Iterator[int] | None = None) -> None:
        """Deliver, fire and publish until nothing is left to do."""
        numbers = list(range(self.town.partitions) if partitions is None else partitions)
        sizes = batches or repeat(1 << 20)
        is_busy = True
        while is_busy:
            is_busy = False
            for number in numbers:
                is_busy |= await self.deliver(number, next(sizes))
                is_busy |= await self.worker.tend(number)
                is_busy |= number not in self.positions
        await self.publish()

    async def publish(self) -> None:
        """Let the relays publish all they have, and trim."""
        for number, owned in list(self.worker.owned.items()):
            while owned.is_taken and (owned.relay.waiting or owned.relay.published):
                await owned.relay.drained()
                while await self.worker.tend(number):
                    pass

    async def end(self) -> None:
        """Leave no task behind; a process that was killed leaves its tasks to nobody."""
        for owned in self.worker.owned.values():
            await owned.relay.stop()
        for number in list(self.worker.owned):
            await self.worker._pulses[number].stop()


class Unseeking(Member):
    """Negative control: a lane that goes on from the group's position in Kafka instead of Redis's."""

    def sought(self, partition: int, offset: int) -> int:
        return self.town.hints.get(partition, offset)


class CarelessStore(MortalStore):
    """Negative control: a store that writes onto whatever is there."""

    async def is_ours(self, partition: int) -> bool:
        return True

    def _watch(self, partition: int, hold: Any) -> Any:
        stored = self.server.partitions[partition]
        if hold.pending is None or stored.id != hold.pending[1]:
            hold.last_id = stored.id
        return super()._watch(partition, hold)


class Careless(Member):
    """Negative control: a process whose commits do not ask onto what they are written."""

    def new_store(self) -> MortalStore:
        return CarelessStore(self.town.server, self.fate)


class ByTheWall(Member):
    """Negative control: a process that fires what is due by its own clock, whatever the log has told of time."""

    async def deliver(self, partition: int, most: int) -> bool:
        is_busy = await super().deliver(partition, most)
        if partition in self.positions:
            self.worker.owned[partition].head.tick_ms = self.town.clock.now_ms()
        return is_busy


# -- the two sides of law 2 -------------------------------------------------------------------

Bodies = dict[str, list[bytes]]


class Consumed(NamedTuple):
    """What an outside consumer has after the sequence test."""

    bodies: Bodies
    repeats: int


def consumed(log: FakeLog, source: str = TOPICS.source) -> Consumed:
    """Read the transitions topic as a consumer does that keeps one integer per customer.

    Fails, naming law 5, where a customer's sequence has a gap or a repeat differs from the first; naming law 2, where
    headers are not those that the body means, so that equal bodies are equal records.
    """
    check_marks(log.all(TOPICS.transitions), log.all(TOPICS.membership), source)
    bodies: Bodies = {}
    seen: dict[tuple[bytes, int], Record] = {}
    repeats = 0
    for record in log.all(TOPICS.transitions):
        assert record.key is not None
        assert record.value is not None
        body = json.loads(record.value)
        mine = bodies.setdefault(record.key.decode(), [])
        if body["sequence"] <= len(mine):
            repeats += 1
            first = seen[record.key, body["sequence"]]
            assert as_repeated(first) == as_repeated(record), f"law 5: a repeat differs: {first} {record}"
            continue
        assert body["sequence"] == len(mine) + 1, f"law 5: {record.key!r} jumps from {len(mine)} to {body['sequence']}"
        seen[record.key, body["sequence"]] = record
        mine.append(record.value)
    return Consumed(bodies, repeats)


def lines_of(records: Sequence[Record], plan: Plan) -> list[bytes]:
    """Return a partition's log as the lines of a replay file; what no worker can use is left out."""
    lines = []
    for record in records:
        incoming = understand(record, plan)
        if isinstance(incoming.content, InputError) or record.value is None:
            continue
        headers = dict(record.headers)
        kind = headers.get(KIND, b"event").decode()
        until = int(headers.get(BACKFILL_UNTIL, b"-1"))
        lines.append(encode_line(record.timestamp_ms, kind, record.value, until, headers.get(SOURCE, b"").decode()))
    return lines


def replayed(log: FakeLog, plan: Plan) -> Bodies:
    """Return what the log means: the transitions of a replay of every partition, by customer."""
    bodies: Bodies = {}
    for place in sorted(log.logs):
        if place[0] == TOPICS.events:
            for each in Replay(plan).lines(lines_of(log.logs[place], plan)):
                bodies.setdefault(each.customer_id, []).append(transition.body(each))
    return bodies


def memberships(log: FakeLog) -> dict[str, Any]:
    """Return the newest membership of every customer, as a compacted topic keeps it."""
    return {
        record.key.decode(): json.loads(record.value)
        for record in log.all(TOPICS.membership)
        if record.key is not None and record.value is not None
    }


async def survive(member: Member, batches: Iterator[int] | None = None) -> bool:
    """Let a process work until it is done or dies; tell whether it lived."""
    try:
        await member.work(batches=batches)
    except Killed:
        return False
    finally:
        await member.end()
    return True


def without_ids(plan: Plan) -> Plan:
    """Return the plan without the memory of event ids."""
    return replace(plan, remembers_ids=False)


async def turns(count: int = 5) -> None:
    """Let other tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)
