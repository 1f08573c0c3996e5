"""Everything we need from outside, as Protocols: read it and you know every side effect."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of the events log as Kafka gave it."""

    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    """A name that is not UTF-8 has surrogate escapes for its bytes."""
    fault: str = ""
    """Why the record cannot be used as Kafka gave it; empty for nearly all."""
    follows: int = -1
    """The first offset of the marks of transactions right before the record, which are no records; -1: there is none.

    What a writer took back counts as marks.
    """


class RecordHandler(Protocol):
    """What takes the records of the partitions we own."""

    async def assigned(self, partition: int, log_start: int, log_end: int) -> int:
        """Take the partition; return the offset to seek to."""
        ...

    async def revoked(self, partitions: list[int]) -> None:
        """Forget these partitions."""
        ...

    async def records(self, partition: int, records: list[Record]) -> None:
        """Handle a batch; the next one comes when this returns."""
        ...

    def position(self, partition: int) -> int:
        """Return the offset behind the last record that is handled for good, also while a batch is at work."""
        ...


Message = tuple[bytes | None, bytes | None, Sequence[tuple[str, bytes]], int | None]
"""Key, value, headers, and the timestamp in ms (None: now)."""


class Producer(Protocol):
    """An idempotent producer: what it acknowledged is in the log once, in the order it was sent."""

    async def send(
        self,
        topic: str,
        partition: int | None,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes]],
        timestamp_ms: int | None = None,
    ) -> Awaitable[int]:
        """Queue one record; the returned awaitable gives its offset, or raises UnavailableError."""
        ...

    async def send_batch(self, topic: str, partition: int, messages: Iterable[Message]) -> int:
        """Write messages to one partition in order and return how many: all of them, each acknowledged.

        UnavailableError at the first that failed: none after it was sent, so a repeat of all keeps their order.
        """
        ...

    async def publish(self, partition: int, written: Mapping[str, Iterable[Message]], claim: object) -> int:
        """Write messages to one partition of several topics, side by side, as `send_batch` does to each; say how many.

        FencedError where something was written under a newer claim of the partition than this one. After any other
        failure each topic has a beginning of its messages, and the claim has ended.
        """
        ...

    async def claim(self, partition: int) -> object:
        """Return a claim to write this partition of our outputs; raises UnavailableError.

        What is on its way under an older claim can arrive only before the first record under this one. A failed
        write ends its claim: what was sent under it may still arrive.
        """
        ...


class Log(Protocol):
    """The logs as a whole, asked once at a start."""

    async def bounds(self, topic: str) -> dict[int, tuple[int, int]]:
        """Return first and end offset of each partition."""
        ...

    async def has_positions(self) -> bool:
        """Tell whether our consumer group ever wrote a position."""
        ...


@dataclass(frozen=True, slots=True)
class Commit:
    """Everything of one partition that changes together."""

    head: bytes
    """The packed head without the commit id, which the store puts before it."""
    profiles: Mapping[str, bytes | None] = field(default_factory=dict)
    timers: Mapping[str, int | None] = field(default_factory=dict)
    """By customer: the wake-up in ms, None to remove it."""
    outbox: Sequence[bytes] = ()
    """Slices to append."""
    outbox_trim: int = 0
    """How many published slices to drop from the front."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was found when a partition was taken."""

    head: bytes | None
    outbox: list[bytes]


class Store(Protocol):
    """The state of all partitions. Raises FencedError, LayoutError, StateError or UnavailableError."""

    async def layout(self) -> bytes | None:
        """Return the stored layout record of the deployment, None before the first start."""
        ...

    async def initialise(self, layout: bytes, heads: Mapping[int, bytes]) -> None:
        """Write layout and all heads at once, only onto nothing; an equal layout is fine, another a LayoutError."""
        ...

    async def take(self, partition: int) -> Taken:
        """Read head and outbox, and write a new commit id, so that any other writer is fenced."""
        ...

    async def fetch(self, partition: int, customers: Sequence[str]) -> list[bytes | None]:
        """Return the packed profiles and watch the head; FencedError unless it is the one written last here."""
        ...

    async def commit(self, partition: int, commit: Commit) -> None:
        """Write everything or nothing, onto exactly the state that this process saw last."""
        ...

    async def is_ours(self, partition: int) -> bool:
        """Tell whether the stored head is still one that this process wrote; watches nothing, waits for no commit."""
        ...

    async def due(self, partition: int, before_ms: int, limit: int) -> list[tuple[str, int]]:
        """Return (customer, wake-up) of timers before an instant, the earliest first."""
        ...

    async def earliest(self, partition: int) -> int | None:
        """Return the earliest wake-up of the partition."""
        ...

    async def read_profile(self, partition: int, customer: str) -> bytes | None:
        """Return one packed profile, for people who ask; watches nothing."""
        ...

    async def release(self, partition: int) -> None:
        """Forget what this process knows of the partition."""
        ...

    async def check(self) -> None:
        """Raise unless the store answers, may be written and never evicts."""
        ...


