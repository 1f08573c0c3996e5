"""The records that benchmarks are fed with: the same bytes on every run and every machine."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from itertools import islice
from pathlib import Path
from typing import Any

from stream.demo.history import orders
from stream.demo.traffic import Shop, behaviour
from stream.demo.writer import message, numbered, tick
from stream.ports import Message, Record
from stream.wire.instant import to_ms
from stream.wire.placing import partition_of

BEGINS_MS = to_ms("2026-03-02T00:00:00Z")
LAST_DAY = date(2026, 3, 1)
HOUR_MS = 3_600_000
WEEK_MINUTES = 7 * 24 * 60
CUSTOMERS = 20_000
SEED = 5
LANE = "bench-1/0"


@dataclass(frozen=True, slots=True)
class Mix:
    """Records in the order of time, ticks among them; the first `warm_up` of them are not measured."""

    name: str
    what: str
    messages: list[Message]
    warm_up: int

    @property
    def events(self) -> int:
        """Return how many measured records are events."""
        return sum(key is not None for key, *_ in self.messages[self.warm_up :])

    def records(self) -> list[Record]:
        """Return the records as a log of one partition gives them."""
        return [
            Record(0, offset, at_ms or 0, key, value, tuple(headers))
            for offset, (key, value, headers, at_ms) in enumerate(self.messages)
        ]


def by_partition(messages: Iterable[Message], partitions: int) -> dict[int, list[Message]]:
    """Return what to write into each partition; ticks go into all."""
    placed: dict[int, list[Message]] = defaultdict(list)
    for each in messages:
        key = each[0]
        for number in range(partitions) if key is None else (partition_of(key.decode(), partitions),):
            placed[number].append(each)
    return placed


def traffic(events: int, warm_up_share: float = 0.3, customers: int = CUSTOMERS) -> Mix:
    """Return a made-up week of a shop, so busy that it has this many events, with a tick every hour."""
    timed = islice(week(events, customers), events)
    messages = _with_ticks(timed, HOUR_MS, None)
    what = f"a made-up week of a shop with {customers:,} known customers: visits, carts, orders, refunds, newcomers"
    return Mix("traffic", what, messages, int(warm_up_share * len(messages)))


def week(events: int, customers: int = CUSTOMERS) -> Iterator[tuple[int, dict[str, Any]]]:
    """Return made-up behaviour without end that has this many events in a week."""
    known = tuple(f"c-{number}" for number in range(customers))
    return behaviour(Shop(SEED, known, BEGINS_MS, events / WEEK_MINUTES), BEGINS_MS)


def recorded(most: int | None = None) -> list[dict[str, Any]]:
    """Return the recorded purchases of the Online Retail file as canonical events, at most so many."""
    path = Path(str(files("stream") / "shipped" / "online_retail.csv.gz"))
    return list(islice(orders(path, LAST_DAY), most))


def history(most: int | None = None) -> Mix:
    """Return the recorded purchases of the Online Retail file as backfill, with a tick every day; at most so many."""
    told = recorded(most)
    until = to_ms(told[-1]["occurred_at"])
    messages = _with_ticks(((to_ms(each["occurred_at"]), each) for each in told), 24 * HOUR_MS, until)
    what = "a year of recorded orders and refunds (Online Retail), from the first record on"
    return Mix("history", what, messages, 0)


def _with_ticks(
    timed: Iterator[tuple[int, dict[str, Any]]], every_ms: int, backfill_until: int | None
) -> list[Message]:
    messages: list[Message] = []
    spoken = 0
    for at_ms, number, event in numbered(timed):
        now = at_ms // every_ms * every_ms
        if now > spoken:
            spoken = now
            messages.append(tick(now))
        messages.append(message(LANE, at_ms, number, event, backfill_until))
    return messages
