"""Names against the vocabulary, comparisons against types, files against each other."""

from __future__ import annotations

import pytest

from stream.ruleset.load import load
from tests.ruleset.examples import EXAMPLE, VOCABULARY, audience, problems_in, problems_of

NAMES = [
    (
        "{did: order_payed}",
        '14: event "order_payed" is not in vocabulary.yaml; did you mean "order_placed"? [rule-name]',
    ),
    ("{did: flight_booked}", '14: event "flight_booked" is not in vocabulary.yaml; add it there [rule-name]'),
    (
        '{did: "flight_*"}',
        '14: no event of vocabulary.yaml begins with "flight_"; it has: cart_updated, message_clicked, message_sent, '
        "order_placed, order_refunded, product_viewed, support_contacted [rule-name]",
    ),
    (
        "{did: order_placed, per: cart}",
        '33: "order_placed" has no property "cart"; it has: amount, cart_id, category, coupon, items, order_id '
        "[rule-property]",
    ),
    (
        '{did: "message_*", where: {topic: x}}',
        '35: "message_*" has no property "topic"; it has: channel, status [rule-property]',
    ),
    ("{distinct: any_event.topics, at_least: 3}", None),
    (
        "{sequence: [cart_updated, order_placed], per: value}",
        '54: "order_placed" has no property "value"; it has: amount, cart_id, category, coupon, items, order_id '
        "[rule-property]",
    ),
    (
        "{did: cart_updated, where: {any_item: {sku: x}}}",
        '36: "cart_updated" has no property "items" of the type list; any_item looks into it [rule-property]',
    ),
    ("{consent: emial}", '18: consent "emial" is not in vocabulary.yaml; did you mean "email"? [rule-name]'),
    ("{in_list: vips}", '18: list "vips" is not in vocabulary.yaml; add it there [rule-name]'),
    ("{near: moon, km: 3}", '15: place "moon" is not in vocabulary.yaml; add it there [rule-name]'),
    ("{trait: plam, is: a}", '16: trait "plam" is not in vocabulary.yaml; did you mean "plan"? [rule-name]'),
    ("{points: engagment, above: 3}", '17: points "engagment" have no file; write points/engagment.yaml [rule-name]'),
    ("{in_segment: value.vip}", '21: segment "value.vip" does not exist; write value/vip.yaml [rule-name]'),
    (
        "{in_segment: audiences.aa}",
        '21: segment "audiences.aa" does not exist; did you mean "audiences.a"? [rule-name]',
    ),
]


@pytest.mark.parametrize(("condition", "expected"), NAMES, ids=[line[0] for line in NAMES])
def test_a_name_that_is_not_declared_is_refused(condition, expected):
    found = problems_in(condition)
    if expected is None:
        assert len(found) == 1
        assert "topics" in found[0]
    else:
        assert found == [expected]


def test_an_event_called_as_sources_call_it_is_told_its_name():
    files = {"vocabulary.yaml": VOCABULARY, **only("{did: purchase}")}
    assert problems_of(files) == [
        'audiences/a.yaml:3:14: "purchase" is what sources call "order_placed"; write "order_placed" [rule-name]'
    ]


def test_a_nested_property_is_looked_for_below_what_has_no_type():
    vocabulary = (
        "zone: UTC\ncurrency: EUR\nevents:\n  visited:\n    title: V\n"
        "    properties: {page: untyped, where: place, name: text, a.b: text}\n"
    )
    files = {"vocabulary.yaml": vocabulary}
    for name in ("page.url.host", "where.lat", "a.b"):
        assert problems_of({**files, **only(f"{{distinct: visited.{name}, at_least: 1}}")}) == []
    for name in ("name.first", "pages.url"):
        found = problems_of({**files, **only(f"{{distinct: visited.{name}, at_least: 1}}")})
        assert len(found) == 1
        assert f'"visited" has no property "{name}"' in found[0]


def only(condition):
    return {"audiences/a.yaml": f"title: A\nowner: us\nenter: {condition}\n"}


def test_unknown_events_may_be_kept_for_any_event():
    vocabulary = VOCABULARY + "known_events_only: false\n"
    files = {"vocabulary.yaml": vocabulary, **only("{did: any_event, where: {whatever: 3}}")}
    assert problems_of(files) == []
    assert len(problems_of({**files, **only("{did: whatever}")})) == 1


