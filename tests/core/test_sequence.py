"""Sequences: greedy traps, equal instants, arrival against time, silent ends, values apart, and the caps."""

from __future__ import annotations

from itertools import pairwise, permutations, product

from hypothesis import given
from hypothesis import strategies as st

from stream.core.profile import NEVER
from stream.core.sequence import Shape, chains, verdict
from tests.core.agreement import play
from tests.core.side_by_side import flips, plan_with
from tests.oracle.story import at_ms, audience, did

A, B, C = "cart_updated", "order_placed", "product_viewed"


def then(*steps: object, **parts: object) -> dict[str, object]:
    return {"sequence": list(steps), **parts}


# -- choices ------------------------------------------------------------------------------


def test_first_this_then_that() -> None:
    assert flips(then(A, B), [did(0, A), did(5, B)], 99) == [5]


def test_that_and_then_this_is_not_it() -> None:
    assert flips(then(A, B), [did(0, B), did(5, A)], 99) == []


def test_others_may_lie_between() -> None:
    assert flips(then(A, B), [did(0, A), did(1, C), did(2, C), did(5, B)], 99) == [5]


def test_all_steps_lie_inside_within_which_ends_by_the_first_of_them() -> None:
    assert flips(then(A, B, within="10s"), [did(0, A), did(9, B)], 99) == [9, 10]


def test_a_last_step_exactly_when_within_is_over_is_too_late() -> None:
    assert flips(then(A, B, within="10s"), [did(0, A), did(10, B)], 99) == []


def test_the_first_a_is_too_old_while_a_newer_one_fits() -> None:
    assert flips(then(A, B, within="10s"), [did(0, A), did(8, A), did(12, B)], 99) == [12, 18]


def test_the_newest_a_leaves_no_room_for_b_but_an_older_one_does() -> None:
    steps = then(A, C, B)
    assert flips(steps, [did(0, A), did(1, C), did(2, A), did(3, B)], 99) == [3]


def test_the_newest_middle_step_is_too_far_from_its_start_but_an_older_one_is_not() -> None:
    steps = then(A, {"did": C, "max_gap": "3s"}, {"did": B, "max_gap": "6s"})
    assert flips(steps, [did(0, A), did(2, C), did(4, C), did(7, B)], 99) == [7]


def test_an_early_middle_step_is_too_far_from_the_end_but_a_later_one_is_not() -> None:
    steps = then(A, C, {"did": B, "max_gap": "3s"})
    assert flips(steps, [did(0, A), did(1, C), did(5, C), did(7, B)], 99) == [7]


def test_max_gap_is_half_open() -> None:
    steps = then(A, {"did": B, "max_gap": "5s"})
    assert flips(steps, [did(0, A), did(5, B)], 99) == []
    assert flips(steps, [did(0, A), did(4.999, B)], 99) == [4.999]


def test_of_two_choices_the_one_that_begins_later_holds_longer() -> None:
    assert flips(then(A, B, within="10s"), [did(0, A), did(1, B), did(4, A), did(5, B)], 99) == [1, 14]


def test_where_is_asked_of_each_step() -> None:
    steps = then({"did": A, "where": {"value": {"above": 20}}}, B)
    assert flips(steps, [did(0, A, value=20), did(1, B), did(2, A, value=21), did(3, B)], 99) == [3]


# -- equal instants -----------------------------------------------------------------------


def test_equal_instants_do_in_both_orders_of_the_log() -> None:
    assert flips(then(A, B), [did(3, A), did(3, B)], 99) == [3]
    assert flips(then(A, B), [did(3, B), did(3, A)], 99) == [3]


def test_one_event_is_not_two_steps() -> None:
    assert flips(then(A, A), [did(0, A)], 99) == []
    assert flips(then("any_event", A), [did(0, A)], 99) == []


def test_two_events_of_one_instant_are_two_steps_whichever_fits_which() -> None:
    steps = then("any_event", A)
    assert flips(steps, [did(0, A), did(0, C)], 99) == [0]
    assert flips(steps, [did(0, C), did(0, A)], 99) == [0]


# -- arrival ------------------------------------------------------------------------------


def test_b_arrives_before_a_but_is_stamped_later() -> None:
    assert flips(then(A, B), [did(5, B), did(9, A, occurred=2)], 99) == [9]


def test_b_arrives_after_a_but_is_stamped_earlier() -> None:
    assert flips(then(A, B), [did(5, A), did(9, B, occurred=2)], 99) == []


def test_a_refunded_order_was_no_step() -> None:
    records = [did(0, A), did(2, B, order_id="o", amount=10), did(6, "order_refunded", order_id="o")]
    assert flips(then(A, B), records, 99) == [2, 6]


