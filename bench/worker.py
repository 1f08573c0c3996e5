"""One worker process: a log read, committed and published, beside a bare consumer of the same log."""

from __future__ import annotations

import asyncio
from time import perf_counter

from bench import mix, rulesets
from bench.floor import bare
from bench.measure import BrokenRunError, CpuMeter, Row, peak_mib
from bench.mix import Mix
from bench.report import Report
from bench.rulesets import Chosen
from bench.site import PARTITIONS, Site, Worker, fresh
from bench.stage import Stage

QUICK_EVENTS, FULL_EVENTS, MOCK_EVENTS = 8_000, 40_000, 30_000
"""The mock broker forgets what lies further back than five MiB in a partition."""
KEY = "events/s"
USERS = ("worker", "redis", "broker")


def run(stage: Stage) -> list[Report]:
    """Return one row for the bare consumer and one per set of rules."""
    servers = stage.servers
    wanted = stage.pick(QUICK_EVENTS, FULL_EVENTS)
    fed = mix.traffic(wanted if servers.is_real else min(wanted, MOCK_EVENTS))
    rows: list[Row] = []
    for chosen in rulesets.every():
        found = stage.medians(_Measured(stage, chosen, fed), KEY)
        rows += found if not rows else found[1:]
    notes = [
        f"{fed.what}; {len(fed.messages):,} records in {PARTITIONS} partitions, ticks every hour in each, the first "
        "30 % not measured",
        "seen from outside: positions and outboxes in Redis, CPU in /proc; done when all is committed and published",
        "others: cores that other processes of this machine kept busy meanwhile",
        servers.note,
    ]
    return [Report("worker", "Topic to committed to published: one worker process", rows, notes)]


class _Measured:
    """One measurement, to be made again and again."""

    def __init__(self, stage: Stage, chosen: Chosen, fed: Mix) -> None:
        self._stage, self._chosen, self._mix = stage, chosen, fed

    def __call__(self) -> list[Row]:
        return asyncio.run(self._measured())

    async def _measured(self) -> list[Row]:
        site = await fresh(self._stage.servers, self._stage.folder)
        await site.write(self._mix.by_partition(PARTITIONS))
        records = await site.count(site.topics.events)
        floor = bare(site.servers.bootstrap, site.topics.events, PARTITIONS, site.options.fetch_max_bytes)
        with site.worker(self._chosen, "log") as worker:
            served = await _serve(site, worker, records, self._mix)
        name = f"{self._chosen.name} ({self._chosen.segments})"
        return [_floor_row(floor), {"who": "worker", "rules": name, **served}]


def _floor_row(floor: Row) -> Row:
    records, seconds, used_s = (float(floor[name] or 0) for name in ("records", "seconds", "cpu_s"))
    return {"who": "bare consumer", "rules": "–", KEY: records / seconds, "worker µs/event": used_s / records * 1e6}


async def _serve(site: Site, worker: Worker, records: int, fed: Mix) -> Row:
    warm_up = int(records * fed.warm_up / len(fed.messages))
    await site.until(lambda: site.committed >= warm_up, worker, "the first part to be committed")
    meter, began, behind = CpuMeter({"worker": worker.child.pid, **site.servers.pids}), perf_counter(), site.committed
    await site.until_done(worker, records)
    wall_s, used = perf_counter() - began, meter.used_s()
    events = sum(key is not None for key, *_ in fed.messages)
    measured = (records - behind) * events / records
    if measured < 1:
        raise BrokenRunError("the log was done before it could be measured; feed more events")
    if letters := await site.count(site.topics.dead_letters):
        raise BrokenRunError(f"{letters} records went to the dead letters")
    told = await site.count(site.topics.transitions)
    row: Row = {KEY: measured / wall_s}
    row |= {f"{name} µs/event": used[name] / measured * 1e6 for name in USERS}
    row |= {"transitions/event": told / events, "first records/event": _customers(site) / events}
    return row | {"worker peak MiB": peak_mib(worker.child.pid), "others (cores)": used["others"] / wall_s}


def _customers(site: Site) -> int:
    return sum(head.customers for head in site.heads())
