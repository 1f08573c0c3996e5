"""A plan for some dimensions decides them as the whole plan does."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.core.transition import Transition
from tests.core.agreement import plan_of, play
from tests.core.side_by_side import plan_with
from tests.core.test_structure import ABOUT, rules_of
from tests.oracle.story import at_ms, did, told
from tests.strategies import Story, full_stories
from tests.strategies_customers import customer_stories
from tests.wire.parts import all_of


def subset(plan: Plan, *names: str) -> Plan:
    """Return the plan of the dimensions of these names."""
    return plan.only({one.key for one in plan.dimensions if one.name in names})


def seen(moves: list[Transition], plan: Plan) -> list[Transition]:
    """Return the transitions of a plan's dimensions without their numbers, which count those of all dimensions."""
    names = {one.name for one in plan.dimensions}
    return [replace(one, sequence=0) for one in moves if one.dimension in names]


def stands(profile: Profile | None, plan: Plan) -> list[tuple[Any, ...]]:
    """Return where the customer stands in a plan's dimensions, with clocks and entries."""
    found = [(one.name, profile.standing(one.place)) for one in plan.dimensions] if profile else []
    return [(name, it.segment, it.since, *all_of(it)[3:]) for name, it in found if it]


@given(full_stories() | customer_stories(), st.data())
def test_any_subset_moves_as_the_whole_does(story: Story, data: st.DataObject) -> None:
    whole = plan_of(story.files())
    names = data.draw(st.sets(st.sampled_from([one.name for one in whole.dimensions])), label="dimensions")
    some = subset(whole, *names)
    moves, profile = play(whole, story.records, story.until)
    got, part = play(some, story.records, story.until)
    assert seen(got, some) == seen(moves, some)
    assert stands(part, some) == stands(profile, some)
    assert names <= {one.name for one in some.dimensions}


def names_of(plan: Plan) -> list[str]:
    """Return the names of a plan's dimensions, in order."""
    return [one.name for one in plan.dimensions]


CHAIN: dict[str, Any] = rules_of(
    a={"enter": {"did": "product_viewed"}},
    b={"enter": {"all": [{"in_segment": "audiences.c"}, {"points": "warm", "at_least": 1}]}},
    c={"enter": {"trait": "plan", "is": "gold"}},
    d={"enter": {"did": "order_placed", "within": "9s"}, "warn_before": "3s"},
    e={"enter": {"in_segment": "audiences.d.about_to_leave"}},
    n={"order": {"on": {"enter": {"everyone": True}}}, "inside": "audiences.a"},
) | {"points/warm.yaml": ABOUT | {"add": [{"give": 1, "when": {"in_segment": "audiences.a"}}]}}


def test_all_that_is_looked_at_comes_along() -> None:
    """Through `in_segment`, points, a warning, and what a dimension is inside of."""
    whole = plan_with(CHAIN)
    assert names_of(subset(whole, "audiences.a")) == ["audiences.a"]
    assert names_of(subset(whole, "audiences.b")) == ["audiences.a", "audiences.c", "audiences.b"]
    assert names_of(subset(whole, "audiences.e")) == ["audiences.d", "audiences.d.about_to_leave", "audiences.e"]
    assert names_of(subset(whole, "n")) == ["audiences.a", "n"]
    assert names_of(subset(whole)) == []


def test_only_what_is_read_is_kept() -> None:
    some = subset(plan_with(CHAIN), "audiences.c")
    moves, profile = play(some, [did(1), told(2, traits={"plan": "gold", "country": "FR"})], at_ms(60))
    assert [each.entered for each in moves] == ["c"]
    assert profile is not None
    assert len(profile.states) == 1
    _, viewed = play(subset(plan_with(CHAIN), "audiences.a"), [did(1), told(2, traits={"plan": "gold"})], at_ms(60))
    assert viewed is not None
    assert len(viewed.states) == 1


def test_an_order_that_is_repeated_changes_nothing_where_nobody_asks_for_orders() -> None:
    """The trait that the repeat brings is not kept either: neither by the whole nor by the part."""
    again: dict[str, Any] = {"order_id": "o", "amount": 5}
    records = [did(1, "order_placed", **again), did(3, "order_refunded", **again)]
    for second, gold in ((2, "second"), (4, "third")):
        repeat = did(second, "order_placed", **again)
        repeat.content["traits"] = {"plan": gold}
        records.append(repeat)
    records.sort(key=lambda record: record.record_time)
    rules = rules_of(
        t={"enter": {"trait": "plan", "one_of": ["second", "third"]}}, o={"enter": {"did": "order_placed"}}
    )
    for plan in (plan_with(rules), subset(plan_with(rules), "audiences.t")):
        moves, _ = play(plan, records, at_ms(60))
        assert "t" not in {each.entered for each in moves}
