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
BUSY_RATE = 5_000
_encode = msgspec.json.Encoder().encode


async def sent_evenly(site: Site, events: Sequence[dict[str, Any]], rate: int) -> float:
    """Send all events at this rate, one by one; return the seconds until all were acknowledged."""
    made = [(event["customer_id"], _rest(event)) for event in events]
    return await asyncio.to_thread(_send, site, made, rate)


def linger_ms(rate: int) -> int:
    """Return how long a producer of so many events a second waits for more: a request for each would be the load."""
    return 0 if rate < BUSY_RATE else 1


def _rest(event: dict[str, Any]) -> bytes:
    """Return what is sent of an event behind its id and its instant."""
    return _encode({name: value for name, value in event.items() if name not in {"event_id", "occurred_at"}})[1:]


def _send(site: Site, made: Sequence[tuple[str, bytes]], rate: int) -> float:
    producer = _producer(site, linger_ms(rate))
    topic = site.topics.events
    began = time.perf_counter()
    for number, (customer_id, rest) in enumerate(made):
        while (ahead_s := number / rate - (time.perf_counter() - began)) > 0:
            producer.poll(0)
            time.sleep(min(ahead_s, PAUSE_S))
        now = to_text(time.time_ns() // 1_000_000)
        producer.produce(topic, f'{{"event_id":"{stamped(number)}","occurred_at":"{now}",'.encode() + rest, customer_id)
    if left := producer.flush(FLUSH_S):
        raise BrokenRunError(f"{left:,} events were not acknowledged within {FLUSH_S:.0f} s")
    return time.perf_counter() - began


def _producer(site: Site, linger: int) -> Producer:
    return Producer(
        {
            "bootstrap.servers": site.servers.bootstrap,
            "partitioner": "murmur2_random",  # where the Java client puts a key, and so do we
            "linger.ms": linger,
            "queue.buffering.max.messages": 0,
        }
    )
