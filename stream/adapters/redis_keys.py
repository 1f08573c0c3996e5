"""Names of the keys of a partition, and a commit as the commands that write it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from stream.adapters.redis_line import Command
from stream.ports import Commit

ID_BYTES = 16
TORN_ID = bytes(ID_BYTES)  # no writer's id: marks a partition whose last commit was done in part


def layout_key(namespace: str) -> str:
    """Return the key of the layout record of a deployment."""
    return f"seg:{namespace}:layout"


@dataclass(frozen=True, slots=True)
class Keys:
    """The four keys of a partition; the braces keep them together where keys are spread by hash tag."""

    head: str
    state: str
    timers: str
    outbox: str

    @classmethod
    def of(cls, namespace: str, partition: int) -> Keys:
        """Return the keys of `partition`."""
        prefix = f"seg:{namespace}:{{{partition}}}:"
        return cls(prefix + "head", prefix + "state", prefix + "timers", prefix + "outbox")


def writes(keys: Keys, commit_id: bytes, commit: Commit) -> tuple[Command, ...]:
    """Return the commands of a commit: each kind once, whatever the number of customers."""
    head: Command = ("SET", keys.head, commit_id + commit.head)
    return (head, *_profiles(keys, commit), *_timers(keys, commit), *_blobs(keys, commit))


def _profiles(keys: Keys, commit: Commit) -> Iterator[Command]:
    kept: list[bytes | str] = []
    gone: list[str] = []
    for customer, profile in commit.profiles.items():
        if profile is None:
            gone.append(customer)
        else:
            kept += (customer, profile)
    if kept:
        yield ("HSET", keys.state, *kept)
    if gone:
        yield ("HDEL", keys.state, *gone)


def _timers(keys: Keys, commit: Commit) -> Iterator[Command]:
    kept: list[str | int] = []
    gone: list[str] = []
    for customer, wake_up_ms in commit.timers.items():
        if wake_up_ms is None:
            gone.append(customer)
        else:
            kept += (wake_up_ms, customer)
    if kept:
        yield ("ZADD", keys.timers, *kept)
    if gone:
        yield ("ZREM", keys.timers, *gone)


def _blobs(keys: Keys, commit: Commit) -> Iterator[Command]:
    if commit.outbox_trim:  # before the push: it counts what was there
        yield ("LTRIM", keys.outbox, commit.outbox_trim, -1)
    if commit.outbox:
        yield ("RPUSH", keys.outbox, *commit.outbox)
