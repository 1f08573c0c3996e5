from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stream.wire.sentence import amount_words, condition_words, sentence

SILENCE = "order_placed within 2 personal gaps (at least 14d)"


def body(**parts: Any) -> dict[str, Any]:
    standard = {
        "customer_id": "17850",
        "left": "active",
        "entered": "at_risk",
        "at": "2026-08-01T09:12:30.000Z",
        "cause": {"kind": "time", "condition": SILENCE},
        "evidence": [
            {"condition": "order_placed", "value": 4, "test": "at least", "bar": 1, "holds": True},
            {"condition": SILENCE, "value": 0, "test": "exactly", "bar": 0, "holds": True},
        ],
    }
    return standard | parts


def test_a_move_by_time_names_what_ran_out_and_its_value() -> None:
    assert sentence(body()) == (
        f"17850 left active for at_risk on 2026-08-01 09:12 because {SILENCE} ran out (0, asked for exactly 0)"
    )


def test_the_instant_is_shown_in_the_zone_of_the_reader() -> None:
    assert "on 2026-08-01 10:12 because" in sentence(body(), ZoneInfo("Europe/London"))


def test_entering_by_an_event_names_the_event_and_the_conditions_that_hold() -> None:
    bar = {"test": "at least", "bar": 65000, "unit": "GBP"}
    evidence = [
        {"condition": "sum of amount within 365d", "value": 69136, **bar, "holds": True},
        {"condition": "trait plan", "value": "staff", "test": "is not", "bar": "staff", "holds": False},
    ]
    told = sentence(
        body(left=None, entered="silver", cause={"kind": "event", "name": "order_placed"}, evidence=evidence)
    )
    assert told == (
        "17850 entered silver on 2026-08-01 09:12 because of order_placed: "
        "sum of amount within 365d (691.36 GBP, asked for at least 650.00 GBP)"
    )


def test_leaving_by_an_event_names_the_conditions_that_do_not_hold() -> None:
    evidence = [
        {"condition": "order_placed", "value": 1, "test": "exactly", "bar": 0, "holds": False},
        {"condition": "everyone", "value": True, "test": None, "bar": None, "holds": True},
    ]
    cause = {"kind": "event", "name": "order_placed", "late": True}
    told = sentence(body(left="cart", entered=None, cause=cause, evidence=evidence))
    assert told.endswith(
        "left cart on 2026-08-01 09:12 because of order_placed, which came late: order_placed (1, asked for exactly 0)"
    )


def test_one_condition_with_two_bars_is_one_reason_and_many_are_counted() -> None:
    evidence = [
        {"condition": f"c{number // 2}", "value": number, "test": "above", "bar": 1, "holds": True}
        for number in range(10)
    ]
    told = sentence(body(cause={"kind": "event", "name": "x"}, evidence=evidence))
    assert told.endswith("c0 (0, asked for above 1); c1 (2, asked for above 1); c2 (4, asked for above 1); 2 more")


def condition(of: str, name: str, part: str = "enter", **parts: Any) -> dict[str, Any]:
    return {"condition": name, "value": 1, "test": "above", "bar": 2, "holds": True, "of": of, "part": part} | parts


def test_each_sentence_names_the_conditions_of_the_segment_that_decided() -> None:
    cause = {"kind": "event", "name": "x", "late": True}
    evidence = [condition("active", "a", holds=False), condition("active", "b"), condition("at_risk", "c")]
    fall = sentence(body(cause=cause, evidence=evidence))
    assert fall.endswith("because of x, which came late, no longer active: a (1, asked for above 2)")
    rise = [condition("at_risk", "c"), condition("at_risk", "d", holds=False), condition("at_risk", "e", "stay_while")]
    assert sentence(body(cause=cause, evidence=rise)).endswith("came late: c (1, asked for above 2)")


def test_a_condition_under_not_is_told_with_it() -> None:
    evidence = [condition("at_risk", "c", holds=False, negated=True), condition("at_risk", "d", negated=True)]
    told = sentence(body(cause={"kind": "event", "name": "x"}, evidence=evidence))
    assert told.endswith("because of x: not c (1, asked for above 2)")


def test_where_no_condition_decided_the_event_alone_is_told() -> None:
    told = sentence(body(cause={"kind": "event", "name": "x"}, evidence=[condition("at_risk", "c", holds=False)]))
    assert told.endswith("because of x")


