"""The grammar of the rule language, row by row: what each word takes, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.errors import RuleError
from stream.ruleset.load import load
from stream.ruleset.schema import LEADING_WORDS
from stream.ruleset.schema_cases import (
    Case,
    ConsentsEvent,
    DidEvent,
    Expected,
    Given,
    ListsEvent,
    ScoresEvent,
    TraitsEvent,
)
from stream.ruleset.schema_customers import Days
from stream.ruleset.schema_dates import PERIODS
from stream.ruleset.schema_files import (
    ConsentDefinition,
    DimensionFile,
    EventDefinition,
    ListDefinition,
    PlaceDefinition,
    PointsFile,
    PointsLine,
    SegmentFile,
    TraitDefinition,
    Vocabulary,
)
from stream.ruleset.schema_parts import StepDid, StepDidNot, Where
from tests.oracle.story import audience

VIEW = "product_viewed"
WINDOW = {"within", "older_than", "during", "from", "to", "before"}
COUNT = {"at_least", "at_most", "above", "below", "exactly", "between"}
COMPARE = (COUNT - {"exactly"}) | {
    "is", "is_not", "one_of", "none_of", "starts_with", "ends_with", "contains", "matches", "has_any", "has_all",
    "has_none", "exists", "within", "within_next", "older_than", "falls", "anniversary", "on_day", "from", "to",
    "before",
}  # fmt: skip
EVENTS = {"where"} | WINDOW
CONDITIONS: dict[str, set[str]] = {
    "all": set(),
    "any": set(),
    "not": set(),
    "everyone": set(),
    "did": EVENTS | COUNT | {"per"},
    "did_on_days": EVENTS | COUNT,
    "did_not": EVENTS,
    "first_time": {"where", "within"},
    "last_event": EVENTS | {"has"},
    "sequence": {"within", "per"},
    "regularly": {"where", "at_least", "every", "in_at_least", "of_last"},
    "stopped": {"where", "did_within", "quiet_for"},
    "restarted": {"where", "quiet_for", "again_within"},
    "sum": EVENTS | COUNT,
    "average": EVENTS | COUNT,
    "smallest": EVENTS | COUNT,
    "largest": EVENTS | COUNT,
    "distinct": EVENTS | COUNT,
    "first_value": EVENTS | COMPARE,
    "last_value": EVENTS | COMPARE,
    "most_frequent": EVENTS | COMPARE,
    "share": EVENTS | COUNT | {"of_at_least"},
    "trait": COMPARE | {"for", "for_less_than"},
    "in_segment": {"for", "for_less_than"},
    "in_list": {"for"},
    "consent": set(),
    "bucket": {"percent", "starting_at"},
    "score": COUNT,
    "points": COUNT,
    "near": {"km"},
    "today": set(),
}
FILES: dict[type[Any], set[str]] = {
    Vocabulary: {
        "zone", "currency", "known_events_only", "history_since", "future_tolerance", "personal_gap_mean", "events",
        "traits", "lists", "consents", "places",
    },
    EventDefinition: {"title", "aliases", "sent", "reverses", "properties"},
    TraitDefinition: {"title", "type", "path", "sent"},  # `sent` was added
    ListDefinition: {"title"},
    ConsentDefinition: {"title", "unless_told"},
    PlaceDefinition: {"lat", "lon"},
    DimensionFile: {
        "title", "owner", "question", "order", "otherwise", "inside", "stay_at_least", "wait", "cooldown",
        "announce_first", "model", "description",
    },
    SegmentFile: {
        "title", "description", "owner", "next_action", "enabled", "enter", "stay_while", "only_from", "wait",
        "stay_at_least", "stay_at_most", "cooldown", "warn_before", "holdout_percent", "on_rule_change", "review_by",
    },
    Case: {"name", "starts", "given", "events", "until", "expect"},
    Given: {"traits", "lists", "consents", "scores", "bars", "bucket"},
    DidEvent: {"at", "did", "occurred"},
    TraitsEvent: {"at", "traits", "occurred"},
    ConsentsEvent: {"at", "consents", "occurred"},
    ListsEvent: {"at", "lists", "occurred"},
    ScoresEvent: {"at", "scores"},
    Expected: {"at", "enters", "leaves"},
    Where: {"any_item"},
    StepDid: {"did", "where", "max_gap"},
    StepDidNot: {"did_not", "where", "for"},
}  # fmt: skip


def words_of(model: type[Any]) -> set[str]:
    """Return the words of a model as they are written."""
    return {name.rstrip("_") for name in model.model_fields}


def problem(enter: dict[str, Any]) -> str:
    """Return the codes of what is wrong with a condition, nothing if it is accepted."""
    try:
        load({path: json.dumps(about) for path, about in audience(enter).items()})
    except RuleError as error:
        return ",".join(sorted({each.code for each in error.problems}))
    return ""


def test_no_word_is_a_leading_key_in_one_place_and_a_modifier_in_another() -> None:
    """Beside a leading word, in a step, a `where`, the days of `today`, a segment, or a line of points."""
    beside = {word: words_of(model) - {word} for word, model in LEADING_WORDS.items()}
    beside |= {"step": words_of(StepDid) - {"did"}, "silent step": words_of(StepDidNot) - {"did_not"}}
    beside |= {model.__name__: words_of(model) for model in (Where, Days, PointsFile, PointsLine, SegmentFile)}
    assert {place: words & LEADING_WORDS.keys() for place, words in beside.items()} == {
        place: set() for place in beside
    }


def test_every_condition_of_the_grammar_is_there_and_no_other() -> None:
    assert set(LEADING_WORDS) == set(CONDITIONS)


@pytest.mark.parametrize("word", CONDITIONS)
def test_a_condition_takes_exactly_the_other_keys_of_its_row(word: str) -> None:
    assert words_of(LEADING_WORDS[word]) == {word} | CONDITIONS[word]


@pytest.mark.parametrize("model", FILES, ids=lambda one: one.__name__)
def test_a_file_takes_exactly_the_keys_of_its_row(model: type[Any]) -> None:
    assert words_of(model) == FILES[model]


@pytest.mark.parametrize("span", ["45s", "45min", "36h", "90d", "2w"])
def test_value_span_is_a_whole_number_and_a_unit(span: str) -> None:
    assert problem({"did": VIEW, "within": span}) == ""


@pytest.mark.parametrize("span", ["10m", "1y", "1.5h", "0d", "7", 7, "d", "-1d", "1 d"])
def test_value_span_refuses_what_could_mean_two_things_or_nothing(span: Any) -> None:
    assert problem({"did": VIEW, "within": span}) == "rule-span"


@pytest.mark.parametrize("word", ["did", "did_not", "first_time"])
def test_value_personal_stands_for_the_span_of_within(word: str) -> None:
    assert problem({word: "order_placed", "within": {"personal_gaps": 2.5, "at_least": "14d"}}) == ""


def test_value_personal_stands_for_quiet_for_and_needs_its_floor() -> None:
    gaps: dict[str, Any] = {"personal_gaps": 2, "at_least": "9d"}
    assert problem({"stopped": "order_placed", "did_within": "90d", "quiet_for": gaps}) == ""
    assert problem({"restarted": "order_placed", "quiet_for": gaps, "again_within": "9d"}) == ""
    assert problem({"did": "order_placed", "within": {"personal_gaps": 2}}) != ""


@pytest.mark.parametrize("word", ["from", "to", "before"])
def test_value_date_stands_in_from_to_and_before(word: str) -> None:
    assert problem({"did": VIEW, word: "2027-03-01"}) == ""


def test_value_moment_needs_its_offset_and_stands_in_from_and_before_only() -> None:
    assert problem({"did": VIEW, "from": "2027-03-01T18:00+01:00"}) == ""
    assert problem({"did": VIEW, "before": "2027-03-01T18:00+01:00"}) == ""
    assert problem({"did": VIEW, "to": "2027-03-01T18:00+01:00"}) == "rule-date"
    assert problem({"did": VIEW, "from": "2027-03-01T18:00"}) != ""


@pytest.mark.parametrize("period", [*PERIODS, {"last_days": 7}, {"days_ago": 2}, {"days_ahead": 3}], ids=str)
def test_value_period_is_a_word_or_counted_days(period: Any) -> None:
    assert problem({"trait": "birthday", "anniversary": period}) == ""
    assert problem({"trait": "renews_on", "falls": period}) == ""


def test_value_period_has_these_twelve_words() -> None:
    assert set(PERIODS) == {
        "today", "yesterday", "tomorrow", "this_week", "last_week", "next_week", "this_month", "last_month",
        "next_month", "this_year", "last_year", "next_year",
    }  # fmt: skip


@pytest.mark.parametrize("event", [VIEW, "message_*", "any_event"])
def test_value_event_is_a_name_a_prefix_or_any_event(event: str) -> None:
    assert problem({"did": event}) == ""
    assert problem({"sequence": [event, {"did_not": event, "for": "1h"}]}) == ""


def test_value_field_is_event_dot_property_nested_with_dots() -> None:
    properties = {"zone": "UTC", "currency": "EUR", "events": {"e": {"title": "E", "properties": {"to": "untyped"}}}}
    rules = audience({"sum": "e.to.the.depth", "at_least": 1}, properties)
    assert load({path: json.dumps(about) for path, about in rules.items()}).audiences
    assert problem({"sum": "order_placed.ammount", "at_least": 1}) == "rule-property"


@pytest.mark.parametrize("number", [12, 0.5, "12", {"bar": "value.vip"}, {"bar": "value.vip", "percent": 80}], ids=str)
def test_value_number_is_a_number_quoted_or_a_bar(number: Any) -> None:
    assert problem({"sum": "order_placed.amount", "at_least": number}) == ""


@pytest.mark.parametrize(
    "value", ["garden", ["garden", "toys"], {"is_not": "garden"}, {"starts_with": "g"}, {"exists": True}], ids=str
)
def test_part_where_takes_a_value_a_list_or_a_comparison(value: Any) -> None:
    assert problem({"did": VIEW, "where": {"category": value}}) == ""


def test_part_where_takes_any_item_with_the_same_again() -> None:
    items = {"sku": ["a", "b"], "quantity": {"at_least": 2}, "gift": True}
    assert problem({"did": "order_placed", "where": {"any_item": items, "category": "toys"}}) == ""


@pytest.mark.parametrize(
    "window",
    [
        {},
        {"within": "9d"},
        {"older_than": "2d"},
        {"within": "9d", "older_than": "2d"},
        {"during": "this_week"},
        {"from": "2026-01-01"},
        {"from": "2026-01-01", "to": "2026-02-01"},
        {"from": "2026-01-01", "before": "2026-02-01"},
        {"to": "2026-02-01"},
        {"before": "2026-02-01"},
    ],
    ids=lambda one: "+".join(one) or "nothing",
)
def test_part_window_is_one_of_these(window: dict[str, Any]) -> None:
    assert problem({"did": VIEW} | window) == ""


@pytest.mark.parametrize(
    "window",
    [
        {"within": "9d", "during": "today"},
        {"within": "9d", "from": "2026-01-01"},
        {"during": "today", "to": "2026-01-01"},
        {"to": "2026-02-01", "before": "2026-02-01"},
    ],
    ids="+".join,
)
def test_part_window_refuses_two(window: dict[str, Any]) -> None:
    assert problem({"did": VIEW} | window) == "rule-two-windows"


@pytest.mark.parametrize("word", sorted(COUNT))
def test_part_count_is_one_word(word: str) -> None:
    assert problem({"did": VIEW, word: [1, 2] if word == "between" else 1}) == ""


def test_part_count_refuses_two() -> None:
    assert problem({"did": VIEW, "at_least": 1, "below": 4}) == "rule-two-comparisons"


@pytest.mark.parametrize(
    ("trait", "compare"),
    [
        *(("visits", {word: [1, 2] if word == "between" else 1}) for word in sorted(COUNT - {"exactly"})),
        ("plan", {"is": "a"}),
        ("plan", {"is_not": "a"}),
        ("plan", {"one_of": ["a"]}),
        ("plan", {"none_of": ["a"]}),
        *(("plan", {word: "a"}) for word in ("starts_with", "ends_with", "contains", "matches")),
        *(("interests", {word: ["a"]}) for word in ("has_any", "has_all", "has_none")),
        *(("plan", {"exists": is_there}) for is_there in (True, False)),
        *(("renews_on", {word: "9d"}) for word in ("within", "within_next", "older_than")),
        *(("renews_on", {word: "this_week"}) for word in ("falls", "anniversary")),
        ("renews_on", {"on_day": "2026-01-01"}),
        ("renews_on", {"from": "2026-01-01", "to": "2026-02-01"}),
        *(("renews_on", {word: "2026-01-01"}) for word in ("from", "to", "before")),
    ],
    ids=str,
)
def test_part_compare_is_one_of_these(trait: str, compare: dict[str, Any]) -> None:
    assert problem({"trait": trait} | compare) == ""


def test_part_compare_is_without_exactly_and_only_one() -> None:
    assert problem({"trait": "visits", "exactly": 1}) == "rule-key"
    assert problem({"trait": "plan", "is": "a", "contains": "a"}) == "rule-two-comparisons"


@pytest.mark.parametrize(
    "step",
    ["cart_updated", {"did": "cart_updated", "max_gap": "1h"}, {"did_not": "cart_updated", "for": "1h"}],
    ids=str,
)
def test_part_step_is_an_event_a_did_or_a_did_not(step: Any) -> None:
    assert problem({"sequence": [VIEW, step]}) == ""


def test_part_step_did_not_is_the_last_one_only() -> None:
    assert problem({"sequence": [{"did_not": VIEW, "for": "1h"}, VIEW]}) == "rule-step"


def test_a_sequence_has_at_least_two_steps() -> None:
    assert problem({"sequence": [VIEW]}) == "rule-step"


@pytest.mark.parametrize("group", ["all", "any"])
def test_all_and_any_are_lists_that_are_not_empty(group: str) -> None:
    assert problem({group: []}) == "rule-empty-group"


def test_a_condition_has_exactly_one_leading_word() -> None:
    assert problem({"did": VIEW, "trait": "plan", "is": "a"}) == "rule-two-conditions"
    assert problem({"within": "1h"}) == "rule-no-condition"
