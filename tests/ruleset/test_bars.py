"""Bars and windows that nobody can reach, or everybody always does, are refused with their place and what to write."""

from __future__ import annotations

import pytest

from stream.errors import RuleError
from stream.ruleset.load import load
from tests.ruleset.examples import EXAMPLE

NEVER, ALWAYS = "[rule-never]", "[rule-always]"


def problems(condition: str, **files: str) -> list[str]:
    """Return what is wrong with an audience of one condition, written on one line."""
    text = f"title: A\nowner: us\nenter: {condition}\n"
    try:
        load(
            {
                **EXAMPLE,
                **{path.replace("__", "/") + ".yaml": about for path, about in files.items()},
                "audiences/z.yaml": text,
            }
        )
    except RuleError as error:
        return [str(problem) for problem in error.problems]
    return []


REFUSED = [
    (
        "{did: product_viewed, below: 0}",
        '3:37: "below" is never true: a count is never less than 0; for none write "exactly: 0"',
        NEVER,
    ),
    ("{did: product_viewed, at_most: -1}", '"at_most" is never true: a count is never less than 0', NEVER),
    ("{did: product_viewed, exactly: 1.5}", '"exactly" is never true: a count is a whole number; write 2', NEVER),
    ("{did: product_viewed, between: [1.2, 1.8]}", "none lies between; make it wider", NEVER),
    (
        "{did: product_viewed, at_least: 0}",
        'always true: a count is never less than 0; write 1 or more, or "everyone: true"',
        ALWAYS,
    ),
    ("{did: product_viewed, above: -1}", '"above" is always true', ALWAYS),
    (
        "{did: product_viewed, per: product_id, at_most: 0}",
        "a value is counted once it was there; write 1 or more",
        NEVER,
    ),
    (
        "{did_on_days: product_viewed, at_least: 5, within: 2d}",
        '"at_least" is never true: the window has 4 days at most; write 4 or less',
        NEVER,
    ),
    ("{did_on_days: product_viewed, at_least: 2, during: today}", "the window has 1 day at most", NEVER),
    ("{did_on_days: product_viewed, exactly: 8, during: {last_days: 7}}", "the window has 7 days at most", NEVER),
    (
        "{did_on_days: product_viewed, at_most: 7, during: this_week}",
        '"at_most" is always true: the window has 7 days at most; write less than 7',
        ALWAYS,
    ),
    (
        "{distinct: product_viewed.product_id, above: 256}",
        '"above" is never true: 256 values are kept apart at most; write 256 or less',
        NEVER,
    ),
    ("{distinct: product_viewed.product_id, at_most: 300}", "always true: 256 values are kept apart at most", ALWAYS),
    (
        "{share: order_placed, where: {coupon: TEN}, above: 1}",
        'a share is never more than 1; write "at_least: 1"',
        NEVER,
    ),
    (
        "{share: order_placed, where: {coupon: TEN}, below: 0}",
        'a share is never less than 0; write "at_most: 0"',
        NEVER,
    ),
    (
        "{points: engagement, at_least: 17}",
        '3:39: "at_least" is never true: "engagement" gives from -19 to 16; write a number between',
        NEVER,
    ),
    ("{points: engagement, below: -19}", '"below" is never true', NEVER),
    ("{points: engagement, at_most: 16}", '"at_most" is always true', ALWAYS),
    (
        "{all: [{did: product_viewed, at_least: 3}, {did: product_viewed, at_most: 2}]}",
        '3:73: "at_most: 2" and "at_least: 3" of the same are never true together; keep one',
        NEVER,
    ),
    (
        "{all: [{did: product_viewed}, {all: [{did_not: product_viewed}]}]}",
        '"did_not" and "did" of the same are never',
        NEVER,
    ),
    (
        "{all: [{sum: order_placed.amount, above: 3}, {sum: order_placed.amount, between: [1, 3]}]}",
        '"between: [1, 3]" and "above: 3" of the same are never true together',
        NEVER,
    ),
    (
        "{any: [{did: product_viewed, at_least: 3}, {did: product_viewed, below: 3}]}",
        '"below: 3" or "at_least: 3" of the same is always true; write "everyone: true"',
        ALWAYS,
    ),
    ("{any: [{did: product_viewed, within: 3d}, {did_not: product_viewed, within: 3d}]}", "is always true", ALWAYS),
]


