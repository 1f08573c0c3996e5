"""Waiting for what may never come: a server that is not there yet, or goodbye to one that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import structlog

from stream.errors import UnavailableError
from stream.settings import Settings

log = structlog.get_logger(__name__)

T = TypeVar("T")


async def ended(work: Coroutine[Any, Any, object], wait_s: float) -> bool:
    """Run `work`, at most so long; return whether it ended by itself and well."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=wait_s)
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    return not task.cancelled() and task.exception() is None


async def patiently(settings: Settings, event: str, attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what `attempt` returns, trying again ever more slowly while a neighbour is away."""
    wait_ms = settings.backoff_min_ms
    while True:
        try:
            return await attempt()
        except UnavailableError as error:
            log.warning(event, reason=str(error), retry_in_ms=wait_ms)
            await asyncio.sleep(wait_ms / 1000)
            wait_ms = min(wait_ms * 2, settings.backoff_max_ms)
