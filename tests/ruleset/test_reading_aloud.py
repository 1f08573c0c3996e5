import pytest

from stream.ruleset.reading_aloud import rule_lines, value_words
from stream.ruleset.source import parse


def aloud(text: str) -> list[str]:
    root = parse("x.yaml", text).root
    assert root is not None
    return rule_lines(root)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("{did: order_placed, at_least: 3, within: 90d}", "did order_placed, at least 3, within 90d"),
        ("{did_not: order_placed, within: {personal_gaps: 3.5, at_least: 30d}}",
         "did not order_placed, within 3.5 personal gaps (at least 30d)"),
        ("{sum: order_placed.amount, at_least: {bar: value.vip, percent: 80}}",
         "sum order_placed.amount, at least 80 % of bar value.vip"),
        ("{sum: order_placed.amount, above: {bar: value.vip}}", "sum order_placed.amount, above bar value.vip"),
        ("{did: order_placed, where: {amount: {between: [40, 400]}, category: [sale, outlet], coupon: x}}",
         "did order_placed, where amount between 40, 400 and category is one of sale, outlet and coupon is x"),
        ("{did: order_placed, where: {any_item: {category: sale}, amount: {bar: b}}}",
         "did order_placed, where any item has category is sale and amount is bar b"),
        ("{last_event: message_sent, has: {status: {one_of: [bounced, blocked]}}}",
         "last event message_sent, has status one of bounced, blocked"),
        ("{sequence: [product_viewed, {did_not: order_placed, for: 3h}], within: 5d}",
         "first product_viewed, then did not order_placed for 3h, within 5d"),
        ("{trait: plan, exists: true}", "trait plan, exists true"),
        ("{today: {weekday: [saturday, sunday]}}", "today weekday saturday, sunday"),
        ("{did: order_placed, during: this_month}", "did order_placed, during this_month"),
        ("{everyone: true}", "everyone"),
    ],
)  # fmt: skip
def test_a_condition_reads_as_in_the_grammar(condition: str, words: str) -> None:
    assert aloud(f"enter: {condition}") == ["enter:", f"  {words}"]


def test_groups_are_indented() -> None:
    text = "enter:\n  all:\n    - any: [{did: a}, {did: b}]\n    - not: {did: c}\n"
    assert aloud(text) == ["enter:", "  all of", "    any of", "      did a", "      did b", "    not", "      did c"]


def test_words_for_people_are_left_out_and_clocks_are_kept() -> None:
    assert aloud("title: T\nowner: o\nwait: 3h\nstay_at_most: 20d\nenabled: false\n") == [
        "wait: 3h", "stay at most: 20d", "enabled: false",
    ]  # fmt: skip


def test_points_read_line_by_line() -> None:
    text = "title: P\nowner: o\nadd:\n  - {give: 2.5, when: {did: a}}\n  - {give: -1, when: {everyone: true}}\n"
    assert aloud(text) == ["2.5 points when", "  did a", "-1 points when", "  everyone"]


def test_nothing_and_an_empty_list_are_nothing() -> None:
    assert (value_words(None), value_words([])) == ("nothing", "nothing")
