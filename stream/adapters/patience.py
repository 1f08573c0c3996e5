"""Waiting for what may never end, such as goodbye to a server that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


async def ended(work: Coroutine[Any, Any, object], wait_s: float) -> bool:
    """Run `work`, at most so long; return whether it ended by itself and well."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=wait_s)
    if not task.done():
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False
    return not task.cancelled() and task.exception() is None