def test_an_order_made_smaller_no_longer_fits_its_step() -> None:
    steps = then(A, {"did": B, "where": {"amount": {"at_least": 10}}})
    records = [did(0, A), did(2, B, order_id="o", amount=12), did(6, "order_refunded", order_id="o", amount=3)]
    assert flips(steps, records, 99) == [2, 6]


# -- silent ends --------------------------------------------------------------------------

SILENT = {"did_not": B, "for": "3s"}


def test_silence_counts_from_exactly_so_long_after_the_step_before() -> None:
    assert flips(then(A, SILENT), [did(0, A)], 99) == [3]


def test_an_answer_exactly_when_the_silence_is_over_is_in_time() -> None:
    assert flips(then(A, SILENT), [did(0, A), did(3, B)], 99) == []
    assert flips(then(A, SILENT), [did(0, A), did(3.001, B)], 99) == [3, 3.001]


def test_an_answer_at_the_instant_of_the_step_ends_it_in_both_orders_of_the_log() -> None:
    assert flips(then(A, SILENT), [did(0, A), did(0, B)], 99) == []
    assert flips(then(A, SILENT), [did(0, B), did(0, A)], 99) == []


def test_more_of_the_same_step_does_not_restart_the_silence() -> None:
    assert flips(then(A, SILENT, within="9s"), [did(0, A), did(2, A)], 99) == [3, 11]


def test_a_later_step_begins_again_after_an_answer() -> None:
    assert flips(then(A, SILENT), [did(0, A), did(1, B), did(5, A)], 99) == [8]


def test_the_sequence_ends_when_its_own_within_runs_out() -> None:
    assert flips(then(A, SILENT, within="5s"), [did(0, A)], 99) == [3, 5]


def test_two_silences_with_a_gap_between_them() -> None:
    assert flips(then(A, SILENT, within="5s"), [did(0, A), did(4, A)], 99) == [3, 5, 7, 9]


def test_an_older_start_ends_sooner_and_a_newer_one_goes_on_without_a_break() -> None:
    steps = then(C, A, SILENT, within="6s")
    assert flips(steps, [did(0, C), did(1, A), did(3, C), did(4, A)], 99) == [4, 6, 7, 9]
    assert flips(steps, [did(0, C), did(1, A), did(2, C), did(3, A)], 99) == [4, 8]


def test_an_answer_that_comes_late_lowers_the_truth() -> None:
    assert flips(then(A, SILENT), [did(0, A), did(7, B, occurred=1)], 99) == [3, 7]


def test_an_answer_stamped_before_the_step_is_none() -> None:
    assert flips(then(A, SILENT), [did(2, A), did(7, B, occurred=1)], 99) == [5]


def test_an_order_that_never_was_is_not_what_ended_the_cart() -> None:
    records = [did(0, A), did(1, B, order_id="o", amount=10), did(6, "order_cancelled", order_id="o")]
    assert flips(then(A, SILENT), records, 99) == [6]


def test_the_step_itself_is_not_its_own_answer_but_another_like_it_is() -> None:
    steps = then(A, {"did_not": A, "for": "3s"})
    assert flips(steps, [did(0, A)], 99) == [3]
    assert flips(steps, [did(0, A, event_id="1"), did(0, A, event_id="2")], 99) == []
    assert flips(steps, [did(0, A), did(2, A)], 99) == [5]


# -- values apart -------------------------------------------------------------------------


def test_each_value_is_followed_by_itself() -> None:
    steps = then(A, B, per="cart_id")
    assert flips(steps, [did(0, A, cart_id="k1"), did(1, B, cart_id="k2")], 99) == []
    assert flips(steps, [did(0, A, cart_id="k1"), did(1, B, cart_id="k1")], 99) == [1]


def test_events_without_the_value_take_no_part() -> None:
    steps = then(A, SILENT, per="cart_id")
    assert flips(steps, [did(0, A)], 99) == []
    assert flips(steps, [did(0, A, cart_id="")], 99) == []
    assert flips(steps, [did(0, A, cart_id="k1"), did(1, B)], 99) == [3]


def test_a_second_value_while_true_is_no_new_entry() -> None:
    steps = then(A, SILENT, per="cart_id", within="6s")
    assert flips(steps, [did(0, A, cart_id="k1"), did(2, A, cart_id="k2")], 99) == [3, 8]


def test_one_value_is_answered_and_the_other_goes_on() -> None:
    steps = then(A, SILENT, per="cart_id")
    records = [did(0, A, cart_id="k1"), did(1, A, cart_id="k2"), did(5, B, cart_id="k1"), did(6, B, cart_id="k2")]
    assert flips(steps, records, 99) == [3, 6]


