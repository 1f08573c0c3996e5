"""Meanings 8 to 17 of the rule language, about who and what counts: one test for each sentence, beside the oracle."""

from __future__ import annotations

from typing import Any

import pytest

from stream.errors import InputError, RuleError
from stream.wire.event import decode_event
from tests.core.agreement import as_bytes
from tests.core.side_by_side import agree, flips, plan_with
from tests.oracle import Rec
from tests.oracle.story import audience, did, order, refund, told

VIEW = "product_viewed"
FIGURES: list[dict[str, Any]] = [
    {"sum": "order_placed.amount"},
    {"average": "order_placed.amount"},
    {"smallest": "order_placed.amount"},
    {"largest": "order_placed.amount"},
    {"share": "order_placed", "where": {"coupon": "TEN"}},
    {"score": "churn_probability"},
]
VALUES = ["first_value", "last_value", "most_frequent"]


def word(condition: dict[str, Any]) -> str:
    return next(iter(condition))


def plan_told(second: float, value: Any, occurred: float | None = None) -> Rec:
    """Return a record that tells the plan."""
    return told(second, occurred, traits={"plan": value})


@pytest.mark.parametrize(
    "record",
    [
        did(1),
        plan_told(1, "family"),
        told(1, lists={"openings": "added"}),
        told(1, consents={"email": "given"}),
    ],
    ids=["behaviour", "trait", "list", "consent"],
)
def test_meaning_08_known_is_who_has_an_accepted_record_of_any_kind(record: Rec) -> None:
    assert flips({"everyone": True}, [record]) == [1]


def test_meaning_08_a_record_that_is_not_accepted_makes_nobody_known() -> None:
    assert flips({"everyone": True}, [did(1, "no_such_event"), did(5)]) == [5]


@pytest.mark.parametrize(
    "enter",
    [
        {"did": "order_placed", "exactly": 0},
        {"not": {"did": "order_placed"}},
        {"trait": "plan", "none_of": ["family"]},
        {"everyone": True},
    ],
    ids=["zero times", "not", "none_of", "everyone"],
)
def test_meaning_08_what_is_said_of_nothing_is_said_of_known_customers(enter: dict[str, Any]) -> None:
    assert flips(enter, [did(7)]) == [7]


def test_meaning_08_purely_negative_rules_are_allowed() -> None:
    assert plan_with(audience({"all": [{"not": {"did": VIEW}}, {"did_not": "order_placed"}]})).dimensions


def test_meaning_08_a_new_customer_has_done_nothing_within_any_window() -> None:
    assert flips({"did_not": "order_placed", "within": "3650d"}, [did(7)]) == [7]


@pytest.mark.parametrize("count", [{"at_most": 3}, {"below": 1}, {"exactly": 0}], ids=word)
def test_meaning_09_at_most_below_and_exactly_0_include_zero(count: dict[str, Any]) -> None:
    assert flips({"did": "order_placed"} | count, [did(7)]) == [7]


def test_meaning_09_between_includes_both_ends() -> None:
    enter = {"did": VIEW, "between": [2, 3]}
    assert flips(enter, [did(1), did(2), did(3), did(4)]) == [2, 4]


def test_meaning_09_distinct_of_nothing_is_0() -> None:
    assert flips({"distinct": "order_placed.category", "at_most": 0}, [did(7)]) == [7]


def test_meaning_09_points_of_nothing_are_0() -> None:
    lines = {"title": "P", "owner": "o", "add": [{"give": 5, "when": {"did": "order_placed"}}]}
    rules = audience({"points": "p", "exactly": 0}) | {"points/p.yaml": lines}
    assert [one.at for one in agree(rules, [did(7)])] == [did(7).record_time]


@pytest.mark.parametrize("figure", FIGURES, ids=word)
@pytest.mark.parametrize(
    "count", [{"at_least": 0}, {"at_most": 1}, {"above": 0}, {"below": 1}, {"exactly": 0}], ids=word
)
def test_meaning_10_no_comparison_with_a_figure_of_nothing_is_true(
    figure: dict[str, Any], count: dict[str, Any]
) -> None:
    assert flips(figure | count, [did(7)], 60) == []