TYPES = [
    (
        "{trait: plan, above: 3}",
        '16: trait "plan" is a text; "above" compares numbers; use is, is_not, one_of, none_of,',
    ),
    (
        "{trait: interests, is: a}",
        '16: trait "interests" is a list; "is" compares single values; use has_any, has_all, ',
    ),
    ("{trait: renews_on, is: 2027-03-01}", '16: trait "renews_on" is a date; "is" compares single values; use before,'),
    (
        "{trait: plan, to: 2027-03-01}",
        '16: trait "plan" is a text; "to" compares dates; use is, is_not, one_of, none_of',
    ),
    ("{trait: plan, from: 2027-03-01}", '16: trait "plan" is a text; "from" compares dates; use is, is_not, one_of, '),
    ("{trait: plan, is: 12}", '26: trait "plan" is a text; write "12" in quotes [rule-value]'),
    ("{trait: plan, one_of: [a, true]}", '30: trait "plan" is a text; write "true" in quotes [rule-value]'),
    ("{did: order_placed, where: {amount: ten}}", '44: "ten" is not a number [rule-value]'),
    (
        "{did: order_placed, where: {amount: {starts_with: a}}}",
        '36: "amount" of "order_placed" is money; "starts_with"',
    ),
    ("{did: order_placed, where: {amount: {is: true}}}", '49: "true" is not a number [rule-value]'),
    (
        "{sum: order_placed.category, at_least: 3}",
        '14: "order_placed.category" is a text; "sum" needs numbers; use most',
    ),
    (
        "{most_frequent: order_placed.category, above: 3}",
        '24: "order_placed.category" is a text; "above" compares numbe',
    ),
    (
        '{trait: plan, is: ""}',
        '26: an empty text is a missing value; write "exists: false" (or true) to ask whether there is trait "plan"',
    ),
    ('{did: order_placed, where: {category: [a, ""]}}', "46: an empty text is a missing value; write "),
    ("{trait: vegetarian, is: 3}", '32: "3" is neither true nor false [rule-value]'),
    ("{trait: home, is: 3}", '16: trait "home" is a place; "is" compares single values; use exists [rule-type]'),
]
MORE = "  vegetarian: {title: V, type: true_false}\n  home: {title: H, type: place}\n  any: {title: A, type: untyped}\n"


@pytest.mark.parametrize(("condition", "expected"), TYPES, ids=[line[0] for line in TYPES])
def test_a_comparison_that_does_not_fit_the_type_is_refused(condition, expected):
    files = {"vocabulary.yaml": VOCABULARY.replace("lists:\n", MORE + "lists:\n"), **only(condition)}
    (problem,) = problems_of(files)
    assert problem.removeprefix("audiences/a.yaml:3:").startswith(expected)


@pytest.mark.parametrize(
    "condition",
    [
        '{did: order_placed, where: {amount: "12"}}',
        "{trait: vegetarian, is: true}",
        "{trait: home, exists: true}",
        "{trait: any, is: 3}",
        "{trait: any, starts_with: a}",
        '{did: "message_*", where: {channel: email}}',
    ],
)
def test_a_comparison_that_fits_is_accepted(condition):
    files = {"vocabulary.yaml": VOCABULARY.replace("lists:\n", MORE + "lists:\n"), **only(condition)}
    assert problems_of(files) == []


def test_what_is_not_sent_switches_off_only_what_needs_it():
    vocabulary = VOCABULARY.replace("{title: Birthday, type: date}", "{title: Birthday, type: date, sent: false}")
    ruleset = load(
        {
            **EXAMPLE,
            "vocabulary.yaml": vocabulary,
            "audiences/a.yaml": "title: A\nowner: us\nenter: {everyone: true}\n"
            "stay_while: {did_not: support_contacted}\n",
            "audiences/b.yaml": 'title: B\nowner: us\nenter: {did: "support_*"}\n',
            "audiences/c.yaml": "title: C\nowner: us\nenter: {did: any_event}\n",
            "points/p.yaml": "title: P\nowner: us\nadd:\n  - {give: 1, when: {did: support_contacted}}\n"
            "  - {give: 2, when: {everyone: true}}\n",
        }
    )
    off = {name for name, segment in ruleset.audiences.items() if not segment.is_on}
    assert off == {"a", "b", "renewal_talk"}
    assert [line.give for line in ruleset.points["p"].lines] == [2]
    assert [note.file for note in ruleset.notes if note.code == "segment-off"] == [
        "audiences/a.yaml", "audiences/b.yaml", "audiences/renewal_talk.yaml", "points/p.yaml",
    ]  # fmt: skip


