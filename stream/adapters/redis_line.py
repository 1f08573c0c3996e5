"""One connection to Redis: whole exchanges, every error translated, and never a reconnect in silence.

redis-py's own `Pipeline` is not used: it turns a lost connection into `WatchError`, and when its connection was closed
between `WATCH` and `EXEC` it connects again and runs `EXEC` without the watch (docs/trials.md, 3).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import hiredis
from redis import exceptions
from redis.asyncio.connection import AbstractConnection, ConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError
from redis.maint_notifications import MaintNotificationsConfig

from stream.adapters.redis_errors import translate
from stream.errors import SettingsError, StateError, UnavailableError

Command = tuple[bytes | str | int, ...]
Reply = Any  # bytes, int, None, list of those, or the ResponseError of this one command


MOST_LINES = 10_000
"""More than a worker has partitions: redis-py itself would stop at a hundred."""


class LostLineError(UnavailableError):
    """The connection broke: what was sent may have been done, may be done later, or may never be."""


class TornError(StateError):
    """Redis did a part of a transaction and refused the rest."""


class Line:
    """One connection, which carries one exchange at a time."""

    def __init__(self, connection: AbstractConnection, where: str, timeout_s: float) -> None:
        """Speak through `connection`, which is connected; `where` names the server in messages."""
        self.connection = connection
        self.where = where
        self._timeout_s = timeout_s
        self.is_watching = False
        self._is_in_step = True

    @property
    def is_usable(self) -> bool:
        """Whether the last exchange came to its end and the connection still stands."""
        return self._is_in_step and self.connection.is_connected

    async def ask(self, *commands: Command) -> list[Reply]:
        """Send all commands in one write; return one reply each, a refused one as a `ResponseError` element.

        Raises LostLineError when the connection breaks or does not answer in time.
        """
        if not self.is_usable:  # sending would connect again, without the watch
            raise LostLineError(f"Redis at {self.where}: the connection was closed; a new one is needed [redis-lost]")
        self._is_in_step = False
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.connection.send_packed_command(b"".join(map(_packed, commands)))
                replies = [await self._reply() for _ in commands]
        except TimeoutError as error:
            raise LostLineError(str(translate(_late(self._timeout_s), self.where))) from error
        except RedisError as error:
            raise LostLineError(str(translate(error, self.where))) from error
        except OSError as error:
            raise LostLineError(str(translate(exceptions.ConnectionError(str(error)), self.where))) from error
        self._is_in_step = True
        self._note_watch(commands)
        return replies

    async def read(self, *commands: Command) -> list[Reply]:
        """Like `ask`, but an error in any reply is raised as ours."""
        replies = await self.ask(*commands)
        return checked(self.where, commands, replies)

    async def write(self, *commands: Command) -> bool:
        """Do all commands in one MULTI; return False, with nothing written, where a watched key has changed.

        Raises LostLineError (outcome unknown), UnavailableError or StateError (refused as a whole, nothing written),
        TornError (Redis did a part of it).
        """
        return self._was_written(commands, await self.ask(("MULTI",), *commands, ("EXEC",)))

    async def write_and_watch(self, key: str, length: int, *commands: Command) -> tuple[bool, Reply]:
        """Like `write`, and in the same round trip watch `key` anew; return the bytes it begins with then, too.

        They are None where Redis does not watch.
        """
        look = (("WATCH", key), ("GETRANGE", key, 0, length - 1))
        *replies, watched, begins = await self.ask(("MULTI",), *commands, ("EXEC",), *look)
        return self._was_written(commands, replies), None if isinstance(watched, ResponseError) else begins

    def _was_written(self, commands: Sequence[Command], replies: Sequence[Reply]) -> bool:
        *queued, outcome = replies
        if isinstance(outcome, ResponseError):
            reasons = [reply for reply in queued if isinstance(reply, ResponseError)]
            raise translate((reasons or [outcome])[0], self.where)
        if outcome is None:
            return False
        if fault := torn(self.where, commands, outcome):
            raise fault
        return True

    async def _reply(self) -> Reply:
        """The next reply as the parser gives it; the layer above is dear, for timeouts that are ours here."""
        parser: Any = self.connection._parser
        return await parser.read_response()

    def _note_watch(self, commands: Sequence[Command]) -> None:
        for command in commands:
            if command[0] in {"WATCH", "EXEC"}:
                self.is_watching = command[0] == "WATCH"


class Lines:
    """Connections, each used by one partition at a time: one that watches for each partition, a few for questions."""

    def __init__(self, url: str, timeout_s: float) -> None:
        """Connect to `url` on demand; an answer later than `timeout_s` counts as lost. Raises SettingsError."""
        try:
            self._pool = ConnectionPool.from_url(
                url,
                retry=Retry(NoBackoff(), 0),  # a resent EXEC could apply twice; the store decides, not the client
                socket_connect_timeout=timeout_s,
                health_check_interval=0,
                max_connections=MOST_LINES,
                protocol=2,
                maint_notifications_config=MaintNotificationsConfig(enabled=False),  # may swap a watched connection
            )
        except (ValueError, RedisError) as error:
            raise SettingsError([f"REDIS_URL: {error} [redis-url]"]) from error
        # ours is around each exchange: redis-py's own is asyncio.wait_for, which before Python 3.12 can swallow a
        # cancellation, and a worker that is asked to stop, or loses its partitions, would go on
        self._pool.connection_kwargs["socket_timeout"] = None
        self._timeout_s = timeout_s
        self.where = _address(self._pool)

    async def open(self) -> Line:
        """Return a connected line that nobody else uses; raises UnavailableError."""
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # behind a decorator
            return Line(connection, self.where, self._timeout_s)
        except TimeoutError as error:
            raise translate(_late(self._timeout_s), self.where, connecting=True) from error
        except RedisError as error:
            raise translate(error, self.where, connecting=True) from error

    async def give_back(self, line: Line) -> None:
        """Take `line` back; a broken or watching one is disconnected, so that nothing of it lives on."""
        is_broken = not line.is_usable
        if is_broken or line.is_watching:
            await line.connection.disconnect(nowait=True)
        if is_broken:
            await self._pool.disconnect(inuse_connections=False)  # those that lie idle broke with it
        await self._pool.release(line.connection)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[Line]:
        """Lend a line for the time of a block."""
        line = await self.open()
        try:
            yield line
        finally:
            await self.give_back(line)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def checked(where: str, commands: Sequence[Command], replies: Sequence[Reply]) -> list[Reply]:
    """Return the replies; an error in one of them is raised as ours."""
    for command, reply in zip(commands, replies, strict=True):
        if isinstance(reply, ResponseError):
            raise translate(reply, _place(where, command))
    return list(replies)


def torn(where: str, commands: Sequence[Command], replies: Sequence[Reply]) -> TornError | None:
    """Return what to say where Redis refused one of the commands of a transaction that it did, None if it did all."""
    for command, reply in zip(commands, replies, strict=True):
        if isinstance(reply, Exception):
            return TornError(f"{translate(reply, _place(where, command))}")
    return None


def _late(timeout_s: float) -> RedisError:
    return exceptions.TimeoutError(f"no answer within {timeout_s:g} s")


def _packed(command: Command) -> bytes:
    """The command as Redis reads it; hiredis packs four times as fast as redis-py's own Python, to the same bytes."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub says a tuple of one
    return packed


def _place(where: str, command: Command) -> str:
    """The server, the command and its key, for messages; never values, which are about customers."""
    return f"{where}, {' '.join(map(str, command[:2]))}"


def _address(pool: ConnectionPool) -> str:
    """Where the server is, in words for messages; never with a password."""
    options = pool.connection_kwargs
    if "path" in options:
        return str(options["path"])
    return f"{options.get('host', 'localhost')}:{options.get('port', 6379)}"
