"""The sentences of the language beside its numbered meanings: promises, files, values, vocabulary, points, cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import RuleError
from stream.ruleset.load import load
from stream.ruleset.schema import LEADING_WORDS
from tests.cli.running import VOCABULARY as SHOP
from tests.cli.running import answer, folder
from tests.core.side_by_side import agree, changes, flips
from tests.oracle.story import DAY_S, VOCABULARY, audience, did, order, told
from tests.ruleset.examples import EXAMPLE

VIEW = "product_viewed"


def text_of(rules: dict[str, Any]) -> dict[str, str]:
    return {path: json.dumps(about) for path, about in rules.items()}


def codes_of(rules: dict[str, Any]) -> set[str]:
    """Return the codes of what is wrong with rules."""
    with pytest.raises(RuleError) as caught:
        load(text_of(rules))
    return {problem.code for problem in caught.value.problems}


# -- promises -----------------------------------------------------------------------------


def test_the_same_question_is_one_word_everywhere_for_is_so_without_a_break() -> None:
    """In `trait` so long already; in a silent step so long after the step before."""
    assert flips({"trait": "plan", "is": "a", "for": "3s"}, [told(1, traits={"plan": "a"})], 9) == [4]
    assert flips({"sequence": [VIEW, {"did_not": "order_placed", "for": "3s"}]}, [did(1)], 9) == [4]


def test_did_not_within_is_never_in_the_last_true_at_once_for_a_newcomer() -> None:
    assert flips({"did_not": "order_placed", "within": "9s"}, [did(1)], 30) == [1]


@pytest.mark.parametrize("count", [{"at_least": 2}, {"between": [2, 5]}, {"above": 1}], ids=str)
def test_at_least_includes_the_number_and_above_does_not(count: dict[str, Any]) -> None:
    assert flips({"did": VIEW} | count, [did(1), did(2), did(3)]) == [2]


LOOKING_BACK: dict[str, dict[str, Any]] = {
    "did": {},
    "did_on_days": {"at_least": 1},
    "did_not": {},
    "first_time": {},
    "last_event": {"has": {"seconds": 5}},
    "sequence": {"sequence": [VIEW, "message_sent"]},
    **{word: {word: f"{VIEW}.seconds", "at_least": 5} for word in ("sum", "average", "smallest", "largest")},
    "distinct": {"distinct": f"{VIEW}.category", "at_least": 1},
    **{word: {word: f"{VIEW}.category", "is": "garden"} for word in ("first_value", "last_value", "most_frequent")},
    "share": {"where": {"category": "garden"}, "at_least": 0.5},
    "trait": {"trait": "paid_at"},
}
PAID_AT = VOCABULARY["traits"] | {"paid_at": {"title": "Paid", "type": "moment"}}


def test_every_word_that_takes_within_is_looked_at_here() -> None:
    assert LOOKING_BACK.keys() == {word for word, one in LEADING_WORDS.items() if "within" in one.model_fields}


@pytest.mark.parametrize("word", LOOKING_BACK)
def test_within_always_looks_back_from_now(word: str) -> None:
    """Of what is of second 1: true from then up to, not including, second 11; of what must not be, from 11 on."""
    records = [
        did(1, category="garden", seconds=5),
        did(1, "message_sent"),
        told(1, traits={"paid_at": "2026-01-05T00:00:01Z"}),
    ]
    enter = {word: VIEW, "within": "10s"} | LOOKING_BACK[word]
    wanted = [11] if word == "did_not" else [1, 11]
    assert flips(enter, records, 60, vocabulary={"traits": PAID_AT}) == wanted


def test_within_does_not_look_ahead() -> None:
    """A moment that is still to come is not within; it is once it has come."""
    records = [told(1, traits={"paid_at": "2026-01-05T00:00:05Z"})]
    enter = {"trait": "paid_at", "within": "10s"}
    assert flips(enter, records, 60, vocabulary={"traits": PAID_AT}) == [5, 15]


@pytest.mark.parametrize("bound", ["2026-01-06", "2026-01-06T00:00+00:00"], ids=["day", "moment"])
@pytest.mark.parametrize("beside", [{}, {"before": "2026-01-07"}], ids=["from", "from and before"])
def test_from_always_includes_it_in_a_window(bound: str, beside: dict[str, Any]) -> None:
    records = [did(DAY_S - 0.001), did(DAY_S)]
    assert flips({"did": VIEW, "from": bound} | beside, records) == [DAY_S]


@pytest.mark.parametrize("bound", ["2026-01-06", "2026-01-06T00:00+00:00"], ids=["day", "moment"])
def test_from_always_includes_it_in_a_comparison(bound: str) -> None:
    records = [told(1, traits={"renews_on": "2026-01-05"}), told(2, traits={"renews_on": "2026-01-06"})]
    assert flips({"trait": "renews_on", "from": bound}, records) == [2]


def test_from_always_includes_it_in_today() -> None:
    """And so does `to`, its whole day."""
    enter = {"today": {"from": "2026-01-06", "to": "2026-01-07"}}
    assert flips(enter, [did(1)], 9 * DAY_S) == [DAY_S, 3 * DAY_S]


@given(st.integers(0, 20), st.integers(1, 9))
def test_nothing_is_ever_both_within_and_older_than_and_nothing_is_ever_neither(at: int, span: int) -> None:
    """Of one event, from when it was done: the one ends at the very instant at which the other begins."""
    records, until = [told(0, traits={"visits": 1}), did(at)], at + 30
    within = flips({"did": VIEW, "within": f"{span}s"}, records, until)
    older = flips({"did": VIEW, "older_than": f"{span}s"}, records, until)
    assert (within, older) == ([at, at + span], [at + span])


# -- files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["audiences/Big.yaml", "audiences/two words.yaml", "Value/vip.yaml", "audiences/1st.yaml"]
)
def test_file_and_folder_names_are_the_ids_in_lower_case_digits_and_underscores(path: str) -> None:
    rules = audience({"everyone": True})
    assert "file-name" in codes_of(rules | {path: rules["audiences/x.yaml"]})


def test_a_segment_is_named_dimension_dot_segment_and_an_audience_audiences_dot_name() -> None:
    ids = {one.id for one in load(EXAMPLE).all_segments()}
    assert {"value.vip", "lifecycle.dormant"} <= ids
    assert any(each.startswith("audiences.") for each in ids)


# -- values -------------------------------------------------------------------------------


def test_a_day_is_24_hours_also_when_the_clocks_change() -> None:
    """From noon before the night of 29 March 2026, which is an hour short in Lisbon."""
    noon = 82.5 * DAY_S
    for span in ("1d", "24h"):
        found = flips(
            {"did": VIEW, "within": span}, [did(noon)], noon + 9 * DAY_S, vocabulary={"zone": "Europe/Lisbon"}
        )
        assert found == [noon, noon + DAY_S]


@pytest.mark.parametrize("pattern", ["message_*", "any_event"])
def test_names_that_match_add_up(pattern: str) -> None:
    assert flips({"did": pattern, "at_least": 2}, [did(1, "message_sent"), did(2, "message_clicked")]) == [2]


def test_a_field_is_nested_with_dots_and_a_key_that_has_a_dot_itself_comes_first() -> None:
    events = VOCABULARY["events"] | {VIEW: {"title": "V", "properties": {"to": "untyped"}}}
    enter = {"did": VIEW, "where": {"to.city": "Rome"}}
    nested, plain = did(1, to={"city": "Rome"}), did(1, **{"to.city": "Rome", "to": {"city": "Oslo"}})
    for record in (nested, plain):
        assert flips(enter, [record], vocabulary={"events": events}) == [1]


@pytest.mark.parametrize("key", ["home.town", "home town", "home. town"])
def test_a_key_that_itself_has_a_dot_or_a_blank_is_given_a_plain_name_in_the_vocabulary(key: str) -> None:
    """Of a trait, by `path`: each of its words is one whole key, wherever it is nested."""
    enter = {"trait": "town", "is": "Rome"}
    for path, sent in (([key], {key: "Rome"}), (["address", key], {"address": {key: "Rome"}})):
        words = {"traits": {"town": {"title": "T", "type": "text", "path": path}}}
        apart = told(1, traits={"home": {"town": "Rome", " town": "Rome"}, "town": "Rome"})
        assert flips(enter, [apart, told(2, traits=sent)], vocabulary=words) == [2]


@pytest.mark.parametrize("key", ["gift.wrap", "gift wrap"])
def test_a_key_of_an_event_that_itself_has_a_dot_or_a_blank_is_asked_by_itself(key: str) -> None:
    """Properties have no path: the vocabulary declares the key as it is sent, and rules name it so."""
    words = {"events": VOCABULARY["events"] | {VIEW: {"title": "V", "properties": {key: "text"}}}}
    records = [did(1, gift="red", wrap="red"), did(2, **{key: "red"})]
    assert flips({"did": VIEW, "where": {key: "red"}}, records, vocabulary=words) == [2]
    assert flips({"last_value": f"{VIEW}.{key}", "is": "red"}, records, vocabulary=words) == [2]


def test_a_bar_is_a_published_cut_point_and_percent_a_part_of_it() -> None:
    enter = {"sum": "order_placed.amount", "at_least": {"bar": "rich", "percent": 80}}
    records = [order(1, 79.99), order(2, 0.01)]
    assert flips(enter, records, given={"bars": {"rich": 100}}) == [2]
    assert flips(enter, records) == []


# -- vocabulary ---------------------------------------------------------------------------


def test_an_alias_is_the_event_that_it_stands_for() -> None:
    assert flips({"did": "order_placed"}, [did(1, "Order Completed", amount=1)]) == [1]


def test_a_consent_counts_as_the_vocabulary_says_unless_told() -> None:
    assert flips({"consent": "post"}, [did(1)]) == [1]
    assert flips({"consent": "email"}, [did(1)]) == []


def test_what_lies_before_history_since_is_refused() -> None:
    words = {"history_since": "2026-01-05"}
    assert flips({"did": VIEW}, [did(5, occurred=-1), did(9)], vocabulary=words) == [9]


def test_what_lies_farther_ahead_than_future_tolerance_is_refused() -> None:
    words = {"future_tolerance": "5s"}
    assert flips({"did": VIEW}, [did(1, occurred=7), did(9)], vocabulary=words) == [9]


def test_currency_is_what_money_compares_in() -> None:
    """In the smallest unit of the currency: yen have none below."""
    enter = {"sum": "order_placed.amount", "at_least": 3}
    assert flips(enter, [order(1, 2), order(2, 1)], vocabulary={"currency": "JPY"}) == [2]


# -- points -------------------------------------------------------------------------------


def test_points_are_the_sum_of_give_whose_when_holds() -> None:
    lines = [{"give": 10, "when": {"did": VIEW}}, {"give": -4, "when": {"did": "order_placed"}}]
    rules = audience({"points": "p", "at_least": 7}) | {"points/p.yaml": {"title": "P", "owner": "o", "add": lines}}
    assert changes(rules, [did(1), order(2)]) == [(1, None, "x"), (2, "x", None)]


# -- segments -----------------------------------------------------------------------------


def test_enter_is_absent_only_on_otherwise_and_where_it_is_not_enabled() -> None:
    rules = audience({"everyone": True})
    rules["audiences/x.yaml"].pop("enter")
    assert codes_of(rules) == {"rule-missing"}
    rules["audiences/x.yaml"]["enabled"] = False
    assert load(text_of(rules)).audiences


def test_so_many_of_a_hundred_are_the_control_group() -> None:
    (nobody,), (everybody,) = (agree(audience({"did": VIEW}, holdout_percent=share), [did(1)]) for share in (0, 100))
    assert (nobody.is_holdout, nobody.acts, everybody.is_holdout, everybody.acts) == (False, True, True, False)


# -- cases --------------------------------------------------------------------------------

LAST_MONDAY = """\
title: X
owner: o
enter: {all: [{did: order_placed}, {today: {from: 2026-01-05, to: 2026-01-05}}]}
"""


def case_of(place: Path, rule: str, case: str) -> list[str]:
    """Return what happens in a case that expects nothing, in a shop in London."""
    files = {"vocabulary.yaml": SHOP, "audiences/x.yaml": rule}
    files["audiences/x.test.yaml"] = f"tests:\n  - name: n\n    {case}\n    expect: []\n"
    told_of = answer("rules", "test", folder(place, files))[1]["failed"]
    return list(told_of[0]["got"]) if told_of else []


def test_a_case_starts_on_monday_the_5th_of_january_2026_in_the_zone_of_the_vocabulary(tmp_path: Path) -> None:
    case = "events: [{at: 0d, did: order_placed, order_id: a, amount: 1}]\n    until: 9d"
    assert case_of(tmp_path, LAST_MONDAY, case) == ["at 0d: enters x", "at 1d: leaves x"]


def test_at_is_when_an_event_reaches_us_and_occurred_when_it_was_done(tmp_path: Path) -> None:
    rule = "title: X\nowner: o\nenter: {did: order_placed, within: 7d}\n"
    case = "events: [{at: 4d, occurred: 1d, did: order_placed, order_id: a, amount: 1}]\n    until: 20d"
    assert case_of(tmp_path, rule, case) == ["at 4d: enters x", "at 8d: leaves x"]


def test_without_until_no_time_passes_after_the_last_event(tmp_path: Path) -> None:
    rule = "title: X\nowner: o\nenter: {did: order_placed, within: 7d}\n"
    case = "events: [{at: 0d, did: order_placed, order_id: a, amount: 1}]"
    assert case_of(tmp_path, rule, case) == ["at 0d: enters x"]


def test_the_cases_of_the_twelve_files_pass(tmp_path: Path) -> None:
    code, found = answer("rules", "test", folder(tmp_path, EXAMPLE))
    assert (code, found["failed"]) == (0, [])
    assert found["passed"] >= 3


def test_what_is_given_was_true_before_the_first_event(tmp_path: Path) -> None:
    rule = "title: X\nowner: o\nenter: {trait: plan, is: gold, for: 30d}\n"
    case = "given: {traits: {plan: gold}}\n    events: [{at: 1d, did: product_viewed}]"
    assert case_of(tmp_path, rule, case) == ["at 1d: enters x"]
