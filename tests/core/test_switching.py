"""Another version of the rules, taken as a step: who stays, who leaves, what goes on, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.service.replay import Replay
from stream.wire.event import decode_event
from stream.wire.profile import decode_profile, encode_profile
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with
from tests.core.test_structure import rules_of
from tests.core.test_versions_agreement import agree_on_versions, line, versions_of
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, VOCABULARY, at_ms, audience, did, dimension, refund, told, with_vocabulary

VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "9s"}
FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}
SILENT: dict[str, Any] = {"did_not": "product_viewed", "within": "9s"}
Move = tuple[float, str, str, str, str]


def use(second: float, rules: dict[str, Any]) -> Rec:
    """Return the record from which on other rules decide."""
    return Rec(at_ms(second), "use", {"rules": rules})


def moved(rules: dict[str, Any], *records: Rec, until: float = 60) -> list[Move]:
    """Return (second, dimension, left, entered, kind of the cause), engine and oracle agreeing."""
    found = agree_on_versions(rules, [*records], at_ms(until))
    return [((one.at - MONDAY_MS) / 1000, one.dimension, one.left, one.entered, one.cause.kind) for one in found]


def test_what_is_due_before_the_switch_fires_under_the_old_rules_and_what_is_due_at_it_under_the_new() -> None:
    old, new = audience(VIEWED), audience({"did": "product_viewed", "within": "30s"})
    before = moved(old, did(1), use(10.001, new))
    assert before[1:3] == [
        (10, "audiences.x", "x", "", "time"),
        (10.001, "audiences.x", "", "x", "rule_changed"),
    ]
    assert moved(old, did(1), use(10, new)) == [
        (1, "audiences.x", "", "x", "event"),
        (31, "audiences.x", "x", "", "time"),
    ]


def test_a_record_of_the_same_instant_is_decided_after_the_switch() -> None:
    new = audience({"did": "product_viewed", "at_least": 2})
    assert moved(audience(FAMILY), did(1), use(5, new), did(5)) == [(5, "audiences.x", "", "x", "event")]


def test_equal_meaning_changes_words_only() -> None:
    """What is due at the instant is not even looked at with another cause."""
    new = audience(VIEWED, title="Y", owner="p", next_action="call")
    before, after = play_both(audience(VIEWED), new, [did(1)], 10, [did(30)])
    assert [(one.entered, one.owner, one.next_action, one.cause.kind) for one in before + after] == [
        ("x", "o", "", "event"),
        ("", "p", "", "time"),
        ("x", "p", "call", "event"),
        ("", "p", "", "time"),
    ]


def play_both(
    old: dict[str, Any], new: dict[str, Any], records: Sequence[Rec], second: float, later: Sequence[Rec] = ()
) -> tuple[list[Transition], list[Transition]]:
    """Return what is told before and from a switch on, through a file of events."""
    found = told_by(old, [*records, use(second, new), *later])
    switched = at_ms(second)
    return [one for one in found if one.at < switched], [one for one in found if one.at >= switched]


def told_by(rules: dict[str, Any], records: list[Rec]) -> list[Transition]:
    """Return what is told up to a minute; words for people are nothing to the oracle, which must not see them."""
    run = Replay(plan_with(rules), at_ms(60), versions=versions_of(records))
    return list(run.all(line(number, record) for number, record in enumerate(records)))


def test_entry_dates_go_on_and_stays_are_measured_from_them() -> None:
    new = audience({"did": "product_viewed", "within": "20s"}, stay_at_most="8s")
    assert moved(audience(VIEWED), did(1), use(5, new)) == [
        (1, "audiences.x", "", "x", "event"),
        (9, "audiences.x", "x", "", "time"),
    ]


def test_who_is_not_kept_leaves_when_stay_at_least_is_over() -> None:
    new = audience(FAMILY, stay_at_least="7s")
    assert moved(audience(VIEWED), did(1), use(5, new))[1:] == [(8, "audiences.x", "x", "", "time")]
    assert moved(audience(VIEWED), did(1), use(8, new))[1:] == [(8, "audiences.x", "x", "", "rule_changed")]


def test_a_cooldown_that_ran_goes_on() -> None:
    old = audience({"did": "product_viewed", "within": "2s"}, cooldown="20s")
    new = audience({"did": "product_viewed", "within": "9s"}, cooldown="20s")
    assert moved(old, did(1), use(4, new), did(19))[2:] == [
        (23, "audiences.x", "", "x", "time"),
        (28, "audiences.x", "x", "", "time"),
    ]


def test_a_clock_that_the_old_rules_did_not_run_begins_at_the_switch() -> None:
    waits = audience({"did": "product_viewed", "within": "40s"}, wait="6s")
    assert moved(audience(FAMILY), did(1), use(5, waits))[:1] == [(11, "audiences.x", "", "x", "time")]


def test_a_clock_that_no_version_in_between_ran_is_forgotten() -> None:
    """The first rules knew when it was left, the second did not ask, the third do not remember."""
    cooled = audience({"did": "product_viewed", "within": "2s"}, cooldown="40s")
    free = audience({"did": "product_viewed", "within": "3s"})
    found = moved(cooled, did(1), use(10, free), use(11, cooled), did(20))
    assert [each[0] for each in found] == [1, 3, 20, 22]


# -- what is gone -------------------------------------------------------------------------

LEVELS: dict[str, dict[str, Any]] = {"top": {"enter": FAMILY}, "low": {"enter": VIEWED}}


def test_a_segment_that_is_gone_hands_its_members_to_the_rest() -> None:
    old = with_vocabulary(dimension(LEVELS))
    new = with_vocabulary(dimension({"top": LEVELS["top"]}))
    assert moved(old, did(1), use(5, new)) == [
        (1, "d", "rest", "low", "event"),
        (5, "d", "low", "rest", "rule_changed"),
    ]


def test_a_segment_that_is_gone_holds_nobody_by_its_stay() -> None:
    old = with_vocabulary(dimension({"low": {"enter": VIEWED, "stay_at_least": "30s"}}))
    new = with_vocabulary(dimension({"low": {"enter": VIEWED, "enabled": False}}))
    assert moved(old, did(1), use(5, new))[1:] == [(5, "d", "low", "rest", "rule_changed")]


def test_only_from_is_asked_of_who_has_come_to_the_rest() -> None:
    old = with_vocabulary(dimension(LEVELS))
    new = with_vocabulary(dimension({"next": {"enter": VIEWED, "only_from": ["rest"]}}))
    assert moved(old, did(1), use(5, new))[1:3] == [
        (5, "d", "low", "rest", "rule_changed"),
        (5, "d", "rest", "next", "rule_changed"),
    ]


def test_dimensions_that_are_gone_are_left_first_in_the_old_order() -> None:
    old = rules_of(m={"enter": VIEWED}, b={"order": {"on": {"enter": VIEWED}}}, a={"enter": {"in_segment": "b.on"}})
    new = rules_of(aa={"enter": VIEWED}, m={"enter": FAMILY})
    assert moved(old, did(1), use(5, new))[3:] == [
        (5, "b", "on", "", "rule_changed"),
        (5, "audiences.a", "a", "", "rule_changed"),
        (5, "audiences.aa", "", "aa", "rule_changed"),
        (5, "audiences.m", "m", "", "rule_changed"),
        (10, "audiences.aa", "aa", "", "time"),
    ]


def test_who_was_told_to_be_out_of_a_dimension_is_told_when_it_comes_back() -> None:
    """Each transition leaves what the one before entered, over versions too."""
    old, without = with_vocabulary(dimension(LEVELS)), audience(FAMILY)
    assert moved(old, did(1), use(5, without), use(30, old), did(40)) == [
        (1, "d", "rest", "low", "event"),
        (5, "d", "low", "", "rule_changed"),
        (30, "d", "", "rest", "rule_changed"),
        (40, "d", "rest", "low", "event"),
        (49, "d", "low", "rest", "time"),
    ]


def test_a_warning_goes_with_the_segment_it_warns_of() -> None:
    old = audience(VIEWED, warn_before="3s")
    found = moved(old, did(1), use(8, with_vocabulary(dimension(LEVELS))))
    assert found[2:4] == [
        (8, "audiences.x", "x", "", "rule_changed"),
        (8, "audiences.x.about_to_leave", "about_to_leave", "", "rule_changed"),
    ]


def test_what_is_gone_tells_its_owner_and_no_conditions() -> None:
    """Nobody asks them any more, and what they read is not kept."""
    gone = play_both(audience(VIEWED, owner="q"), with_vocabulary(dimension(LEVELS)), [did(1)], 5)[1][0]
    assert (gone.left, gone.entered, gone.owner, gone.evidence) == ("x", "", "q", ())
    assert (gone.dwell_ms, gone.holds_until_is_exact, gone.next_action) == (4000, True, "")


# -- what is new --------------------------------------------------------------------------


@pytest.mark.parametrize("is_announced", [True, False])
def test_a_first_placement_in_the_rest_follows_announce_first(is_announced: bool) -> None:
    new = with_vocabulary(dimension(LEVELS, announce_first=is_announced))
    first = [(5, "d", "", "rest", "rule_changed")]
    assert moved(audience(FAMILY), did(1, "cart_updated"), use(5, new)) == (first if is_announced else [])
    assert moved(audience(FAMILY), did(1), use(5, new))[0] == (5, "d", "rest", "low", "rule_changed")


def test_a_dimension_that_becomes_nested_is_left_by_who_is_outside_of_it() -> None:
    alone, head = rules_of(d={"order": {"low": {"enter": VIEWED}}}), {"in": {"enter": FAMILY}}
    nested = rules_of(d={"order": {"low": {"enter": VIEWED}}, "inside": "a.in"}, a={"order": head})
    assert moved(alone, did(1), use(5, nested))[1:] == [(5, "d", "low", "", "rule_changed")]
    assert moved(nested, did(1), use(5, alone))[:2] == [
        (5, "a", "rest", "", "rule_changed"),
        (5, "d", "rest", "low", "rule_changed"),
    ]


def test_who_was_refused_by_the_old_vocabulary_is_known_to_the_new() -> None:
    old = audience(FAMILY)
    new = audience(SILENT, vocabulary={"events": old["vocabulary.yaml"]["events"] | {"visited": {"title": "Came"}}})
    assert moved(old, did(1, "visited"), use(5, new)) == [(5, "audiences.x", "", "x", "rule_changed")]
    assert moved(old, did(1, "visited")) == []


def test_who_is_known_to_one_version_only_leaves_nothing_and_loses_nothing() -> None:
    """New to the rules of now, the customer was in nothing; refused by them, the customer still is known."""
    seen = {"events": VOCABULARY["events"] | {"visited": {"title": "Came"}}}
    old, new = audience(FAMILY), with_vocabulary(dimension({"on": {"enter": SILENT}}), **seen)
    assert moved(old, did(1, "visited"), use(5, new)) == [(5, "d", "rest", "on", "rule_changed")]
    came, plain = audience({"did": "visited"}, vocabulary=seen), with_vocabulary(dimension({"on": {"enter": SILENT}}))
    assert moved(came, did(1, "visited"), use(5, plain)) == [
        (1, "audiences.x", "", "x", "event"),
        (5, "audiences.x", "x", "", "rule_changed"),
        (5, "d", "rest", "on", "rule_changed"),
    ]


def test_refunds_of_before_the_switch_are_worked_in() -> None:
    old = audience(FAMILY)
    new = audience({"sum": "order_placed.amount", "at_least": 10})
    records = [did(1, "order_placed", order_id="a", amount=30), refund(2, "a", 25)]
    assert moved(old, *records, use(5, new)) == []
    assert moved(old, records[0], use(5, new)) == [(5, "audiences.x", "", "x", "rule_changed")]


# -- acting, and the rest of it -----------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "acts"), [({}, False), ({"on_rule_change": "announce"}, True)], ids=["silent", "announce"]
)
def test_campaigns_act_on_other_rules_only_where_the_segment_announces_it(how: dict[str, Any], acts: bool) -> None:
    _, after = play_both(audience(FAMILY), audience(VIEWED, **how), [did(1)], 5, [did(20)])
    assert [(one.entered, one.acts) for one in after] == [("x", acts), ("", True), ("x", True), ("", True)]


def heard(rules: dict[str, Any], *records: Rec) -> Timeline:
    """Return a log in memory after these events."""
    timeline = Timeline(plan_with(rules))
    for record in records:
        timeline.apply(timeline.plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time))
    return timeline


def test_a_customer_who_took_a_switch_survives_their_bytes() -> None:
    timeline = heard(with_vocabulary(dimension(LEVELS)) | audience(VIEWED), did(1), told(2, traits={"plan": "solo"}))
    (done,) = timeline.take(plan_with(audience({"did": "product_viewed", "within": "30s"})), at_ms(5))
    assert [(one.left, one.entered) for one in done.transitions] == [("low", "")]
    profile = timeline.profiles["c-1"]
    assert encode_profile(decode_profile("c-1", encode_profile(profile))) == encode_profile(profile)
    assert [one.left for step in timeline.tick(at_ms(60)) for one in step.transitions] == ["x"]


def test_without_a_memory_the_states_go_on_that_both_plans_keep() -> None:
    timeline = heard(audience(VIEWED), did(1))
    done = [*timeline.take(plan_with(audience({"did": "product_viewed", "within": "3s"})), at_ms(3))]
    assert [one.moves for one in done] == [[]]
    assert timeline.profiles["c-1"].wake == at_ms(4)
