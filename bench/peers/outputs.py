"""What a contestant has published so far, counted as it comes and read afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from time import perf_counter

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bench.equal import Changes
from bench.measure import BrokenRunError
from bench.site import Worker

POLL_S = 0.02
POLL_RECORDS = 20_000
AUDIENCE = "audiences."


class Change(msgspec.Struct):
    """The part of a published change that is compared: of a peer's, or of a transition of ours."""

    customer_id: str
    rule: str = ""
    entered: str | None = None
    diff: int = 1
    """Pathway's: 1 adds a row, −1 takes it back."""


class Outputs:
    """The records of one topic, uncommitted ones among them; make it with `outputs`."""

    def __init__(self, consumer: Consumer) -> None:
        self._consumer = consumer
        self.values: list[bytes] = []

    def until(self, wanted: int, worker: Worker, within_s: float) -> None:
        """Return when so many are there; BrokenRunError where they do not come."""
        end = perf_counter() + within_s
        while len(self.values) < wanted:
            self.look()
            if perf_counter() > end:
                raise BrokenRunError(f"{len(self.values):,} of {wanted:,} changes came within {within_s:.0f} s")
            worker.check()

    def settle(self, seconds: float) -> None:
        """Take in what comes for so long: more than was wanted, if somebody says things twice."""
        end = perf_counter() + seconds
        while perf_counter() < end:
            self.look()

    def look(self) -> None:
        """Take in what came since the last look."""
        self.values += [each.value() for each in self._consumer.consume(POLL_RECORDS, POLL_S) if each.error() is None]


def changes_in(values: Iterable[bytes]) -> Changes:
    """Return who entered what, how often, from what was published."""
    decode = msgspec.json.Decoder(Change).decode
    found: Changes = Counter()
    for value in values:
        each = decode(value)
        found[each.customer_id, each.rule or (each.entered or "").removeprefix(AUDIENCE)] += each.diff
    return found


@contextmanager
def outputs(bootstrap: str, topic: str, partitions: int) -> Iterator[Outputs]:
    """Read a topic from its beginning for the time of a block."""
    settings = {
        "bootstrap.servers": bootstrap,
        "group.id": f"outputs-{topic}",
        "enable.auto.commit": False,
        "isolation.level": "read_uncommitted",
        "fetch.wait.max.ms": 20,
        "fetch.queue.backoff.ms": 1,
    }
    consumer = Consumer(settings)
    try:
        consumer.assign([TopicPartition(topic, number, 0) for number in range(partitions)])
        yield Outputs(consumer)
    except KafkaException as error:
        raise BrokenRunError(f"{topic} cannot be read: {error}") from error
    finally:
        consumer.close()
