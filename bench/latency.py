"""Produced to received: how long after an event an outside consumer has the transition that it caused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import islice
from time import perf_counter, time_ns
from typing import Any

from bench import mix, rulesets
from bench.forks import Forks, forking
from bench.measure import CpuMeter, Row, quantiles
from bench.pace import BUSY_RATE, linger_ms, sent_evenly
from bench.probe import NS_PER_MS, Received, probing
from bench.report import Report
from bench.site import PARTITIONS, Site, Worker, fresh
from bench.stage import Stage

QUICK_RATES, FULL_RATES = (1_000,), (0, 100, 1_000, 5_000, 20_000)
QUICK_S, FULL_S = 2.0, 6.0
WARM_UP_S = 2.0
IDLE_S = 5.0
FORK_RATE = 1_000
QUICK_FORK_MIB, FULL_FORK_MIB = 128, 1_024
Span = tuple[float, float]
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent for how long, and how much memory Redis copies meanwhile, again and again."""

    rate: int
    seconds: float
    fork_mib: int = 0

    @property
    def spans_s(self) -> tuple[float, float]:
        """Return how long it warms up, and how long it is measured."""
        return WARM_UP_S, self.seconds

    @property
    def meanwhile(self) -> str:
        """Return what else goes on."""
        return f"Redis saves {self.fork_mib:,} MiB" if self.fork_mib else "–"


def run(stage: Stage) -> list[Report]:
    """Return one row per rate, and one with a Redis that forks."""
    chosen = rulesets.starter()
    rows = stage.medians(lambda: asyncio.run(_measured(stage, chosen)), "p99 ms")
    notes = [
        f"starter rules ({chosen.segments} segments); {mix.traffic(1).what}; one record at a time, linger 0 ms, from "
        f"{BUSY_RATE:,} events/s on {linger_ms(BUSY_RATE)} ms (the client's own default is 5)",
        "from just before an event is handed to the producer to when the consumer's poll returned its transition; "
        "producer, worker, consumer, Redis and broker share the cores",
        "Redis is asked for first records and nobody else (cold reads/event is first records/event): whoever was seen "
        "before is in the worker's cache",
        "rate 0: nothing is sent, the CPU is what waiting costs; % of one core",
        stage.servers.note,
    ]
    return [Report("latency", "Event produced to transition received, at paced rates", rows, notes)]


def _loads(stage: Stage) -> list[Load]:
    seconds = stage.pick(QUICK_S, FULL_S)
    steady = [Load(rate, seconds) for rate in stage.pick(QUICK_RATES, FULL_RATES)]
    return [*steady, Load(FORK_RATE, seconds, stage.pick(QUICK_FORK_MIB, FULL_FORK_MIB))]


async def _measured(stage: Stage, chosen: rulesets.Chosen) -> list[Row]:
    site = await fresh(stage.servers, stage.folder, broker_stamps=True)
    spans: list[Span] = []
    rows: list[Row] = []
    events, known = mix.week(1_000_000), set[str]()
    with site.worker(chosen, "wall") as worker:
        await site.until(worker.is_ready, worker, "the worker to be ready")
        await site.until(lambda: site.committed >= PARTITIONS, worker, "its first records")
        with probing(site.servers.bootstrap, site.topics.transitions, PARTITIONS) as probe:
            for load in _loads(stage):
                sent = [[event for _, event in islice(events, int(load.rate * each))] for each in load.spans_s]
                row, span = await _at(site, worker, probe.pid, sent, load)
                rows.append(row | {"first records/event": first_share(sent, known)})
                spans.append(span)
    return [
        row | _told(probe.received, span, int(load.rate * load.seconds))
        for row, span, load in zip(rows, spans, _loads(stage), strict=True)
    ]


def first_share(sent: Sequence[Sequence[Event]], known: set[str]) -> float | None:
    """Return which share of the last part's events is a customer's first, and add all customers to those known."""
    for part in sent:
        before = len(known)
        known.update(str(event["customer_id"]) for event in part)
    return (len(known) - before) / len(part) if part else None


async def _at(
    site: Site, worker: Worker, consumer_pid: int, made: Sequence[Sequence[Event]], load: Load
) -> tuple[Row, Span]:
    """Send this load, and return what it cost and between which instants (ms) it was measured."""
    async with AsyncExitStack() as stack:
        forks = await stack.enter_async_context(forking(site.servers, load.fork_mib)) if load.fork_mib else Forks()
        await sent_evenly(site, made[0], load.rate)
        meter = CpuMeter({"worker": worker.child.pid, **site.servers.pids, "consumer": consumer_pid})
        began_ns, began = time_ns(), perf_counter()
        await (sent_evenly(site, made[1], load.rate) if load.rate else asyncio.sleep(IDLE_S))
        wall_s, ended_ns, used = perf_counter() - began, time_ns(), meter.used_s()
    if load.rate:
        await site.until_done(worker, await site.count(site.topics.events))
    row: Row = {"asked/s": load.rate, "meanwhile": load.meanwhile, "sent/s": len(made[1]) / wall_s}
    row |= {f"{name} % CPU": 100 * used_s / wall_s for name, used_s in used.items()} | forks.cells()
    return row, (began_ns / NS_PER_MS, ended_ns / NS_PER_MS)


def _told(received: list[Received], span: Span, events: int) -> Row:
    begin, end = span
    took = [each.took_ms for each in received if each.kind == "event" and begin <= each.since_ms < end]
    told: Row = {"transitions": len(took), "transitions/event": len(took) / events if events else None}
    return told | quantiles(took)
