"""Meanings 1 to 7 of the rule language, about time: one test for each sentence, engine and oracle side by side."""

from __future__ import annotations

from datetime import datetime

import pytest

from stream.errors import RuleError
from tests.core.side_by_side import agree, changes, flips, plan_with
from tests.oracle import Rec
from tests.oracle.story import DAY_S, MONDAY_MS, audience, did, dimension, order, told, with_vocabulary

VIEW = "product_viewed"


def second_of(moment: str) -> float:
    """Return the second of the story at which a moment with offset lies."""
    return datetime.fromisoformat(moment).timestamp() - MONDAY_MS / 1000


def test_meaning_01_within_counts_from_the_event_up_to_not_including_its_end() -> None:
    assert flips({"did": VIEW, "within": "10s"}, [did(1)], 60) == [1, 11]
    assert flips({"did": VIEW, "within": "10s", "at_least": 2}, [did(1), did(10.999)], 60) == [10.999, 11]
    assert flips({"did": VIEW, "within": "10s", "at_least": 2}, [did(1), did(11)], 60) == []


def test_meaning_01_older_than_counts_from_its_end_on() -> None:
    assert flips({"did": VIEW, "older_than": "10s"}, [did(1)], 60) == [11]


def test_meaning_01_with_both_it_counts_from_the_one_end_to_the_other() -> None:
    assert flips({"did": VIEW, "within": "10s", "older_than": "4s"}, [did(1)], 60) == [5, 11]


@pytest.mark.parametrize("older", ["10s", "11s"])
def test_meaning_01_older_than_must_be_shorter_than_within(older: str) -> None:
    with pytest.raises(RuleError, match="rule-windows"):
        plan_with(audience({"did": VIEW, "within": "10s", "older_than": older}))


def test_meaning_01_the_change_is_dated_exactly_however_late_it_was_noticed() -> None:
    assert flips({"did": VIEW, "within": "10s"}, [did(1), order(5 * DAY_S)]) == [1, 11]


def test_meaning_02_no_window_means_ever() -> None:
    assert flips({"did": VIEW, "at_least": 2}, [did(1), did(3_000 * DAY_S)], 4_000 * DAY_S) == [3_000 * DAY_S]


def test_meaning_02_did_without_a_count_means_at_least_one() -> None:
    assert flips({"did": VIEW}, [order(1), did(2), did(3)]) == [2]


@pytest.mark.parametrize(
    "enter",
    [
        {"did": VIEW, "during": "today"},
        {"trait": "renews_on", "falls": "today"},
        {"trait": "renews_on", "anniversary": "today"},
        {"today": {"weekday": ["monday"]}},
    ],
    ids=lambda one: next(word for word in ("during", "falls", "anniversary", "today") if word in one),
)
def test_meaning_03_calendar_words_mean_whole_days_in_the_customers_zone_else_the_vocabularys(
    enter: dict[str, object],
) -> None:
    traits = {"renews_on": "2026-01-05"}
    assert flips(enter, [did(1), told(2, traits=traits)], 2 * DAY_S)[-1] == DAY_S
    there = [told(0, traits=traits | {"time_zone": "Asia/Tokyo"}), did(1)]
    assert flips(enter, there, 2 * DAY_S)[-1] == DAY_S - 9 * 3_600


@pytest.mark.parametrize(
    ("day", "next_day"),
    [("2026-03-29T00:00+00:00", "2026-03-30T00:00+01:00"), ("2026-10-25T00:00+01:00", "2026-10-26T00:00+00:00")],
)
def test_meaning_03_they_change_at_the_first_instant_of_the_local_day_also_when_the_clocks_change(
    day: str, next_day: str
) -> None:
    london = {"zone": "Europe/London"}
    found = flips({"did": VIEW, "during": "today"}, [did(second_of(day))], second_of(next_day) + 9, vocabulary=london)
    assert found == [second_of(day), second_of(next_day)]


def test_meaning_03_the_last_seven_days_are_today_and_the_six_before() -> None:
    assert flips({"did": VIEW, "during": {"last_days": 7}}, [did(9)], 30 * DAY_S) == [9, 7 * DAY_S]


def test_meaning_03_29_february_has_its_anniversary_on_the_28th_in_other_years() -> None:
    records = [told(0, traits={"birthday": "1992-02-29"})]
    found = flips({"trait": "birthday", "anniversary": "today"}, records, 800 * DAY_S)
    assert found == [54 * DAY_S, 55 * DAY_S, 419 * DAY_S, 420 * DAY_S, 785 * DAY_S, 786 * DAY_S]  # 2028 has the day


def test_meaning_03_a_customer_who_changes_zone_is_decided_again_at_once() -> None:
    records = [did(DAY_S - 3_600), told(DAY_S - 1_800, traits={"time_zone": "Asia/Tokyo"})]
    assert flips({"today": {"weekday": ["monday"]}}, records) == [DAY_S - 3_600, DAY_S - 1_800]