class Frontier(Protocol):
    """Up to where the writers of the log have acknowledged everything: no clock moves past it."""

    async def report(self, source: str, before_ms: int) -> None:
        """Say that everything of this source stamped below an instant is acknowledged."""
        ...

    async def reached(self, sources: Sequence[str]) -> int | None:
        """Return the least instant reported by all these sources; None while one of them has said nothing."""
        ...


class Clock(Protocol):
    """The only source of now."""

    def now_ms(self) -> int:
        """Return the present instant of the deployment's clock, in ms since 1970."""
        ...

    def waited_ms(self, since_ms: Iterable[int]) -> list[int]:
        """Return the wall ms that passed since each of these instants of the deployment's clock."""
        ...

    def elapsed(self) -> float:
        """Return seconds on a clock that never goes back, for pacing and latencies."""
        ...

    def resume(self, at_ms: int) -> None:
        """Take note that the deployment's time had come so far when a partition was left.

        A simulated clock goes on from there; a wall clock that is behind says so.
        """
        ...

    def jumped_ms(self) -> int:
        """Return by how much the machine's clock stands apart from what has passed; 0 where it is sound."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; on a scaled clock these are still wall seconds."""
        ...


class Metrics(Protocol):
    """What operations watch; every method is called once per batch or commit."""

    def events(self, outcome: str, n: int) -> None:
        """Count n records with this outcome."""
        ...

    def transitions(self, dimension: str, entered: str, cause: str, n: int) -> None:
        """Count n committed transitions into this segment, empty for outside."""
        ...

    def event_to_transition(self, waited_ms: Iterable[int]) -> None:
        """Take one wait for each acknowledged transition that an event caused."""
        ...

    def timer_lag(self, waited_ms: Iterable[int]) -> None:
        """Take one wait for each acknowledged transition that time caused."""
        ...

    def timers_overdue(self, partition: int, n: int) -> None:
        """Say how many customers of the partition should have been woken by now."""
        ...

    def members(self, partition: int, counts: Mapping[tuple[str, str], int]) -> None:
        """Say how many members (dimension, segment) has in the partition; what is not named has none."""
        ...

    def commit(self, took_ms: float, records: int) -> None:
        """Take one commit: how long it took and how many records were in it."""
        ...

    def lag(self, topic: str, partition: int, records: int, age_ms: int) -> None:
        """Say how many records of the partition wait, and for how long it has not been caught up."""
        ...

    def intake_frontier_age(self, age_ms: int) -> None:
        """Say how far the intake frontier is behind now."""
        ...

    def clock_jump(self, by_ms: int) -> None:
        """Say how far the machine's clock stands apart from what has passed since it was sound."""
        ...

    def outbox(self, partition: int, records: int) -> None:
        """Say how much of the partition is committed and not published."""
        ...

    def commits_refused(self, n: int = 1) -> None:
        """Count a commit that was refused."""
        ...

    def dead_letters(self, stage: str, code: str, n: int) -> None:
        """Count n records put aside for this reason."""
        ...

    def late(self, n: int) -> None:
        """Count n late events."""
        ...

    def duplicates(self, n: int) -> None:
        """Count n records seen before."""
        ...

    def flaps(self, dimension: str, n: int) -> None:
        """Count n returns to the segment left just before."""
        ...

    def profiles(self, n: int, total_bytes: int) -> None:
        """Take n written profiles of so many bytes together."""
        ...

    def forget(self, partition: int) -> None:
        """Drop what was said about a partition that is no longer ours."""
        ...
