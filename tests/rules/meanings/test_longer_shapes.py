"""Meanings 18 to 27 of the rule language, the longer shapes: one test for each sentence, engine beside oracle."""

from __future__ import annotations

from typing import Any

import pytest

from stream.core.lottery import place
from stream.errors import RuleError
from tests.core.side_by_side import agree, changes, flips, plan_with, played
from tests.oracle import Rec
from tests.oracle.story import DAY_S, VOCABULARY, audience, did, dimension, order, refund, told

VIEW, CART = "product_viewed", "cart_updated"


def cart(second: float, cart_id: str | None = None) -> Rec:
    """Return a cart."""
    return did(second, CART) if cart_id is None else did(second, CART, cart_id=cart_id)


def first_then(*steps: Any, **parts: Any) -> dict[str, Any]:
    """Return a sequence."""
    return {"sequence": list(steps), **parts}


def quiet_after(step: Any, span: str, **parts: Any) -> dict[str, Any]:
    """Return a sequence that ends with no order for so long."""
    return first_then(step, {"did_not": "order_placed", "for": span}, **parts)


def test_meaning_18_first_time_is_the_earliest_event_in_life_that_matches_where() -> None:
    enter = {"first_time": VIEW, "where": {"category": "garden"}, "within": "10s"}
    assert flips(enter, [did(1, category="toys"), did(5, category="garden")], 60) == [5, 15]


def test_meaning_18_true_until_within_after_it_and_never_again() -> None:
    assert flips({"first_time": VIEW, "within": "10s"}, [did(1), did(5), did(30)], 60) == [1, 11]


def test_meaning_19_stopped_is_from_quiet_for_to_did_within_after_the_newest_event() -> None:
    assert flips({"stopped": VIEW, "did_within": "9s", "quiet_for": "4s"}, [did(1), did(3)], 60) == [7, 12]


@pytest.mark.parametrize("quiet", ["9s", "10s"])
def test_meaning_19_quiet_for_must_be_shorter(quiet: str) -> None:
    with pytest.raises(RuleError, match="rule-windows"):
        plan_with(audience({"stopped": VIEW, "did_within": "9s", "quiet_for": quiet}))


def test_meaning_20_restarted_is_an_event_within_again_within_so_long_after_its_predecessor() -> None:
    enter = {"restarted": VIEW, "quiet_for": "10s", "again_within": "5s"}
    assert flips(enter, [did(1), did(11)], 60) == [11, 16]
    assert flips(enter, [did(1), did(10.999)], 60) == []


def test_meaning_20_there_must_be_a_predecessor() -> None:
    assert flips({"restarted": VIEW, "quiet_for": "10s", "again_within": "5s"}, [did(30)], 60) == []


def test_meaning_20_again_within_must_not_be_longer_than_quiet_for() -> None:
    assert plan_with(audience({"restarted": VIEW, "quiet_for": "10s", "again_within": "10s"})).dimensions
    with pytest.raises(RuleError, match="rule-windows"):
        plan_with(audience({"restarted": VIEW, "quiet_for": "10s", "again_within": "11s"}))


def test_meaning_21_periods_are_counted_back_from_now_the_newest_is_the_last_every() -> None:
    enter = {"regularly": VIEW, "at_least": 1, "every": "10s", "in_at_least": 2, "of_last": 2}
    assert flips(enter, [did(1), did(12)], 60) == [12, 21]
    assert flips(enter, [did(1), did(9)], 60) == [11, 19]  # at 11 the first is in the period before


def test_meaning_21_true_if_enough_of_the_periods_hold_enough_events() -> None:
    enter = {"regularly": VIEW, "at_least": 2, "every": "10s", "in_at_least": 2, "of_last": 3}
    assert flips(enter, [did(1), did(2), did(22), did(23)], 60) == [23, 31]
    assert flips(enter, [did(1), did(2), did(22)], 60) == []


def test_meaning_22_steps_are_different_events_each_not_earlier_than_the_one_before() -> None:
    assert flips(first_then(VIEW, VIEW), [did(1)], 60) == []
    assert flips(first_then(VIEW, CART), [cart(1), did(2)], 60) == []
    assert flips(first_then(VIEW, CART), [did(1), cart(2)], 60) == [2]


@pytest.mark.parametrize("is_turned", [False, True])
def test_meaning_22_the_same_instant_will_do(is_turned: bool) -> None:
    records = [did(1), cart(1)]
    assert flips(first_then(VIEW, CART), records[::-1] if is_turned else records, 60) == [1]


def test_meaning_22_others_may_lie_between() -> None:
    assert flips(first_then(VIEW, CART), [did(1), did(2, "message_sent"), cart(3)], 60) == [3]


