"""Test files: what they may say, and what is refused."""

from __future__ import annotations

import pytest

from stream.ruleset.load import load
from stream.ruleset.schema_cases import DidEvent, TraitsEvent
from tests.ruleset.examples import EXAMPLE, VOCABULARY, problems_of

RULE = "title: A\nowner: us\nenter: {did: order_placed}\nwarn_before: 1d\n"
OTHER = "title: B\nowner: us\nenter: {did: order_placed}\n"


def refused(lines):
    files = {
        "vocabulary.yaml": VOCABULARY,
        "audiences/a.yaml": RULE,
        "audiences/b.yaml": OTHER,
        "audiences/a.test.yaml": f"tests:\n  - name: x\n    {lines}\n",
    }
    return [problem.removeprefix("audiences/a.test.yaml:") for problem in problems_of(files)]


EMPTY = "expect: []\n    events: "
REFUSED = [
    ("expect: []", '2:5: "events" is missing; write "events: …" (what happens, in the order in which it reaches us)'),
    (EMPTY + "[{at: 1d}]", "4:14: an event of a case has one of: did, traits, consents, lists, scores [test-event]"),
    (EMPTY + "[3]", "4:14: an event of a case has one of: did, traits, consents, lists, scores [test-event]"),
    (EMPTY + "{}", "4:13: a mapping where a list belongs; write [] for none [rule-value]"),
    (EMPTY + "[{at: 10m, did: order_placed}]", '4:19: "10m" may be minutes or months; write "10min" or "300d"'),
    (EMPTY + "[{at: 0d, did: order_payed}]", '4:28: event "order_payed" is not in vocabulary.yaml; did you mean'),
    (EMPTY + "[{at: 0d, did: any_event}]", '4:28: event "any_event" is not in vocabulary.yaml; add it there'),
    (EMPTY + "[{at: 0d, did: order_placed, ammount: 3}]", '4:42: "order_placed" has no property "ammount"; it has: '),
    (EMPTY + "[{at: 0d, did: order_placed, amount: ten}]", '4:50: "ten" is not a number [rule-value]'),
    (EMPTY + "[{at: 0d, did: order_placed, order_id: 3}]", '4:52: "order_id" of "order_placed" is a text; write "3"'),
    (EMPTY + "[{at: 0d, did: order_placed, order_id: [3]}]", '4:52: "order_id" of "order_placed" takes a text; this'),
    (EMPTY + "[{at: 0d, did: order_placed, items: 3}]", '4:49: "items" of "order_placed" takes a list; this is some'),
    (EMPTY + "[{at: 0d, did: order_placed, occurred: 1d}]", '4:52: "occurred" is later than "at"; nothing reaches us'),
    (EMPTY + "[{at: 2d, traits: {plan: a}}, {at: 1d, traits: {}}]", '4:48: "at" (1d) is before the one above (2d); p'),
    (EMPTY + "[{at: 2d, traits: }]", "4:31: nothing where a mapping belongs [rule-value]"),
    (EMPTY + "[{at: 2d, traits: {plam: a}}]", '4:32: trait "plam" is not in vocabulary.yaml; did you mean "plan"?'),
    (EMPTY + "[{at: 2d, traits: {birthday: a}}]", '4:42: "a" is not a day; write it as 2027-03-01 [rule-value]'),
    (EMPTY + "[{at: 2d, lists: {vips: added}}]", '4:31: list "vips" is not in vocabulary.yaml; add it there [rule-n'),
    (EMPTY + "[{at: 2d, lists: {store_openings: in}}]", '4:47: "in" does not fit here; write added or removed'),
    (EMPTY + "[{at: 2d, consents: {sms: given}}]", '4:34: consent "sms" is not in vocabulary.yaml; add it there [r'),
    (EMPTY + "[{at: 2d, traits: {plan: a}}]\n    until: 1d", '5:12: "until" (1d) is before the last event (2d); mak'),
    (EMPTY + "[]\n    starts: 2026-01-01", '5:13: "2026-01-01" is not a moment; write it as 2027-03-01T18:00+01:00'),
    (EMPTY + "[]\n    given: {bucket: {x: 100}}", '5:25: "100" is no place in the hundred; write 0 to 99 [rule-val'),
    (EMPTY + "[]\n    given: {traits: {x: 1}}", '5:22: trait "x" is not in vocabulary.yaml; add it there [rule-name]'),
    (EMPTY + "[]\n    given: {traits: }", '5:21: "traits" is empty; write a value, or remove it [rule-value]'),
    ("events: []\n    expect: [{at: 1d, enters: a}]", '4:19: "at" (1d) is after the case ends (0d); write "until" '),
    (
        "events: []\n    until: 3d\n    expect: [{at: 2d, enters: a}, {at: 1d, leaves: a}]",
        '5:40: "at" (1d) is before the one above (2d); put them in order [test-time]',
    ),
    ("events: []\n    until: 3d\n    expect: [{at: 2d}]", '5:14: "enters" or "leaves" is missing; write "enters: SE'),
    ("events: []\n    until: 3d\n    expect: [{at: 2d, enters: c}]", '5:31: segment "c" does not exist here; one of'),
    (
        "events: []\n    until: 3d\n    expect: [{at: 2d, enters: b.about_to_leave}]",
        '5:31: "b" has no "warn_before", so nobody is about to leave it; add it there [rule-name]',
    ),
    ("events: []\n    expect: []\n  - name: x\n    events: []\n    expect: []", '5:11: two cases have the name "x"'),
]


