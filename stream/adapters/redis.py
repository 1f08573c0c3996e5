"""The state of all partitions in one Redis or Valkey primary: the `Store` port.

Keys of partition p: `head` (16 bytes commit id, then the packed head), `state` (hash: customer → packed profile),
`timers` (sorted set: customer by wake-up), `outbox` (list of blobs). How they are written is in redis_partition.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from redis.exceptions import ResponseError

from stream.adapters.redis_keys import ID_BYTES, TORN_ID, Keys, layout_key
from stream.adapters.redis_line import Command, Line, Lines, Reply
from stream.adapters.redis_partition import HeldPartition
from stream.adapters.redis_shared import SharedLine
from stream.errors import FencedError, LayoutError, SettingsError, StateError, UnavailableError
from stream.ports import Commit, Taken

_TRIES = 4
DRAWN_IDS = 64


class FreshIds:
    """Commit ids that nobody else ever wrote: 128 random bits each.

    Many are drawn at once, for every question to the system gives the interpreter to another thread.
    """

    def __init__(self) -> None:
        """Have none in store."""
        self._drawn: list[bytes] = []

    def __call__(self) -> bytes:
        """Return the next one."""
        if not self._drawn:
            many = secrets.token_bytes(ID_BYTES * DRAWN_IDS)
            self._drawn = [many[at : at + ID_BYTES] for at in range(0, len(many), ID_BYTES)]
        return self._drawn.pop()


class RedisStore:
    """The `Store` port on one primary; connects on first use and never resends by itself."""

    def __init__(
        self, url: str, namespace: str, *, timeout_s: float = 5.0, new_id: Callable[[], bytes] | None = None
    ) -> None:
        """Keep keys under `seg:<namespace>:`; an answer later than `timeout_s` is lost. Raises SettingsError."""
        self._lines = Lines(url, timeout_s)
        self._shared = SharedLine(self._lines)
        self._namespace = namespace
        self._layout_key = layout_key(namespace)
        self._new_id = new_id or FreshIds()
        self._held: dict[int, HeldPartition] = {}

    async def close(self) -> None:
        """Forget every partition and close all connections."""
        for partition in list(self._held):
            await self.release(partition)
        await self._shared.close()
        await self._lines.close()

    async def check(self) -> None:
        """Return when the server may be used; raises SettingsError (it evicts), UnavailableError (away, a replica)."""
        async with self._lines.line() as line:
            await line.read(("PING",))
            answer = (await line.ask(("INFO",)))[0]
        if isinstance(answer, ResponseError):
            return  # a hosted service may forbid INFO; the first commit will tell
        where = self._lines.where
        facts = dict(row.partition(":")[::2] for row in answer.decode().splitlines())
        if facts.get("role") == "slave":
            raise UnavailableError(f"Redis at {where}: a replica; REDIS_URL must name the primary [redis-replica]")
        policy = facts.get("maxmemory_policy", "noeviction")
        if policy != "noeviction":
            problem = f"maxmemory-policy is {policy}, which drops customers in silence; set it to noeviction"
            raise SettingsError([f"Redis at {where}: {problem} [redis-eviction]"])

    async def layout(self) -> bytes | None:
        """Return the layout record of the deployment, None before the first start."""
        stored: bytes | None = await self._read("GET", self._layout_key)
        return stored

    async def initialise(self, layout: bytes, heads: Mapping[int, bytes]) -> None:
        """Write the layout and all heads at once if nothing is there; do nothing where the same layout is.

        Raises LayoutError where another layout is stored, or where only a part of layout and heads is.
        """
        keys = {partition: self._keys(partition).head for partition in heads}
        values: list[str | bytes] = [self._layout_key, layout]
        for partition, head in heads.items():
            values += (keys[partition], self._new_id() + head)
        for _ in range(_TRIES):
            async with self._lines.line() as line:
                if await self._is_initialised(line, layout, list(keys.values())):
                    return
                if await line.write(("MSET", *values)):
                    return
        raise UnavailableError(f"{self._layout_key}: another process is writing it; try again [redis-changed]")

    async def _is_initialised(self, line: Line, layout: bytes, keys: Sequence[str]) -> bool:
        """Watch layout and heads; whether they are there. Raises LayoutError for another layout or a part."""
        watched = (self._layout_key, *keys)
        _, stored, present = await line.read(("WATCH", *watched), ("GET", self._layout_key), ("EXISTS", *keys))
        if stored is None and present == 0:
            return False
        if stored != layout and stored is not None:
            problem = f"holds {stored!r}, not {layout!r}; partitions and formats are fixed at the first start"
            raise LayoutError(f"{self._layout_key}: {problem} [layout]")
        if stored is None or present != len(keys):
            problem = f"{present} of {len(keys)} heads are there; restore or rebuild"
            raise LayoutError(f"{self._layout_key}: {problem} [layout]")
        return True

    async def take(self, partition: int) -> Taken:
        """Return the head and the unpublished outbox, and fence every other writer with a new commit id.

        A commit still pending here is forgotten: the head tells what became of it. Raises UnavailableError, or
        StateError where the stored partition is not whole.
        """
        await self.release(partition)
        keys = self._keys(partition)
        for _ in range(_TRIES):
            async with self._lines.line() as line:
                stored, outbox = await _whole(line, keys)
                if stored is None:
                    return Taken(None, [])
                id_, head = self._new_id(), stored[ID_BYTES:]
                if await line.write(("SET", keys.head, id_ + head)):
                    self._held[partition] = self._holding(keys, id_)
                    return Taken(head, outbox)
        raise UnavailableError(f"{keys.head}: another worker keeps writing it; try again [redis-changed]")

    async def release(self, partition: int) -> None:
        """Forget the ids, a pending commit and the connection of a partition."""
        held = self._held.pop(partition, None)
        if held is not None:
            self._shared.forget()
            await held.let_go()

    async def fetch(self, partition: int, customers: Sequence[str]) -> list[bytes | None]:
        """Return the packed profile of each customer, None where there is none, and watch the head for the commit.

        Raises FencedError unless the head is the one this process wrote last, UnavailableError, StateError.
        """
        return await self._hold(partition).fetch(customers)

    async def commit(self, partition: int, commit: Commit) -> None:
        """Write the whole commit, or nothing.

        After UnavailableError the outcome is open: call again with the same object, any number of times, or take the
        partition anew. Raises FencedError when the head is not the one this process wrote last, StateError when Redis
        did a part of it (the partition is then marked, and `take` refuses it from now on).
        """
        await self._hold(partition).commit(commit)

    async def is_ours(self, partition: int) -> bool:
        """Tell whether the head carries an id that this process wrote lately; waits for no commit.

        Raises UnavailableError.
        """
        held = self._held.get(partition)
        if held is None:
            return False
        stored: bytes = await self._read("GETRANGE", self._keys(partition).head, 0, ID_BYTES - 1)
        return held.wrote(stored)

    async def due(self, partition: int, before_ms: int, limit: int) -> list[tuple[str, int]]:
        """Return at most `limit` customers whose wake-up is before `before_ms`, the earliest first."""
        timers = self._keys(partition).timers
        await self._settle(partition)
        return _pairs(
            await self._read("ZRANGE", timers, "-inf", f"({before_ms}", "BYSCORE", "LIMIT", 0, limit, "WITHSCORES")
        )

    async def earliest(self, partition: int) -> int | None:
        """Return the earliest wake-up of the partition in milliseconds, None where nobody waits."""
        await self._settle(partition)
        first = _pairs(await self._read("ZRANGE", self._keys(partition).timers, 0, 0, "WITHSCORES"))
        return first[0][1] if first else None

    async def read_profile(self, partition: int, customer: str) -> bytes | None:
        """Return the packed profile of one customer as it is stored now, for people who ask; holds nothing."""
        profile: bytes | None = await self._read("HGET", self._keys(partition).state, customer)
        return profile

    def _keys(self, partition: int) -> Keys:
        return Keys.of(self._namespace, partition)

    def _holding(self, keys: Keys, last_id: bytes) -> HeldPartition:
        return HeldPartition(self._lines, self._shared, keys, last_id, self._new_id)

    def _hold(self, partition: int) -> HeldPartition:
        held = self._held.get(partition)
        if held is None:
            raise FencedError(f"{self._keys(partition).head}: this process did not take the partition [fenced]")
        return held

    async def _settle(self, partition: int) -> None:
        """Timers are read as they are after a pending commit, never before it."""
        if partition in self._held:
            await self._held[partition].settle()

    async def _read(self, *command: bytes | str | int) -> Reply:
        async with self._lines.line() as line:
            return (await line.read(command))[0]


async def _whole(line: Line, keys: Keys) -> tuple[bytes | None, list[bytes]]:
    """Watch the head and return it with the outbox, after a look at every key; raises StateError for a torn one."""
    looks: tuple[Command, ...] = (("HLEN", keys.state), ("ZCARD", keys.timers))  # a wrong type shows itself
    read = (("WATCH", keys.head), ("GET", keys.head), ("LRANGE", keys.outbox, 0, -1), *looks)
    _, stored, outbox, *_ = await line.read(*read)
    if stored is not None and stored[:ID_BYTES] == TORN_ID:
        raise StateError(f"{keys.head}: a commit was done in part; restore or rebuild this partition [redis-torn]")
    return stored, outbox


def _pairs(flat: Sequence[bytes]) -> list[tuple[str, int]]:
    """Members and scores as Redis lists them, as customers and milliseconds."""
    return [(member.decode(), int(float(score))) for member, score in zip(flat[::2], flat[1::2], strict=True)]