@pytest.mark.parametrize("figure", [one for one in FIGURES if "share" not in one], ids=word)
@pytest.mark.parametrize("count", [{"above": -1}, {"at_most": 9}, {"below": 9}, {"between": [-1, 1]}], ids=word)
def test_meaning_10_no_value_is_not_zero_either(figure: dict[str, Any], count: dict[str, Any]) -> None:
    """Zero would pass each of these; a share cannot be asked for less than nothing."""
    assert flips(figure | count, [did(7)], 60) == []


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    "compare", [{"is": "garden"}, {"is_not": "garden"}, {"none_of": ["a"]}, {"exists": False}], ids=word
)
def test_meaning_10_no_comparison_with_a_value_of_nothing_is_true_is_not_included(
    value: str, compare: dict[str, Any]
) -> None:
    assert flips({value: "order_placed.category"} | compare, [did(7)], 60) == []


def test_meaning_10_not_sum_at_least_100_includes_those_who_bought_nothing() -> None:
    assert flips({"not": {"sum": "order_placed.amount", "at_least": 100}}, [did(7)], 60) == [7]


def test_meaning_10_sum_below_100_does_not() -> None:
    assert flips({"sum": "order_placed.amount", "below": 100}, [did(7), order(9)], 60) == [9]


def test_meaning_11_two_events_with_different_ids_are_two_events_also_at_the_same_instant() -> None:
    assert flips({"did": VIEW, "at_least": 2}, [did(7, event_id="1"), did(7, event_id="2")]) == [7]
    assert flips({"did": VIEW, "at_least": 2}, [did(7, event_id="1"), did(7, event_id="1")]) == []


def test_meaning_11_any_event_is_any_behaviour_and_not_what_is_told() -> None:
    records = [
        plan_told(1, "a"),
        told(2, lists={"openings": "added"}),
        told(3, consents={"email": "given"}),
        did(4, "message_sent"),
    ]
    assert flips({"did": "any_event"}, records) == [4]


def test_meaning_11_an_event_the_vocabulary_does_not_name_goes_to_the_dead_letters() -> None:
    unknown = did(1, "no_such_event")
    assert flips({"did": "any_event"}, [unknown]) == []
    with pytest.raises(InputError, match="no_such_event") as caught:
        plan_with(audience({"everyone": True})).vocabulary.accept(decode_event(as_bytes(unknown)), unknown.record_time)
    assert caught.value.code == "event_name"


@pytest.mark.parametrize(
    ("event", "found"), [("any_event", [1]), ("no_such_*", None), ("product_*", []), ("product_viewed", [])]
)
def test_meaning_11_kept_unknown_events_are_matched_by_any_event_only(event: str, found: list[float] | None) -> None:
    keep = {"known_events_only": False}
    if found is None:
        with pytest.raises(RuleError, match="rule-name"):
            plan_with(audience({"did": event}, keep))
    else:
        assert flips({"did": event}, [did(1, "product_teased")], vocabulary=keep) == found


def test_meaning_12_all_of_where_must_hold_on_the_same_event() -> None:
    enter = {"did": VIEW, "where": {"category": "garden", "seconds": {"above": 5}}}
    records = [did(1, category="garden", seconds=1), did(2, category="toys", seconds=9)]
    assert flips(enter, [*records, did(3, category="garden", seconds=9)]) == [3]


def test_meaning_12_any_item_is_one_item_on_which_all_of_it_holds() -> None:
    enter = {"did": "order_placed", "where": {"any_item": {"sku": "mug", "quantity": {"at_least": 2}}}}
    apart, together = [{"sku": "mug", "quantity": 1}, {"sku": "cup", "quantity": 5}], [{"sku": "mug", "quantity": 2}]
    assert flips(enter, [order(1, items=apart), order(2, items=together)]) == [2]


@pytest.mark.parametrize("items", [None, []], ids=["missing", "empty"])
def test_meaning_12_without_items_it_is_false_is_not_included(items: Any) -> None:
    enter = {"did": "order_placed", "where": {"any_item": {"sku": {"is_not": "mug"}}}}
    assert flips(enter, [order(1, items=items), order(2, items=[{"sku": "cup"}])]) == [2]


@pytest.mark.parametrize("empty", [None, "", []], ids=["null", "empty text", "empty list"])
def test_meaning_13_missing_is_absent_null_empty_text_or_an_empty_list(empty: Any) -> None:
    enter = {"trait": "interests", "exists": False}
    assert flips(enter, [did(1)]) == [1]
    assert flips(enter, [told(1, traits={"interests": empty})]) == [1]


