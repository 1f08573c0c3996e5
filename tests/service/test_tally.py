"""What committed slices add to the metrics: one short story, counted by hand."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from stream.wire.instant import to_text
from tests.core.agreement import plan_of
from tests.histories import DAY_MS, START_MS, Line, write
from tests.laws.starter import as_text
from tests.oracle.story import dimension, with_vocabulary
from tests.town import Town

HOT = {"hot": {"enter": {"did": "order_placed", "within": "7d"}}}
"""Everybody else rests; who is back where they were within thirty days has flapped."""


def order(day: int, customer: str, order_id: str, event_id: str, occurred_day: int | None = None) -> Line:
    """Return an order of a customer, told on a day and placed on the same or an earlier one."""
    content: dict[str, Any] = {
        "event_id": event_id,
        "customer_id": customer,
        "name": "order_placed",
        "occurred_at": to_text(START_MS + (day if occurred_day is None else occurred_day) * DAY_MS),
        "properties": {"order_id": order_id, "amount": "10.00"},
    }
    return Line(START_MS + day * DAY_MS, content)


STORY = [
    order(0, "c-0", "o-1", "e-1"),
    order(0, "c-0", "o-1", "e-1"),  # the same record again
    order(0, "c-0", "o-1", "e-2"),  # the same order under another id
    order(0, "c-1", "o-2", "e-3"),
    Line(START_MS + 8 * DAY_MS, None),  # both at rest again on day 7: a flap each
    order(9, "c-0", "o-3", "e-4"),  # hot two days after it left: a flap
    Line(START_MS + 17 * DAY_MS, None),  # at rest again on day 16, which it left on day 9: a flap
    order(60, "c-0", "o-4", "e-5"),  # hot 44 days after it left: no flap
    order(60, "c-1", "o-5", "e-6", occurred_day=5),  # late, and too old to be hot
]


async def played(lines: list[Line]) -> Town:
    """Return the town after one worker handled these lines one by one, and what was due between them."""
    plan = plan_of({path: as_text(about) for path, about in with_vocabulary(dimension(HOT)).items()})
    town = await Town(plan, partitions=1).open()
    write(town, lines)
    member = town.member()
    await member.work(batches=repeat(1))
    await member.end()
    return town


async def test_a_short_story_is_told_to_the_metrics_as_it_went() -> None:
    metrics = (await played(STORY)).metrics
    assert metrics.told == {("d", "hot", "event"): 4, ("d", "rest", "time"): 3}
    assert metrics.flaps_told == {"d": 4}
    outcomes = {name: metrics.counts[name] for name in ("accepted", "duplicate", "duplicate_order", "tick")}
    assert outcomes == {"accepted": 5, "duplicate": 1, "duplicate_order": 1, "tick": 2}
    assert metrics.counts["duplicates"] == 2
    assert metrics.counts["late"] == 1
    assert metrics.counts["profiles"] == 5 + 3, "one for each event that counted, one for each customer woken"
    assert metrics.by_partition == {0: {("d", "hot"): 1, ("d", "rest"): 1}}


async def test_the_size_of_a_profile_is_that_of_the_stored_bytes() -> None:
    town = await played(STORY[:3])
    assert town.metrics.counts["profile bytes"] == len(town.server.partitions[0].state["c-0"])
    assert town.metrics.counts["profiles"] == 1
