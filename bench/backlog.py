"""A backlog: processes are frozen while it is written, thawed, and watched until they have caught up.

So neither their start nor the writing counts, and a fast one is not measured by the speed of the writer.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Awaitable, Callable, Sequence
from time import perf_counter

from bench.measure import CpuMeter
from bench.site import Site, Worker

LONG_SESSION = {"SEGMENTS_SESSION_TIMEOUT_MS": "60000"}
"""So long that nobody is thrown out of the group while frozen."""


async def caught_up(
    site: Site, workers: Sequence[Worker], write: Callable[[], Awaitable[None]], done: Callable[[], Awaitable[None]]
) -> tuple[float, dict[str, float]]:
    """Return the seconds from thaw to `done`, and the CPU seconds of `worker` (all), `redis`, `broker` and `others`."""
    pids = [each.child.pid for each in workers]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    await write()
    meter = CpuMeter({**{f"worker {pid}": pid for pid in pids}, **site.servers.pids})
    for pid in pids:
        os.kill(pid, signal.SIGCONT)
    began = perf_counter()
    await done()
    wall_s, used = perf_counter() - began, meter.used_s()
    return wall_s, used | {"worker": sum(used[f"worker {pid}"] for pid in pids)}