@pytest.mark.parametrize("empty", [None, "", []], ids=["null", "empty text", "empty list"])
@pytest.mark.parametrize(("trait", "value"), [("plan", "family"), ("interests", ["workshops"])])
def test_meaning_13_setting_null_or_empty_clears_a_trait(trait: str, value: Any, empty: Any) -> None:
    records = [told(1, traits={trait: value}), told(2, traits={trait: empty})]
    assert flips({"trait": trait, "exists": True}, records) == [1, 2]
    assert flips({"trait": trait, "exists": False}, records) == [2]


def test_meaning_13_a_trait_that_a_record_does_not_mention_stays() -> None:
    records = [plan_told(1, "family"), told(2, traits={"visits": 3}), did(3)]
    assert flips({"trait": "plan", "is": "family"}, records, 60) == [1]


def test_meaning_13_traits_beside_behaviour_are_both_applied_and_then_decided_once() -> None:
    record = did(1)
    record.content["traits"] = {"plan": "family"}
    either = {"any": [{"did": VIEW}, {"trait": "plan", "is": "family"}]}
    both = {"all": [{"did": VIEW}, {"trait": "plan", "is": "family"}]}
    one_only = {"all": [either, {"not": both}]}
    assert flips(both, [record]) == [1]
    assert flips(one_only, [record], 60) == []


@pytest.mark.parametrize(
    "compare", [{"is_not": "a"}, {"none_of": ["a"]}, {"exists": False}, {"has_none": ["a"]}], ids=word
)
def test_meaning_14_what_is_missing_satisfies_is_not_none_of_has_none_and_exists_false(compare: dict[str, Any]) -> None:
    name = "interests" if "has_none" in compare else "plan"
    assert flips({"trait": name} | compare, [did(1)]) == [1]


@pytest.mark.parametrize(
    "compare",
    [{"is": "a"}, {"one_of": ["a"]}, {"exists": True}, {"starts_with": "a"}, {"contains": "a"}, {"matches": ".*"}],
    ids=word,
)
def test_meaning_14_and_nothing_else(compare: dict[str, Any]) -> None:
    assert flips({"trait": "plan"} | compare, [did(1)], 60) == []


@pytest.mark.parametrize("compare", [{"at_least": 0}, {"at_most": 9}, {"is": 5}], ids=word)
def test_meaning_14_unlike_types_compare_as_false(compare: dict[str, Any]) -> None:
    records = [told(1, traits={"visits": "many"}), told(2, traits={"visits": True}), told(3, traits={"visits": 5})]
    assert flips({"trait": "visits"} | compare, records) == [3]


def test_meaning_14_a_rule_value_of_the_wrong_type_is_refused_at_load() -> None:
    with pytest.raises(RuleError, match="rule-value"):
        plan_with(audience({"trait": "visits", "at_least": "ten"}))


def test_meaning_14_a_quoted_number_is_a_number() -> None:
    assert flips({"trait": "visits", "at_least": "12"}, [told(1, traits={"visits": 12})]) == [1]


def test_meaning_15_of_two_values_of_a_trait_the_later_occurred_at_wins() -> None:
    assert flips({"trait": "plan", "is": "b"}, [plan_told(1, "a"), plan_told(3, "b", occurred=2)]) == [3]


def test_meaning_15_at_the_same_instant_the_later_in_the_log() -> None:
    assert flips({"trait": "plan", "is": "b"}, [plan_told(1, "a"), plan_told(3, "b", occurred=1)]) == [3]


def test_meaning_15_an_older_value_changes_nothing() -> None:
    assert flips({"trait": "plan", "is": "b"}, [plan_told(2, "a"), plan_told(3, "b", occurred=1)]) == []


def test_meaning_15_the_same_goes_for_consent_list_and_last_event() -> None:
    consents = [told(4, consents={"email": "given"}), told(5, occurred=3, consents={"email": "not_given"})]
    assert flips({"consent": "email"}, consents) == [4]
    lists = [told(4, lists={"openings": "added"}), told(5, occurred=3, lists={"openings": "removed"})]
    assert flips({"in_list": "openings"}, lists) == [4]
    events = [did(4, category="garden"), did(5, occurred=3, category="toys")]
    assert flips({"last_event": VIEW, "has": {"category": "garden"}}, events) == [4]