def test_meaning_22_each_is_less_than_max_gap_after_the_one_before() -> None:
    enter = first_then(VIEW, {"did": CART, "max_gap": "5s"})
    assert flips(enter, [did(1), cart(6)], 60) == []
    assert flips(enter, [did(1), cart(5.999)], 60) == [5.999]


def test_meaning_22_all_of_them_lie_inside_within() -> None:
    assert flips(first_then(VIEW, CART, within="10s"), [did(1), cart(9)], 60) == [9, 11]


def test_meaning_22_true_if_there_is_such_a_choice() -> None:
    """The newest view has no cart after it; the one before does."""
    assert flips(first_then(VIEW, CART), [did(1), cart(2), did(3)], 60) == [2]


def test_meaning_22_occurred_at_decides_not_arrival() -> None:
    assert flips(first_then(VIEW, CART), [cart(2), did(3, occurred=1)], 60) == [3]
    assert flips(first_then(VIEW, CART), [did(2), did(3, CART, occurred=1)], 60) == []


def test_meaning_23_silence_is_true_from_exactly_a_plus_t() -> None:
    assert flips(quiet_after(VIEW, "3s"), [did(1)], 60) == [4]


def test_meaning_23_no_b_at_or_after_a() -> None:
    assert flips(quiet_after(VIEW, "3s"), [did(1), order(1)], 60) == []
    assert flips(quiet_after(VIEW, "3s"), [order(0.999), did(1)], 60) == [4]


def test_meaning_23_until_a_b_comes() -> None:
    assert flips(quiet_after(VIEW, "3s"), [did(1), order(9)], 60) == [4, 9]


def test_meaning_23_or_until_the_sequences_own_within_runs_out() -> None:
    assert flips(quiet_after(VIEW, "3s", within="20s"), [did(1)], 60) == [4, 21]


def test_meaning_23_more_of_the_same_step_do_not_restart_it() -> None:
    assert flips(quiet_after(VIEW, "3s"), [did(1), did(3)], 60) == [4]


def test_meaning_23_a_did_not_beside_the_sequence_does() -> None:
    enter = {"all": [quiet_after(VIEW, "3s"), {"did_not": VIEW, "within": "3s"}]}
    assert flips(enter, [did(1), did(3)], 60) == [6]


def test_meaning_24_the_events_must_carry_the_same_value() -> None:
    enter = first_then(CART, "order_placed", per="cart_id")
    assert flips(enter, [cart(1, "x"), order(2, cart_id="y")], 60) == []
    assert flips(enter, [cart(1, "x"), order(2, cart_id="x")], 60) == [2]


def test_meaning_24_each_value_is_followed_by_itself() -> None:
    """What happens to y does not touch x."""
    records = [cart(1, "x"), cart(2, "y"), order(3, cart_id="y")]
    assert flips(quiet_after(CART, "5s", per="cart_id"), records, 60) == [6]


def test_meaning_24_events_without_it_take_no_part() -> None:
    assert flips(quiet_after(CART, "5s", per="cart_id"), [cart(1)], 60) == []
    assert flips(quiet_after(CART, "5s", per="cart_id"), [cart(1, "x"), order(3)], 60) == [6]


def test_meaning_24_true_if_true_for_at_least_one_value_and_the_evidence_names_the_values() -> None:
    enter = {"did": CART, "per": "cart_id", "at_least": 2}
    found = played(audience(enter), [cart(1, "x"), cart(2, "y"), cart(3, "y")], None)[1]
    assert [value for one in found for each in one.evidence for value in each.value] == ["y"]


def test_meaning_24_a_second_value_while_true_is_no_new_entry() -> None:
    enter = {"did": CART, "per": "cart_id", "at_least": 2, "within": "10s"}
    assert flips(enter, [cart(1, "x"), cart(2, "x"), cart(6, "y"), cart(7, "y")], 60) == [2, 16]


def test_meaning_25_for_on_a_trait_is_so_long_without_a_break_by_occurred_at() -> None:
    enter = {"trait": "plan", "is": "family", "for": "10s"}
    assert flips(enter, [told(5, occurred=1, traits={"plan": "family"})], 60) == [11]
    records = [told(1, traits={"plan": "family"}), told(4, traits={"plan": "a"}), told(5, traits={"plan": "family"})]
    assert flips(enter, records, 60) == [15]


def test_meaning_25_repeating_the_value_does_not_restart_it() -> None:
    records = [told(1, traits={"plan": "family"}), told(6, traits={"plan": "family"})]
    assert flips({"trait": "plan", "is": "family", "for": "10s"}, records, 60) == [11]


