"""A Redis that forks: memory that must be copied on write, and one background save after the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis import Redis

from bench.measure import Cell
from bench.servers import Servers

BLOCK_MIB = 16
FILLER = "filler:{}"
PAUSE_S = 0.2


@dataclass(slots=True)
class Forks:
    """How often Redis forked, and how long the last fork stopped it."""

    count: int = 0
    longest_ms: float = 0.0

    def cells(self) -> dict[str, Cell]:
        """Return both for a row."""
        return {"forks": self.count, "longest fork ms": self.longest_ms}


@asynccontextmanager
async def forking(servers: Servers, mebibytes: int) -> AsyncIterator[Forks]:
    """Fill Redis with so much, and have it save all of it again and again for the time of a block."""
    forks = Forks()
    with servers.connect() as client:
        blocks = [FILLER.format(number) for number in range(mebibytes // BLOCK_MIB)]
        for each in blocks:
            client.setrange(each, BLOCK_MIB * 2**20 - 1, b"x")
        saving = asyncio.create_task(_save_for_ever(client, forks))
        try:
            yield forks
        finally:
            saving.cancel()
            await asyncio.gather(saving, return_exceptions=True)
            client.delete(*blocks)


async def _save_for_ever(client: Redis, forks: Forks) -> None:
    while True:
        if not _is_saving(client):
            client.bgrewriteaof() if forks.count % 2 else client.bgsave()
            forks.count += 1
            await asyncio.sleep(PAUSE_S)
            forks.longest_ms = max(forks.longest_ms, client.info("stats")["latest_fork_usec"] / 1000)
        await asyncio.sleep(PAUSE_S)


def _is_saving(client: Redis) -> bool:
    told = client.info("persistence")
    return bool(told["rdb_bgsave_in_progress"] or told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])
