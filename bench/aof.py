"""What the append-only file costs: the same commits at a steady rate, with the file and without."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from bench import equal
from bench.lone import NAMESPACE, lone
from bench.measure import CpuMeter, Row, quantiles
from bench.report import Report
from bench.servers import Servers
from bench.stage import Stage
from stream.adapters.redis import RedisStore
from stream.ports import Commit
from stream.wire.head import Head, encode_head

QUICK_RATE, FULL_RATE = 2_000, 5_000
QUICK_S, FULL_S = 2, 10
SLICE = 100
MEBIBYTE = 2**20


def run(stage: Stage) -> list[Report]:
    """Return one row with the file and one without."""
    rate, seconds = stage.pick(QUICK_RATE, FULL_RATE), stage.pick(QUICK_S, FULL_S)
    commits = asyncio.run(_made(stage, rate * seconds))
    rows = [
        stage.median(lambda is_on=is_on: asyncio.run(_measured(stage.servers, commits, rate, is_on)), "redis % CPU")
        for is_on in (True, False)
    ]
    notes = [
        f"the commits of the equal work, {SLICE} events each, to one partition, {rate:,} events/s for {seconds} s",
        "written: all that the process of Redis wrote, its answers among it; the file is written out every second",
        stage.servers.note,
    ]
    return [Report("aof", "The append-only file at a steady rate", rows, notes)]


async def _made(stage: Stage, events: int) -> list[Commit]:
    kept: list[Commit] = []
    async with lone(stage.servers, equal.rules(), slice_records=SLICE) as partition:
        partition.store.kept = kept
        await partition.work(equal.log(events).records())
    return kept


async def _measured(servers: Servers, commits: Sequence[Commit], rate: int, is_on: bool) -> Row:
    with servers.connect() as client:
        client.flushall()
        client.config_set("appendonly", "yes" if is_on else "no")
    store = RedisStore(servers.redis_url, NAMESPACE)
    try:
        await store.initialise(b"bench", {0: encode_head(Head(0))})
        await store.take(0)
        return {"append-only file": "on" if is_on else "off"} | await _paced(servers, store, commits, rate)
    finally:
        await store.close()
        with servers.connect() as client:
            client.config_set("appendonly", "yes")


async def _paced(servers: Servers, store: RedisStore, commits: Sequence[Commit], rate: int) -> Row:
    took_ms: list[float] = []
    meter, written, began = CpuMeter(servers.pids), _written_bytes(servers.redis_pid), perf_counter()
    for number, commit in enumerate(commits):
        await asyncio.sleep(max(0.0, began + number * SLICE / rate - perf_counter()))
        at = perf_counter()
        await store.fetch(0, ())
        await store.commit(0, commit)
        took_ms.append((perf_counter() - at) * 1000)
    wall_s, events = perf_counter() - began, len(commits) * SLICE
    written = _written_bytes(servers.redis_pid) - written
    used_s = meter.used_s()["redis"]
    row: Row = {"events/s": events / wall_s, "redis % CPU": 100 * used_s / wall_s}
    row |= {"written bytes/event": written / events, "written MiB/s": written / wall_s / MEBIBYTE}
    return row | {f"commit {name}": cell for name, cell in quantiles(took_ms).items()}


def _written_bytes(pid: int) -> int:
    """Return how many bytes a process has handed to the system to write."""
    for line in Path(f"/proc/{pid}/io").read_text().splitlines():
        if line.startswith("wchar:"):
            return int(line.split()[1])
    return 0
