"""Lists, consents, places, chance, scores, bars and points; engine and oracle agree each time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.core.bundle import Bundle
from stream.core.event import Event
from stream.core.lottery import place
from stream.core.profile import NEVER
from stream.core.reason import shortened
from stream.core.timeline import Timeline
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from tests.core.side_by_side import CUSTOMER, changes, flips, plan_with, played
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, VOCABULARY, audience, did, told

LISTED = {"in_list": "openings"}
LISBON, PARIS = {"lat": 38.7, "lon": -9.1}, {"lat": 48.9, "lon": 2.4}


def listed(second: float, word: str, occurred: float | None = None) -> Rec:
    """Return a record that puts the customer on the list, or takes them off."""
    return told(second, occurred, lists={"openings": word})


# -- lists ----------------------------------------------------------------------------------


def test_a_list_holds_whom_it_was_told_last() -> None:
    """Added, removed, added; what is older changes nothing."""
    records = [listed(1, "added"), listed(4, "removed"), listed(6, "added", occurred=3), listed(8, "added")]
    assert flips(LISTED, records) == [1, 4, 8]


def test_for_on_a_list_counts_since_the_customer_came_on() -> None:
    """Being added again changes nothing; being taken off does."""
    enter = LISTED | {"for": "5s"}
    assert flips(enter, [listed(1, "added"), listed(4, "added")], 60) == [6]
    assert flips(enter, [listed(4, "added", occurred=1)], 60) == [6]
    assert flips(enter, [listed(1, "added"), listed(3, "removed"), listed(4, "added")], 60) == [9]


def test_a_list_that_the_vocabulary_does_not_name_is_not_kept() -> None:
    """Nothing of it stands in the profile."""
    profile = played(audience(LISTED), [told(1, lists={"elsewhere": "added"})], None)[2]
    assert profile is not None
    assert profile.states == {}


# -- consents -------------------------------------------------------------------------------


def test_a_consent_counts_as_the_vocabulary_says_until_told() -> None:
    """E-mail is not given unless told, post is."""
    assert flips({"consent": "email"}, [did(1)]) == []
    assert flips({"consent": "post"}, [did(1)]) == [1]


def test_of_two_words_on_a_consent_the_later_counts() -> None:
    """By when it was said, not by when it came."""
    records = [
        told(1, consents={"email": "given"}),
        told(5, consents={"email": "not_given"}),
        told(7, occurred=4, consents={"email": "given"}),
    ]
    assert flips({"consent": "email"}, records) == [1, 5]


# -- places ---------------------------------------------------------------------------------


def test_near_measures_the_great_circle() -> None:
    """Lisbon, then Paris, then nowhere."""
    records = [told(1, traits={"home": LISBON}), told(3, traits={"home": PARIS}), told(5, traits={"home": None})]
    assert flips({"near": "flagship", "km": 15}, records) == [1, 3]
    assert flips({"near": "flagship", "km": 1500}, records) == [1, 5]


@pytest.mark.parametrize(
    "home", ["Lisbon", {"lat": 38.7}, {"lat": "38.7", "lon": "-9.1"}, {"lat": True, "lon": True}, [38.7, -9.1], 5]
)
def test_what_is_no_place_is_near_nothing(home: Any) -> None:
    """Text, half a place, and a list are no place."""
    assert flips({"near": "flagship", "km": 20_000}, [told(1, traits={"home": home})]) == []


def test_the_other_side_of_the_globe_is_half_its_girth_away() -> None:
    """20,015 km."""
    places = {"pole": {"lat": 90, "lon": 0}}
    south = [told(1, traits={"home": {"lat": -90, "lon": 123}})]
    assert flips({"near": "pole", "km": 20_016}, south, vocabulary={"places": places}) == [1]
    assert flips({"near": "pole", "km": 20_015}, south, vocabulary={"places": places}) == []


# -- chance ---------------------------------------------------------------------------------


def test_a_bucket_is_a_stable_part_of_all_customers() -> None:
    """20 from 30 up to, not including, 50."""
    for given, holds in [(29, False), (30, True), (49, True), (50, False)]:
        enter = {"bucket": "test", "percent": 20, "starting_at": 30}
        assert flips(enter, [did(1)], given={"bucket": {"test": given}}) == ([1] if holds else [])


def test_buckets_split_everybody_and_names_split_differently() -> None:
    """Each of 1,000 customers has one place a name; each tenth holds about a tenth of them."""
    places = [place("a", f"c{number}") for number in range(1_000)]
    assert all(60 < sum(1 for one in places if tenth * 1_000 <= one < (tenth + 1) * 1_000) < 140 for tenth in range(10))
    assert places != [place("b", f"c{number}") for number in range(1_000)]


def test_the_drawn_place_is_the_oracle_s_too() -> None:
    """By the hash, without anything given."""
    halves = [flips({"bucket": "test", "percent": 50, "starting_at": start}, [did(1)]) for start in (0, 50)]
    assert sorted(halves) == [[], [1]]


@pytest.mark.parametrize(("percent", "is_holdout"), [(0, False), (100, True)])
def test_the_control_group_is_marked_and_not_acted_on(percent: int, is_holdout: bool) -> None:
    """Entering and leaving are told all the same."""
    rules = audience({"did": "product_viewed", "within": "5s"}, holdout_percent=percent)
    transitions = played(rules, [did(1)], MONDAY_MS + 60_000)[1]
    assert [(one.is_holdout, one.acts) for one in transitions] == [(is_holdout, not is_holdout)] * 2


def test_a_control_group_is_the_same_for_ever_and_grows_with_its_percent() -> None:
    """Who is in 10 % is in 20 % too."""
    drawn = [place("holdout.audiences.x", f"c{number}") for number in range(500)]
    small, large = ({number for number, one in enumerate(drawn) if one < percent * 100} for percent in (10, 20))
    assert small < large
    rules = audience({"everyone": True}, holdout_percent=place("holdout.audiences.x", CUSTOMER) // 100)
    assert not played(rules, [did(1)], None)[1][0].is_holdout


# -- scores and bars --------------------------------------------------------------------------


def test_a_score_that_nobody_told_is_no_value() -> None:
    """No comparison with it holds; under `not` that is true."""
    assert flips({"score": "churn", "below": 1}, [did(1)]) == []
    assert flips({"not": {"score": "churn", "below": 1}}, [did(1)]) == [1]


def test_scores_come_as_records_and_the_later_counts() -> None:
    """Above the bar, below it, and an older one that comes late."""
    records = [told(1, scores={"churn": 0.7}), told(4, scores={"churn": 0.2}), told(6, occurred=3, scores={"churn": 1})]
    assert flips({"score": "churn", "at_least": "0.7"}, records) == [1, 4]


def test_a_score_may_be_given_before_the_first_event() -> None:
    """Then it holds from the first decision on."""
    assert flips({"score": "churn", "exactly": 0.5}, [did(1)], given={"scores": {"churn": 0.5}}) == [1]


BAR_S = MONDAY_MS // 1000 + 20


class Rising:
    """A score of a model that rises by itself: so many seconds since 1970, as an exact timer."""

    states: frozenset[int] = frozenset()

    def value(self, profile: Any, now: int) -> int:
        """Return the score at an instant."""
        return now // 1000

    def read(self, test: Any) -> Any:
        """Return the verdict of a test that is passed from one instant on."""
        start = MONDAY_MS // 1000
        first = next(second for second in range(start, start + 60) if test(second)) * 1000
        return lambda profile, now: NEVER if now >= first else -first


def test_a_model_supplies_a_score_as_an_exact_timer() -> None:
    """It passes the bar in silence, at its own instant."""
    rules = {path: json.dumps(about) for path, about in audience({"score": "age", "at_least": BAR_S}).items()}
    plan = compile_plan(load(rules), "test", Bundle(scores={"age": Rising()}))
    timeline = Timeline(plan)
    timeline.apply(Event("e", CUSTOMER, MONDAY_MS, MONDAY_MS, name="product_viewed"))
    found = [one for done in timeline.tick(MONDAY_MS + 60_000) for one in done.transitions]
    assert [(one.entered, one.at) for one in found] == [("x", BAR_S * 1000)]


def test_a_bar_is_a_number_of_the_bundle() -> None:
    """80 % of 50 is 40."""
    enter = {"sum": "order_placed.amount", "at_least": {"bar": "value.vip", "percent": 80}}
    order = did(1, "order_placed", order_id="a", amount="40.00")
    assert flips(enter, [order], given={"bars": {"value.vip": 50}}) == [1]
    assert flips(enter, [order], given={"bars": {"value.vip": "50.02"}}) == []


@pytest.mark.parametrize(
    "enter",
    [
        {"sum": "order_placed.amount", "below": {"bar": "b"}},
        {"did": "order_placed", "at_most": {"bar": "b"}},
        {"did": "order_placed", "where": {"amount": {"below": {"bar": "b"}}}},
        {"trait": "visits", "at_least": {"bar": "b"}},
        {"points": "engagement", "between": [0, {"bar": "b"}]},
    ],
)
def test_a_bar_that_nobody_published_satisfies_nothing(enter: dict[str, Any]) -> None:
    """Wherever a number stands."""
    rules = audience(enter) | points([(1, {"everyone": True})])
    records = [did(1, "order_placed", order_id="a", amount=1), told(2, traits={"visits": 5})]
    assert changes(rules, records) == []
    assert changes(rules, records, given={"bars": {"b": 5}}) != []


# -- points -----------------------------------------------------------------------------------


def points(lines: list[tuple[Any, dict[str, Any]]]) -> dict[str, Any]:
    """Return the file of the points `engagement`."""
    add = [{"give": give, "when": when} for give, when in lines]
    return {"points/engagement.yaml": {"title": "P", "owner": "o", "add": add}}


def test_points_are_the_sum_of_what_holds() -> None:
    """One for everybody, ten while two clicks are recent, and some taken away."""
    clicked = {"did": "message_clicked", "at_least": 2, "within": "5s"}
    lines = points([(1, {"everyone": True}), (10, clicked), (-20, {"trait": "plan", "is": "solo"})])
    rules = audience({"points": "engagement", "at_least": 11}) | lines
    records = [did(1, "message_clicked"), did(2, "message_clicked"), did(9, "message_clicked"), did(10)]
    records += [did(11, "message_clicked"), told(12, traits={"plan": "solo"})]
    assert [second for second, _, _ in changes(rules, records, 60)] == [2, 6, 11, 12]


def test_fractions_of_points_add_up_exactly() -> None:
    """0.1 and 0.2 are 0.3."""
    lines = points([("0.1", {"did": "product_viewed"}), (0.2, {"everyone": True})])
    assert changes(audience({"points": "engagement", "exactly": 0.3}) | lines, [did(1)]) == [(1, None, "x")]


def test_points_of_nothing_are_0() -> None:
    """A customer of whom nothing holds has zero points."""
    lines = points([(1, {"did": "order_placed"})])
    assert changes(audience({"points": "engagement", "at_most": 0}) | lines, [did(1)]) == [(1, None, "x")]


def test_points_that_look_at_a_segment_are_counted_after_it() -> None:
    """The audience `a` comes first by name, and is decided after `z`, which its points look at."""
    about = {"title": "T", "owner": "o"}
    rules = {
        "vocabulary.yaml": VOCABULARY,
        "audiences/a.yaml": about | {"enter": {"points": "engagement", "at_least": 5}},
        "audiences/z.yaml": about | {"enter": {"did": "product_viewed", "within": "5s"}},
    } | points([(5, {"in_segment": "audiences.z"})])
    assert [one.name for one in plan_with(rules).dimensions] == ["audiences.z", "audiences.a"]
    assert changes(rules, [did(1)], 60) == [(1, None, "z"), (1, None, "a"), (6, "z", None), (6, "a", None)]


def test_a_transition_tells_no_more_of_a_value_than_fits() -> None:
    assert shortened("x" * 200) == "x" * 200
    assert shortened("x" * 1_000_000) == "x" * 200 + "…"
    assert shortened(list(range(100))) == [*range(20), "…"]
    assert shortened({"a": ["y" * 300]}) == {"a": ["y" * 200 + "…"]}
    assert shortened(12.5) == 12.5
