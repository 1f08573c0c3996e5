"""Law 4: each transition leaves what the one before entered; sequences have no gap; `at` never decreases."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from hypothesis import given

from stream.core.plan import Plan
from tests.core.agreement import plan_of
from tests.histories import START_MS, Line, crowds, shop_history, write
from tests.laws.starter import as_text, drawn_plan, lived, shipped, starter
from tests.oracle.story import dimension, with_vocabulary
from tests.strategies import Rules
from tests.town import Bodies, Town, memberships, replayed


def check_chain(bodies: Bodies, plan: Plan) -> None:
    """Follow every customer through every dimension."""
    otherwise = {dimension.name: dimension.otherwise.name or None for dimension in plan.dimensions}
    for mine in bodies.values():
        here: dict[str, str | None] = {}
        told = [json.loads(body) for body in mine]
        assert [one["sequence"] for one in told] == list(range(1, len(told) + 1)), "law 4: sequence"
        assert [one["at"] for one in told] == sorted(one["at"] for one in told), "law 4: at decreases"
        assert len({one["id"] for one in told}) == len(told), "law 4: two transitions of one id"
        for one in told:
            name = one["dimension"]
            if name in here and (here[name] or not otherwise[name]):
                assert one["left"] == here[name], f"law 4: {one} does not leave {here[name]}"
            else:  # new, or new again: who comes back into a nested dimension is decided as if new
                assert one["left"] in {None, otherwise[name]}, f"law 4: {one} is a first"
            assert one["entered"] != one["left"], f"law 4: {one} goes nowhere"
            here[name] = one["entered"]


@pytest.mark.parametrize("rules", [starter, shipped])
async def test_the_chain_holds_on_our_rules(rules: Callable[[], Plan]) -> None:
    bodies = await lived(await Town(rules()).open(), shop_history(41, 300))
    check_chain(bodies, rules())


@given(crowds())
def test_the_chain_holds_on_drawn_rules(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    if plan := drawn_plan(rules):
        town = Town(plan)
        write(town, lines)
        check_chain(replayed(town.log, plan), plan)


def first_told(announce_first: bool, amount: int) -> list[tuple[str, str | None, str | None]]:
    """Return the transitions that a customer's first record makes, an order of so much."""
    buyers = {"enter": {"did": "order_placed", "where": {"amount": {"at_least": 10}}}}
    rules = with_vocabulary(
        dimension({"buyer": buyers}, question="?", announce_first=announce_first),
        {"audiences/x.yaml": {"title": "X", "owner": "o", "enter": {"did": "order_placed"}}},
    )
    plan = plan_of({path: as_text(about) for path, about in rules.items()})
    town = Town(plan)
    properties = {"order_id": "a", "amount": amount}
    content = {"event_id": "1", "customer_id": "c", "name": "order_placed", "properties": properties}
    write(town, [Line(START_MS, content)])
    told = [json.loads(body) for body in replayed(town.log, plan).get("c", [])]
    return [(one["dimension"], one["left"], one["entered"]) for one in told]


def test_a_first_record_that_moves_leaves_otherwise() -> None:
    expected = [("audiences.x", None, "x"), ("d", "rest", "buyer")]
    assert first_told(announce_first=False, amount=20) == expected
    assert first_told(announce_first=True, amount=20) == expected


def test_a_first_record_that_stays_is_told_only_where_the_dimension_announces_it() -> None:
    assert first_told(announce_first=False, amount=5) == [("audiences.x", None, "x")]
    assert first_told(announce_first=True, amount=5) == [("audiences.x", None, "x"), ("d", None, "rest")]


async def test_the_first_placement_is_counted_and_published_as_membership_even_when_not_told() -> None:
    rules = with_vocabulary(dimension({"buyer": {"enter": {"did": "order_placed"}}}, question="?"))
    plan = plan_of({path: as_text(about) for path, about in rules.items()})
    town = await Town(plan, partitions=1).open()
    content = {"event_id": "1", "customer_id": "c", "name": "product_viewed"}
    assert await lived(town, [Line(START_MS, content)]) == {}
    told = memberships(town.log)["c"]
    assert told["memberships"] == {"d": {"segment": "rest", "since": "2026-01-05T00:00:00.000Z"}}
    assert told["sequence"] == 0
    assert town.head(0).members == {"d": {"rest": 1}}


def test_coming_back_into_a_nested_dimension_is_decided_as_if_new() -> None:
    looking = dimension({"on": {"enter": {"did": "product_viewed", "within": "2s"}}}, "a", question="?")
    buying = dimension({"buyer": {"enter": {"did": "order_placed"}}}, "b", question="?", inside="a.on")
    plan = plan_of({path: as_text(about) for path, about in with_vocabulary(looking, buying).items()})
    town = Town(plan)
    for second, name in ((0, "product_viewed"), (1, "order_placed"), (5, "product_viewed")):
        properties = {"order_id": "o"} if name == "order_placed" else {}
        content = {"event_id": name + str(second), "customer_id": "c", "name": name, "properties": properties}
        write(town, [Line(START_MS + second * 1_000, content)])
    write(town, [Line(START_MS + 60_000, None)])
    bodies = replayed(town.log, plan)
    check_chain(bodies, plan)
    told = [json.loads(body) for body in bodies["c"]]
    assert [(one["left"], one["entered"], one["at"][17:19]) for one in told if one["dimension"] == "b"] == [
        ("rest", "buyer", "01"),
        ("buyer", None, "02"),
        (None, "buyer", "05"),
        ("buyer", None, "07"),
    ]
