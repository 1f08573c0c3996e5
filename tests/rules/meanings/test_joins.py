"""Meaning 37 of the rule language: two ids are one customer, and one of them goes into the other."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from stream.core.profile import Profile
from stream.core.transition import Transition
from stream.core.warming import Version
from stream.service.replay import Replay
from stream.wire.replay import encode_line
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, at_ms, audience, did, order, told

VIEW = "product_viewed"
TWICE: dict[str, Any] = {"did": VIEW, "at_least": 2}
LONG_S = 10_000
Join = tuple[float, str, str]
"""(second, the id that stays, the one that goes)."""


def run_of(rules: dict[str, Any], records: list[Rec], *joins: Join) -> tuple[Replay, list[Transition]]:
    """Return a replay of records and joins, and the transitions."""
    lines = [(one.record_time, encode_line(one.record_time, "event", as_bytes(one))) for one in records]
    for second, stays, goes in joins:
        content = json.dumps({"stays": stays, "goes": goes}).encode()
        lines.append((at_ms(second), encode_line(at_ms(second), "merge", content)))
    run = Replay(plan_with(rules), at_ms(LONG_S))
    return run, list(run.all([line for _, line in sorted(lines, key=lambda pair: pair[0])]))


def joined(records: list[Rec], *joins: Join) -> dict[str, Profile]:
    """Return the customers after these records and joins."""
    return run_of(audience(TWICE, cooldown="9s"), records, *joins)[0].timeline.profiles


def of(customer: str, record: Rec) -> Rec:
    """Return the record as one of another customer."""
    return replace(record, content=record.content | {"customer_id": customer})


def moves(transitions: list[Transition]) -> list[tuple[str, float, str, str, str]]:
    """Return (customer, second, left, entered, kind of the cause)."""
    return [
        (one.customer_id, (one.at - MONDAY_MS) / 1000, one.left, one.entered, one.cause.kind) for one in transitions
    ]


def test_meaning_08_a_join_of_two_ids_without_records_makes_nobody_known() -> None:
    """A join says who is who, not of anybody that they are: known is who has a record, under either id."""
    everyone = audience({"everyone": True})
    run, found = run_of(everyone, [], (5, "c-1", "c-2"))
    assert (run.timeline.profiles, found) == ({}, [])
    _, found = run_of(everyone, [of("c-2", did(9))], (5, "c-1", "c-2"))
    assert moves(found) == [("c-1", 9, "", "x", "event")]


def test_meaning_11_any_event_does_not_match_a_join() -> None:
    _, found = run_of(audience({"did": "any_event"}), [told(1, traits={"plan": "a"})], (5, "c-1", "c-2"))
    assert found == []
    _, found = run_of(audience({"did": "any_event"}), [of("c-2", did(1))], (5, "c-1", "c-2"))
    assert [(one.customer_id, one.entered) for one in found] == [("c-2", "x"), ("c-2", ""), ("c-1", "x")]


def test_meaning_37_the_one_that_stays_is_as_if_every_record_had_carried_its_id() -> None:
    found = joined([did(1), of("c-2", did(2)), order(3)], (5, "c-1", "c-2"))
    alone = joined([did(1), did(2), order(3)])
    assert found["c-1"].states == alone["c-1"].states


def test_meaning_37_what_it_is_then_true_of_is_decided_at_the_join() -> None:
    _, found = run_of(audience(TWICE), [did(1), of("c-2", did(2))], (5, "c-1", "c-2"))
    assert moves(found) == [("c-1", 5, "", "x", "merge")]
    assert not found[0].acts


def test_meaning_37_it_keeps_its_own_entry_dates_and_clocks() -> None:
    found = joined([did(1), did(2), of("c-2", did(1)), of("c-2", did(9))], (20, "c-1", "c-2"))
    assert [one.since for one in found["c-1"].standings.values()] == [at_ms(2)]


def test_meaning_37_who_rested_since_the_first_record_goes_on_resting_since_then() -> None:
    rules = audience(TWICE)
    rules |= {"q/dimension.yaml": {"title": "Q", "owner": "o", "question": "?", "order": ["a"], "otherwise": "rest"}}
    rules |= {"q/rest.yaml": {"title": "R", "owner": "o"}, "q/a.yaml": {"title": "A", "owner": "o", "enter": TWICE}}
    rules["q/a.yaml"]["enter"] = {"did": VIEW, "at_least": 9}
    run, found = run_of(rules, [of("c-2", did(1)), did(4)], (5, "c-1", "c-2"))
    place = next(one.place for one in run.plan.dimensions if one.name == "q")
    standing = run.timeline.profiles["c-1"].standing(place)
    assert standing is not None
    assert (standing.segment, standing.since) == ("rest", at_ms(4))
    assert moves(found) == [("c-1", 5, "", "x", "merge")]


def test_meaning_37_the_one_that_goes_leaves_everything_and_holds_nothing() -> None:
    found = joined([did(1), of("c-2", did(1)), of("c-2", did(2))], (20, "c-1", "c-2"))
    assert "c-2" not in found or not any(one.segment for one in found["c-2"].standings.values())
    assert "c-2" not in found or not found["c-2"].states


def test_meaning_37_it_leaves_with_cause_merge() -> None:
    _, found = run_of(audience(TWICE), [of("c-2", did(1)), of("c-2", did(2))], (20, "c-1", "c-2"))
    assert moves(found) == [("c-2", 2, "", "x", "event"), ("c-2", 20, "x", "", "merge"), ("c-1", 20, "", "x", "merge")]


def test_meaning_37_what_comes_for_it_later_counts_for_the_one_that_stays() -> None:
    found = joined([did(1), of("c-2", did(30))], (20, "c-1", "c-2"))
    assert [one.segment for one in found["c-1"].standings.values()] == ["x"]


def test_meaning_37_joins_may_come_in_any_order_and_again() -> None:
    records = [did(1), of("c-2", did(2)), of("c-3", did(3))]
    one = joined(records, (5, "c-1", "c-2"), (6, "c-1", "c-3"), (7, "c-1", "c-2"))
    other = joined(records, (5, "c-2", "c-3"), (6, "c-1", "c-2"))
    assert one["c-1"].states == other["c-1"].states


def test_meaning_37_another_version_knows_of_the_join_and_of_nobody_who_went() -> None:
    """It asks for views of a category, which the first one did not keep; and it comes after the join."""
    garden = audience({"did": VIEW, "where": {"category": "garden"}, "at_least": 2})
    records = [did(1, category="garden"), of("c-2", did(2, category="garden"))]
    lines = [encode_line(one.record_time, "event", as_bytes(one)) for one in records]
    lines.append(encode_line(at_ms(5), "merge", b'{"stays": "c-1", "goes": "c-2"}'))
    lines.append(encode_line(at_ms(8), "use", b'{"kind": "rules", "hash": "new", "number": 2}'))
    run = Replay(plan_with(audience({"did": VIEW})), at_ms(9), versions={"new": Version(plan_with(garden))})
    assert moves(list(run.all(lines)))[2:] == [("c-2", 5, "x", "", "merge")]
    standing = {one: bool(profile.standings) for one, profile in run.timeline.profiles.items()}
    assert standing == {"c-1": True, "c-2": False}
