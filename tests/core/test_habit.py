"""Habits: regularly, stopped, restarted, at the edges of their spans, with late events, with the customer's own gap."""

from __future__ import annotations

import pytest

from tests.core.agreement import play
from tests.core.side_by_side import flips, plan_with
from tests.oracle.records import Rec
from tests.oracle.story import audience, did

V = "product_viewed"


def views(*seconds: float) -> list[Rec]:
    return [did(second, V) for second in seconds]


# -- regularly ----------------------------------------------------------------------------


def regular(at_least: int, every: str, in_at_least: int, of_last: int, event: str = V) -> dict[str, object]:
    asked = {"at_least": at_least, "every": every, "in_at_least": in_at_least, "of_last": of_last}
    return {"regularly": event, **asked}


def test_periods_are_counted_back_from_now() -> None:
    assert flips(regular(1, "10s", 2, 2), views(0, 9), 99) == [10, 19]


def test_an_event_on_the_edge_of_a_period_lies_in_the_older_one() -> None:
    assert flips(regular(1, "10s", 2, 2), views(0, 10), 99) == [10, 20]
    assert flips(regular(1, "10s", 2, 2), views(0, 20), 99) == []


def test_all_periods_move_by_one_at_different_instants() -> None:
    assert flips(regular(1, "10s", 3, 3), views(0, 13, 22), 99) == [23, 30]
    assert flips(regular(1, "10s", 2, 3), views(0, 13, 22), 99) == [13, 32, 33, 42]


def test_several_in_one_period_are_asked_for() -> None:
    assert flips(regular(2, "10s", 2, 2), views(0, 5, 11, 14), 99) == [15, 20]


def test_a_period_may_be_empty_where_not_all_are_asked_for() -> None:
    assert flips(regular(1, "10s", 2, 3), views(0, 25), 99) == [25, 30]


def test_a_habit_comes_to_be_by_time_alone() -> None:
    assert flips(regular(1, "10s", 2, 2), views(0, 5), 99) == [10, 15]


def test_a_late_event_makes_a_habit() -> None:
    assert flips(regular(1, "10s", 2, 2), [did(12, V), did(13, V, occurred=1)], 99) == [13, 21]


def test_an_order_that_never_was_makes_no_habit() -> None:
    records = [
        did(0, "order_placed", order_id="a", amount=5),
        did(9, "order_placed", order_id="b", amount=5),
        did(11, "order_cancelled", order_id="a"),
    ]
    assert flips(regular(1, "10s", 2, 2, "order_placed"), records, 99) == [10, 11]


def test_a_busy_time_keeps_few_instants() -> None:
    plan = plan_with(audience(regular(2, "60s", 3, 4)))
    _, profile = play(plan, views(*range(400)), None)
    assert profile is not None
    (state,) = [state for key, state in profile.states.items() if key in plan.dimensions[0].order[0].leaves[0].states]
    assert len(state) <= 2 * 2 * 5


# -- stopped ------------------------------------------------------------------------------

STOPPED = {"stopped": V, "did_within": "10s", "quiet_for": "4s"}


def test_stopped_from_exactly_the_quiet_span_until_exactly_did_within() -> None:
    assert flips(STOPPED, views(0), 99) == [4, 10]


def test_stopped_is_renewed_by_an_event_at_exactly_the_quiet_span() -> None:
    assert flips(STOPPED, views(0, 4), 99) == [8, 14]


def test_stopped_ends_by_the_next_event() -> None:
    assert flips(STOPPED, views(0, 5), 99) == [4, 5, 9, 15]


def test_a_late_event_is_no_end_of_the_quiet_unless_it_is_the_newest() -> None:
    assert flips(STOPPED, [did(1, V), did(6, V, occurred=0)], 99) == [5, 11]
    assert flips(STOPPED, [did(0, V), did(6, V, occurred=3)], 99) == [4, 6, 7, 13]


def test_nobody_stopped_what_they_never_did() -> None:
    assert flips(STOPPED, [did(0, "message_sent")], 99) == []


def test_an_order_taken_back_gives_way_to_the_one_before() -> None:
    stopped = {"stopped": "order_placed", "did_within": "10s", "quiet_for": "4s"}
    records = [
        did(0, "order_placed", order_id="a", amount=5),
        did(3, "order_placed", order_id="b", amount=5),
        did(5, "order_refunded", order_id="b"),
    ]
    assert flips(stopped, records, 99) == [5, 10]


def test_quiet_for_may_be_the_customers_own_gap() -> None:
    own = {"personal_gaps": 2, "at_least": "1s"}
    stopped = {"stopped": "order_placed", "did_within": "40d", "quiet_for": own}
    assert flips(stopped, [did(0, "order_placed")], 90 * 86_400, vocabulary={"personal_gap_mean": "10d"}) == [
        20 * 86_400,
        40 * 86_400,
    ]


def test_an_own_gap_longer_than_did_within_is_never_stopped() -> None:
    own = {"personal_gaps": 9, "at_least": "1s"}
    stopped = {"stopped": "order_placed", "did_within": "40d", "quiet_for": own}
    assert flips(stopped, [did(0, "order_placed")], 90 * 86_400, vocabulary={"personal_gap_mean": "10d"}) == []


# -- restarted ----------------------------------------------------------------------------

RESTARTED = {"restarted": V, "quiet_for": "10s", "again_within": "5s"}


def test_restarted_after_exactly_the_quiet_span() -> None:
    assert flips(RESTARTED, views(0, 10), 99) == [10, 15]
    assert flips(RESTARTED, views(0, 9.999), 99) == []


def test_restarted_needs_one_before() -> None:
    assert flips(RESTARTED, views(0), 99) == []


def test_more_events_do_not_end_the_restart() -> None:
    assert flips(RESTARTED, views(0, 10, 11, 12), 99) == [10, 15]


def test_a_late_event_inside_the_gap_takes_the_restart_back() -> None:
    assert flips(RESTARTED, [did(0, V), did(12, V), did(13, V, occurred=6)], 99) == [12, 13]


def test_a_late_event_inside_the_gap_may_leave_enough_of_it() -> None:
    assert flips(RESTARTED, [did(0, V), did(22, V), did(23, V, occurred=6)], 99) == [22, 27]


def test_a_late_event_may_be_the_one_before() -> None:
    assert flips(RESTARTED, [did(20, V), did(21, V, occurred=12), did(22, V, occurred=1)], 99) == []
    assert flips(RESTARTED, [did(20, V), did(21, V, occurred=10)], 99) == [21, 25]


def test_an_order_inside_the_gap_that_never_was_makes_a_restart() -> None:
    restarted = {"restarted": "order_placed", "quiet_for": "10s", "again_within": "5s"}
    records = [
        did(0, "order_placed", order_id="a", amount=5),
        did(5, "order_placed", order_id="b", amount=5),
        did(11, "order_placed", order_id="c", amount=5),
        did(12, "order_refunded", order_id="b", amount=5),
    ]
    assert flips(restarted, records, 99) == [12, 16]


@pytest.mark.parametrize("busy", [2, 50])
def test_a_busy_time_before_the_quiet_keeps_few_instants(busy: int) -> None:
    plan = plan_with(audience(RESTARTED))
    _, profile = play(plan, views(*range(busy)), None)
    assert profile is not None
    (state,) = [state for key, state in profile.states.items() if key in plan.dimensions[0].order[0].leaves[0].states]
    assert len(state) <= 3
