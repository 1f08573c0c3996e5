"""Ending when asked: SIGTERM and Ctrl-C are heard from the first moment on, also while a neighbour is waited for."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from stream.cli.screen import remark

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Stopped(BaseException):
    """Somebody asked the command to end before it had begun to serve; nothing that mends errors may see it."""


@contextmanager
def stoppable() -> Iterator[None]:
    """Let a signal leave the body: what it opened is closed, "stopped" is said, and the command goes on to its end.

    As the first process of a container nobody else would end us.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise Stopped

    before = {each: signal.signal(each, leave) for each in SIGNALS}
    try:
        yield
    except Stopped:
        remark("stopped")
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


class Leave:
    """Whether this command was asked to end; until it has begun to serve, that also gives up what it waits for."""

    def __init__(self, starting: asyncio.Task[None]) -> None:
        """Listen in the running loop; `starting` is what a signal gives up."""
        self._loop = asyncio.get_running_loop()
        self._asked = asyncio.Event()
        self._starting: asyncio.Task[None] | None = starting
        for each in SIGNALS:
            self._loop.add_signal_handler(each, self._ask)

    @property
    def is_early(self) -> bool:
        """Tell whether we were asked before we had begun to serve."""
        return self._asked.is_set() and self._starting is not None

    def begun(self) -> None:
        """Note that we serve: from here on `asked` tells, and what is at work may end."""
        self._starting = None

    async def asked(self) -> None:
        """Return when we are asked to end."""
        await self._asked.wait()

    def ignore(self) -> None:
        """Listen no more: the next signal ends the process."""
        for each in SIGNALS:
            self._loop.remove_signal_handler(each)

    def _ask(self) -> None:
        self.ignore()
        self._asked.set()
        if self._starting is not None:
            self._starting.cancel()


@contextmanager
def leaving() -> Iterator[Leave]:
    """Hear in the running task who asks us to end. Raises Stopped where we had not begun to serve by then."""
    task = asyncio.current_task()
    assert task is not None
    leave = Leave(task)
    try:
        yield leave
    except asyncio.CancelledError:
        if not leave.is_early:
            raise
        raise Stopped from None
    finally:
        leave.ignore()
