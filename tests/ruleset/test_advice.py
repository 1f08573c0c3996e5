"""Warnings that fail nothing."""

from __future__ import annotations

from datetime import date

from stream.ruleset.advice import overdue_reviews
from stream.ruleset.load import load
from tests.ruleset.examples import VOCABULARY

HEAD = "title: A\nowner: us\n"


def notes(files):
    return [str(note) for note in load({"vocabulary.yaml": VOCABULARY, **files}).notes]


def test_too_many_conditions():
    leaves = "".join("    - everyone: true\n" for _ in range(13))
    assert notes({"audiences/a.yaml": f"{HEAD}enter:\n  all:\n{leaves}"}) == [
        "audiences/a.yaml:3:1: 13 conditions, more than 12; make a segment or points of some [warn-leaves]"
    ]


def test_too_many_levels():
    deep = f"{HEAD}enter: {{all: [{{any: [{{not: {{all: [{{everyone: true}}]}}}}]}}]}}\n"
    assert notes({"audiences/a.yaml": deep}) == [
        "audiences/a.yaml:3:1: 4 levels, more than 3; make a segment of the innermost [warn-levels]"
    ]


def dimension(count, enter):
    names = [f"s{number}" for number in range(count)]
    return {
        "d/dimension.yaml": f"{HEAD}question: Which?\norder: [{', '.join(names)}]\notherwise: other\n",
        "d/other.yaml": HEAD,
        **{f"d/{name}.yaml": f"{HEAD}enter: {enter}\n" for name in names},
    }


def test_too_many_segments():
    assert notes(dimension(12, "{everyone: true}")) == [
        "d/dimension.yaml:4:1: 13 segments, more than 12; nobody can act on so many [warn-segments]"
    ]
    assert notes(dimension(11, "{everyone: true}")) == []


def test_a_dimension_that_rests_on_one_property():
    assert notes(dimension(2, "{sum: order_placed.amount, at_least: 5}")) == [
        "d/dimension.yaml:4:1: every segment rests on order_placed.amount alone; "
        "one wrong value moves them all [warn-one-property]"
    ]
    assert notes(dimension(2, "{all: [{sum: order_placed.amount, at_least: 5}, {consent: email}]}")) == []


def test_a_review_that_is_due():
    text = f"{HEAD}enter: {{everyone: true}}\nreview_by: 2027-01-01\n"
    ruleset = load({"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": text})
    assert overdue_reviews(ruleset, date(2027, 1, 1)) == []
    assert [str(problem) for problem in overdue_reviews(ruleset, date(2027, 1, 2))] == [
        "audiences/a.yaml:4:1: the review was due on 2027-01-01; look at it, set a new day [warn-review]"
    ]