def test_meaning_25_for_on_a_segment_or_list_counts_since_the_customer_entered_it() -> None:
    assert flips({"in_list": "openings", "for": "10s"}, [told(1, lists={"openings": "added"})], 60) == [11]
    rules = audience({"in_segment": "d.a", "for": "10s"}) | dimension({"a": {"enter": {"did": VIEW}}})
    entered = [one for one in agree(rules, [did(1)], did(60).record_time) if one.dimension == "audiences.x"]
    assert [one.at for one in entered] == [did(11).record_time]


def test_meaning_25_for_less_than_is_the_rest() -> None:
    enter = {"trait": "plan", "is": "family", "for_less_than": "10s"}
    assert flips(enter, [told(1, traits={"plan": "family"})], 60) == [1, 11]


def test_meaning_25_for_less_than_on_a_segment_is_the_rest() -> None:
    rules = audience({"in_segment": "d.a", "for_less_than": "10s"}) | dimension({"a": {"enter": {"did": VIEW}}})
    found = [one for one in agree(rules, [did(1)], did(60).record_time) if one.dimension == "audiences.x"]
    assert [(one.at, one.entered) for one in found] == [(did(1).record_time, "x"), (did(11).record_time, "")]


def test_meaning_25_the_rest_of_a_list_is_said_with_not() -> None:
    """`in_list` takes `for` alone; on it and not for so long yet is the same question."""
    records = [told(1, lists={"openings": "added"})]
    with pytest.raises(RuleError, match="rule-key"):
        plan_with(audience({"in_list": "openings", "for_less_than": "10s"}))
    rest = {"all": [{"in_list": "openings"}, {"not": {"in_list": "openings", "for": "10s"}}]}
    assert flips(rest, records, 60) == [1, 11]


def test_meaning_25_all_start_at_the_exact_instant() -> None:
    records = [told(1.001, traits={"plan": "family"})]
    assert flips({"trait": "plan", "is": "family", "for": "10s"}, records, 60) == [11.001]


def test_meaning_26_a_personal_gap_is_set_by_the_customers_orders() -> None:
    """The mean of all is 30 days and counts like two gaps: (60 + 9) / 3 = 23 days after a second order."""
    enter = {"did_not": "order_placed", "within": {"personal_gaps": 1, "at_least": "1d"}}
    assert flips(enter, [order(0)], 99 * DAY_S) == [30 * DAY_S]
    assert flips(enter, [order(0), order(9 * DAY_S)], 99 * DAY_S) == [32 * DAY_S]
    taken_back = [order(0), order(9 * DAY_S, 10, "b"), refund(9 * DAY_S + 1, "b")]
    assert flips(enter, taken_back, 99 * DAY_S) == [30 * DAY_S]


def test_meaning_26_and_by_the_published_mean_of_all_customers() -> None:
    """It stands in the vocabulary, which is published with the rules; without one it is that of the year of orders."""
    enter = {"did_not": "order_placed", "within": {"personal_gaps": 1, "at_least": "1d"}}
    records = [order(0), order(9 * DAY_S)]
    for mean_d, gap_d in ((30, 23), (15, 13), (60, 43)):
        found = flips(enter, records, 99 * DAY_S, vocabulary={"personal_gap_mean": f"{mean_d}d"})
        assert found == [(9 + gap_d) * DAY_S]
    rules = audience(enter)
    rules["vocabulary.yaml"] = {word: one for word, one in VOCABULARY.items() if word != "personal_gap_mean"}
    assert [second for second, _, _ in changes(rules, [order(0)], 99 * DAY_S)] == [3_944_756]


def test_meaning_26_between_orders_it_is_constant_so_it_is_an_exact_timer() -> None:
    enter = {"did_not": "order_placed", "within": {"personal_gaps": 0.5, "at_least": "1d"}}
    looks = [did(day * DAY_S) for day in range(1, 40)]
    assert flips(enter, [order(0), *looks], 99 * DAY_S) == [15 * DAY_S]


def test_meaning_26_it_is_never_shorter_than_its_floor() -> None:
    enter = {"did_not": "order_placed", "within": {"personal_gaps": 0.1, "at_least": "20d"}}
    assert flips(enter, [order(0)], 99 * DAY_S) == [20 * DAY_S]


def test_meaning_27_a_bucket_is_a_stable_hash_of_the_name_and_the_customer() -> None:
    assert place("a", "c-1") == place("a", "c-1")
    assert len({place("a", f"c-{number}") for number in range(99)}) > 50
    assert place("a", "c-1") != place("b", "c-1")


@pytest.mark.parametrize(("where", "is_in"), [(29, False), (30, True), (49, True), (50, False)])
def test_meaning_27_percent_20_starting_at_30_takes_30_up_to_not_including_50(where: int, is_in: bool) -> None:
    enter = {"bucket": "t", "percent": 20, "starting_at": 30}
    assert flips(enter, [did(1)], 60, given={"bucket": {"t": where}}) == ([1] if is_in else [])
