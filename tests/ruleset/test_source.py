"""Reading YAML: values with places, and none of YAML's surprises."""

from __future__ import annotations

from decimal import Decimal

import pytest

from stream.ruleset.source import Items, Keyed, parse

MANY = "a: " + "[" * 40


def test_values_by_the_core_schema():
    root = parse("f", 'a: 1\nb: 1.50\nc: "12"\nd: true\ne: ~\nf:\ng: x y\nh: 2027-03-01\ni: 1.0\nj: -2e2\nk: .5').root
    assert root == {
        "a": 1, "b": Decimal("1.5"), "c": "12", "d": True, "e": None, "f": None, "g": "x y", "h": "2027-03-01",
        "i": 1, "j": -200, "k": Decimal("0.5"),
    }  # fmt: skip


def test_numbers_nobody_means_stay_text():
    root = parse("f", f"a: 1e99\nb: 1e-99\nc: 1{'0' * 40}\nd: 1.2.3\nf: 0x1F\ng: 1_000").root
    assert all(isinstance(value, str) for value in root.values())


def test_every_key_and_value_has_its_place():
    source = parse(
        "f", "title: VIP\nenter:\n  all:\n    - did: order_placed\n      within: 3d\n    - {consent: email}\n"
    )
    assert source.place(("title",)) == (1, 8)
    assert source.place(("title",), key=True) == (1, 1)
    assert source.place(("enter", "all", 0, "within")) == (5, 15)
    assert source.place(("enter", "all", 0, "within"), key=True) == (5, 7)
    assert source.place(("enter", "all", 1)) == (6, 7)
    assert source.place(("enter", "all", 7, "x")) == (4, 5)
    assert source.place(("nothing",)) == (1, 1)
    assert isinstance(source.root, Keyed)
    assert isinstance(source.root["enter"]["all"], Items)


def test_columns_count_characters():
    assert parse("f", "é: {ü€: 1}").root.marks["é"] == ((1, 1), (1, 4))
    assert parse("f", "é: {ü€: 1}").place(("é", "ü€")) == (1, 9)


def test_a_moment_in_braces_is_read_though_libyaml_refuses_it():
    source = parse("f", "a: {from: 2027-03-01T18:00+01:00, b: 1}")
    assert source.root == {"a": {"from": "2027-03-01T18:00+01:00", "b": 1}}
    assert source.place(("a", "from")) == (1, 11)


REFUSED = [
    ("a: b: c", "f:1:5: this is not YAML: mapping values are not allowed here; check indentation, colons and quotes"),
    ("a: [1,", "f:1:7: this is not YAML: expected the node content, but found '<stream end>'; check indentation, colo"),
    ("a:\n\t- x", "f:2:1: a tab; indent with spaces [yaml-syntax]"),
    ("a: \x00", "f:1:4: the character '\\x00' cannot stand in a text file; remove it [yaml-syntax]"),
    ("a: 1\nbc\ud800", "f:2:3: the character '\\ud800' cannot stand in a text file; remove it [yaml-syntax]"),
    ('a: "\\ud800"', "f:1:4: half a character (a lone surrogate escape); write the whole character [yaml-syntax]"),
    ('a: "\\UFFFFFFFF"', "f:1:7: this is not YAML: found invalid Unicode character escape code; check indentation"),
    ("? [a]\n: 1", "f:1:3: a key is one word, not a list or mapping [yaml-syntax]"),
    ("a: 1\n---\nb: 2", "f:2:1: a second document begins; one file is one document [yaml-syntax]"),
    ("%YAML 9.9\n---\na: 1", "f:1:1: this is not YAML: found incompatible YAML document (version 1.* is required)"),
    ("", 'f:1:1: a rule file is a mapping, as in "title: VIP"; this one is not [yaml-syntax]'),
    ("- a", 'f:1:1: a rule file is a mapping, as in "title: VIP"; this one is not [yaml-syntax]'),
    ("a: &x 1", 'f:1:4: the anchor "&x" is not part of the rule language; write the value out [yaml-magic]'),
    ("a: &x [1]", 'f:1:4: the anchor "&x" is not part of the rule language; write the value out [yaml-magic]'),
    ("a: *x", "f:1:4: an alias is not part of the rule language; write the value out [yaml-magic]"),
    ("*x : 1", "f:1:1: an alias is not part of the rule language; write the value out [yaml-magic]"),
    ("a: !x 1", 'f:1:4: the tag "!x" is not part of the rule language; write the value out [yaml-magic]'),
    ("<<: {a: 1}", "f:1:1: a merge key is not part of the rule language; write the values out [yaml-magic]"),
    ("a: No", 'f:1:4: No without quotes; write "No" if you mean the text [yaml-word]'),
    ("on: 1", 'f:1:1: on without quotes; write "on" if you mean the text [yaml-word]'),
    ("a: 0123", 'f:1:4: 0123 without quotes; write "0123" if you mean the text [yaml-word]'),
    ("a: 1\na: {b: 2}", 'f:2:4: key "a" appears twice, first on line 1 [yaml-duplicate]'),
    (MANY, "f:1:35: deeper than 32 levels; make it flatter [yaml-deep]"),
]


@pytest.mark.parametrize(("text", "expected"), REFUSED, ids=[repr(line[0][:20]) for line in REFUSED])
def test_the_text_is_refused_at_its_place(text, expected):
    problems = [str(problem) for problem in parse("f", text).problems]
    assert problems
    assert problems[0].startswith(expected)


def test_a_duplicate_keeps_the_first():
    assert parse("f", "a: 1\na: [2]\nb: 3").root == {"a": 1, "b": 3}
