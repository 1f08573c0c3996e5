"""The compare-and-swap: how one process writes one partition, onto exactly what it wrote last.

Every write of a head carries a fresh commit id. The writer watches `head`, compares the id there with its own last one,
and writes everything in one MULTI. So a second writer, a rollback of Redis, a failover and a commit that lands late are
one and the same thing: an id that is not ours, and nothing is written.

A commit whose answer was lost stays pending until the head has been read again. Our new id: it was applied. Our
previous id: the same bytes, with the same new id, are sent again; whichever copy lands first breaks the other's watch,
so it cannot apply twice. Anything else: somebody else wrote, FencedError.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from stream.adapters.redis_keys import ID_BYTES, TORN_ID, Keys, writes
from stream.adapters.redis_line import Command, Line, Lines, LostLineError, Reply, TornError, checked
from stream.adapters.redis_shared import Asked, SharedLine
from stream.errors import FencedError, StateError, UnavailableError
from stream.ports import Commit

LATELY = 8  # ids: while the head is asked for, the next commits may be confirmed
_TRIES = 4  # steps, each a look at the head or a sending over a connection of its own: two of each


@dataclass(frozen=True, slots=True)
class Pending:
    """A commit that was sent, or is about to be, and whose outcome is not known."""

    commit: Commit
    id: bytes
    commands: tuple[Command, ...]


class HeldPartition:
    """A partition that this process took; remembers the commit id it wrote last."""

    def __init__(
        self, lines: Lines, shared: SharedLine, keys: Keys, last_id: bytes, new_id: Callable[[], bytes]
    ) -> None:
        """Hold the partition whose head carries `last_id`, written by this process."""
        self._lines = lines
        self._shared = shared
        self._keys = keys
        self._last_id = last_id
        self._new_id = new_id
        self._line: Line | None = None  # watches the head, while the outcome of a commit is not known
        self._lately = deque([last_id], LATELY)
        self._pending: Pending | None = None
        self._settled: Commit | None = None  # applied, but its caller was told "unknown"
        self._is_lost = False
        self._turn = asyncio.Lock()  # a connection carries one exchange at a time

    async def fetch(self, customers: Sequence[str]) -> list[bytes | None]:
        """Return the profile of each customer and go on watching the head; raises FencedError, UnavailableError."""
        async with self._turn:
            await self._settle()
            if self._is_lost:
                raise self._lose("this process lost the partition")
            reads: tuple[Command, ...] = (("HMGET", self._keys.state, *customers),) if customers else ()
            answer = await self._shared.ask(Asked(self._keys.head, self._is_ours, reads=reads))
            if not self._is_ours(answer.id):
                answer = answer._replace(replies=await self._watch(*reads))  # says what is there instead
            return [profile for found in checked(self._lines.where, reads, answer.replies) for profile in found]

    async def commit(self, commit: Commit) -> None:
        """Write the whole commit; raises FencedError, UnavailableError (call again with the same), StateError."""
        async with self._turn:
            await self._settle()
            if self._was_settled(commit):
                return
            id_ = self._new_id()
            self._lately.append(id_)
            self._pending = Pending(commit, id_, writes(self._keys, id_, commit))
            await self._write_together(self._pending)
            await self._settle()
            self._settled = None

    async def settle(self) -> None:
        """Find out what became of a pending commit, if there is one, and bring it to its end."""
        async with self._turn:
            await self._settle()

    async def let_go(self) -> None:
        """Give the watching connection back."""
        line, self._line = self._line, None
        if line is not None:
            await self._lines.give_back(line)

    def wrote(self, id_: bytes) -> bool:
        """Tell whether this process wrote this id lately."""
        return id_ in self._lately

    def _was_settled(self, commit: Commit) -> bool:
        """Whether `commit` was settled unseen. Another one was made without knowing the outcome: it is refused."""
        settled, self._settled = self._settled, None
        if settled is not None and settled is not commit:
            raise self._lose("the commit before this one was never confirmed to its maker")
        return settled is commit

    async def _write_together(self, pending: Pending) -> None:
        """Write with other partitions of this process; where that did not succeed the head will tell."""
        if self._is_lost:
            raise self._lose("this process lost the partition")
        asked = Asked(self._keys.head, self._is_ours, pending.id, pending.commands)
        try:
            if (await self._shared.ask(asked)).is_written:
                self._confirm(pending)
        except LostLineError:
            pass
        except TornError as error:
            self._is_lost = True
            raise self._torn(error) from error

    async def _settle(self) -> None:
        for _ in range(_TRIES):
            if self._pending is None:
                return
            if self._line is None or not self._line.is_usable:
                await self._watch()  # may find it applied
            else:
                await self._send(self._line, self._pending)
        if self._pending is not None:
            message = f"{self._keys.head}: Redis does not confirm a commit; it is kept, call again"
            raise UnavailableError(f"{message} [redis-unconfirmed]")

    async def _watch(self, *more: Command) -> list[Reply]:
        """Watch the head, compare its id with ours, and return the replies to `more`, all in one round trip."""
        if self._is_lost:
            raise self._lose("this process lost the partition")
        if self._line is None or not self._line.is_usable:
            await self.let_go()
            self._line = await self._lines.open()
        head = self._keys.head
        _, stored, *replies = await self._line.read(("WATCH", head), ("GET", head), *more)
        id_ = None if stored is None else stored[:ID_BYTES]
        if self._pending is not None and id_ == self._pending.id:
            self._confirm(self._pending)
        elif not self._is_ours(id_):
            await self.let_go()
            raise self._lose("the stored commit id is not the one this process wrote last")
        return replies

    def _is_ours(self, stored_id: bytes | None) -> bool:
        return stored_id == self._last_id

    async def _send(self, line: Line, pending: Pending) -> None:
        """Send the pending commit over the watching line. Unknown or refused by the watch: the head will tell.

        The head is watched anew in the same round trip, so that the next commit need not ask before it writes.
        """
        is_watching = False
        self._shared.forget()
        try:
            is_done, id_ = await line.write_and_watch(self._keys.head, ID_BYTES, *pending.commands)
            if is_done:
                self._confirm(pending)
                is_watching = isinstance(id_, bytes) and self._is_ours(id_)
        except LostLineError:
            pass
        except TornError as error:
            await self._mark_torn(line)
            raise self._torn(error) from error
        finally:
            if not is_watching:
                await self.let_go()

    def _confirm(self, pending: Pending) -> None:
        self._last_id, self._settled, self._pending = pending.id, pending.commit, None

    def _torn(self, error: TornError) -> StateError:
        return StateError(f"{self._keys.head}: a commit was done in part: {error} [redis-torn]")

    async def _mark_torn(self, line: Line) -> None:
        """Put the mark where the id is, so that the next owner refuses too; whoever that is, the partition is torn."""
        self._is_lost = True
        with suppress(LostLineError):
            await line.ask(("SETRANGE", self._keys.head, 0, TORN_ID))

    def _lose(self, why: str) -> FencedError:
        self._is_lost, self._pending, self._settled = True, None, None
        return FencedError(f"{self._keys.head}: {why}; take the partition again if it is still yours [fenced]")
