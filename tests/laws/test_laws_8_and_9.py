"""Law 8: exactly one segment per exclusive dimension, always. Law 9: the channel changes nothing."""

from __future__ import annotations

import json
from itertools import cycle
from typing import Any

import pytest
from hypothesis import given

from stream.core.plan import Plan
from stream.service.limits import Limits
from stream.wire.control import SOURCE
from stream.wire.profile import decode_profile
from tests.histories import START_MS, Line, crowds, shop_history, write
from tests.laws.starter import drawn_plan, lived, starter
from tests.strategies import Rules
from tests.town import TOPICS, Bodies, Town


def check_one_segment_each(town: Town, plan: Plan) -> None:
    """Look into every stored profile."""
    exclusive = [one for one in plan.dimensions if one.otherwise.name and one.inside is None]
    for number, stored in town.server.partitions.items():
        for customer_id, packed in stored.state.items():
            profile = decode_profile(customer_id, packed)
            for one in exclusive:
                assert profile.standing(one.place).segment in one.by_name, f"law 8: {customer_id} in {one.name}"
        members = town.head(number).members
        for one in exclusive:
            assert sum(members.get(one.name, {}).values()) == len(stored.state), f"law 8: {one.name}"


async def test_law_8_at_every_commit_on_the_starter_rules() -> None:
    town = await Town(starter(), limits=Limits(slice_records=2, timers=1)).open()
    write(town, shop_history(81, 150))
    member = town.member()
    for _ in range(150):
        for number in range(2):
            await member.deliver(number, 2)
            check_one_segment_each(town, starter())
            await member.worker.tend(number)
            check_one_segment_each(town, starter())
    await member.end()
    assert sum(len(stored.state) for stored in town.server.partitions.values()) == 6


@given(crowds())
async def test_law_8_on_drawn_rules(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    plan = drawn_plan(rules)
    if plan is not None:
        town = await Town(plan, limits=Limits(slice_records=3)).open()
        await lived(town, lines, cycle([2, 5]))
        check_one_segment_each(town, plan)


async def test_law_8_published_memberships_name_every_exclusive_dimension() -> None:
    town = await Town(starter()).open()
    await lived(town, shop_history(82, 100))
    for record in town.log.all(TOPICS.membership):
        assert {"lifecycle", "value"} <= json.loads(record.value or b"")["memberships"].keys(), "law 8"


ALIASES = {"order_placed": "Order Completed", "order_refunded": "refund", "product_viewed": "view_item"}


def through_another_channel(line: Line, how: str) -> Line:
    """Return the same behaviour as it comes from another source, under another name, or through another topic."""
    if line.content is None:
        return line
    told: dict[str, Any] = dict(line.content)
    if how == "source":
        told["source"] = "till"
    elif how == "name":
        told["name"] = ALIASES.get(told["name"], told["name"])
    elif how == "channel":
        told["properties"] = {**told["properties"], "channel": "store"}
    headers = (
        [*line.headers, (SOURCE, f"2/7/{line.record_time - START_MS}".encode())] if how == "topic" else line.headers
    )
    return Line(line.record_time, told, tuple(headers))


def seen(bodies: Bodies) -> dict[str, list[tuple[Any, ...]]]:
    """Return who went where when."""
    fields = ("sequence", "dimension", "left", "entered", "at", "holds_until")
    return {
        customer: [tuple(json.loads(body)[name] for name in fields) for body in mine]
        for customer, mine in bodies.items()
    }


@pytest.mark.parametrize("how", ["source", "name", "channel", "topic"])
async def test_law_9_the_same_behaviour_ends_in_the_same_segments(how: str) -> None:
    history = distinct(shop_history(91, 200))
    plain = await lived(await Town(starter()).open(), history)
    other = await lived(await Town(starter()).open(), [through_another_channel(line, how) for line in history])
    assert sum(map(len, plain.values())) > 50
    assert seen(other) == seen(plain), "law 9"


def distinct(lines: list[Line]) -> list[Line]:
    """Return the lines, records of one instant moved apart: each offset of a source stands for one record."""
    return [Line(line.record_time + index, line.content, line.headers) for index, line in enumerate(lines)]
