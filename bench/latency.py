"""Produced to received: how long after an event an outside consumer has the transition that it caused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from time import perf_counter, time_ns
from typing import Any

import msgspec

from bench import mix, rulesets
from bench.measure import CpuMeter, Row, quantiles
from bench.probe import NS_PER_MS, Received, probing, stamped
from bench.report import Report
from bench.site import PARTITIONS, Site, Worker, fresh
from bench.stage import Stage
from stream.adapters.kafka_producer import KafkaProducer
from stream.wire.instant import to_text
from stream.wire.placing import partition_of

QUICK_RATES, FULL_RATES = (0, 100, 1_000), (0, 100, 1_000, 3_000)
QUICK_S, FULL_S = 4.0, 15.0
WARM_UP_S = 3.0
IDLE_S = 5.0
_encode = msgspec.json.Encoder().encode
Span = tuple[float, float]
Timed = tuple[int, dict[str, Any]]


def run(stage: Stage) -> list[Report]:
    """Return one row per rate."""
    chosen = rulesets.starter()
    rows = stage.medians(lambda: asyncio.run(_measured(stage, chosen)), "p99 ms")
    notes = [
        f"starter rules ({chosen.segments} segments); {mix.traffic(1).what}; one record at a time, no linger",
        "from just before an event is handed to the producer to when the consumer's poll returned its transition; "
        "producer, worker, consumer, Redis and broker share the cores",
        "rate 0: nothing is sent, the CPU is what waiting costs; % of one core",
        stage.servers.note,
    ]
    return [Report("latency", "Event produced to transition received, at paced rates", rows, notes)]


async def _measured(stage: Stage, chosen: rulesets.Chosen) -> list[Row]:
    site = await fresh(stage.servers, stage.folder, broker_stamps=True)
    spans: list[Span] = []
    rows: list[Row] = []
    events = mix.week(1_000_000)
    with site.worker(chosen, "wall") as worker:
        await site.until(worker.is_ready, worker, "the worker to be ready")
        await site.until(lambda: site.committed >= PARTITIONS, worker, "its first records")
        with probing(site.servers.bootstrap, site.topics.transitions, PARTITIONS) as probe:
            for rate in stage.pick(QUICK_RATES, FULL_RATES):
                row, span = await _at(site, worker, probe.pid, events, rate, stage.pick(QUICK_S, FULL_S))
                rows.append(row)
                spans.append(span)
    return [row | _told(probe.received, row, span) for row, span in zip(rows, spans, strict=True)]


async def _at(
    site: Site, worker: Worker, consumer_pid: int, events: Iterator[Timed], rate: int, seconds: float
) -> tuple[Row, Span]:
    """Send at this rate, and return what it cost and between which instants (ms) it was measured."""
    async with site.producer(linger_ms=0) as producer:
        await _send(producer, site, events, rate, WARM_UP_S)
        meter, began_ns = (
            CpuMeter({"worker": worker.child.pid, **site.servers.pids, "consumer": consumer_pid}),
            time_ns(),
        )
        sent, wall_s = await _send(producer, site, events, rate, seconds if rate else IDLE_S)
        ended_ns, used = time_ns(), meter.used_s()
    if sent:
        await site.until_done(worker, await site.count(site.topics.events))
    row: Row = {"asked/s": rate, "sent/s": sent / wall_s}
    row |= {f"{name} % CPU": 100 * used_s / wall_s for name, used_s in used.items()}
    return row, (began_ns / NS_PER_MS, ended_ns / NS_PER_MS)


async def _send(
    producer: KafkaProducer, site: Site, events: Iterator[Timed], rate: int, seconds: float
) -> tuple[int, float]:
    """Send events evenly for so long; return how many, and the seconds it took until all were acknowledged."""
    began = perf_counter()
    sent: list[Awaitable[int]] = []
    while (now := perf_counter() - began) < seconds:
        if not rate or len(sent) > rate * now:
            await asyncio.sleep(min(len(sent) / rate - now, seconds - now) if rate else seconds)
            continue
        _, event = next(events)
        event |= {"event_id": stamped(len(sent)), "occurred_at": to_text(time_ns() // 1_000_000)}
        customer_id = event["customer_id"]
        number = partition_of(customer_id, PARTITIONS)
        sent.append(await producer.send(site.topics.events, number, customer_id.encode(), _encode(event), ()))
    for each in sent:
        await each
    return len(sent), perf_counter() - began


def _told(received: list[Received], row: Row, span: Span) -> Row:
    begin, end = span
    took = [each.took_ms for each in received if each.kind == "event" and begin <= each.since_ms < end]
    told: Row = {"transitions": len(took)}
    return told | quantiles(took)
