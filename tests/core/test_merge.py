"""Two customers who become one know what one would who had all of their records, in whatever order they join."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stream.core import ledger as books
from stream.core.joins import Joins
from stream.core.keyed import CAP, INEXACT
from stream.core.merge import take_in
from stream.core.plan import Plan
from stream.core.profile import MARK_BYTES, RECENT_IDS, Profile
from stream.core.timeline import Timeline
from stream.errors import InputError
from stream.ruleset.compile_told import told_key, trait_key
from stream.wire.event import decode_event
from stream.wire.profile import decode_profile, encode_profile
from tests.core.agreement import as_bytes
from tests.core.invariants import check_rest
from tests.core.side_by_side import plan_with
from tests.oracle import Rec, run
from tests.oracle.story import at_ms, audience, did, order, refund, told
from tests.strategies import Story, stories
from tests.strategies_families import FAMILIES, family_stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
IDS = ("c-1", "c-2", "c-3")
VIEW = "product_viewed"
APART_MS = 2
"""Between records of different ids that would else be of one instant: no log puts those in order."""
PAIRS = list(permutations(IDS, 2))
MANY_JOINS = st.permutations(PAIRS).flatmap(lambda pairs: st.integers(2, len(pairs)).map(lambda most: pairs[:most]))


def shared_out(records: Sequence[Rec], owners: Sequence[int]) -> list[Rec]:
    """Return events, each as one of the id that owns it; an order that is told again is told of the same id."""
    found: list[Rec] = []
    placed: dict[Any, int] = {}
    for record, drawn in zip(records, owners, strict=False):
        if record.kind != "event":
            continue
        content, owner = record.content, drawn
        order_id = (content.get("properties") or {}).get("order_id")
        if content["name"] == "order_placed" and order_id is not None:
            owner = placed.setdefault(str(order_id), drawn)
        apart = APART_MS * owner
        more = {"customer_id": IDS[owner], "event_id": f"{owner}/{content['event_id']}"}
        if isinstance(content.get("occurred_at"), int):
            more["occurred_at"] = content["occurred_at"] + apart
        found.append(Rec(record.record_time + apart, "event", content | more))
    return sorted(found, key=lambda one: one.record_time)


def played(plan: Plan, records: Sequence[Rec]) -> Timeline:
    """Return the customers after these records."""
    timeline = Timeline(plan)
    for record in records:
        with suppress(InputError):
            timeline.apply(plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time))
    return timeline


def under_one_id(records: Sequence[Rec], customer: str = IDS[0]) -> list[Rec]:
    """Return the records as if all had carried one id."""
    return [replace(record, content=record.content | {"customer_id": customer}) for record in records]


def joined(plan: Plan, records: Sequence[Rec], joins: Sequence[tuple[str, str]], at: int) -> tuple[Timeline, str]:
    """Return the customers once all of these ids were joined, and who stays; their profiles went through bytes."""
    timeline = played(plan, records)
    for stays, goes in joins:
        for done in timeline.join(stays, goes, at):
            for one in done.transitions:
                assert one.left != one.entered
        for customer, profile in timeline.profiles.items():
            timeline.profiles[customer] = decode_profile(customer, encode_profile(profile))
    return timeline, timeline.joins.stays(IDS[0])


OWNERS = st.lists(st.integers(0, 2), min_size=40, max_size=40)


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40, deadline=None, suppress_health_check=SLOW)
@given(data=st.data())
def test_whoever_stays_answers_as_if_all_records_had_carried_its_id(family: str, data: st.DataObject) -> None:
    story: Story = data.draw(family_stories(family))
    records = shared_out(story.records, data.draw(OWNERS))
    joins = data.draw(MANY_JOINS.filter(is_one))
    plan, at = plan_with(story.rules), max(story.until, records[-1].record_time + 1)
    timeline, stays = joined(plan, records, joins, at)
    alone = played(plan, under_one_id(records)).profiles[IDS[0]]
    for later in range(0, 16 * story.step_ms, story.step_ms):
        for beside in (0, 1, story.step_ms - 1):
            answers = {holds(plan, profile, at + later + beside) for profile in (timeline.profiles[stays], alone)}
            assert len(answers) == 1, at + later + beside
    check_rest(plan, timeline.profiles[stays])


def test_two_refunds_of_one_order_are_two_events_whoever_told_them() -> None:
    """One told of each id: they stand beside each other in what is kept of orders and refunds together."""
    rules = audience({"last_event": "order_*", "has": {"amount": {"at_least": 10}}})
    second = refund(2, "o1", 10)
    records = [refund(1, "o1"), replace(second, content=second.content | {"customer_id": IDS[1]})]
    plan = plan_with(rules)
    alone = played(plan, under_one_id(records)).profiles[IDS[0]]
    timeline, stays = joined(plan, records, [(IDS[0], IDS[1])], at_ms(3))
    assert holds(plan, timeline.profiles[stays], at_ms(3)) is holds(plan, alone, at_ms(3)) is True


def is_one(joins: Sequence[tuple[str, str]]) -> bool:
    """Tell whether these joins make one customer of all ids."""
    known = Joins()
    for stays, goes in joins:
        known.join(stays, goes)
    return len({known.stays(one) for one in IDS}) == 1


def holds(plan: Plan, profile: Profile, now: int) -> bool:
    """Tell whether the condition of the one audience holds."""
    return plan.dimensions[0].order[0].enter(profile.ahead(), now) > 0


@settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
@given(stories(), OWNERS, MANY_JOINS.filter(is_one))
def test_whole_rules_decide_as_for_the_one_customer_of_all_records(
    story: Story, owners: list[int], joins: list[tuple[str, str]]
) -> None:
    """Where no clock and no order of arrival matters: what the oracle says of one customer with all the records."""
    records = shared_out([without_words(one) for one in story.records], owners)
    rules = {path: without_clocks(about) for path, about in story.rules.items()}
    plan, at = plan_with(rules), max([story.until, *(one.record_time + 1 for one in records)])
    timeline, stays = joined(plan, records, joins, at)
    wanted = run(rules, under_one_id(records, stays), at).memberships
    assert len(list(timeline.tick(at + 1))) <= 1
    profile = timeline.profiles.get(stays)
    if profile is None:
        assert wanted == {}
        return
    found = {one.name: profile.standing(one.place) for one in plan.dimensions}
    assert {name: one.segment or None for name, one in found.items() if one} == {
        name: segment for name, (segment, _) in wanted.items()
    }
    check_rest(plan, profile)
    for gone in set(IDS) - {stays}:
        rest = timeline.profiles.get(gone)
        assert rest is None or (not rest.states and not any(one.segment for one in rest.standings.values()))


def without_words(record: Rec) -> Rec:
    """Return a record without what it tells: which of several late words counts is a matter of their arrival."""
    told_too = {"traits", "consents", "lists", "scores"}
    return replace(record, content={name: value for name, value in record.content.items() if name not in told_too})


CLOCKS = {"wait", "cooldown", "stay_at_least", "stay_at_most", "stay_while", "only_from", "warn_before"}


def without_clocks(about: Any) -> Any:
    """Return a file without what depends on when one came in."""
    if isinstance(about, list):
        return [without_clocks(one) for one in about]
    if not isinstance(about, dict):
        return about
    left = CLOCKS | ({"for", "for_less_than"} if "in_segment" in about else set())
    return {word: without_clocks(value) for word, value in about.items() if word not in left}


# -- single states ------------------------------------------------------------------------


def knows(plan: Plan, one: list[Rec], other: list[Rec]) -> dict[int, Any]:
    """Return what a customer remembers who takes in another one; the same whichever way round."""
    found = []
    for first, second in ((one, other), (other, one)):
        profiles = [played(plan, under_one_id(records)).profiles[IDS[0]] for records in (first, second)]
        take_in(profiles[0], profiles[1], plan)
        found.append(profiles[0].states)
    assert found[0] == found[1]
    return found[0]


def test_an_order_that_both_told_is_one_and_a_refund_finds_it_with_the_other() -> None:
    plan = plan_with(audience({"sum": "order_placed.amount", "at_least": 1}))
    both = knows(plan, [order(1, 10, "o1"), order(2, 20, "o2")], [order(1, 10, "o1"), refund(3, "o2", 5)])
    (ledger,) = (state for state in both.values() if len(state) == 4)
    assert [row[books.AMOUNT] for row in ledger[books.ROWS]] == [1000, 1500]
    assert ledger[books.WAITING] == {}
    (ledger,) = (state for state in knows(plan, [order(1, 10, "o1")], [refund(2, "o1")]).values() if len(state) == 4)
    assert ledger[books.ROWS] == []
    assert len(ledger[books.GONE]) == 1


def test_ledgers_beyond_their_cap_are_marked() -> None:
    plan = plan_with(audience({"sum": "order_placed.amount", "at_least": 1, "within": "9w"}))
    one, other = ([order(2 * number + shift, 1) for number in range(200)] for shift in (0, 1))
    (ledger,) = (state for state in knows(plan, one, other).values() if len(state) == 4)
    assert len(ledger[books.ROWS]) == books.CAP
    assert sum(row[books.WEIGHT] for row in ledger[books.ROWS]) + (ledger[books.FOLDED][0]) == 400
    assert books.is_inexact(ledger)


def test_totals_of_what_both_folded_away_are_added() -> None:
    plan = plan_with(audience({"sum": "order_placed.amount", "at_least": 1, "within": "30s"}))
    one, other = ([order(number + shift, 1) for number in range(300)] for shift in (0, 1000))
    (ledger,) = (state for state in knows(plan, one, other).values() if len(state) == 4)
    folded = ledger[books.FOLDED]
    assert folded[0] + len(ledger[books.ROWS]) == 600
    assert folded[1] + sum(row[books.AMOUNT] for row in ledger[books.ROWS]) == 60_000
    assert folded[3] == at_ms(0)


def test_of_too_many_values_the_oldest_are_forgotten_and_that_is_marked() -> None:
    plan = plan_with(audience({"distinct": f"{VIEW}.category", "at_least": 2}))
    one, other = ([did(n + shift, category=f"k{n + shift}") for n in range(CAP - 6)] for shift in (0, 1000))
    both = knows(plan, one, other)
    (state,) = (state for state in both.values() if len(state) == 2 and isinstance(state[0], dict))
    assert len(state[0]) == CAP
    assert state[INEXACT] == 1


def test_of_too_many_steps_the_oldest_are_forgotten_and_that_is_marked() -> None:
    plan = plan_with(audience({"sequence": [VIEW, "cart_updated"]}))
    one, other = ([did(n + shift) for n in range(CAP - 6)] for shift in (0, 1000))
    (state,) = knows(plan, one, other).values()
    assert len(state[0][""][0]) == CAP
    assert state[INEXACT] == 1


def test_what_was_told_of_either_is_known_the_newest_of_each() -> None:
    plan = plan_with(audience({"score": "churn", "at_least": 0.5}))
    both = knows(
        plan,
        [told(1, traits={"plan": "solo", "visits": 1}), told(5, consents={"email": "given"})],
        [
            told(3, traits={"plan": "family"}),
            told(2, consents={"email": "not_given"}),
            told(4, lists={"openings": "added"}),
        ],
    )
    assert both[trait_key("plan")] == ["family", at_ms(3)]
    assert both[trait_key("visits")] == [1, at_ms(1)]
    assert both[told_key("consent", "email")] == ["given", at_ms(5)]
    assert both[told_key("list", "openings")] == ["added", at_ms(4), at_ms(4)]


@pytest.mark.parametrize(
    ("one", "other", "since"),
    [
        ([(1, "added")], [(5, "added")], 1),
        ([(1, "added"), (4, "added")], [(2, "removed")], 4),
        ([(1, "added")], [(2, "removed")], None),
        ([(3, "added")], [(1, "added"), (2, "removed")], 3),
    ],
)
def test_how_long_somebody_has_been_on_a_list(
    one: list[tuple[int, str]], other: list[tuple[int, str]], since: int | None
) -> None:
    plan = plan_with(audience({"in_list": "openings", "for": "9s"}))
    records = [[told(second, lists={"openings": word}) for second, word in words] for words in (one, other)]
    word, _, found = knows(plan, *records)[told_key("list", "openings")]
    assert (found if word == "added" else None) == (None if since is None else at_ms(since))


@pytest.mark.parametrize(
    ("one", "other", "since"),
    [
        ([(1, "family")], [(5, "family")], 1),
        ([(5, "family")], [(1, "solo"), (2, "family")], 2),
        ([(1, "family"), (4, "family")], [(2, "solo")], 4),
        ([(3, "family")], [(1, "solo")], 3),
        ([(1, "family")], [(2, "solo")], None),
        ([(1, "family")], [(2, None)], None),
    ],
)
def test_how_long_a_comparison_has_held(
    one: list[tuple[int, str]], other: list[tuple[int, str]], since: int | None
) -> None:
    plan = plan_with(audience({"trait": "plan", "is": "family", "for": "9s"}))
    records = [[told(second, traits={"plan": word}) for second, word in words] for words in (one, other)]
    profile = Profile(IDS[0])
    profile.states, profile.known_since = knows(plan, *records), 0
    first = [second for second in range(40) if holds(plan, profile, at_ms(second))][:1]
    assert first == ([] if since is None else [since + 9])


def test_the_older_dates_of_both_matter_for_how_long() -> None:
    rules = audience({"trait": "renews_on", "within_next": "4w", "for": "2s"})
    plan = plan_with(rules)
    both = knows(plan, [told(1, traits={"renews_on": "2026-01-20"})], [told(4, traits={"renews_on": "2026-01-21"})])
    profile = Profile(IDS[0])
    profile.states, profile.known_since = both, 0
    assert [second for second in range(7) if holds(plan, profile, at_ms(second))][:1] == [3]


def test_ids_of_both_are_remembered_the_newest() -> None:
    plan = plan_with(audience({"did": VIEW}))
    profiles = [played(plan, [did(n + shift) for n in range(20)]).profiles[IDS[0]] for shift in (0, 100)]
    own = [marks(each) for each in profiles]
    take_in(profiles[0], profiles[1], plan)
    assert len(marks(profiles[0])) == RECENT_IDS
    assert set(marks(profiles[0])) == {*own[0][-8:], *own[1][-8:]}


def marks(profile: Profile) -> list[bytes]:
    """Return the marks of the ids that are remembered."""
    return [profile.recent[start : start + MARK_BYTES] for start in range(0, len(profile.recent), MARK_BYTES)]


# -- who stays ----------------------------------------------------------------------------


@given(st.permutations([("a", "b"), ("b", "c"), ("d", "c"), ("e", "d")]), st.data())
def test_who_stays_is_the_same_in_any_order_and_again(joins: list[tuple[str, str]], data: st.DataObject) -> None:
    again = data.draw(st.lists(st.sampled_from(joins), max_size=4))
    known = Joins()
    for goes, stays in [*joins, *again]:
        known.join(stays, goes)
    assert {known.stays(one) for one in "abcde"} == {"c"}


def test_a_circle_closes_at_the_smallest_id() -> None:
    known = Joins()
    assert known.join("b", "c") == ("b", ["c"])
    assert known.join("d", "b") == ("d", ["b"])
    assert known.join("c", "d") == ("b", ["d"])
    assert known.join("c", "d") == ("b", [])
    assert {known.stays(one) for one in "bcd"} == {"b"}


def test_of_two_that_the_same_id_goes_into_the_smaller_stays() -> None:
    for joins in permutations([("a", "x"), ("b", "x")]):
        known = Joins()
        for stays, goes in joins:
            known.join(stays, goes)
        assert {known.stays(one) for one in "abx"} == {"a"}


def test_who_comes_back_by_a_circle_is_told_to_be_in_again() -> None:
    rules = audience({"did": VIEW})
    timeline = played(plan_with(rules), [did(1)])
    steps = [*timeline.join("c-2", "c-1", at_ms(2)), *timeline.join("c-1", "c-2", at_ms(3))]
    told_of = [(one.customer_id, one.sequence, one.left, one.entered) for done in steps for one in done.transitions]
    assert told_of == [("c-1", 2, "x", ""), ("c-2", 1, "", "x"), ("c-2", 2, "x", ""), ("c-1", 3, "", "x")]


def test_ids_of_whom_nothing_is_known_can_be_joined_before() -> None:
    timeline = Timeline(plan_with(audience({"did": VIEW})))
    assert [done.transitions for done in timeline.join("c-2", "c-1", at_ms(0))] == [[], []]
    assert timeline.profiles == {}
    record = did(1)
    done = timeline.apply(timeline.plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time))
    assert [one.customer_id for one in done.transitions] == ["c-2"]
