"""The connection that all partitions of a process share: what several of them want at one moment is one exchange.

One `MULTI` then carries the commits of several partitions: all of them are written, or none. A transaction ends every
watch of its connection, so the same exchange watches anew the heads that spoke lately, and looks whose they are.
What goes wrong here says nothing about a single commit: each partition then asks for its own head, and sends alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

from stream.adapters.redis_keys import ID_BYTES, TORN_ID
from stream.adapters.redis_line import Command, Line, Lines, LostLineError, Reply, checked, torn
from stream.errors import StreamError

MOST_WATCHED = 16
"""Heads that are watched behind a transaction; a partition that did not speak for longer asks before it writes."""
Judge = Callable[[bytes | None], bool]
"""Tells whether a head that begins with these bytes is ours."""


class Answer(NamedTuple):
    """What one partition hears."""

    is_written: bool
    """False where its head was not its own, or the transaction was refused: nothing was written."""
    id: bytes | None
    """What its head begins with now."""
    replies: list[Reply]


@dataclass(slots=True, eq=False)
class Asked:
    """What one partition wants of the next exchange: to write onto a head that is its own, or to read."""

    head: str
    is_ours: Judge
    new_id: bytes = b""
    writes: Sequence[Command] = ()
    reads: Sequence[Command] = ()
    answer: asyncio.Future[Answer] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def hear(self, answer: Answer) -> None:
        """Wake who asked, unless they gave up."""
        if not self.answer.done():
            self.answer.set_result(answer)

    def fail(self, error: StreamError) -> None:
        """Wake who asked with an error, unless they gave up."""
        if not self.answer.done():
            self.answer.set_exception(error)


class SharedLine:
    """One connection, and who waits for its next exchange."""

    def __init__(self, lines: Lines) -> None:
        """Connect when somebody asks."""
        self._lines = lines
        self._line: Line | None = None
        self._watched: dict[str, Judge] = {}  # heads that were ours behind the WATCH; who spoke last stands last
        self._is_spoilt = False  # a head was written over another connection: the next transaction would fail
        self._waiting: list[Asked] = []
        self._speaking: asyncio.Task[None] | None = None

    async def ask(self, asked: Asked) -> Answer:
        """Have an exchange together with whoever else asks at this moment; the head is watched from then on.

        Raises LostLineError (what became of the writes is not known), TornError (they were done in part, and the
        head is marked), UnavailableError.
        """
        self._waiting.append(asked)
        if self._speaking is None:
            self._speaking = asyncio.create_task(self._speak(), name="redis-shared")
        return await asked.answer

    def forget(self) -> None:
        """Watch everything anew: a head was written over another connection."""
        self._is_spoilt = self._line is not None

    async def close(self) -> None:
        """Close the connection; who still waits hears that it was lost."""
        if self._speaking is not None:
            self._speaking.cancel()
            await asyncio.gather(self._speaking, return_exceptions=True)
        await self._let_go()

    async def _speak(self) -> None:
        """Have one exchange after the other for as long as anybody waits."""
        asked: list[Asked] = []
        try:
            while self._waiting:
                # who gave up may have lost the partition meanwhile, and this process may have taken it anew
                asked, self._waiting = [each for each in self._waiting if not each.answer.done()], []
                await self._exchange(asked)
        finally:
            self._speaking = None
            asked, self._waiting = asked + self._waiting, []
            for each in asked:
                each.fail(LostLineError("Redis: the shared connection was closed [redis-lost]"))

    async def _exchange(self, asked: Sequence[Asked]) -> None:
        try:
            line = await self._connected()
            await self._watch_strangers(line, asked)
            await self._write_and_read(line, asked)
        except StreamError as error:
            await self._let_go()
            for each in asked:
                each.fail(error)

    async def _connected(self) -> Line:
        if self._line is None or not self._line.is_usable:
            await self._let_go()
            self._line = await self._lines.open()
        elif self._is_spoilt:
            self._watched.clear()
            await self._line.read(("UNWATCH",))
        self._is_spoilt = False
        return self._line

    async def _let_go(self) -> None:
        line, self._line = self._line, None
        self._watched.clear()
        if line is not None:
            await self._lines.give_back(line)

    async def _watch_strangers(self, line: Line, asked: Sequence[Asked]) -> None:
        """Watch the heads of those who want to write and are not watched for yet."""
        judges = {each.head: each.is_ours for each in asked if each.writes and not self._is_watched(each)}
        if judges:
            watched, *ids = await line.ask(*_looks(judges))
            checked(line.where, _looks(judges)[:1], [watched])
            self._note(judges, ids, {})

    async def _write_and_read(self, line: Line, asked: Sequence[Asked]) -> None:
        """Write what goes onto heads of ours, watch, and read; let everybody hear what came of it."""
        writing = [each for each in asked if each.writes and self._is_watched(each)]
        transaction = _transaction(writing)
        judges = self._to_watch(asked, bool(writing))
        reads = [command for each in asked for command in each.reads]
        replies = iter(await line.ask(*transaction, *_looks(judges), *reads))
        *_, outcome = None, *islice(replies, len(transaction))
        watched = next(replies)
        ids = list(islice(replies, len(judges)))
        done = await self._done(line, writing, outcome)
        checked(line.where, _looks(judges)[:1], [watched])  # without it nobody may write; what was done they will find
        self._note(judges, ids, {each.head: each.new_id for each in writing})
        begins = dict(zip(judges, ids, strict=True))
        for each in asked:
            each.hear(Answer(each in done, begins[each.head], list(islice(replies, len(each.reads)))))

    def _is_watched(self, asked: Asked) -> bool:
        return self._watched.get(asked.head) == asked.is_ours

    def _to_watch(self, asked: Sequence[Asked], is_all: bool) -> dict[str, Judge]:
        """Return the heads to watch: of those who ask and, behind a transaction, of those who asked lately."""
        judges = {each.head: each.is_ours for each in asked}
        if is_all:
            lately = [head for head in self._watched if head not in judges][-MOST_WATCHED:]
            judges = {head: self._watched[head] for head in lately} | judges
            self._watched.clear()
        return judges

    def _note(self, judges: Mapping[str, Judge], ids: Sequence[Reply], new_ids: Mapping[str, bytes]) -> None:
        """Remember which of these heads are ours, now that they are watched: those with the id just written, too."""
        for (head, is_ours), id_ in zip(judges.items(), ids, strict=True):
            self._watched.pop(head, None)
            if id_ == new_ids[head] if head in new_ids else is_ours(id_):
                self._watched[head] = is_ours

    async def _done(self, line: Line, writing: Sequence[Asked], outcome: Reply) -> list[Asked]:
        """Return whose writes were done; where Redis did a part of them the head is marked, and they hear it."""
        results = iter(outcome if isinstance(outcome, list) else ())
        done = []
        for each in writing if isinstance(outcome, list) else ():
            fault = torn(line.where, each.writes, list(islice(results, len(each.writes))))
            if fault is None:
                done.append(each)
                continue
            self.forget()
            with suppress(LostLineError):
                await line.ask(("SETRANGE", each.head, 0, TORN_ID))
            each.fail(fault)
        return done


def _transaction(writing: Sequence[Asked]) -> list[Command]:
    commands = [command for each in writing for command in each.writes]
    return [("MULTI",), *commands, ("EXEC",)] if commands else []


def _looks(heads: Collection[str]) -> list[Command]:
    """Return what watches these heads and reads whose they are."""
    return [("WATCH", *heads), *(("GETRANGE", head, 0, ID_BYTES - 1) for head in heads)]
