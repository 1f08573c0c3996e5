"""Due to received: how long after an instant at which silence alone moves customers their transitions are there."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import islice
from time import time_ns
from typing import Any

import msgspec

from bench import mix, rulesets
from bench.measure import BrokenRunError, CpuMeter, Row, quantiles
from bench.pace import sent_evenly
from bench.probe import Received, probing
from bench.report import Report
from bench.site import PARTITIONS, Site, Worker, fresh
from bench.stage import Stage
from stream.ports import Message
from stream.wire.instant import to_text
from stream.wire.placing import partition_of

CART_MS = 72 * 3_600_000
"""So long a cart keeps somebody who has not bought in the segment `intent`."""
SMALL_CART = "5.00"
"""Worth less than what the audience of carts left behind asks for: one timer per customer."""
START_S = 5.0
LOADED_PER_S = 1_500
TRIES = 3
WAVE_ID = "w-"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Wave:
    """So many customers whose timers fall due, evenly spread over so many seconds."""

    customers: int
    seconds: float
    live_rate: int = 0
    """Events a second that others cause meanwhile, and before."""
    live_s: float = 0.0
    """How long they go on from the beginning of the wave."""


CALM_S = 4.0
"""So long live events are measured before the wave."""
WAVES = (Wave(4_000, 8.0), Wave(10_000, 1.0))
QUICK_FLOOD, FULL_FLOOD = Wave(3_000, 1.0, 200, 4.0), Wave(100_000, 1.0, 200, 20.0)
"""Exits of so many in one second, beside live events; measured once, and the only wave where there is no time."""


def run(stage: Stage) -> list[Report]:
    """Return one row per wave of timers."""
    waves = () if stage.is_quick else WAVES
    rows = [stage.median(lambda wave=wave: asyncio.run(_measured(stage, wave)), "p99 ms") for wave in waves]
    rows.append(asyncio.run(_measured(stage, stage.pick(QUICK_FLOOD, FULL_FLOOD))) | {"runs": 1})
    notes = [
        "live: events of others, produced to their transition received, before the wave begins and from then until its "
        f"last transition is there; {FULL_FLOOD.live_rate} of them a second",
        "starter rules, wall clock: carts of 72 hours ago; every customer leaves `intent` at an instant of their own, "
        "by ticks that the worker appends, at most five a second in each partition",
        "a timer is one transition of one customer whom the cache holds: 1 transition, 0 first records, 0 cold reads; "
        "live events ask Redis for first records and nobody else",
        "from the instant that was due to when the consumer's poll returned the transition",
        stage.servers.note,
    ]
    return [Report("timers", "Timer due to transition received", rows, notes)]


async def _measured(stage: Stage, wave: Wave) -> Row:
    site = await fresh(stage.servers, stage.folder, broker_stamps=True)
    with site.worker(rulesets.starter(), "wall") as worker:
        await site.until(worker.is_ready, worker, "the worker to be ready")
        with probing(site.servers.bootstrap, site.topics.transitions, PARTITIONS) as probe:
            begin_ms = await _loaded(site, worker, wave)
            used = CpuMeter({"worker": worker.child.pid, **site.servers.pids, "consumer": probe.pid})
            live = asyncio.create_task(_live(site, wave, begin_ms))
            end_ms = begin_ms + wave.seconds * 1000
            await site.until(lambda: _is_past(site, end_ms), worker, "all timers to fire")
            await live
            await site.until_done(worker, await site.count(site.topics.events))
            cpu = used.used_s()
    row: Row = _told(wave, probe.received, begin_ms)
    row |= {f"{name} CPU s": seconds for name, seconds in cpu.items()}
    return row | _live_shares(wave, probe.received)


async def _live(site: Site, wave: Wave, begin_ms: int) -> None:
    """Send live events, from a moment before a wave begins."""
    await asyncio.sleep(max(0.0, begin_ms / 1000 - CALM_S - time_ns() / 1e9))
    if wave.live_rate:
        await sent_evenly(site, _live_events(wave), wave.live_rate)


def _live_events(wave: Wave) -> list[dict[str, Any]]:
    made = islice(mix.week(1_000_000), int(wave.live_rate * (CALM_S + wave.live_s)))
    return [event for _, event in made]


def _live_shares(wave: Wave, received: list[Received]) -> Row:
    """Return what the live events of a wave caused, by event; nothing to tell where there were none."""
    made = _live_events(wave)
    caused = sum(each.kind == "event" and not each.customer_id.startswith(WAVE_ID) for each in received)
    customers = len({event["customer_id"] for event in made})
    return {
        "live transitions/event": caused / len(made) if made else None,
        "live first records/event": customers / len(made) if made else None,
    }


def _is_past(site: Site, end_ms: float) -> bool:
    return time_ns() / 1e6 > end_ms and not site.timers_before(int(end_ms))


async def _loaded(site: Site, worker: Worker, wave: Wave) -> int:
    """Load the customers of a wave, and return the instant (ms) at which it begins; it is not over, nor near."""
    allowance_s = START_S + wave.customers / LOADED_PER_S
    for attempt in range(TRIES):
        begin_ms = time_ns() // 1_000_000 + int(allowance_s * 1000)
        await site.write(_carts(wave, begin_ms, attempt))
        await site.until_done(worker, await site.count(site.topics.events))
        if time_ns() // 1_000_000 < begin_ms - (CALM_S if wave.live_rate else 0.5) * 1000:
            return begin_ms
        allowance_s *= 2
    raise BrokenRunError(f"{wave.customers} customers could not be loaded in {allowance_s / 2:.0f} s")


def _carts(wave: Wave, begin_ms: int, attempt: int) -> dict[int, list[Message]]:
    placed: dict[int, list[Message]] = {number: [] for number in range(PARTITIONS)}
    for number in range(wave.customers):
        at_ms = begin_ms + int(number * wave.seconds * 1000 / wave.customers) - CART_MS
        customer_id = f"{WAVE_ID}{attempt}-{number}"
        cart = {
            "event_id": f"{at_ms}000000.{number}",
            "customer_id": customer_id,
            "name": "cart_updated",
            "occurred_at": to_text(at_ms),
            "properties": {"cart_id": customer_id, "value": SMALL_CART, "currency": "GBP"},
        }
        message: Message = (customer_id.encode(), _encode(cart), (), at_ms)
        placed[partition_of(customer_id, PARTITIONS)].append(message)
    return placed


def _told(wave: Wave, received: list[Received], begin_ms: int) -> Row:
    fired = [each for each in received if each.kind == "time" and each.since_ms >= begin_ms]
    if len(fired) != wave.customers:
        raise BrokenRunError(f"{wave.customers} timers were due, {len(fired)} transitions of them came")
    told: Row = {"timers": wave.customers, "spread s": wave.seconds} | quantiles(each.took_ms for each in fired)
    over_ms = max(each.since_ms + each.took_ms for each in fired)
    live = [each for each in received if each.kind == "event" and not each.customer_id.startswith(WAVE_ID)]
    calm = [each.took_ms for each in live if begin_ms - CALM_S * 1000 <= each.since_ms < begin_ms]
    meanwhile = [each.took_ms for each in live if begin_ms <= each.since_ms < over_ms]
    for name, took in {"calm": calm, "meanwhile": meanwhile}.items():
        found = quantiles(took)
        told |= {f"live {name} p50 ms": found["p50 ms"], f"live {name} p99 ms": found["p99 ms"]}
    return told
