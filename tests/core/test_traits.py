"""Traits: which value counts, what each comparison makes of it, and since when; engine and oracle agree each time."""

from __future__ import annotations

from typing import Any

import pytest

from stream.core.profile import NEVER
from tests.core.side_by_side import flips, played
from tests.oracle import Rec
from tests.oracle.story import DAY_S, audience, did, told

DAY = 3 * DAY_S
FAMILY = {"trait": "plan", "is": "family"}


def plan_told(second: float, value: Any, occurred: float | None = None) -> Rec:
    """Return a record that tells the plan."""
    return told(second, occurred, traits={"plan": value})


def renews(second: float, value: Any) -> Rec:
    """Return a record that tells when the plan renews."""
    return told(second, traits={"renews_on": value})


# -- which value counts -------------------------------------------------------------------


def test_a_later_value_wins_and_null_clears() -> None:
    """Set, cleared, set again."""
    assert flips(FAMILY, [plan_told(1, "family"), plan_told(5, None), plan_told(8, "family")]) == [1, 5, 8]


@pytest.mark.parametrize("nothing", [None, "", []])
def test_setting_null_or_empty_clears(nothing: Any) -> None:
    """Absent, null, empty text and empty list are the same: missing."""
    assert flips({"trait": "plan", "exists": True}, [plan_told(1, "solo"), plan_told(5, nothing)]) == [1, 5]


def test_a_trait_a_record_does_not_mention_stays() -> None:
    """Another trait, and behaviour, change nothing."""
    assert flips(FAMILY, [plan_told(1, "family"), told(2, traits={"visits": 3}), did(3)], 9) == [1]


def test_an_older_value_that_comes_late_changes_nothing() -> None:
    """What was so at 4 is not undone by what was so at 3."""
    assert flips(FAMILY, [plan_told(4, "family"), plan_told(9, "solo", occurred=3)]) == [4]


def test_of_two_values_of_one_instant_the_later_in_the_log_wins() -> None:
    """The second record of the same instant decides."""
    assert flips(FAMILY, [plan_told(4, "solo"), plan_told(4, "family"), plan_told(9, "solo", occurred=4)]) == [4, 9]


def test_traits_beside_behaviour_are_applied_before_one_decision() -> None:
    """A record that does and tells is decided once."""
    record = did(3)
    record.content["traits"] = {"plan": "family"}
    assert flips({"all": [FAMILY, {"did": "product_viewed"}]}, [record]) == [3]


def test_a_path_leads_to_a_value_inside() -> None:
    """The postcode stands in address, under a key with a blank."""
    inside = told(1, traits={"address": {"post code": "9000-082"}})
    beside = told(5, traits={"postcode": "1000", "address": {"street": "x"}})
    gone = told(7, traits={"address": {"post code": None}})
    assert flips({"trait": "postcode", "starts_with": "90"}, [inside, beside, gone]) == [1, 7]


def test_a_trait_of_money_compares_in_minor_units() -> None:
    """Text and numbers are amounts; more digits than the currency has is no amount."""
    traits = {"credit": {"title": "Credit", "type": "money"}}
    rules = audience({"trait": "credit", "at_least": "10.50"}, {"traits": traits})
    amounts = ["10.49", "10.50", 10.5, "10.505", None, "11"]
    records = [told(second, traits={"credit": amount}) for second, amount in enumerate(amounts)]
    transitions = played(rules, records, None)[1]
    assert [(one.entered, one.at - records[0].record_time) for one in transitions] == [
        ("x", 1000),
        ("", 3000),
        ("x", 5000),
    ]
    assert (transitions[0].evidence[0].value, transitions[0].evidence[0].bar) == (1050, 1050)


# -- every comparison on nothing, and on what is of another type -----------------------------

TEXT_COMPARES: list[tuple[dict[str, Any], bool, bool]] = [
    ({"is": "a"}, False, False),
    ({"is_not": "a"}, True, False),
    ({"one_of": ["a", "b"]}, False, False),
    ({"none_of": ["a", "b"]}, True, False),
    ({"starts_with": "a"}, False, False),
    ({"ends_with": "a"}, False, False),
    ({"contains": "a"}, False, False),
    ({"matches": "a+"}, False, False),
    ({"has_any": ["a"]}, False, False),
    ({"has_all": ["a"]}, False, False),
    ({"has_none": ["a"]}, True, True),
    ({"exists": True}, False, True),
    ({"exists": False}, True, False),
]
NUMBER_COMPARES: list[tuple[dict[str, Any], bool, bool]] = [
    ({"at_least": 0}, False, False),
    ({"at_most": 9}, False, False),
    ({"above": -1}, False, False),
    ({"below": 9}, False, False),
    ({"between": [0, 9]}, False, False),
    ({"is": 1}, False, False),
    ({"is_not": 1}, True, False),
]
DATE_COMPARES: list[tuple[dict[str, Any], bool, bool]] = [
    ({"within": "900d"}, False, False),
    ({"within_next": "900d"}, False, False),
    ({"older_than": "1s"}, False, False),
    ({"falls": "this_year"}, False, False),
    ({"anniversary": "this_year"}, False, False),
    ({"on_day": "2026-01-05"}, False, False),
    ({"from": "2000-01-01"}, False, False),
    ({"before": "2100-01-01"}, False, False),
    ({"from": "2000-01-01", "before": "2100-01-01"}, False, False),
]


