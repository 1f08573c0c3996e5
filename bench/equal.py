"""The equal work: a log of purchases by skewed customers, and the changes that it must cause, whoever works it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from bench.peers.fold import State, fold
from bench.rulesets import Chosen, folder
from stream.ports import Record
from stream.wire.instant import to_ms, to_text
from stream.wire.placing import partition_of

RULES = Path(__file__).with_name("equal")
BEGINS_MS = to_ms("2026-03-02T00:00:00Z")
EVENTS_PER_CUSTOMER = 5
WARM_UP_SHARE = 0.3
SEED = 11
_encode = msgspec.json.Encoder().encode
_partition_of = lru_cache(1 << 20)(partition_of)

Changes = Counter[tuple[str, str]]
"""How often a customer entered a rule."""


class Purchase(NamedTuple):
    """One event of the log."""

    at_ms: int
    customer_id: str
    amount: int
    value: bytes


@dataclass(frozen=True, slots=True)
class EqualLog:
    """Purchases in the order of time; the first part warms up."""

    purchases: Sequence[Purchase]

    @property
    def warm_up(self) -> Sequence[Purchase]:
        """Return the part that is not measured."""
        return self.purchases[: self._begin]

    @property
    def measured(self) -> Sequence[Purchase]:
        """Return the part that is measured."""
        return self.purchases[self._begin :]

    @property
    def _begin(self) -> int:
        return int(WARM_UP_SHARE * len(self.purchases))

    def records(self) -> list[Record]:
        """Return the records as a log of one partition gives them."""
        return [
            Record(0, offset, each.at_ms, each.customer_id.encode(), each.value, ())
            for offset, each in enumerate(self.purchases)
        ]


def rules() -> Chosen:
    """Return our rules for the equal work."""
    return folder("equal work", RULES)


def log(events: int) -> EqualLog:
    """Return a log of so many events: a fifth as many customers, the first of them far busier than the last."""
    return EqualLog(list(_purchases(events)))


def _purchases(events: int) -> Iterator[Purchase]:
    chance = Random(SEED)
    customers = events // EVENTS_PER_CUSTOMER
    for number in range(events):
        customer_id, amount = f"c-{int(customers * chance.random() ** 2)}", chance.randint(1, 100)
        at_ms = BEGINS_MS + 10 * number
        event = {
            "event_id": f"e-{number}",
            "customer_id": customer_id,
            "name": "purchase",
            "occurred_at": to_text(at_ms),
            "properties": {"amount": amount},
        }
        yield Purchase(at_ms, customer_id, amount, _encode(event))


def partition(customer_id: str, partitions: int) -> int:
    """Return the partition of a customer."""
    return _partition_of(customer_id, partitions)


def changes(purchases: Sequence[Purchase]) -> Changes:
    """Return the changes that these purchases cause, from the first one on."""
    states: dict[str, State] = {}
    found: Changes = Counter()
    for each in purchases:
        states[each.customer_id], entered = fold(states.get(each.customer_id), each.amount)
        found.update((each.customer_id, rule) for rule in entered)
    return found