@pytest.mark.parametrize(("condition", "message", "code"), REFUSED, ids=[one[0] for one in REFUSED])
def test_what_says_nothing_is_refused(condition: str, message: str, code: str) -> None:
    (found,) = problems(condition)
    assert message in found
    assert found.startswith("audiences/z.yaml:3:")
    assert found.endswith(code)


ACCEPTED = [
    "{did: product_viewed, below: 1}",
    "{did: product_viewed, exactly: 0}",
    "{did: product_viewed, at_least: {bar: b}}",
    "{did: product_viewed, between: [0, 5]}",
    "{did: product_viewed, per: product_id, at_most: 1}",
    "{did_on_days: product_viewed, at_least: 4, within: 2d}",
    "{did_on_days: product_viewed, at_most: 3, within: 2d}",
    "{did_on_days: product_viewed, at_least: 40, within: {personal_gaps: 2, at_least: 1d}}",
    "{did_on_days: product_viewed, at_least: 40, from: 2026-01-01}",
    "{distinct: product_viewed.product_id, at_least: 256}",
    "{share: order_placed, where: {coupon: TEN}, at_least: 0}",
    "{sum: order_placed.amount, at_least: 0}",
    "{points: engagement, between: [-19, 15]}",
    "{all: [{did: product_viewed, at_least: 3}, {did: product_viewed, at_most: 3}]}",
    "{all: [{did: product_viewed, at_least: 3}, {did: product_viewed, at_most: 2, within: 3d}]}",
    "{all: [{did: product_viewed, per: product_id}, {did: product_viewed, per: product_id, at_least: 3}]}",
    "{all: [{sum: order_placed.amount, above: 3}, {sum: order_placed.amount, at_most: {bar: b}}]}",
    "{any: [{did: product_viewed, at_least: 4}, {did: product_viewed, at_most: 2}]}",
    "{any: [{sum: order_placed.amount, at_least: 4}, {sum: order_placed.amount, below: 4}]}",
]


@pytest.mark.parametrize("condition", ACCEPTED)
def test_what_may_be_true_and_may_be_false_is_accepted(condition: str) -> None:
    assert problems(condition) == []


@pytest.mark.parametrize(
    ("dates", "word"),
    [("to: 2019-12-31", "to"), ("before: 2020-01-01", "before"), ("from: 2001-01-01, to: 2001-12-31", "to")],
)
def test_a_window_that_ends_before_the_history_begins_is_refused(dates: str, word: str) -> None:
    vocabulary = EXAMPLE["vocabulary.yaml"] + "history_since: 2020-01-01\n"
    (found,) = problems(f"{{did: product_viewed, {dates}}}", vocabulary=vocabulary)
    assert f'"{word}" ends it before history_since (2020-01-01), and nothing older is kept; write later days' in found
    assert found.endswith(NEVER)


def test_a_window_that_ends_with_the_first_day_of_the_history_is_not() -> None:
    vocabulary = EXAMPLE["vocabulary.yaml"] + "history_since: 2020-01-01\n"
    assert problems("{did: product_viewed, to: 2020-01-01}", vocabulary=vocabulary) == []


def test_lines_of_points_are_looked_at_too() -> None:
    points = "title: P\nowner: us\nadd: [{give: 1, when: {did: product_viewed, below: 0}}]\n"
    (found,) = problems("{everyone: true}", points__p=points)
    assert found.startswith("points/p.yaml:3:")