@pytest.mark.parametrize("nothing", ["absent", None, "", []])
@pytest.mark.parametrize(
    ("trait", "compare", "of_missing"),
    [("plan", compare, missing) for compare, missing, _ in TEXT_COMPARES]
    + [("visits", compare, missing) for compare, missing, _ in NUMBER_COMPARES]
    + [("renews_on", compare, missing) for compare, missing, _ in DATE_COMPARES],
)
def test_a_missing_value_satisfies_only_what_is_negative(
    trait: str, compare: dict[str, Any], of_missing: bool, nothing: Any
) -> None:
    """is_not, none_of, has_none and exists: false; nothing else."""
    record = did(1) if nothing == "absent" else told(1, traits={trait: nothing})
    assert flips({"trait": trait, **compare}, [record]) == ([1] if of_missing else [])


@pytest.mark.parametrize(
    ("trait", "compare", "value", "holds"),
    [("plan", compare, 5, unlike) for compare, _, unlike in TEXT_COMPARES]
    + [("visits", compare, value, unlike) for compare, _, unlike in NUMBER_COMPARES for value in ("1", True)]
    + [("renews_on", compare, value, False) for compare, _, _ in DATE_COMPARES for value in ("soon", True, ["x"])],
)
def test_unlike_types_compare_as_false(trait: str, compare: dict[str, Any], value: Any, holds: bool) -> None:
    """Text is no number, true is no number, a word is no date; a value is there, and it is a list of one."""
    assert flips({"trait": trait, **compare}, [told(1, traits={trait: value})]) == ([1] if holds else [])


# -- for how long -------------------------------------------------------------------------


def test_for_begins_when_the_value_occurred_at_the_exact_instant() -> None:
    """Told at 10 to be so since 4: five seconds long at 9, seven at 11."""
    assert flips(FAMILY | {"for": "7s"}, [plan_told(10, "family", occurred=4)], 60) == [11]
    assert flips(FAMILY | {"for": "5s"}, [plan_told(10, "family", occurred=4)], 60) == [10]


def test_repeating_the_value_does_not_restart_for() -> None:
    """It counts since the first time it was told."""
    assert flips(FAMILY | {"for": "7s"}, [plan_told(1, "family"), plan_told(5, "family")], 60) == [8]


def test_a_change_between_two_values_that_both_compare_is_no_break() -> None:
    """one_of is true of both."""
    enter = {"trait": "plan", "one_of": ["family", "studio"], "for": "7s"}
    assert flips(enter, [plan_told(1, "family"), plan_told(5, "studio"), plan_told(20, "solo")], 60) == [8, 20]


def test_clearing_and_setting_again_restarts_for() -> None:
    """A break is a break."""
    assert flips(FAMILY | {"for": "7s"}, [plan_told(1, "family"), plan_told(4, None), plan_told(6, "family")], 60) == [
        13
    ]


def test_a_value_that_counted_for_no_time_is_no_break() -> None:
    """Of two values of one instant the later in the log wins: the other never was."""
    records = [plan_told(1, "family"), plan_told(4, "solo"), plan_told(4, "family")]
    assert flips(FAMILY | {"for": "7s"}, records, 60) == [8]


def test_an_older_value_that_comes_late_does_not_restart_for() -> None:
    """It changes nothing at all."""
    records = [plan_told(4, "family"), plan_told(9, "solo", occurred=3)]
    assert flips(FAMILY | {"for": "7s"}, records, 60) == [11]


def test_a_missing_value_has_been_missing_since_the_customer_was_known() -> None:
    """is_not holds of the missing value since the first record."""
    enter = {"trait": "plan", "is_not": "solo", "for": "7s"}
    assert flips(enter, [did(2)], 60) == [9]
    assert flips(enter, [did(2), plan_told(5, "family")], 60) == [9]
    assert flips(enter, [did(2), plan_told(5, "solo"), plan_told(6, "family")], 60) == [13]


def test_for_less_than_is_the_rest() -> None:
    """True at once, until it has been so for as long."""
    assert flips(FAMILY | {"for_less_than": "7s"}, [plan_told(1, "family"), plan_told(5, "family")], 60) == [1, 8]