VOCABULARIES = [
    ("events: {a: 3}", '3:13: "3" where a mapping belongs; its keys are: title, aliases, sent, reverses, properties'),
    ("events: 3", '3:9: "3" where a mapping belongs [rule-value]'),
    ("zone: Mars/Base", '1:7: "Mars/Base" is not a time zone; write one as in Europe/Lisbon or UTC [rule-value]'),
    ("currency: euro", '1:11: "euro" is not a currency code; write three capitals, as in EUR [rule-value]'),
    (
        "events: {any_event: {title: A}}",
        '3:10: "any_event" stands for all events; give this one another name [rule-name]',
    ),
    ("events: {a: {title: A, aliases: [b]}, b: {title: B}}", '3:34: "b" is already an event; an alias stands for one'),
    ("events: {a: {title: A, aliases: [x]}, b: {title: B, aliases: [x]}}", '3:63: "x" is already an alias of "a"; an '),
    ("events: {a: {title: A, reverses: c}}", '3:34: event "c" is not in vocabulary.yaml; add it here [rule-name]'),
    ("events: {a: {title: A, reverses: a}}", '3:34: "a" cannot take itself back; name another event [rule-name]'),
    (
        "events: {a: {title: A, properties: {any_item: text}}}",
        '3:37: "any_item" is a word of the language; give the pr',
    ),
    (
        "events: {a: {title: A, properties: {x: txt}}}",
        '3:40: "txt" does not fit here; did you mean "text"? [rule-value]',
    ),
    ("events: {A: {title: A}}", '3:10: "A" is not a name; write lower-case letters, digits and "_", a letter first'),
    ("events: {a: {title: A, aliases: x}}", '3:33: "x" where a list belongs; write [x] [rule-value]'),
    ("places: {a: {lat: 91, lon: 0}}", '3:19: "91" is not from -90 to 90 degrees [rule-value]'),
    (
        "consents: {a: {title: A, unless_told: no_idea}}",
        '3:39: "no_idea" does not fit here; did you mean "not_given"? [rule-value]',
    ),
    ("personal_gap_mean: 10m", '3:20: "10m" may be minutes or months; write "10min" or "300d" [rule-span]'),
    ("history_since: soon", '3:16: "soon" is not a day; write it as 2027-03-01 [rule-date]'),
]


@pytest.mark.parametrize(("text", "expected"), VOCABULARIES, ids=[line[0] for line in VOCABULARIES])
def test_a_vocabulary_that_makes_no_sense_is_refused(text, expected):
    head = {"zone": "currency: EUR\n", "curr": "zone: UTC\n"}.get(text[:4], "")
    whole = f"{text}\n{head}" if head else f"zone: UTC\ncurrency: EUR\n{text}\n"
    (problem,) = problems_of({"vocabulary.yaml": whole})
    assert problem.removeprefix("vocabulary.yaml:").startswith(expected)


def test_a_mistake_in_the_vocabulary_makes_no_mistakes_elsewhere():
    vocabulary = VOCABULARY.replace("amount: money, category", "amount: monney, category").replace(
        "type: date", "type: dat"
    )
    vocabulary = vocabulary.replace("title: An order was paid", "title:").replace("lat: 38.7139", "lat: north")
    found = problems_of({**EXAMPLE, "vocabulary.yaml": vocabulary})
    assert {problem.split(":")[0] for problem in found} == {"vocabulary.yaml"}
    assert len(found) == 5


def test_without_a_vocabulary_there_are_no_rules():
    assert problems_of(only("{everyone: true}")) == [
        "vocabulary.yaml:1:1: the file is missing; it says what we receive: zone, currency, events [file-missing]"
    ]


