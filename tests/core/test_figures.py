"""Figures over events: no value of nothing, exactly written numbers, ties, and rows that age out."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.core.agreement import play
from tests.core.side_by_side import changes, flips, plan_with
from tests.oracle.records import Rec
from tests.oracle.story import at_ms, audience, did

B, V = "order_placed", "product_viewed"
NOTHING = [did(0, "message_sent")]
ONE = [did(0, B, order_id="o", amount=10, category="garden")]
REFUNDED = [*ONE, did(0, "order_refunded", order_id="o", amount=10)]
HISTORIES = {"nothing": NOTHING, "one": ONE, "refunded to nothing": REFUNDED}

COUNTS = {
    "at_least": [(10, True), (11, False)],
    "above": [(9, True), (10, False)],
    "at_most": [(10, True), (9, False)],
    "below": [(11, True), (10, False)],
    "exactly": [(10, True), (9, False)],
    "between": [([10, 11], True), ([11, 12], False)],
}
COMPARES = {
    "is": [("garden", True), ("tools", False)],
    "is_not": [("tools", True), ("garden", False)],
    "one_of": [(["garden", "tools"], True), (["tools"], False)],
    "none_of": [(["tools"], True), (["garden", "tools"], False)],
    "starts_with": [("gar", True), ("den", False)],
    "ends_with": [("den", True), ("gar", False)],
    "contains": [("rde", True), ("xyz", False)],
    "matches": [("g.*n", True), ("g.*e", False)],
    "exists": [(True, True), (False, False)],
    "has_any": [(["garden"], True), (["tools"], False)],
    "has_all": [(["garden"], True), (["garden", "tools"], False)],
    "has_none": [(["tools"], True), (["garden"], False)],
}
NUMBERS = ["sum", "average", "smallest", "largest"]
VALUES = ["first_value", "last_value", "most_frequent"]
CASES = [
    ({word: f"{B}.amount", compare: bar}, holds)
    for word in NUMBERS
    for compare, bars in COUNTS.items()
    for bar, holds in bars
]
CASES += [
    ({word: f"{B}.category", compare: bar}, holds)
    for word in VALUES
    for compare, bars in COMPARES.items()
    for bar, holds in bars
]
CASES += [
    ({"share": B, "where": {"category": "garden"}, compare: bar}, holds)
    for compare, bar, holds in [
        ("at_least", 1, True),
        ("below", 1, False),
        ("at_most", 1, True),
        ("exactly", 1, True),
        ("exactly", 0.5, False),
        ("between", [0.5, 1], True),
        ("between", [0, 0.5], False),
    ]
]


@pytest.mark.parametrize("history", HISTORIES)
@pytest.mark.parametrize(("condition", "of_one"), CASES, ids=str)
def test_no_comparison_with_no_value_is_true_and_not_turns_that_into_true(
    condition: dict[str, object], of_one: bool, history: str
) -> None:
    expected = of_one and history == "one"
    entered = [0] if expected else []
    if history == "refunded to nothing" and of_one:
        entered = [0, 0]
    assert flips(condition, HISTORIES[history]) == entered
    assert bool(len(flips({"not": condition}, HISTORIES[history])) % 2) is not expected


@pytest.mark.parametrize("history", ["nothing", "refunded to nothing"])
@pytest.mark.parametrize("count", [{"at_most": 0}, {"below": 1}, {"exactly": 0}, {"between": [0, 2]}])
def test_distinct_of_nothing_is_zero(count: dict[str, object], history: str) -> None:
    found = flips({"distinct": f"{B}.category", **count}, HISTORIES[history])
    assert len(found) % 2 == 1


def test_not_sum_includes_those_who_bought_nothing_and_sum_below_does_not() -> None:
    assert flips({"not": {"sum": f"{B}.amount", "at_least": 100}}, NOTHING) == [0]
    assert flips({"sum": f"{B}.amount", "below": 100}, NOTHING) == []


def test_the_last_order_ages_out_of_a_sum_that_keeps_a_member() -> None:
    kept = {"sum": f"{B}.amount", "within": "10s", "at_least": 5}
    rules = audience({"sum": f"{B}.amount", "within": "10s", "at_least": 20}, stay_while=kept)
    records = [did(0, B, order_id="a", amount=20), did(4, B, order_id="b", amount=5)]
    assert changes(rules, records, 99) == [(0, None, "x"), (14, "x", None)]


def test_a_member_kept_by_at_most_leaves_when_the_last_order_ages_out() -> None:
    kept = {"sum": f"{B}.amount", "within": "10s", "at_most": 50}
    rules = audience({"did": B, "within": "2s"}, stay_while=kept)
    assert changes(rules, [did(0, B, order_id="a", amount=20)], 99) == [(0, None, "x"), (10, "x", None)]


# -- numbers ------------------------------------------------------------------------------


def test_money_is_compared_exactly_in_minor_units() -> None:
    orders = [did(0, B, order_id=str(number), amount="0.10") for number in range(3)]
    assert flips({"sum": f"{B}.amount", "exactly": 0.3}, orders) == [0]


def test_fractions_add_up_as_they_are_written() -> None:
    views = [did(0, V, seconds=0.1, event_id=str(number)) for number in range(3)]
    assert flips({"sum": f"{V}.seconds", "exactly": 0.3}, views) == [0]
    assert flips({"average": f"{V}.seconds", "exactly": 0.1}, views) == [0]


def test_an_average_is_not_rounded() -> None:
    orders = [did(0, B, order_id=str(number), amount=amount) for number, amount in enumerate([1, 1, 2])]
    assert flips({"average": f"{B}.amount", "above": "1.333333333333333333"}, orders) == [0]
    assert flips({"average": f"{B}.amount", "at_least": "1.3333333333333334"}, orders) == []


def test_what_is_no_number_takes_no_part() -> None:
    views = [did(0, V, seconds=4), did(1, V, seconds="9"), did(2, V), did(3, V, seconds=True)]
    assert flips({"average": f"{V}.seconds", "exactly": 4}, views) == [0]
    assert flips({"smallest": f"{V}.seconds", "exactly": 4}, views) == [0]


def test_a_refund_makes_its_order_smaller() -> None:
    records = [
        did(0, B, order_id="a", amount=10),
        did(1, B, order_id="b", amount=30),
        did(5, "order_refunded", order_id="b", amount=25),
    ]
    assert flips({"largest": f"{B}.amount", "at_least": 11}, records, 9) == [1, 5]
    assert flips({"smallest": f"{B}.amount", "below": 10}, records, 9) == [5]


def test_the_smallest_ages_out_and_comes_back_late() -> None:
    smallest = {"smallest": f"{V}.seconds", "within": "10s", "at_most": 3}
    assert flips(smallest, [did(0, V, seconds=3), did(5, V, seconds=9)], 99) == [0, 10]
    late = [did(5, V, seconds=9), did(8, V, seconds=3, occurred=4), did(9, V, seconds=2, occurred=1)]
    assert flips(smallest, late, 99) == [8, 14]


def test_of_numbers_only_records_are_kept() -> None:
    plan = plan_with(audience({"largest": f"{V}.seconds", "within": "900s", "at_least": 1}))
    rising = [did(second, V, seconds=second) for second in range(400)]
    assert rows_kept(plan_with_leaf_state(plan, rising)) == 1
    falling = [did(second, V, seconds=400 - second) for second in range(5)]
    assert rows_kept(plan_with_leaf_state(plan, falling)) == 5


def plan_with_leaf_state(plan: object, records: list[Rec]) -> list[object]:
    _, profile = play(plan, records, None)  # type: ignore[arg-type]
    assert profile is not None
    (key,) = plan.dimensions[0].order[0].leaves[0].states  # type: ignore[attr-defined]
    state: list[object] = profile.states[key]
    return state


def rows_kept(ledger: list[object]) -> int:
    return len(ledger[0])  # type: ignore[arg-type]


# -- values -------------------------------------------------------------------------------


def test_a_tie_goes_to_the_value_seen_last() -> None:
    frequent = {"most_frequent": f"{V}.category", "is": "tools"}
    assert flips(frequent, [did(0, V, category="garden"), did(1, V, category="tools")]) == [1]
    assert flips(frequent, [did(0, V, category="tools"), did(1, V, category="garden")]) == [0, 1]


def test_a_tie_at_one_instant_goes_to_the_later_in_the_log() -> None:
    frequent = {"most_frequent": f"{V}.category", "is": "tools"}
    assert flips(frequent, [did(0, V, category="tools"), did(0, V, category="garden")]) == [0, 0]


def test_the_most_frequent_changes_when_one_ages_out() -> None:
    frequent = {"most_frequent": f"{V}.category", "within": "10s", "is": "tools"}
    views = [did(0, V, category="garden"), did(1, V, category="garden"), did(2, V, category="tools")]
    assert flips(frequent, views, 99) == [10, 12]


def test_a_property_missing_on_the_last_event_is_missing() -> None:
    views = [did(0, V, category="garden"), did(1, V)]
    assert flips({"last_value": f"{V}.category", "is": "garden"}, views) == [0, 1]
    assert flips({"last_value": f"{V}.category", "is_not": "garden"}, views) == [1]
    assert flips({"first_value": f"{V}.category", "is": "garden"}, views) == [0]


def test_the_first_in_the_window_moves_on_as_older_ones_age_out() -> None:
    first = {"first_value": f"{V}.category", "within": "10s", "is": "tools"}
    views = [did(0, V, category="garden"), did(3, V, category="tools")]
    assert flips(first, views, 99) == [10, 13]


def test_a_late_event_may_be_the_first_and_the_last_stays() -> None:
    views = [did(5, V, category="garden"), did(6, V, category="tools", occurred=1)]
    assert flips({"first_value": f"{V}.category", "is": "tools"}, views) == [6]
    assert flips({"last_value": f"{V}.category", "is": "tools"}, views) == []


def test_an_order_that_never_was_is_not_the_first() -> None:
    records = [
        did(0, B, order_id="a", amount=5, category="garden"),
        did(1, B, order_id="b", amount=5, category="tools"),
        did(2, "order_cancelled", order_id="a"),
    ]
    assert flips({"first_value": f"{B}.category", "is": "tools"}, records) == [2]


def test_money_values_compare_in_the_currency() -> None:
    assert flips({"last_value": f"{B}.amount", "is": 10}, ONE) == [0]
    assert flips({"last_value": f"{B}.amount", "between": [9.5, 10]}, ONE) == [0]


@pytest.mark.parametrize(
    "condition",
    [
        {"last_value": f"{B}.amount", "is": "10"},
        {"did": B, "where": {"amount": ["9", "10.00"]}},
        {"did": V, "where": {"seconds": "2.5"}},
        {"last_event": V, "has": {"seconds": {"is_not": "2.6"}}},
    ],
)
def test_a_quoted_number_is_a_number_where_numbers_are_declared(condition: dict[str, object]) -> None:
    found, _ = play(plan_with(audience(condition)), [*ONE, did(0, V, seconds=2.5)], None)
    assert len(found) == 1


def test_distinct_counts_unlike_types_apart_and_equal_numbers_as_one() -> None:
    views = [did(0, V, category=value, event_id=str(number)) for number, value in enumerate([1, 1.0, "1", True])]
    assert flips({"distinct": f"{V}.category", "exactly": 3}, views) == [0]


def test_distinct_falls_when_the_newest_of_a_value_ages_out() -> None:
    views = [did(0, V, category="garden"), did(2, V, category="tools"), did(5, V, category="garden")]
    assert flips({"distinct": f"{V}.category", "within": "10s", "at_least": 2}, views, 99) == [2, 12]


def test_distinct_of_what_is_older() -> None:
    views = [did(0, V, category="garden"), did(2, V, category="tools"), did(5, V, category="garden")]
    assert flips({"distinct": f"{V}.category", "older_than": "4s", "at_least": 2}, views, 99) == [6]


# -- share and last_event -----------------------------------------------------------------


def test_a_share_needs_so_many_events() -> None:
    share = {"share": V, "where": {"category": "garden"}, "at_least": 0.5, "of_at_least": 2}
    assert flips(share, [did(0, V, category="garden"), did(1, V), did(2, V)]) == [1, 2]


def test_a_share_is_exact() -> None:
    views = [did(second, V, category="garden" if second < 1 else "tools") for second in range(3)]
    assert flips({"share": V, "where": {"category": "garden"}, "at_least": "0.3333333333333333"}, views) == [0]
    assert flips({"share": V, "where": {"category": "garden"}, "at_least": "0.33333333333333334"}, views) == [0, 2]


def test_a_share_rises_and_falls_as_events_age_out() -> None:
    share = {"share": V, "where": {"category": "garden"}, "within": "10s", "above": 0.5}
    assert flips(share, [did(0, V), did(3, V, category="garden"), did(5, V)], 99) == []
    assert flips(share, [did(0, V), did(3, V, category="garden")], 99) == [10, 13]


def test_a_refund_moves_the_share_of_large_orders() -> None:
    share = {"share": B, "where": {"amount": {"at_least": 10}}, "above": 0.5}
    records = [did(0, B, order_id="a", amount=12), did(5, "order_refunded", order_id="a", amount=3)]
    assert flips(share, records) == [0, 5]


BOUNCED = {"last_event": "message_sent", "where": {"channel": "email"}, "has": {"status": "bounced"}}


def test_the_last_event_is_the_last_that_matches_where() -> None:
    sent = [
        did(0, "message_sent", channel="email", status="bounced"),
        did(1, "message_sent", channel="push", status="sent"),
        did(2, "message_sent", channel="email", status="sent"),
    ]
    assert flips(BOUNCED, sent) == [0, 2]


def test_of_equal_instants_the_later_in_the_log_is_the_last_event() -> None:
    bounced, sent = ({"channel": "email", "status": status} for status in ("bounced", "sent"))
    assert flips(BOUNCED, [did(0, "message_sent", **sent), did(0, "message_sent", **bounced)]) == [0]
    assert flips(BOUNCED, [did(0, "message_sent", **bounced), did(0, "message_sent", **sent)]) == [0, 0]


def test_a_late_event_is_not_the_last() -> None:
    bounced = {"channel": "email", "status": "bounced"}
    sent = did(3, "message_sent", channel="email", status="sent")
    assert flips(BOUNCED, [sent, did(5, "message_sent", occurred=1, **bounced)]) == []


def test_has_is_false_without_an_event_is_not_included() -> None:
    assert flips({"last_event": "message_sent", "has": {"status": {"is_not": "sent"}}}, ONE) == []


def test_the_last_of_orders_and_other_events_goes_by_the_log() -> None:
    last = {"last_event": "order_*", "has": {"amount": {"at_least": 10}}}
    order = did(0, B, order_id="a", amount=12)
    refund = did(0, "order_refunded", order_id="b", amount=3)
    assert flips(last, [refund, order]) == [0]
    assert flips(last, [order, refund]) == [0, 0]
    back = [order, did(0, "order_refunded", order_id="z", amount=20), did(4, "order_refunded", order_id="a", amount=1)]
    assert flips(last, back) == [0, 4]


def test_evidence_shows_fractions_as_json_numbers() -> None:
    plan = plan_with(audience({"average": f"{B}.amount", "at_least": 1}))
    records = [did(0, B, order_id=str(number), amount=amount) for number, amount in enumerate([1, 1, 2])]
    _, profile = play(plan, records, None)
    assert profile is not None
    assert plan.dimensions[0].order[0].leaves[0].value(profile, at_ms(1)) == float(Fraction(400, 3))
