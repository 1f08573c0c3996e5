"""Whole workers: a log read, committed and published by one process or two, beside a bare consumer of the same log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

from bench import equal, mix, rulesets
from bench.backlog import LONG_SESSION, caught_up
from bench.floor import bare
from bench.measure import BrokenRunError, Row, peak_mib
from bench.mix import Mix
from bench.report import Report
from bench.rulesets import Chosen
from bench.site import PARTITIONS, Site, Worker, fresh
from bench.stage import Stage

QUICK_EVENTS, FULL_EVENTS, MOCK_EVENTS = 8_000, 120_000, 30_000
"""The mock broker forgets what lies further back than five MiB in a partition."""
KEY = "events/s"
USERS = ("worker", "redis", "broker")
Caused = tuple[int, int]


def run(stage: Stage) -> list[Report]:
    """Return one row for the bare consumer and one per set of rules and number of processes."""
    servers = stage.servers
    wanted = stage.pick(QUICK_EVENTS, FULL_EVENTS)
    events = wanted if servers.is_real else min(wanted, MOCK_EVENTS)
    traffic = mix.traffic(events)
    fed = [(equal.rules(), equal.fed(events)), *((chosen, traffic) for chosen in rulesets.every())]
    rows = [stage.median(lambda: asyncio.run(_floor(stage, traffic)), KEY)]
    for chosen, each in fed:
        for processes in (1, 2) if servers.is_real and not stage.is_quick else (1,):
            rows.append(stage.median(_Measured(stage, chosen, each, processes), KEY))
    notes = [
        f"equal work: {fed[0][1].what}; other rules: {traffic.what}, ticks every hour",
        f"{events:,} events in {PARTITIONS} partitions; the first 30 % warm up, the rest is written while workers are "
        "frozen, and they catch up with it",
        "seen from outside: positions and outboxes in Redis, CPU in /proc; done when all is committed and published",
        "transitions and first records an event: of the measured part alone, as speed and CPU are; cold: whoever was "
        "seen before is in the worker's cache, so that Redis is asked for the first records and nothing else",
        "others: cores that other processes of this machine kept busy meanwhile; AOF: what Redis appended to its file",
        servers.note,
    ]
    return [Report("worker", "Topic to committed to published: whole workers", rows, notes)]


async def _floor(stage: Stage, fed: Mix) -> Row:
    site = await fresh(stage.servers, stage.folder)
    await site.write(mix.by_partition(fed.messages, PARTITIONS))
    found = bare(site.servers.bootstrap, site.topics.events, PARTITIONS, site.options.fetch_max_bytes)
    records, seconds, used_s = (float(found[name] or 0) for name in ("records", "seconds", "cpu_s"))
    row: Row = {"who": "bare consumer", "processes": 1, "rules": "–"}
    return row | {KEY: records / seconds, "worker µs/event": used_s / records * 1e6}


@dataclass(frozen=True, slots=True)
class _Measured:
    """One measurement, to be made again and again."""

    stage: Stage
    chosen: Chosen
    fed: Mix
    processes: int

    def __call__(self) -> Row:
        row: Row = {"who": "worker", "processes": self.processes}
        row["rules"] = f"{self.chosen.name} ({self.chosen.segments})"
        return row | asyncio.run(self._measured())

    async def _measured(self) -> Row:
        site, warm_up = await fresh(self.stage.servers, self.stage.folder), self.fed.messages[: self.fed.warm_up]
        await site.write(mix.by_partition(warm_up, PARTITIONS))
        with ExitStack() as stack:
            workers = [stack.enter_context(self._worker(site, number)) for number in range(self.processes)]
            for each in workers:
                await site.until(each.is_ready, each, "the workers to be ready")
            await _until_done(site, workers)
            appended, before = _appended(site), await _caused(site)
            wall_s, used = await caught_up(
                site, workers, lambda: self._write_rest(site), lambda: _until_done(site, workers)
            )
            appended = _appended(site) - appended
            peak = max(peak_mib(each.child.pid) for each in workers)
        row: Row = {KEY: self.fed.events / wall_s}
        row |= {f"{name} µs/event": used[name] / self.fed.events * 1e6 for name in USERS}
        row |= {"AOF bytes/event": appended / self.fed.events if appended > 0 else None}
        row |= await _said(site, before, self.fed.events)
        return row | {"worker peak MiB": peak, "others (cores)": used["others"] / wall_s}

    def _worker(self, site: Site, number: int) -> AbstractContextManager[Worker]:
        return site.worker(self.chosen, "log", LONG_SESSION | {"SEGMENTS_WORKER": f"worker-{number}"})

    async def _write_rest(self, site: Site) -> None:
        await site.write(mix.by_partition(self.fed.messages[self.fed.warm_up :], PARTITIONS))


async def _until_done(site: Site, workers: Sequence[Worker]) -> None:
    await site.until_done(workers[0], await site.count(site.topics.events))
    for each in workers:
        each.check()


def _appended(site: Site) -> int:
    """Return how long the append-only file is."""
    with site.servers.connect() as client:
        return int(client.info("persistence").get("aof_current_size", 0))


async def _said(site: Site, before: Caused, events: int) -> Row:
    """Return what the measured part of the log caused, by event."""
    if letters := await site.count(site.topics.dead_letters):
        raise BrokenRunError(f"{letters} records went to the dead letters")
    transitions, customers = (after - earlier for after, earlier in zip(await _caused(site), before, strict=True))
    return {"transitions/event": transitions / events, "first records/event": customers / events}


async def _caused(site: Site) -> Caused:
    """Return how many transitions are published, and how many customers are known."""
    return await site.count(site.topics.transitions), sum(head.customers for head in site.heads())
