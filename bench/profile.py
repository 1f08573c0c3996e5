"""Where a worker's time goes: what its main thread is found doing while it catches up, and what each thread uses."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import Sequence

from bench import equal, mix, rulesets
from bench.backlog import LONG_SESSION, caught_up
from bench.measure import Row
from bench.mix import Mix
from bench.report import Report
from bench.rulesets import Chosen
from bench.site import PARTITIONS, fresh
from bench.stage import Stage

QUICK_EVENTS, FULL_EVENTS = 8_000, 60_000
MAIN = "MainThread"
WAITING = ("select", "Condition.wait", "Event.wait")
PARTS = {
    "decoding records": ("slices.py:understand", "wire/event.py"),
    "profiles from and to bytes": ("wire/profile.py",),
    "engine": ("core/", "slices.py:Work._event", "slices.py:Work.apply", "slices.py:Work.wake"),
    "Redis: cold reads": ("RedisStore.fetch",),
    "Redis: commits": ("RedisStore.commit",),
    "publishing": ("service/relay.py", "kafka_producer", "aiokafka/producer"),
    "what is published as bytes": ("wire/transition.py", "wire/membership.py", "wire/outbox.py"),
    "slices, counts, metrics": ("service/", "adapters/prometheus"),
    "reading Kafka": ("adapters/kafka", "aiokafka/", "faust/"),
    "the rest": ("",),
}
"""By the first of these that any frame of a stack is of; the bytes of what is published are made within the engine's
slices and by the relay."""
Samples = Sequence[tuple[str, Sequence[str], int]]


def run(stage: Stage) -> list[Report]:
    """Return one row per part of the work and thread, one column per set of rules."""
    events = stage.pick(QUICK_EVENTS, FULL_EVENTS)
    traffic = mix.traffic(events)
    fed = [(equal.rules(), equal.fed(events))]
    if not stage.is_quick:
        fed += [(chosen, traffic) for chosen in rulesets.every()]
    columns = {chosen.name: asyncio.run(_column(stage, chosen, each)) for chosen, each in fed}
    rows: list[Row] = [
        {"where": where} | {f"{name}, µs/event": column.get(where) for name, column in columns.items()}
        for where in dict.fromkeys(where for column in columns.values() for where in column)
    ]
    notes = [
        "one worker catches up as in `worker`; the stack of its main thread every 5 ms, unless it waits, "
        "tells the shares of its CPU; waiting for the interpreter lock counts where it happens; sampler: our own cost",
        stage.servers.note,
    ]
    return [Report("profile", "Where a worker's time goes", rows, notes)]


async def _column(stage: Stage, chosen: Chosen, fed: Mix) -> dict[str, float]:
    site = await fresh(stage.servers, stage.folder)
    file = stage.folder / f"samples-{site.number}.json"
    await site.write(mix.by_partition(fed.messages[: fed.warm_up], PARTITIONS))
    settings = LONG_SESSION | {"BENCH_SAMPLES": str(file)}
    with site.worker(chosen, "log", settings, module="bench.sampled") as worker:
        await site.until_done(worker, await site.count(site.topics.events))

        async def write() -> None:
            await site.write(mix.by_partition(fed.messages[fed.warm_up :], PARTITIONS))
            worker.child.send_signal(signal.SIGUSR1)  # heard when it is thawed

        async def done() -> None:
            await site.until_done(worker, await site.count(site.topics.events))

        await caught_up(site, [worker], write, done)
        os.kill(worker.child.pid, signal.SIGUSR2)
        await site.until(file.exists, worker, "its samples")
    found = json.loads(file.read_text())
    return {where: used_s / fed.events * 1e6 for where, used_s in told(found["cpu_s"], found["stacks"]).items()}


def told(cpu_s: dict[str, float], samples: Samples) -> dict[str, float]:
    """Return seconds of CPU by part of the main thread's work, and by thread."""
    parts: Counter[str] = Counter()
    for thread, stack, count in samples:
        if thread == MAIN and not stack[-1].endswith(WAITING):
            parts[_part(stack)] += count
    seen = parts.total() or 1
    by_part = {f"main thread: {name}": cpu_s[MAIN] * parts[name] / seen for name in PARTS}
    by_thread = {f"thread {name}": used_s for name, used_s in cpu_s.items() if name != MAIN and used_s > 0}
    return by_part | {"main thread, all": cpu_s[MAIN]} | by_thread


def _part(stack: Sequence[str]) -> str:
    return next(name for name, marks in PARTS.items() if any(mark in frame for frame in stack for mark in marks))