def test_values_of_unlike_types_are_different_values() -> None:
    steps = then(A, B, per="cart_id")
    assert flips(steps, [did(0, A, cart_id=1), did(1, B, cart_id="1")], 99) == []
    assert flips(steps, [did(0, A, cart_id=1), did(1, B, cart_id=1.0)], 99) == [1]
    assert flips(steps, [did(0, A, cart_id=1), did(1, B, cart_id=True)], 99) == []


def test_the_evidence_names_the_values() -> None:
    plan = plan_with(audience(then(A, SILENT, per="cart_id")))
    records = [did(0, A, cart_id="k1"), did(0, A, cart_id="k2"), did(1, B, cart_id="k1"), did(2, A, cart_id="k3")]
    _, profile = play(plan, records, at_ms(9))
    assert profile is not None
    assert plan.dimensions[0].order[0].leaves[0].value(profile, at_ms(9)) == ["k2", "k3"]


# -- caps ---------------------------------------------------------------------------------


def test_beyond_256_values_the_one_not_seen_for_longest_is_forgotten_and_the_customer_marked() -> None:
    plan = plan_with(audience(then(A, C, per="cart_id"), {"events": with_cart_on_views()}))
    carts = [did(second, A, cart_id=f"k{second}") for second in range(257)]
    leaf = plan.dimensions[0].order[0].leaves[0]
    _, full = play(plan, carts[:256], None)
    assert full is not None
    assert not leaf.is_inexact(full)
    found, profile = play(plan, [*carts, did(300, C, cart_id="k0")], None)
    assert profile is not None
    assert leaf.is_inexact(profile)
    assert found == []
    assert len(play(plan, [*carts, did(300, C, cart_id="k1")], None)[0]) == 1


def test_values_that_within_no_longer_reaches_make_room_without_a_mark() -> None:
    plan = plan_with(audience(then(A, C, per="cart_id", within="100s"), {"events": with_cart_on_views()}))
    _, profile = play(plan, [did(second, A, cart_id=f"k{second}") for second in range(600)], None)
    assert profile is not None
    assert not plan.dimensions[0].order[0].leaves[0].is_inexact(profile)


def test_beyond_256_events_the_oldest_is_forgotten_and_the_customer_marked() -> None:
    plan = plan_with(audience(then(C, A)))
    _, profile = play(plan, [did(second, C) for second in range(257)], None)
    assert profile is not None
    assert plan.dimensions[0].order[0].leaves[0].is_inexact(profile)


def with_cart_on_views() -> dict[str, object]:
    kinds = {name: {"title": "T", "properties": {"cart_id": "text"}} for name in (A, C)}
    return {**kinds, B: {"title": "T", "properties": {"order_id": "text", "amount": "money"}}}


# -- the choice itself, against all choices -----------------------------------------------


def every_choice(found: list[tuple[int, int]], newest_end: int, shape: Shape) -> set[tuple[int, int]]:
    """Return (first, last) of the choices that count, trying all of them: for each last the one that begins latest."""
    best: dict[int, int] = {}
    for chosen in permutations(range(len(found)), shape.size):
        steps = [found[index] for index in chosen]
        gaps = [two[0] - one[0] for one, two in pairwise(steps)]
        fits = all(mask >> number & 1 for number, (_, mask) in enumerate(steps))
        near = all(0 <= gap < limit for gap, limit in zip(gaps, shape.gaps[1:], strict=True))
        last = steps[-1][0]
        rest = [found[index] for index in range(len(found)) if index not in chosen]
        broken = newest_end >= last or any(at >= last and mask & shape.end_bit for at, mask in rest)
        if fits and near and not (shape.silence_ms and broken):
            best[last] = max(best.get(last, -1), steps[0][0])
    return {(first, last) for last, first in best.items()}


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    size = draw(st.integers(1, 3))
    gaps = (NEVER, *draw(st.lists(st.sampled_from([1, 2, 3, NEVER]), min_size=size - 1, max_size=size - 1)))
    return Shape(gaps, silence_ms=draw(st.sampled_from([0, 2])))


@given(shapes(), st.lists(st.tuples(st.integers(0, 4), st.integers(1, 15)), max_size=6), st.integers(-1, 4))
def test_the_choices_are_those_that_trying_all_of_them_gives(
    shape: Shape, events: list[tuple[int, int]], newest_end: int
) -> None:
    bits = (shape.end_bit << bool(shape.silence_ms)) - 1
    found = sorted((at, mask & bits) for at, mask in events if mask & bits and mask & bits != shape.end_bit)
    assert set(chains(found, newest_end, shape)) == every_choice(found, newest_end, shape)


def test_many_events_of_one_instant_are_no_trouble() -> None:
    shape = Shape((NEVER,) * 5)
    masks = [mask for mask, _ in product([0b00011, 0b00110, 0b01100, 0b11000], range(60))]
    assert verdict([(1, mask) for mask in masks], -1, shape, 1) == NEVER