@pytest.mark.parametrize("is_turned", [False, True], ids=["first so, then not", "first not, then so"])
def test_meaning_15_the_same_goes_at_the_same_instant_for_consent_list_and_last_event(is_turned: bool) -> None:
    """Both are of second 3 and come at 4 and 5: the later in the log wins, whichever it says."""

    def found(enter: dict[str, Any], name: str, yes: Any, no: Any) -> list[float]:
        said = (no, yes) if is_turned else (yes, no)
        return flips(enter, [told(at, occurred=3, **{name: one}) for at, one in zip((4, 5), said, strict=True)])

    wanted = [5] if is_turned else [4, 5]
    assert found({"consent": "email"}, "consents", {"email": "given"}, {"email": "not_given"}) == wanted
    assert found({"in_list": "openings"}, "lists", {"openings": "added"}, {"openings": "removed"}) == wanted
    categories = ["toys", "garden"] if is_turned else ["garden", "toys"]
    events = [did(at, occurred=3, category=one) for at, one in zip((4, 5), categories, strict=True)]
    assert flips({"last_event": VIEW, "has": {"category": "garden"}}, events) == wanted


def test_meaning_16_a_tie_of_most_frequent_goes_to_the_one_seen_last() -> None:
    records = [did(1, category="garden"), did(2, category="toys"), did(3, category="garden"), did(4, category="toys")]
    assert flips({"most_frequent": f"{VIEW}.category", "is": "toys"}, records) == [2, 3, 4]


@pytest.mark.parametrize(("value", "found"), [("first_value", [1]), ("last_value", [1, 2, 3])])
def test_meaning_16_first_and_last_value_read_the_first_and_last_matching_event(value: str, found: list[float]) -> None:
    records = [did(1, category="garden"), did(2, category="toys"), did(3, category="garden")]
    assert flips({value: f"{VIEW}.category", "is": "garden"}, records) == found


def test_meaning_16_a_property_missing_there_is_missing() -> None:
    enter = {"last_value": f"{VIEW}.category", "exists": False}
    assert flips(enter, [did(1, category="garden"), did(2)]) == [2]


def test_meaning_16_money_compares_in_the_base_currency() -> None:
    """No rate for another currency is known: an order in yen counts as nothing, it is a dead letter."""
    enter = {"sum": "order_placed.amount", "at_least": 100}
    records = [order(1, 100, currency="JPY"), order(2, 60, currency="EUR"), order(3, 40)]
    assert flips(enter, records) == [3]
    assert flips({"did": "order_placed"}, records) == [2]


@pytest.mark.parametrize("currency", [None, "", []], ids=["null", "empty text", "empty list"])
def test_meaning_16_a_currency_that_is_missing_is_the_base_one(currency: Any) -> None:
    assert flips({"did": "order_placed"}, [order(1, 100, currency=currency)]) == [1]


def test_meaning_16_money_compares_exactly_in_minor_units() -> None:
    ten_times = [order(n, "0.10") for n in range(1, 11)]
    assert flips({"sum": "order_placed.amount", "exactly": 1}, ten_times) == [10]


def test_meaning_17_a_refund_makes_its_order_smaller_as_of_the_orders_own_date() -> None:
    enter = {"sum": "order_placed.amount", "within": "10s", "at_least": 50}
    assert flips(enter, [order(1, 80, "a"), refund(5, "a", 30)], 60) == [1, 11]
    assert flips(enter, [order(1, 80, "a"), refund(5, "a", 30.01)], 60) == [1, 5]


@pytest.mark.parametrize(
    "enter",
    [
        {"did": "order_placed"},
        {"first_time": "order_placed", "within": "99d"},
        {"last_event": "order_placed", "has": {"category": "toys"}},
        {"sequence": [VIEW, "order_placed"]},
    ],
    ids=["counted", "first", "last", "a step"],
)
@pytest.mark.parametrize(
    "back",
    [refund(6, "a", 80), refund(6, "a"), did(6, "order_cancelled", order_id="a")],
    ids=["rest", "all", "cancelled"],
)
def test_meaning_17_an_order_of_which_nothing_is_left_never_was(enter: dict[str, Any], back: Rec) -> None:
    assert flips(enter, [did(1), order(5, 80, "a", category="toys"), back], 60) == [5, 6]


def test_meaning_17_a_refund_that_comes_before_its_order_waits_for_it() -> None:
    enter = {"sum": "order_placed.amount", "at_least": 50}
    assert flips(enter, [refund(1, "a", 31), order(5, 80, "a"), order(9, 1, "b")]) == [9]
