"""Every error that the language promises: the same words, the same code, the same place."""

from __future__ import annotations

import pytest

from stream.errors import RuleError
from stream.ruleset.load import load
from tests.ruleset.examples import EXAMPLE, VOCABULARY

HEAD = "title: A\nowner: us\n"
VIP = "title: VIP\nowner: us\nenter:\n  sum: order_placed.amount\n  at_least: 700\n"
VALUE = "title: Value\nowner: us\nquestion: Which?\norder: [vip]\notherwise: regular\n"

ERRORS: list[tuple[str, str, str]] = [
    (
        "audiences/a.yaml",
        HEAD + "description: x\nenter:\n  all:\n    - did: order_placed\n      atleast: 3\n",
        'audiences/a.yaml:7:7: unknown key "atleast"; did you mean "at_least"? [rule-key]',
    ),
    (
        "audiences/a.yaml",
        HEAD + "description: x\nenter:\n  not:\n    did: order_placed\n    trait: plan\n",
        'audiences/a.yaml:6:5: a condition has one leading word; here are two: "did" and "trait"; '
        'put them in a list under "all" [rule-two-conditions]',
    ),
    (
        "audiences/a.yaml",
        HEAD + "description: x\nenter:\n  not:\n    within: 3d\n",
        "audiences/a.yaml:6:5: no leading word; one of: all, any, not, did, did_not, … [rule-no-condition]",
    ),
    (
        "audiences/a.yaml",
        HEAD + "description: x\nenter:\n  all: []\n",
        'audiences/a.yaml:5:8: "all" is empty; a rule for every customer is "everyone: true" [rule-empty-group]',
    ),
    (
        "audiences/b.yaml",
        HEAD + "description: x\nnext_action: x\nenter:\n  all:\n    - did: order_placed\n      within: 10m\n",
        'audiences/b.yaml:8:15: "10m" may be minutes or months; write "10min" or "300d" [rule-span]',
    ),
    (
        "audiences/b.yaml",
        HEAD
        + "description: x\nnext_action: x\nenter:\n  all:\n"
        + "    - did: order_placed\n      at_least: 2\n      below: 4\n",
        'audiences/b.yaml:9:7: "at_least" and "below" together; write "between: [LOW, HIGH]" [rule-two-comparisons]',
    ),
    (
        "audiences/b.yaml",
        HEAD
        + "description: x\nnext_action: x\nenter:\n  all:\n    - did: order_placed\n"
        + "      within: 2d\n      during: this_week\n",
        'audiences/b.yaml:9:7: "within" and "during" together; keep one [rule-two-windows]',
    ),
    (
        "audiences/c.yaml",
        HEAD + "enter:\n  not:\n    sequence:\n      - order_payed\n      - product_viewed\n",
        'audiences/c.yaml:6:9: event "order_payed" is not in vocabulary.yaml; did you mean "order_placed"? [rule-name]',
    ),
    (
        "audiences/c.yaml",
        HEAD + "description: x\nnext_action: x\nwait: 3d\nenter:\n  sum: order_placed.ammount\n  at_least: 3\n",
        'audiences/c.yaml:7:21: "order_placed" has no property "ammount"; '
        "it has: amount, cart_id, category, coupon, items, order_id [rule-property]",
    ),
    (
        "audiences/c.yaml",
        HEAD
        + "description: x\nenter:\n  not:\n    all:\n      - everyone: true\n      - {trait: renews_on, above: 3}\n",
        'audiences/c.yaml:8:17: trait "renews_on" is a date; "above" compares numbers; '
        "use before, from, to, within, within_next, falls [rule-type]",
    ),
    (
        "audiences/c.yaml",
        HEAD + "description: x\nnext_action: x\nenter:\n  all:\n    - did: order_placed\n      above: ten\n",
        'audiences/c.yaml:8:14: "ten" is not a number [rule-value]',
    ),
    (
        "audiences/d.yaml",
        HEAD
        + "description: x\nnext_action: x\nenter:\n  not:\n    did: order_placed\n"
        + "    from: 2027-01-01\n    to: 2027-03-01T00:00+00:00\n",
        'audiences/d.yaml:9:5: "to" takes whole days; write 2027-02-28 (the whole day counts), '
        'or "before: 2027-03-01T00:00+00:00" [rule-date]',
    ),
    (
        "audiences/d.yaml",
        HEAD + "enter:\n  not:\n    stopped: order_placed\n    quiet_for: 30d\n    did_within: 30d\n",
        "audiences/d.yaml:6:5: quiet_for (30d) must be shorter than did_within (30d), "
        "or nobody can be in it [rule-windows]",
    ),
    (
        "audiences/d.yaml",
        HEAD
        + "description: x\nnext_action: x\nwait: 3d\nenter:\n  not:\n    sequence:\n"
        + "      - {did_not: order_placed, for: 3h}\n      - product_viewed\n",
        'audiences/d.yaml:9:9: "did_not" can only be the last step of a sequence [rule-step]',
    ),
    (
        "value/vip.yaml",
        HEAD
        + "enter:\n  sum: order_placed.amount\n  at_least: 700\nstay_while:\n  all:\n"
        + "  - everyone: true\n  - sum: order_placed.amount\n    at_least: 900\n",
        "value/vip.yaml:10:5: stay_while asks for more (900) than enter (700); "
        "a member would leave at once [rule-stay-bar]",
    ),
    (
        "value/vip.yaml",
        HEAD
        + "description: x\nnext_action: x\nenter:\n  sum: order_placed.amount\n  at_least: 700\nstay_while:\n"
        + "  sum: order_placed.amount\n  at_least: 600\nstay_at_least: 30d\nstay_at_most: 20d\n",
        "value/vip.yaml:12:1: stay_at_most (20d) is shorter than stay_at_least (30d) [rule-stay]",
    ),
    (
        "value/gold.yaml",
        VIP,
        'value/dimension.yaml:4:8: segment "gold" has a file but no place in "order" [dimension-order]',
    ),
    (
        "value/regular.yaml",
        VIP,
        'value/dimension.yaml:5:12: "otherwise" is "regular", which has an "enter"; remove one [dimension-otherwise]',
    ),
    (
        "audiences/e.yaml",
        "title: A\nowner: us\ntitle: B\nenter: {everyone: true}\n",
        'audiences/e.yaml:3:8: key "title" appears twice, first on line 1 [yaml-duplicate]',
    ),
    (
        "audiences/e.yaml",
        HEAD + "description: x\nnext_action: x\nenter:\n  did: order_placed\n  where:\n    category:\n        is: NO\n",
        'audiences/e.yaml:9:13: NO without quotes; write "NO" if you mean the text [yaml-word]',
    ),
    (
        "audiences/f.yaml",
        HEAD + "enter: {everyone: true}\n",
        "audiences/f.yaml:1:1: no case in which a customer enters; no case in which one must not [test-missing]",
    ),
]