@pytest.mark.parametrize(("lines", "expected"), REFUSED, ids=[line[1][:60] for line in REFUSED])
def test_the_case_is_refused(lines, expected):
    found = refused(lines)
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_everything_a_case_may_say():
    text = """
tests:
  - name: everything
    starts: 2026-01-05T00:00+01:00
    given:
      traits: {plan: family, birthday: 2000-01-01, interests: [a], postcode: null}
      lists: {store_openings: added}
      consents: {email: given}
      scores: {churn_probability: 0.5}
      bars: {value.vip: 900}
      bucket: {summer: 99}
    events:
      - {at: 0d, did: order_placed, order_id: "1", amount: 5, coupon: null, items: [{sku: a}]}
      - {at: 2d, did: order_placed, occurred: 1d}
      - {at: 2d, traits: {plan: null}}
      - {at: 3d, consents: {email: not_given}}
      - {at: 3d, lists: {store_openings: removed}}
      - {at: 3d, scores: {churn_probability: 1}}
    until: 9d
    expect:
      - {at: 0d, enters: a}
      - {at: 1d, enters: a.about_to_leave, leaves: b}
"""
    files = {
        "vocabulary.yaml": VOCABULARY,
        "audiences/a.yaml": RULE,
        "audiences/b.yaml": OTHER,
        "audiences/a.test.yaml": text,
    }
    (case,) = load(files).cases["audiences.a"]
    first, second, third = case.events[:3]
    assert isinstance(first, DidEvent)
    assert first.properties == {"order_id": "1", "amount": 5, "coupon": None, "items": [{"sku": "a"}]}
    assert (second.at, second.occurred) == (172_800_000, 86_400_000)
    assert isinstance(third, TraitsEvent)
    assert third.traits == {"plan": None}
    assert case.given.bars == {"value.vip": 900}


def test_an_unknown_event_can_be_played_where_it_is_kept():
    files = {
        "vocabulary.yaml": VOCABULARY + "known_events_only: false\n",
        "audiences/a.yaml": RULE,
        "audiences/a.test.yaml": "tests: [{name: x, events: [{at: 0d, did: flew, to: moon}], expect: []}]\n",
    }
    assert problems_of(files) == []


CASES = "tests:\n  - {name: x, events: [], until: 1d, expect: [{at: 0d, enters: a}]}\n"


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        ("tests: []\n", "no case in which a customer enters; no case in which one must not"),
        (CASES, "no case in which one must not"),
        ("tests: [{name: x, events: [], expect: []}]\n", "no case in which a customer enters"),
    ],
)
def test_both_directions_need_a_case(cases, expected):
    files = {"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": RULE, "audiences/a.test.yaml": cases}
    assert problems_of(files, are_cases_required=True) == [f"audiences/a.yaml:1:1: {expected} [test-missing]"]
    assert problems_of(files) == []


def test_cases_that_cannot_be_read_are_not_missing():
    files = {"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": RULE, "audiences/a.test.yaml": "tests: [\n"}
    (problem,) = problems_of(files, are_cases_required=True)
    assert problem.startswith("audiences/a.test.yaml:1:9: this is not YAML")


def test_what_is_off_or_otherwise_needs_no_case():
    found = problems_of(EXAMPLE, are_cases_required=True)
    assert found
    assert not any(problem.startswith(("lifecycle/prospect", "value/regular")) for problem in found)
    disabled = {"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": RULE + "enabled: false\n"}
    assert problems_of(disabled, are_cases_required=True) == []


LATE = (
    "tests:\n  - {name: x, events: [{at: 3d, did: order_placed}], until: 2026-08-01, expect: [{at: 3d, enters: a}]}\n"
)
BOTH = "  - {name: y, events: [], expect: []}\n"


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        (LATE + BOTH, "2:61: "),
        (LATE.replace("2026-08-01", "9d").replace("enters: a", "enters: aa") + BOTH, "2:91: segment "),
        (LATE.replace("2026-08-01", "9d").replace("enters: a", "enter: a") + BOTH, "2:83: unknown key "),
    ],
)
def test_what_only_follows_from_a_mistake_in_a_case_is_not_said(cases, expected):
    files = {"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": RULE, "audiences/a.test.yaml": cases}
    (problem,) = problems_of(files, are_cases_required=True)
    assert problem.startswith(f"audiences/a.test.yaml:{expected}"), problem


def test_a_mistake_in_one_case_hides_no_wrong_order_in_another():
    disordered = BOTH.replace("[]", "[{at: 2d, traits: {}}, {at: 1d, traits: {}}]", 1)
    files = {"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": RULE, "audiences/a.test.yaml": LATE + disordered}
    assert [problem.rpartition(" ")[2] for problem in problems_of(files)] == ["[rule-span]", "[test-time]"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (
            EMPTY + "[{at: 0d, did: purchase}]",
            '4:28: "purchase" is what sources call "order_placed"; write "order_placed" [rule-name]',
        ),
        (
            "events: []\n    until: 3d\n    expect: [{at: 2d, enters: audiences.a}]",
            '5:31: segment "audiences.a" does not exist here; did you mean "a"? [rule-name]',
        ),
    ],
)
def test_a_name_from_elsewhere_is_told_the_one_of_here(lines, expected):
    assert refused(lines) == [expected]
