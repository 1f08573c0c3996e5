"""Events at a steady rate: made beforehand, stamped when they are sent, produced by a client whose threads are C."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import msgspec
from confluent_kafka import Producer

from bench.measure import BrokenRunError
from bench.probe import stamped
from bench.site import Site
from stream.wire.instant import to_text

FLUSH_S = 60.0
PAUSE_S = 0.001
_encode = msgspec.json.Encoder().encode


async def sent_evenly(site: Site, events: Sequence[dict[str, Any]], rate: int) -> float:
    """Send all events at this rate, one by one without linger; return the seconds until all were acknowledged."""
    return await asyncio.to_thread(_send, site, events, rate)


def _send(site: Site, events: Sequence[dict[str, Any]], rate: int) -> float:
    producer = _producer(site)
    topic = site.topics.events
    began = time.perf_counter()
    for number, event in enumerate(events):
        while (ahead_s := number / rate - (time.perf_counter() - began)) > 0:
            producer.poll(0)
            time.sleep(min(ahead_s, PAUSE_S))
        told = event | {"event_id": stamped(number), "occurred_at": to_text(time.time_ns() // 1_000_000)}
        producer.produce(topic, _encode(told), event["customer_id"])
    if left := producer.flush(FLUSH_S):
        raise BrokenRunError(f"{left:,} events were not acknowledged within {FLUSH_S:.0f} s")
    return time.perf_counter() - began


def _producer(site: Site) -> Producer:
    return Producer(
        {
            "bootstrap.servers": site.servers.bootstrap,
            "partitioner": "murmur2_random",  # where the Java client puts a key, and so do we
            "linger.ms": 0,
            "queue.buffering.max.messages": 0,
        }
    )