def test_meaning_04_from_includes_its_day_or_moment() -> None:
    assert flips({"did": VIEW, "from": "2026-01-06"}, [did(DAY_S - 0.001)]) == []
    assert flips({"did": VIEW, "from": "2026-01-06"}, [did(DAY_S)]) == [DAY_S]
    assert flips({"did": VIEW, "from": "2026-01-05T00:00:07+00:00"}, [did(7)]) == [7]


def test_meaning_04_to_includes_its_whole_day() -> None:
    assert flips({"did": VIEW, "to": "2026-01-05"}, [did(DAY_S - 0.001)]) == [DAY_S - 0.001]
    assert flips({"did": VIEW, "to": "2026-01-05"}, [did(DAY_S)]) == []


def test_meaning_04_before_excludes() -> None:
    assert flips({"did": VIEW, "before": "2026-01-06"}, [did(DAY_S)]) == []
    assert flips({"did": VIEW, "before": "2026-01-05T00:00:07+00:00"}, [did(7)]) == []
    assert flips({"did": VIEW, "before": "2026-01-05T00:00:07+00:00"}, [did(6.999)]) == [6.999]


def test_meaning_04_membership_by_explicit_dates_alone_has_no_timer_at_the_end() -> None:
    enter = {"did": VIEW, "from": "2026-01-05", "to": "2026-01-05"}
    assert flips(enter, [did(7)], 4_000 * DAY_S) == [7]


def test_meaning_05_decisions_are_taken_as_of_the_records_time_also_when_the_event_is_late() -> None:
    found = agree(audience({"did": VIEW, "within": "10s"}), [order(1), did(9, occurred=2)])
    assert [(one.at - MONDAY_MS, one.cause.kind) for one in found] == [(9_000, "event")]


def test_meaning_05_a_transition_is_never_dated_before_the_one_that_precedes_it() -> None:
    """The second record's time is earlier, as clocks of producers are."""
    rules = with_vocabulary(dimension({"b": {"enter": {"did": "order_placed"}}, "a": {"enter": {"did": VIEW}}}))
    assert changes(rules, [did(9), order(7)]) == [(9, "rest", "a"), (9, "a", "b")]


def test_meaning_06_everything_due_before_a_record_is_decided_first_each_at_its_own_instant() -> None:
    rules = with_vocabulary(
        dimension({"b": {"enter": {"did": VIEW, "within": "5s"}}, "a": {"enter": {"did": VIEW, "within": "9s"}}})
    )
    assert changes(rules, [did(0), did(99)]) == [(0, "rest", "b"), (5, "b", "a"), (9, "a", "rest"), (99, "rest", "b")]


def test_meaning_06_what_is_due_at_exactly_the_record_is_decided_together_with_it() -> None:
    found = agree(audience({"did": VIEW, "within": "10s"}), [did(1), order(11)])
    assert [(one.at - MONDAY_MS, one.cause.kind) for one in found] == [(1_000, "event"), (11_000, "event")]


def test_meaning_06_a_renewing_event_at_exactly_e_plus_w_changes_nothing() -> None:
    assert flips({"did": VIEW, "within": "10s"}, [did(1), did(11)], 60) == [1, 21]
    assert flips({"did": VIEW, "within": "10s"}, [did(1), did(11.001)], 60) == [1, 11, 11.001, 21.001]


def test_meaning_06_an_answer_at_exactly_a_plus_t_is_in_time() -> None:
    enter = {"sequence": [VIEW, {"did_not": "order_placed", "for": "3s"}]}
    assert flips(enter, [did(1), order(4)], 60) == []
    assert flips(enter, [did(1), order(4.001)], 60) == [4, 4.001]


def test_meaning_06_several_records_of_one_instant_are_applied_in_log_order() -> None:
    plans = [told(1, traits={"plan": plan}) for plan in ("family", "solo")]
    enter = {"trait": "plan", "is": "solo"}
    assert flips(enter, plans) == [1]
    assert flips(enter, plans[::-1]) == [1, 1]


def test_meaning_07_a_dimension_is_decided_after_those_it_looks_at() -> None:
    follows = {"title": "A", "owner": "o", "enter": {"in_segment": "audiences.x"}}
    rules = audience({"did": VIEW}) | {"audiences/a.yaml": follows}
    assert [one.dimension for one in agree(rules, [did(1)])] == ["audiences.x", "audiences.a"]


def test_meaning_07_otherwise_by_name() -> None:
    rules = audience({"did": VIEW})
    rules |= {f"audiences/{name}.yaml": rules["audiences/x.yaml"] for name in ("b", "y", "a")}
    assert [one.dimension[-1] for one in agree(rules, [did(1)])] == ["a", "b", "x", "y"]


def test_meaning_07_circles_are_refused() -> None:
    looks: dict[str, Rec | object] = {"title": "A", "owner": "o", "enter": {"in_segment": "audiences.x"}}
    with pytest.raises(RuleError, match="circle"):
        plan_with(audience({"in_segment": "audiences.a"}) | {"audiences/a.yaml": looks})
