"""Whatever stands in the files: they load, or every problem has its place; nothing else is raised."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stream.errors import Problem, RuleError
from stream.ruleset.load import load
from stream.ruleset.schema import LEADING_WORDS
from stream.ruleset.schema_words import COMPARE_WORDS
from tests.ruleset.examples import EXAMPLE, VOCABULARY

WORDS = sorted(
    {
        *LEADING_WORDS, *COMPARE_WORDS, "where", "any_item", "has", "per", "for", "for_less_than", "percent", "km",
        "starting_at", "of_at_least", "quiet_for", "did_within", "again_within", "every", "in_at_least", "of_last",
        "weekday", "max_gap", "bar", "personal_gaps", "last_days", "title", "owner", "enter", "stay_while", "order",
        "otherwise", "tests", "events", "expect", "at", "give", "when", "add", "inside", "only_from", "<did>", "[key]",
    }
)  # fmt: skip
VALUES = [
    "order_placed", "order_placed.amount", "order_*", "any_event", "*", "plan", "renews_on", "email", "value.vip", "x",
    "30d", "10m", "0d", "1.5h", "ten", "12", "this_week", "2027-03-01", "2027-03-01T00:00+00:00", "0000-00-00", "NO",
    "2027-02-30", "0001-01-01T00:00+23:59", "9999-12-31T24:00Z", "[a-", "((", "saturday", "", " ", "\u2028", "\x85",
    0, 1, -1, 2.5, 1e300, True, False, None, [], {},
]  # fmt: skip
TREES = st.recursive(
    st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
PATHS = sorted(EXAMPLE)


def must_load_or_tell(files: dict[str, str]) -> None:
    """Load the files; a refusal must name at least one place, inside of the file."""
    for problem in refusal(files):
        text = files.get(problem.file, "")
        assert 1 <= problem.line <= max(1, len(text.splitlines()) + 1)
        assert problem.column >= 1
        assert problem.message
        assert problem.code.startswith(("rule-", "yaml-", "test-", "dimension-", "file-"))


def refusal(files: dict[str, str]) -> tuple[Problem, ...]:
    """Return the problems with which the files are refused, or nothing if they load."""
    try:
        load(files, are_cases_required=True)
    except RuleError as error:
        return error.problems or (Problem("", 0, 0, "refused without a reason", ""),)
    return ()


@given(st.text(max_size=80), st.sampled_from(PATHS))
def test_any_text_loads_or_is_refused_with_places(text, path):
    must_load_or_tell({**EXAMPLE, path: text})


@given(TREES, st.sampled_from(["enter", "stay_while"]))
def test_any_condition_loads_or_is_refused_with_places(tree, word):
    rule = {"title": "A", "owner": "us", "enter": {"everyone": True}, word: tree}
    must_load_or_tell({"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": json.dumps(rule)})


@given(st.dictionaries(st.sampled_from(WORDS), TREES, max_size=6), st.sampled_from(PATHS))
def test_any_mapping_loads_or_is_refused_with_places(tree, path):
    must_load_or_tell({**EXAMPLE, path: json.dumps(tree)})


@given(st.data())
def test_a_rule_with_a_slip_of_the_pen_loads_or_is_refused_with_places(data):
    path = data.draw(st.sampled_from(PATHS))
    text = EXAMPLE[path]
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 12)))
    typed = data.draw(
        st.sampled_from(["", " ", "\n", "\t", ":", "- ", "{", "]", '"', "'", "&a ", "*a", "!t ", "|", *WORDS])
    )
    must_load_or_tell({**EXAMPLE, path: text[:start] + typed + text[end:]})