def test_for_on_a_date_counts_from_when_the_date_compared() -> None:
    """It renews on the 10th; within_next 3d since the 7th, for a day since the 8th, until the 10th."""
    enter = {"trait": "renews_on", "within_next": "3d", "for": "1d"}
    assert flips(enter, [renews(0, "2026-01-10")], 9 * DAY_S) == [3 * DAY_S, 5 * DAY_S]


def test_for_on_a_date_goes_on_over_a_change_between_two_dates_that_compare() -> None:
    """The new date comes into the span before the old one leaves it."""
    enter = {"trait": "renews_on", "within_next": "3d", "for": "2d"}
    records = [renews(0, "2026-01-07"), renews(DAY_S, "2026-01-08")]
    assert flips(enter, records, 9 * DAY_S) == [2 * DAY_S, 3 * DAY_S]
    assert flips(enter, [records[0], renews(DAY_S, "2026-02-08"), renews(DAY_S + 1, "2026-01-08")], 9 * DAY_S) == []


def test_of_dates_told_for_one_instant_the_last_was_the_only_one() -> None:
    """The one between never was, so it is no break."""
    enter = {"trait": "renews_on", "within_next": "3d", "for": "2d"}
    records = [renews(0, "2026-01-07"), renews(1, "2026-03-01"), renews(1, "2026-01-08")]
    assert flips(enter, records, 9 * DAY_S) == [2 * DAY_S, 3 * DAY_S]


def test_dates_that_no_longer_matter_are_forgotten() -> None:
    """Only those of the last two days, and the one before them."""
    enter = {"trait": "renews_on", "older_than": "1s", "for": "2d"}
    records = [renews(day * DAY_S, f"2025-01-{day + 1:02}") for day in range(20)]
    assert flips(enter, records, 30 * DAY_S) == [2 * DAY_S]
    profile = played(audience(enter), records, None)[2]
    assert profile is not None
    assert [len(state) for state in profile.states.values() if isinstance(state[0], list)] == [3]


# -- dates that enter a window by time -------------------------------------------------------


@pytest.mark.parametrize(
    ("compare", "days"),
    [
        ({"within": "2d"}, [5, 7]),
        ({"within_next": "2d"}, [3, 5]),
        ({"older_than": "2d"}, [7]),
        ({"falls": "today"}, [5, 6]),
        ({"falls": "tomorrow"}, [4, 5]),
        ({"falls": "this_week"}, [0, 7]),
        ({"falls": "next_week"}, []),
        ({"falls": "last_week"}, [7, 14]),
        ({"falls": "this_month"}, [0, 27]),
        ({"falls": "last_month"}, [27, 55]),
        ({"falls": {"last_days": 3}}, [5, 8]),
        ({"falls": {"days_ago": 3}}, [8, 9]),
        ({"falls": {"days_ahead": 3}}, [2, 3]),
        ({"on_day": "2026-01-10"}, [0]),
        ({"from": "2026-01-10", "to": "2026-01-10"}, [0]),
        ({"before": "2026-01-10"}, []),
        ({"from": "2026-01-09", "before": "2026-01-11"}, [0]),
        ({"from": "2026-01-09", "before": "2026-01-10T01:00+01:00"}, []),
        ({"from": "2026-01-10T01:00+01:00"}, [0]),
        ({"from": "2026-01-10T01:00+00:00"}, []),
    ],
)
def test_a_date_enters_and_leaves_by_time(compare: dict[str, Any], days: list[int]) -> None:
    """Told on Monday the 5th to be Saturday the 10th: the day begins five days later."""
    assert flips({"trait": "renews_on", **compare}, [renews(0, "2026-01-10")], 60 * DAY_S) == [
        day * DAY_S for day in days
    ]


def test_a_moment_enters_by_its_instant_and_falls_on_its_day() -> None:
    """The moment is noon of the 6th in UTC, and midnight of the 7th in Auckland's summer is an hour before."""
    told_at = renews(0, "2026-01-07T01:00:00+13:00")
    assert flips({"trait": "renews_on", "within": "1h"}, [told_at], DAY) == [1.5 * DAY_S, 1.5 * DAY_S + 3600]
    assert flips({"trait": "renews_on", "on_day": "2026-01-06"}, [told_at], DAY) == [0]
    enter = {"trait": "renews_on", "on_day": "2026-01-07"}
    assert flips(enter, [told_at], DAY, vocabulary={"zone": "Pacific/Auckland"}) == [0]


@pytest.mark.parametrize("extreme", ["0001-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+00:00"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_the_ends_of_the_calendar_break_nothing(extreme: str, zone: str) -> None:
    """Shops write such dates for never and for ever; no comparison may fail on them."""
    for compare, _, _ in DATE_COMPARES:
        rules = audience({"trait": "renews_on", **compare, "for": "1h"}, {"zone": zone})
        plan, _, profile = played(rules, [renews(1, extreme)], None)
        assert profile is not None
        assert all(abs(leaf.read(profile, profile.as_of)) <= NEVER for leaf in plan.dimensions[0].order[0].leaves)