VIP = "title: V\nowner: us\nenter: {everyone: true}\n"
DIMENSION = "title: D\nowner: us\nquestion: Which?\norder: [vip]\notherwise: regular\n"
GOOD = {
    "vocabulary.yaml": VOCABULARY,
    "value/dimension.yaml": DIMENSION,
    "value/vip.yaml": VIP,
    "value/regular.yaml": "title: R\nowner: us\n",
}
STRUCTURES = [
    (
        {"value/dimension.yaml": DIMENSION.replace("[vip]", "[vip, vip]")},
        'value/dimension.yaml:4:14: segment "vip" is tw',
    ),
    (
        {"value/dimension.yaml": DIMENSION.replace("[vip]", "[vip, regular]")},
        'value/dimension.yaml:4:14: "regular" is "o',
    ),
    (
        {"value/dimension.yaml": DIMENSION.replace("[vip]", "[vip, gold]")},
        'value/dimension.yaml:4:14: segment "gold" is in "order" but has no file; write value/gold.yaml, or remove it',
    ),
    (
        {
            "value/dimension.yaml": DIMENSION.replace("otherwise: regular", "otherwise: other"),
            "value/regular.yaml": None,
        },
        'value/dimension.yaml:5:12: "otherwise" is "other", which has no file; write value/other.yaml '
        "[dimension-otherwise]",
    ),
    (
        {"value/dimension.yaml": DIMENSION + "model: clusters\n"},
        'value/dimension.yaml:6:1: "model" and "order" together; ',
    ),
    (
        {"value/dimension.yaml": "title: D\nowner: us\nquestion: Which?\notherwise: regular\nmodel: clusters\n"},
        'value/dimension.yaml:5:1: "model" and "otherwise" together; keep one [dimension-order]',
    ),
    (
        {
            "value/dimension.yaml": "title: D\nowner: us\nquestion: Which?\nmodel: clusters\n",
            "value/regular.yaml": None,
        },
        'value/dimension.yaml:4:8: segment "vip" has a file, but the segments come from the model '
        '"clusters"; remove one',
    ),
    (
        {"value/dimension.yaml": "title: D\nowner: us\nquestion: Which?\notherwise: regular\n"},
        'value/dimension.yaml:1:1: "order" is missing; write "order: [SEGMENT, …]", or "model: NAME" [rule-missing]',
    ),
    (
        {"value/dimension.yaml": "title: D\nowner: us\nquestion: Which?\norder: [vip]\n"},
        'value/dimension.yaml:1:1: "otherwise" is missing; name the segment of everyone nobody above '
        "takes [rule-missing]",
    ),
    (
        {"value/dimension.yaml": None},
        "value/dimension.yaml:1:1: the file is missing; it says title, owner, question, ord",
    ),
    (
        {"value/dimension.yaml": DIMENSION + "inside: value.vip\n"},
        'value/dimension.yaml:6:9: "value.vip" is of this dime',
    ),
    (
        {"value/dimension.yaml": DIMENSION + "inside: a.b\n"},
        'value/dimension.yaml:6:9: segment "a.b" does not exist; wri',
    ),
    (
        {"value/vip.yaml": "title: V\nowner: us\n"},
        'value/vip.yaml:1:1: "enter" is missing; say who comes in, or write "e',
    ),
    (
        {"value/vip.yaml": "title: V\nowner: us\nstay_while: {everyone: true}\n"},
        'value/vip.yaml:3:1: "stay_while" without "enter"; nobody can come in [rule-missing]',
    ),
    (
        {"value/vip.yaml": VIP + "only_from: [vip]\n"},
        'value/vip.yaml:4:13: "vip" cannot be entered from itself; remove it',
    ),
    (
        {"value/vip.yaml": VIP + "only_from: []\n"},
        "value/vip.yaml:4:12: the list is empty, so nobody can come in; name segments, or leave it out [rule-value]",
    ),
    (
        {"value/dimension.yaml": DIMENSION + "stay_at_least: 4w\n", "value/vip.yaml": VIP + "stay_at_most: 20d\n"},
        "value/vip.yaml:4:1: stay_at_most (20d) is shorter than stay_at_least (28d) of dimension.yaml [rule-stay]",
    ),
    (
        {"value/vip.yaml": VIP + "only_from: [regulr]\n"},
        'value/vip.yaml:4:13: segment "value.regulr" does not exist; did you mean "regular"? [rule-name]',
    ),
    (
        {"value/vip.yaml": VIP + "only_from: regular\n"},
        'value/vip.yaml:4:12: "regular" where a list belongs; write [regula',
    ),
    (
        {"audiences/a.yaml": VIP + "only_from: [vip]\n"},
        'audiences/a.yaml:4:1: "only_from" is for dimensions; an audience has one segment and an outside [rule-key]',
    ),
    (
        {"value/regular.yaml": "title: R\nowner: us\nwait: 3d\n"},
        'value/dimension.yaml:5:12: "otherwise" is "regular", whic',
    ),
    (
        {"audiences/a.yaml": VIP.replace("{everyone: true}", "{in_segment: value.vip.about_to_leave}")},
        'audiences/a.yaml:3:21: "value.vip" has no "warn_before", so nobody is about to leave it; add '
        "it there [rule-name]",
    ),
    (
        {"value/vip.yaml": VIP.replace("{everyone: true}", "{in_segment: value.regular}")},
        "value/vip.yaml:3:9: circle: value.vip looks at value.regular, of the same dimension as "
        "value.vip [rule-circle]",
    ),
    ({"value/vip.yml": VIP}, 'value/vip.yml:1:1: the name ends in ".yml"; write ".yaml" [file-name]'),
    (
        {"deep/er/a.yaml": VIP},
        "deep/er/a.yaml:1:1: no rule file has its place here; write vocabulary.yaml, points/NAME.y",
    ),
    (
        {"a.yaml": VIP},
        "a.yaml:1:1: no rule file has its place here; write vocabulary.yaml, points/NAME.yaml, DIMENSION/S",
    ),
    (
        {"value/A b.yaml": VIP},
        'value/A b.yaml:1:1: "A b" is no id; write lower-case letters, digits and "_", a letter fi',
    ),
    (
        {"points/a.test.yaml": "tests: []\n"},
        "points/a.test.yaml:1:1: points have no cases; test the segments that use th",
    ),
    (
        {"audiences/dimension.yaml": DIMENSION},
        "audiences/dimension.yaml:1:1: audiences are no dimension; each is a quest",
    ),
    (
        {"audiences/x.test.yaml": "tests: []\n"},
        "audiences/x.test.yaml:1:1: cases without a rule; write audiences/x.yaml, ",
    ),
    (
        {"points/a.yaml": "title: P\nowner: us\nadd: []\n"},
        "points/a.yaml:3:6: an empty list where lines belong; write a list of",
    ),
]


