"""Simulated time over a restart: a worker goes on at the last tick, whatever the wall says."""

from __future__ import annotations

import json
import os
import re
import signal
import time

import pytest

from tests.e2e.compare import check, shipped
from tests.e2e.running import ask
from tests.e2e.site import Site, until
from tests.faults.mortal import Process, process
from tests.histories import DAY_MS, HOUR_MS, Line

pytestmark = [pytest.mark.e2e]

WRITER = "shop"
FOREVER_MS = 4_000_000_000_000
KEPT_MS = 72 * HOUR_MS
"""A cart is intent for so long."""


def cart(number: int, at_ms: int) -> Line:
    content = {"event_id": f"e-{number}", "customer_id": f"c-{number}", "name": "cart_updated"}
    return Line(at_ms, {**content, "properties": {"cart_id": "k", "value": 5}})


def started(site: Site, name: str, speed: int) -> Process:
    """Start a worker in simulated time."""
    settings: dict[str, str | int] = {"SEGMENTS_CLOCK": "scaled", "SEGMENTS_CLOCK_SPEED": speed}
    return process(site, name, settings | {"SEGMENTS_SOURCES": WRITER}, remembers_ids=True)


def report(site: Site, before_ms: int | None) -> None:
    """Say as the only writer that all below is acknowledged; None: say nothing more, and so hold the clock."""
    key = f"seg:{site.name}:frontier"
    site.ask("HDEL", key, WRITER) if before_ms is None else site.ask("HSET", key, WRITER, before_ms)


def is_forgotten(site: Site, customer_id: str) -> bool:
    found = site.outside.read(site.topics.transitions, site.partitions).values()
    told = [json.loads(record.value or b"") for records in found for record in records]
    return any(one["customer_id"] == customer_id and one["entered"] == "prospect" for one in told)


def simulated_now_ms(worker: Process) -> int:
    """Return what the worker takes for now: how far it is past a writer that has said nothing."""
    found: list[float] = []

    def is_told() -> bool:
        page = ask(worker.port, "metrics")[1]
        found.extend(
            float(age) for age in re.findall(r"^segments_intake_frontier_age_seconds (\S+)", page, re.MULTILINE)
        )
        return found != [] and found[-1] > 0

    until(is_told, 60, "the simulated present")
    return int(found[-1] * 1000)


def test_a_restart_goes_on_at_the_last_tick_and_not_at_the_wall(site: Site) -> None:
    began_ms = time.time_ns() // 1_000_000
    with started(site, "first", 50_000) as first:
        first.ready()
        site.write([cart(1, began_ms)])
        report(site, FOREVER_MS)
        until(lambda: is_forgotten(site, "c-1"), 60, "the cart to be forgotten")
        os.kill(first.pid, signal.SIGKILL)
        first.ended()
    report(site, None)
    anchors = {head.anchor_ms for head in site.heads()}
    left_ms = max(head.tick_ms for head in site.heads())
    assert left_ms > began_ms + KEPT_MS > time.time_ns() // 1_000_000 + DAY_MS, "simulated time is days ahead"

    site.write([cart(2, left_ms + 1 - KEPT_MS)])
    starts = time.monotonic()
    with started(site, "second", 1) as second:
        second.ready()
        now_ms = simulated_now_ms(second)
        assert left_ms <= now_ms <= left_ms + (time.monotonic() - starts) * 1000
        report(site, FOREVER_MS)
        until(lambda: is_forgotten(site, "c-2"), 60, "the other cart to be forgotten")
        site.settle(second)
        assert second.stop() == 0
    assert {head.anchor_ms for head in site.heads()} == anchors, "where time began is written once"
    check(site, shipped())
