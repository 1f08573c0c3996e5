"""The outside consumer: reads transitions in a process of its own and notes when each was received."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import time_ns
from typing import NamedTuple

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.measure import REPOSITORY, BrokenRunError

NS_PER_MS = 1e6


class Received(NamedTuple):
    """One transition: what caused it, the instant it is about, and how long after that it was received."""

    kind: str
    customer_id: str
    since_ms: float
    """For an event, when it was produced (its id tells); for time, the instant that was due."""
    took_ms: float


class Cause(msgspec.Struct):
    """The part of a transition's cause that is looked at."""

    kind: str
    event_id: str = ""


class Body(msgspec.Struct):
    """The part of a transition that is looked at."""

    customer_id: str
    sequence: int
    at: str
    cause: Cause


@dataclass(slots=True)
class Probe:
    """A running outside consumer; `received` is filled when its block ends."""

    pid: int
    received: list[Received] = field(default_factory=list)


def stamped(number: int) -> str:
    """Return an id for an event that is produced now: the probe reads from it when that was."""
    return f"{time_ns()}.{number}"


@contextmanager
def probing(bootstrap: str, topic: str, partitions: int) -> Iterator[Probe]:
    """Receive transitions for the time of a block; those that are there at its end are received, too."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.probe", bootstrap, topic, str(partitions)],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    if child.stdout.readline().strip() != "ready":
        child.kill()
        child.wait()
        raise BrokenRunError("the outside consumer did not start")
    probe = Probe(child.pid)
    try:
        yield probe
    finally:
        told, _ = child.communicate(timeout=60)
    probe.received = [Received(*each) for each in json.loads(told)]


async def _read(bootstrap: str, topic: str, partitions: int) -> list[Received]:
    asked = [TopicPartition(topic, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False, fetch_max_wait_ms=50)
    await consumer.start()
    try:
        consumer.assign(asked)
        await consumer.seek_to_end(*asked)
        print("ready", flush=True)
        over = asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
        raw: list[tuple[int, bytes]] = []
        while not over.done() or await _has_more(consumer, asked):
            batches = await consumer.getmany(timeout_ms=200)
            now_ns = time_ns()
            raw += [(now_ns, each.value) for records in batches.values() for each in records]
        return _sorted_out(raw)
    finally:
        await consumer.stop()


async def _has_more(consumer: AIOKafkaConsumer, asked: list[TopicPartition]) -> bool:
    """Tell whether the log goes on behind what was read."""
    ends = await consumer.end_offsets(asked)
    return any([await consumer.position(each) < ends[each] for each in asked])


def _sorted_out(raw: list[tuple[int, bytes]]) -> list[Received]:
    """Return every transition once, as a subscriber who keeps the highest sequence of each customer."""
    from stream.wire.instant import to_ms

    last: dict[str, int] = {}
    found: list[Received] = []
    decode = msgspec.json.Decoder(Body).decode
    for now_ns, value in raw:
        body = decode(value)
        if body.sequence <= last.get(body.customer_id, 0):
            continue
        last[body.customer_id] = body.sequence
        is_timed = body.cause.kind == "time"
        since_ms = to_ms(body.at) if is_timed else int(body.cause.event_id.partition(".")[0]) / NS_PER_MS
        found.append(Received(body.cause.kind, body.customer_id, since_ms, now_ns / NS_PER_MS - since_ms))
    return found


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_read(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
