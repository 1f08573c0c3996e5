"""Histories of many customers for the starter rules, made from a seed: late, doubled, refunded, quiet for months."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from stream.wire.control import BACKFILL_UNTIL, SOURCE
from stream.wire.instant import to_text
from tests.fake_log import Headers
from tests.oracle import Rec
from tests.strategies import Rules, full_stories, stories
from tests.town import Town

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_767_571_200_000  # 2026-01-05T00:00Z


@dataclass(frozen=True)
class Line:
    """One record to be written: an event, or (no content) a tick up to its own time."""

    record_time: int
    content: dict[str, Any] | None
    headers: Headers = ()


def write(town: Town, lines: Sequence[Line]) -> None:
    """Append a history to the log."""
    for line in lines:
        if line.content is None:
            town.tick(line.record_time)
        else:
            town.tell(line.content, line.record_time, line.headers)


def shop_history(
    seed: int, records: int = 150, customers: int = 6, ticks: bool = True, hot: float = 0.0, sources: int = 0
) -> list[Line]:
    """Return a year or so of a small shop; a share `hot` of the records is the first customer's.

    With `sources` every record says where intake took it from, and some are delivered twice.
    """
    drawn = random.Random(seed)
    lines: list[Line] = []
    now = START_MS
    taken = [0] * max(sources, 1)
    while len(lines) < records:
        now += drawn.choice([0, 1, HOUR_MS, HOUR_MS, 9 * HOUR_MS, 2 * DAY_MS, 6 * DAY_MS])
        if ticks and drawn.random() < 0.1:
            lines.append(Line(now, None))
            continue
        number = 0 if drawn.random() < hot else drawn.randrange(customers)
        headers: list[tuple[str, bytes]] = []
        if sources:
            lane = drawn.randrange(sources)
            headers = [(SOURCE, f"1/{lane}/{taken[lane]}".encode())]
            taken[lane] += 1
        if now < START_MS + 60 * DAY_MS:
            headers.append((BACKFILL_UNTIL, str(START_MS + 60 * DAY_MS).encode()))
        line = Line(now, content(drawn, number, len(lines), now), tuple(headers))
        lines.append(line)
        if drawn.random() < 0.1:
            lines.append(Line(now, line.content, line.headers))
    if ticks:
        lines.append(Line(now + 300 * DAY_MS, None))
    return lines


def content(drawn: random.Random, number: int, index: int, now: int) -> dict[str, Any]:
    """Return one canonical event of a customer."""
    name, properties = drawn.choice(BEHAVIOUR)
    filled: dict[str, Any] = {
        key: drawn.choice(value) if isinstance(value, list) else value for key, value in properties.items()
    }
    if "order_id" in filled:
        filled["order_id"] = f"o-{number}-{filled['order_id']}"
    late = drawn.choice([0, 0, 0, 60_000, 5 * HOUR_MS, 20 * DAY_MS])
    told = {} if name else {"traits": {"plan": drawn.choice(["staff", "solo", None]), "country": "France"}}
    return {
        "event_id": f"e-{index}",
        "source": "shop",
        "name": name,
        "customer_id": f"c-{number}",
        "occurred_at": to_text(now - late),
        "properties": filled,
        **told,
    }


BEHAVIOUR: list[tuple[str, dict[str, Any]]] = [
    ("product_viewed", {"product_id": ["p1", "p2"], "category": ["garden", "tools"]}),
    ("product_viewed", {"product_id": ["p1", "p2"]}),
    ("cart_updated", {"cart_id": ["k1", "k2"], "value": [5, "30.00", 80]}),
    ("order_placed", {"order_id": list(range(40)), "amount": ["20.00", 250, "3100.50"], "cart_id": ["k1", "k2"]}),
    ("order_placed", {"order_id": list(range(40)), "amount": ["9.99", 600, "1500"]}),
    ("order_refunded", {"order_id": list(range(40)), "amount": ["20.00", 5]}),
    ("support_contacted", {}),
    ("", {}),
]


@st.composite
def crowds(draw: st.DrawFn) -> tuple[Rules, list[Line]]:
    """Return drawn rules and the histories of up to three customers in one log, whose ticks keep their promise."""
    story = draw(st.one_of(stories(), full_stories()))
    merged: list[tuple[Rec, int, int]] = []
    for number in range(draw(st.integers(1, 3))):
        shift_ms = draw(st.integers(0, 4)) * story.step_ms if number else 0
        kept = [record for record in story.records if not number or draw(st.booleans())]
        merged += [(record, number, shift_ms) for record in kept]
    merged.sort(key=lambda one: one[0].record_time + one[2])
    lines = [shifted(*one) for one in merged]
    return story.rules, [*lines, Line(max(story.until, lines[-1].record_time) + 1, None)]


def shifted(record: Rec, number: int, shift_ms: int) -> Line:
    """Return a record of the oracle as customer number n's, so much later."""
    if record.kind == "tick":
        return Line(record.record_time + shift_ms, None)
    told = dict(record.content)
    told["customer_id"] = f"c-{number}"
    if isinstance(told.get("occurred_at"), int):
        told["occurred_at"] = to_text(told["occurred_at"] + shift_ms)
    return Line(record.record_time + shift_ms, told)
