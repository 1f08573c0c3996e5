"""One form for equal rules: what is published, and the two hashes."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.errors import RuleError
from stream.ruleset.canonical import (
    canonical_form,
    canonical_json,
    content_hash,
    from_canonical_form,
    meaning_hash,
    meaning_of,
    told_hash,
)
from stream.ruleset.load import load
from stream.ruleset.source import parse
from tests.ruleset.examples import EXAMPLE, read_condition

VIP = EXAMPLE["value/vip.yaml"]


def hashes(**changes):
    ruleset = load({**EXAMPLE, **{path.replace("__", "/") + ".yaml": text for path, text in changes.items()}})
    return content_hash(ruleset), meaning_hash(ruleset)


def test_what_is_published_loads_and_has_the_same_names():
    ruleset = load(EXAMPLE)
    again = load(from_canonical_form(canonical_form(EXAMPLE)))
    assert content_hash(again) == content_hash(ruleset)
    assert meaning_hash(again) == meaning_hash(ruleset)
    assert again.audiences == ruleset.audiences


def test_canonical_form_is_a_fixed_point():
    form = canonical_form(EXAMPLE)
    assert canonical_form(from_canonical_form(form)) == form
    assert json.loads(form).keys() == EXAMPLE.keys()


def test_comments_blanks_and_the_order_of_keys_and_files_change_nothing():
    shuffled = "# a comment\n" + VIP.replace("warn_before: 21d\n", "").replace(
        "title: VIP\n", "warn_before:   21d\ntitle: VIP\n"
    )
    assert hashes(value__vip=shuffled) == hashes()
    backwards = dict(reversed(EXAMPLE.items()))
    assert canonical_form(backwards) == canonical_form(EXAMPLE)


@pytest.mark.parametrize(
    "text",
    [
        VIP.replace("title: VIP", "title: Very important"),
        VIP.replace("loyalty team", "somebody else"),
        VIP.replace("Personal contact", "A call"),
        VIP + "description: The best.\n",
        VIP + "review_by: 2027-01-01\n",
        VIP + "enabled: true\n",
        VIP.replace("365d", "8760h"),
        VIP.replace("percent: 80", 'percent: "80"'),
    ],
)
def test_what_is_for_people_changes_the_content_and_not_the_meaning(text):
    content, meaning = hashes(value__vip=text)
    assert content != hashes()[0]
    assert meaning == hashes()[1]


@pytest.mark.parametrize(
    "text",
    [
        VIP.replace("percent: 80", "percent: 81"),
        VIP.replace("warn_before: 21d", "warn_before: 20d"),
        VIP.replace("within: 365d", "older_than: 365d", 1),
        VIP + "holdout_percent: 5\n",
        VIP + "enabled: false\n",
    ],
)
def test_what_decides_changes_both(text):
    content, meaning = hashes(value__vip=text)
    assert content != hashes()[0]
    assert meaning != hashes()[1]


def test_cases_are_content_and_no_meaning():
    cases = EXAMPLE["audiences/spring_shoppers.test.yaml"].replace("until: 30d", "until: 31d")
    content, meaning = hashes(**{"audiences__spring_shoppers.test": cases})
    assert content != hashes()[0]
    assert meaning == hashes()[1]


def test_the_meaning_of_a_condition_tells_true_from_one():
    true, one = (
        read_condition(f"{{did: order_placed, where: {{items: {value}}}}}")
        for value in ("{exists: true}", "{has_any: [1]}")
    )
    assert meaning_of(true) != meaning_of(one)
    short, long = (
        read_condition(f"{{did: order_placed, where: {{category: {value}}}}}") for value in ("[a]", "{one_of: [a]}")
    )
    assert meaning_of(short) == meaning_of(long)
    spans = [meaning_of(read_condition(f"{{did_not: order_placed, within: {span}}}")) for span in ("7d", "1w", "8d")]
    assert spans[0] == spans[1] != spans[2]
    assert meaning_of(read_condition("{trait: renews_on, before: 2027-01-01}")) == (
        b'{"":"Trait","before":{"":"Day","date":"2027-01-01"},"trait":"renews_on"}'
    )


def test_yaml_that_cannot_be_read_has_no_form():
    with pytest.raises(RuleError, match="a tab; indent with spaces"):
        canonical_form({"a.yaml": "a:\n\t- b"})


@given(
    st.recursive(
        st.text() | st.booleans() | st.integers(-(10**18), 10**18) | st.decimals(-1000, 1000, places=4),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    )
)
def test_canonical_json_is_yaml_that_says_the_same(value):
    text = canonical_json({"a": value}).decode()
    source = parse("f", text)
    assert not source.problems
    assert canonical_json(source.root).decode() == text


def test_numbers_have_one_form():
    assert canonical_json([1, Decimal("1.50"), Decimal("0.001"), True, None]) == b"[1,1.5,0.001,true,null]"


@pytest.mark.parametrize(
    ("text", "is_told"),
    [
        (VIP.replace("title: VIP", "title: Very important"), False),
        (VIP.replace("loyalty team", "somebody else"), True),
        (VIP.replace("Personal contact", "A call"), True),
        (VIP.replace("365d", "364d"), True),
    ],
)
def test_who_is_to_do_what_reaches_a_transition_and_a_title_does_not(text, is_told):
    assert text != VIP
    changed = told_hash(load({**EXAMPLE, "value/vip.yaml": text}))
    assert (changed != told_hash(load(EXAMPLE))) is is_told