@pytest.mark.parametrize(
    ("clock", "words"),
    [
        ("wait", "its conditions had held for the whole wait"),
        ("cooldown", "the cooldown was over"),
        ("stay_at_most", "the longest stay there was over"),
        ("stay_at_least", "the shortest stay there was over"),
    ],
)
def test_clocks_are_told_in_words(clock: str, words: str) -> None:
    assert sentence(body(cause={"kind": "time", "condition": clock})).endswith(f"because {words}")


def test_what_comes_true_with_age_does_not_run_out() -> None:
    text = "order_placed within 10d older than 7d"
    evidence = [{"condition": text, "value": 1, "test": "at least", "bar": 1, "holds": True}]
    told = sentence(body(cause={"kind": "time", "condition": text}, evidence=evidence))
    assert told.endswith(f"because {text} came true with time (1, asked for at least 1)")


@pytest.mark.parametrize(
    ("text", "told", "verb"),
    [
        ("sum of amount within 365d", {"test": "at least", "bar": 5, "holds": True}, "ran out"),
        ("first order_placed within 30d", {"test": None, "bar": None, "holds": False}, "ran out"),
        ("stopped x within 60d quiet for 15d", {"test": None, "bar": None, "holds": True}, "came true with time"),
        ("trait renews_on", {"test": "within next", "bar": "10d", "holds": True}, "came true with time"),
        ("in lifecycle.dormant", {"test": None, "bar": None, "holds": False}, "ended"),
        ("today", {"test": "one of", "bar": ["monday"], "holds": False}, "ended"),
    ],
)
def test_time_ends_windows_and_brings_what_was_waited_for(text: str, told: dict[str, Any], verb: str) -> None:
    evidence = [{"condition": text, "value": None, **told}]
    assert f" because {text} {verb}" in sentence(body(cause={"kind": "time", "condition": text}, evidence=evidence))


@pytest.mark.parametrize(
    ("test", "bar", "words"),
    [
        ("between", [2, 4], "3, asked for between 2 and 4"),
        ("one of", ["a", "b"], "3, asked for one of a, b"),
        ("from, to before", [0, 20], "3, asked for from 0, to before 20"),
        ("at least", 1000, "3, asked for at least 1,000"),
        ("is", "family", "3, asked for family"),
        ("is not", "family", "3, asked for anything but family"),
        ("exists", True, "3, asked for any value"),
        ("exists", False, "3, asked for no value"),
    ],
)
def test_what_is_asked_reads_as_the_rule_does(test: str, bar: object, words: str) -> None:
    assert condition_words({"condition": "c", "value": 3, "test": test, "bar": bar}) == f"c ({words})"


def test_a_transition_without_evidence_or_of_another_kind_is_still_a_sentence() -> None:
    assert sentence(body(cause={"kind": "rule_changed"}, evidence=[])).endswith("09:12 because the rules changed")
    assert sentence(body(cause={"kind": "merge"}, evidence=[])).endswith("because two ids became one customer")
    assert sentence(body(cause={"kind": "time", "condition": None}, evidence=[])).endswith("on 2026-08-01 09:12")
    assert sentence(body(cause={"kind": "event", "name": None}, evidence=[])).endswith("because of what became known")
    assert sentence(body(cause={})).endswith("on 2026-08-01 09:12")


def test_a_value_that_is_compared_with_nothing_is_an_instant_or_a_word() -> None:
    first = {"condition": "first order_placed", "value": 1_767_571_200_000, "test": None, "bar": None}
    assert condition_words(first) == "first order_placed (2026-01-05 00:00)"
    assert condition_words(first | {"value": "at_risk"}) == "first order_placed (at_risk)"
    assert condition_words(first | {"value": None}) == "first order_placed"


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (None, "", "no value"),
        (True, "", "true"),
        (False, "", "false"),
        (1234567, "", "1,234,567"),
        (0.25, "", "0.25"),
        (1234567, "GBP", "12,345.67 GBP"),
        (1234, "JPY", "1,234 JPY"),
        (-5, "BHD", "-0.005 BHD"),
        ([100, 250], "EUR", "1.00 EUR, 2.50 EUR"),
        (["a", "b"], "", "a, b"),
        ([], "", "nothing"),
        ("garden", "", "garden"),
    ],
)
def test_values_read_as_people_write_them(value: object, unit: str, words: str) -> None:
    assert amount_words(value, unit) == words