@pytest.mark.parametrize(
    ("path", "text", "expected"), ERRORS, ids=[error[2].rsplit("[", 1)[1][:-1] for error in ERRORS]
)
def test_the_error_comes_out_word_for_word(path, text, expected):
    files = {"vocabulary.yaml": VOCABULARY, path: text}
    if path.startswith("value/"):
        files = {**EXAMPLE, "value/dimension.yaml": VALUE, path: text}
    with pytest.raises(RuleError) as caught:
        load(files, are_cases_required=expected.endswith("[test-missing]"))
    assert str(caught.value) == expected


def test_a_circle_is_told_with_all_who_are_in_it():
    looking = HEAD + "enter:\n  all:\n    - everyone: true\n    - any:\n      - in_segment: audiences.x\n"
    files = {
        **EXAMPLE,
        "lifecycle/dormant.yaml": looking,
        "audiences/x.yaml": HEAD + "enter: {in_segment: lifecycle.dormant}\n",
    }
    with pytest.raises(RuleError) as caught:
        load(files)
    assert str(caught.value) == (
        "lifecycle/dormant.yaml:7:9: circle: lifecycle.dormant looks at audiences.x, "
        "which looks at lifecycle.dormant [rule-circle]"
    )


def test_a_segment_that_needs_what_is_not_sent_is_off_and_fails_nothing():
    text = HEAD + "enter:\n  not:\n    sequence:\n      - support_contacted\n      - order_placed\n"
    ruleset = load({"vocabulary.yaml": VOCABULARY, "audiences/g.yaml": text})
    assert [str(note) for note in ruleset.notes] == [
        'audiences/g.yaml:6:9: off: needs "support_contacted", which the vocabulary says is not sent [segment-off]'
    ]
    assert not ruleset.audiences["g"].is_on


def test_all_mistakes_of_all_files_come_at_once():
    files = {"vocabulary.yaml": VOCABULARY}
    for number, (path, text, _) in enumerate(ERRORS):
        if path.startswith("audiences/") and "test-missing" not in ERRORS[number][2]:
            files[f"audiences/z{number}.yaml"] = text
    with pytest.raises(RuleError) as caught:
        load(files)
    assert {problem.file for problem in caught.value.problems} == set(files) - {"vocabulary.yaml"}