@pytest.mark.parametrize(("change", "expected"), STRUCTURES, ids=[line[1][:60] for line in STRUCTURES])
def test_files_that_do_not_fit_together_are_refused(change, expected):
    files = {path: text for path, text in {**GOOD, **change}.items() if text is not None}
    found = problems_of(files)
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_what_is_no_yaml_is_no_rule():
    assert problems_of({**GOOD, "README.md": "# rules", "value/notes.txt": "x"}) == []


def test_a_disabled_segment_needs_no_enter():
    assert problems_of({**GOOD, "value/vip.yaml": "title: V\nowner: us\nenabled: false\n"}) == []


def test_the_segments_of_a_model_can_be_named():
    model = {"rfm/dimension.yaml": "title: D\nowner: us\nquestion: Which?\nmodel: rfm\n"}
    assert problems_of({"vocabulary.yaml": VOCABULARY, **model, **only("{in_segment: rfm.champions}")}) == []


def test_a_long_circle_is_told_once():
    files = {
        **GOOD,
        "value/vip.yaml": VIP.replace("{everyone: true}", "{points: p, above: 0}"),
        "points/p.yaml": "title: P\nowner: us\nadd: [{give: 1, when: {in_segment: audiences.a}}]\n",
        "audiences/a.yaml": VIP.replace("{everyone: true}", "{in_segment: value.regular}"),
        "audiences/b.yaml": VIP.replace("{everyone: true}", "{in_segment: audiences.a, for: 3d}"),
    }
    assert problems_of(files) == [
        "value/vip.yaml:3:9: circle: value.vip looks at points.p, which looks at audiences.a, "
        "which looks at value.regular, of the same dimension as value.vip [rule-circle]"
    ]


STAYS = [
    ("at_least: {bar: b}", "at_least: {bar: b, percent: 120}", "more (120 % of b) than enter (100 % of b)"),
    ("at_most: 5", "at_most: 3", "less (3) than enter (5)"),
    ("at_least: 5", "above: 6", "more (6) than enter (5)"),
    ("at_least: 5", "at_least: 5", None),
    ("at_least: 5", "at_least: {bar: b}", None),
    ("at_least: {bar: a}", "at_least: {bar: b, percent: 120}", None),
    ("at_least: 5", "at_most: 9", None),
    ("at_least: 5", "at_least: 9\n      within: 9d", None),
]


@pytest.mark.parametrize(("enter", "stay", "expected"), STAYS, ids=[f"{one[0]} / {one[1]}" for one in STAYS])
def test_staying_must_not_be_harder_than_entering(enter, stay, expected):
    text = (
        "title: A\nowner: us\nenter:\n  all:\n    - {everyone: true}\n"
        f"    - sum: order_placed.amount\n      {enter}\n"
        f"stay_while:\n  any:\n    - sum: order_placed.amount\n      {stay}\n"
    )
    found = problems_of({"vocabulary.yaml": VOCABULARY, "audiences/a.yaml": text})
    message = f"audiences/a.yaml:11:7: stay_while asks for {expected}; a member would leave at once [rule-stay-bar]"
    assert found == ([message] if expected else [])


def test_the_files_around_an_audience_are_enough():
    assert problems_of(audience("enter: {everyone: true}", wait="3d")) == []
