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

from bench.mix import Mix
from bench.peers.fold import State, fold
from bench.rulesets import Chosen, folder
from stream.ports import Message, Record
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
        return self.purchases[: self.begin]

    @property
    def measured(self) -> Sequence[Purchase]:
        """Return the part that is measured."""
        return self.purchases[self.begin :]

    @property
    def begin(self) -> int:
        """Return at which record the measured part begins."""
        return int(WARM_UP_SHARE * len(self.purchases))

    def records(self) -> list[Record]:
        """Return the records as a log of one partition gives them."""
        return [
            Record(0, offset, each.at_ms, each.customer_id.encode(), each.value, ())
            for offset, each in enumerate(self.purchases)
        ]


def fed(events: int) -> Mix:
    """Return a log as records that any benchmark can be fed with."""
    each = log(events)
    messages: list[Message] = [(one.customer_id.encode(), one.value, (), one.at_ms) for one in each.purchases]
    return Mix("equal work", "the purchases of skewed customers that peers work, too", messages, each.begin)


def rules() -> Chosen:
    """Return our rules for the equal work."""
    return folder("equal work", RULES)


def log(events: int, customers: int = 0, skew: float = 2.0, begins_ms: int = BEGINS_MS) -> EqualLog:
    """Return a log of so many events, of a fifth as many customers where their number is not given.

    The first customers are far busier than the last; with a skew of 1 all are alike.
    """
    return EqualLog(list(_purchases(events, customers or events // EVENTS_PER_CUSTOMER, skew, begins_ms)))


def _purchases(events: int, customers: int, skew: float, begins_ms: int) -> Iterator[Purchase]:
    chance = Random(SEED)
    for number in range(events):
        customer_id, amount = f"c-{int(customers * chance.random() ** skew)}", chance.randint(1, 100)
        yield purchase(number, begins_ms + 10 * number, customer_id, amount)


def purchase(number: int, at_ms: int, customer_id: str, amount: int) -> Purchase:
    """Return one event."""
    event = {
        "event_id": f"{at_ms}.{number}",
        "customer_id": customer_id,
        "name": "purchase",
        "occurred_at": to_text(at_ms),
        "properties": {"amount": amount},
    }
    return Purchase(at_ms, customer_id, amount, _encode(event))


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
