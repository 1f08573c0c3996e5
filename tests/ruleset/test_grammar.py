"""Every line of the grammar: what it accepts and what it makes of it, and what it refuses."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from stream.ruleset.schema import All, AnyOf, Not, walk
from stream.ruleset.schema_dates import Day, Moment, Period
from stream.ruleset.schema_events import Did, Sequence
from stream.ruleset.schema_forms import Compare, Count, DateRange, Window
from stream.ruleset.schema_parts import StepDid, StepDidNot
from stream.ruleset.schema_values import Bar, EventField, Personal
from tests.ruleset.examples import problems_in, read_condition

DAY = 86_400_000

ACCEPTED = [
    "{all: [{everyone: true}]}",
    "{any: [{everyone: true}, {not: {everyone: true}}]}",
    "{did: order_placed}",
    "{did: order_placed, where: {category: garden}, within: 30d, at_least: 2, per: cart_id}",
    '{did: "order_*", exactly: 0}',
    "{did: any_event, at_most: 3, older_than: 2d}",
    "{did_on_days: order_placed, at_least: 4}",
    "{did_on_days: order_placed, where: {amount: {above: 5}}, during: this_year, between: [1, 2]}",
    "{did_not: order_placed}",
    "{did_not: order_placed, where: {category: [a, b]}, within: {personal_gaps: 2, at_least: 14d}}",
    "{first_time: order_placed, within: 14d}",
    "{first_time: order_placed, where: {coupon: {exists: true}}, within: 14d}",
    "{last_event: message_sent, where: {channel: email}, has: {status: bounced}, within: 3d}",
    "{sequence: [product_viewed, {did: order_placed, where: {amount: {below: 3}}, max_gap: 2h}], within: 3d}",
    "{sequence: [cart_updated, {did_not: order_placed, where: {amount: 3}, for: 3h}], per: cart_id}",
    "{regularly: order_placed, at_least: 1, every: 30d, in_at_least: 3, of_last: 4}",
    "{stopped: product_viewed, did_within: 60d, quiet_for: {personal_gaps: 2, at_least: 30d}}",
    "{restarted: order_placed, quiet_for: 90d, again_within: 90d}",
    "{sum: order_placed.amount, where: {category: garden}, within: 365d, at_least: 400}",
    "{average: order_placed.amount, from: 2026-01-01, to: 2026-02-01, below: 3.5}",
    "{smallest: order_placed.amount, from: 2026-01-01, before: 2026-02-01, above: 3}",
    '{largest: order_placed.amount, from: 2026-01-01T00:00+01:00, above: "3"}',
    "{distinct: order_placed.category, at_most: 3}",
    "{first_value: order_placed.category, is: garden}",
    "{last_value: order_placed.coupon, within: 3d, is_not: WELCOME}",
    "{most_frequent: order_placed.category, where: {amount: {above: 2}}, during: {last_days: 7}, one_of: [a, b]}",
    "{share: order_placed, where: {coupon: {exists: true}}, at_least: 0.6, of_at_least: 4}",
    "{trait: plan, is: family, for: 60d}",
    "{trait: plan, none_of: [family], for_less_than: 60d}",
    '{trait: postcode, starts_with: "90"}',
    "{trait: plan, ends_with: x}",
    "{trait: plan, contains: x}",
    '{trait: plan, matches: "[a-z]+(?:b|c)"}',
    "{trait: interests, has_any: [a]}",
    "{trait: interests, has_all: [a, b]}",
    "{trait: interests, has_none: [a]}",
    "{trait: plan, has_any: [family]}",
    "{trait: plan, exists: false}",
    "{trait: renews_on, within: 3d}",
    "{trait: renews_on, within_next: 10d}",
    "{trait: renews_on, older_than: 3d}",
    "{trait: renews_on, falls: next_month}",
    "{trait: birthday, anniversary: {days_ahead: 3}}",
    "{trait: renews_on, on_day: 2027-03-01}",
    "{trait: renews_on, from: 2027-03-01, to: 2027-03-31}",
    "{trait: renews_on, to: 2027-03-31}",
    "{trait: renews_on, before: 2027-03-31T10:00:30.5Z}",
    "{in_segment: lifecycle.dormant, for: 3d}",
    "{in_segment: value.vip.about_to_leave, for_less_than: 3d}",
    "{in_list: store_openings, for: 3d}",
    "{consent: email}",
    "{bucket: summer_test, percent: 20, starting_at: 30}",
    "{score: churn_probability, at_least: 0.4}",
    "{points: engagement, at_least: 15}",
    "{near: flagship_store, km: 15.5}",
    "{today: {weekday: [saturday, sunday]}}",
    "{today: {from: 2026-12-01, to: 2026-12-24}}",
    "{did: order_placed, where: {any_item: {category: [sale], quantity: {at_least: 2}}}}",
    "{did: order_placed, where: {amount: {bar: value.vip, percent: 80}}}",
    "{sum: order_placed.amount, between: [{bar: low}, {bar: high}]}",
]


@pytest.mark.parametrize("condition", ACCEPTED)
def test_the_line_is_accepted(condition):
    assert read_condition(condition) is not None


REFUSED = [
    (
        "{did: order_placed, where: {category: {is_not: ^[a]}}}",
        "a list where one value belongs; write a text, a number, true or false [rule-value]",
    ),
    (
        "{did: order_placed, within: ^{personal_gaps: 2}}",
        '"at_least" is missing; write "at_least: …" (never shorter than this) [rule-missing]',
    ),
    (
        "{share: order_placed, where: {coupon: a}, at_least: ^60}",
        '"60" is no share; a share lies from 0 to 1; write 0.6 for 60 % [rule-value]',
    ),
    (
        "{share: order_placed, where: {coupon: a}, between: ^[0.2, 1.2]}",
        '"1.2" is no share; a share lies from 0 to 1 [rule-value]',
    ),
    (
        "{today: {weekday: ^[]}}",
        "an empty list where a list of weekdays belongs; write [saturday, sunday] [rule-value]",
    ),
    ("{did: order_placed, within: ^10m}", '"10m" may be minutes or months; write "10min" or "300d" [rule-span]'),
    ("{did: order_placed, within: ^1y}", '"1y" is not a span; write "365d" [rule-span]'),
    ("{did: order_placed, within: ^2 months}", '"2 months" is not a span; write "60d" [rule-span]'),
    ("{did: order_placed, within: ^1.5h}", '"1.5h" is not a whole number; write "90min" [rule-span]'),
    ("{did: order_placed, within: ^24h30min}", '"24h30min" is more than one span; write "1470min" [rule-span]'),
    ("{did: order_placed, within: ^1d 12h}", '"1d 12h" is more than one span; write "36h" [rule-span]'),
    ("{did: order_placed, within: ^30}", '"30" has no unit; write "30d" or "30h" [rule-span]'),
    ("{did: order_placed, within: ^30 d}", '"30 d" is not a span; write "30d" [rule-span]'),
    (
        "{did: order_placed, within: ^1.7x}",
        '"1.7x" is not a span; write a whole number with s, min, h, d or w, as in "36h" [rule-span]',
    ),
    (
        "{did: order_placed, within: ^soon}",
        '"soon" is not a span; write a whole number with s, min, h, d or w, as in "36h" [rule-span]',
    ),
    (
        "{did: order_placed, within: ^true}",
        'true is not a span; write a whole number with s, min, h, d or w, as in "36h" [rule-span]',
    ),
    ("{did: order_placed, within: ^0d}", '"0d" is no time at all; a span is at least "1s" [rule-span]'),
    (
        "{did: order_placed, within: ^9999w}",
        '"9999w" is longer than a hundred years; leave it out for "ever" [rule-span]',
    ),
    ("{did: order_placed, at_least: ^true}", "true is not a number [rule-value]"),
    ("{did: order_placed, at_least: ^2.5}", '"2.5" is not a count; write a whole number of 0 or more [rule-value]'),
    ("{did: order_placed, between: ^[1, 2.5]}", '"2.5" is not a count; write a whole number of 0 or more [rule-value]'),
    ("{did: order_placed, between: ^3}", '"3" is not a pair; write [LOW, HIGH] [rule-value]'),
    ("{did: order_placed, between: ^[5, 3]}", "between [5, 3] is nothing; write the lower one first [rule-value]"),
    (
        "{did: order_placed, at_least: 1, ^exactly: 2}",
        '"at_least" and "exactly" together; keep one [rule-two-comparisons]',
    ),
    (
        "{did: order_placed, exactly: 2, ^at_least: 1}",
        '"at_least" and "exactly" together; keep one [rule-two-comparisons]',
    ),
    (
        "{did: order_placed, to: 2026-01-01, ^before: 2026-01-01}",
        '"to" and "before" together; keep one [rule-two-windows]',
    ),
    (
        "{did: order_placed, from: 2026-01-02, ^to: 2026-01-01}",
        '"to" ends it before "from" begins it; nothing can be in it [rule-windows]',
    ),
    (
        '{did: order_placed, from: "2026-01-02T00:00Z", ^before: "2026-01-02T00:00Z"}',
        '"before" ends it before "from" begins it; nothing can be in it [rule-windows]',
    ),
    (
        "{did: order_placed, ^older_than: 3d, within: 3d}",
        "older_than (3d) must be shorter than within (3d), or nothing can be in it [rule-windows]",
    ),
    (
        "{did: order_placed, from: ^2026-02-30}",
        '"2026-02-30" is not a day of the calendar; write one as 2027-03-01 [rule-date]',
    ),
    ("{did: order_placed, from: ^soon}", '"soon" is not a day; write it as 2027-03-01 [rule-date]'),
    (
        '{did: order_placed, from: ^"2026-01-01T10:00"}',
        '"2026-01-01T10:00" has no offset; write "2026-01-01T10:00+00:00", or the offset that is meant [rule-date]',
    ),
    (
        '{did: order_placed, from: ^"2026-13-01T10:00Z"}',
        '"2026-13-01T10:00Z" is not a moment of the calendar [rule-date]',
    ),
    (
        '{did: order_placed, to: ^"2026-13-01T10:00Z"}',
        '"2026-13-01T10:00Z" is not a moment of the calendar [rule-date]',
    ),
    (
        '{did: order_placed, ^to: "2026-12-01T10:00"}',
        '"to" takes whole days; write 2026-12-01 (the whole day counts), or "before: '
        '2026-12-01T10:00+00:00" [rule-date]',
    ),
    ("{did: order_placed, to: ^soon}", '"soon" is not a day; write it as 2027-03-01 [rule-date]'),
    ("{did: order_placed, during: ^this_weak}", '"this_weak" is not a period; did you mean "this_week"? [rule-value]'),
    ("{did: order_placed, during: ^3}", '"3" is not a period; write this_week, or {last_days: 7} [rule-value]'),
    ("{did: order_placed, during: {^last_day: 7}}", 'unknown key "last_day"; did you mean "last_days"? [rule-key]'),
    ("{did: order_placed, during: {last_days: ^0}}", '"0" is not a number of days; write 1 or more [rule-value]'),
    ("{did: order_placed, within: {personal_gaps: ^0, at_least: 1d}}", '"0" is not above 0 [rule-value]'),
    ("{did: order_placed, where: ^{}}", "no test here; name a property, or leave it out [rule-value]"),
    (
        "{did: order_placed, where: {category: ^{}}}",
        "a comparison is missing; write is, one_of, at_least, exists, or another [rule-missing]",
    ),
    ("{did: order_placed, where: {category: ^[]}}", "the list is empty; name at least one value [rule-value]"),
    ("{did: order_placed, where: {category: {one_of: ^a}}}", '"a" where a list belongs; write ["a"] [rule-value]'),
    ("{did: ^3}", '3 is not text; write "3" in quotes if you mean the text [rule-value]'),
    ("{did: ^[a]}", "a list where a text belongs; write a text [rule-value]"),
    ("{did: ^'*'}", '"*" alone is too much; write "any_event" [rule-value]'),
    (
        "{did: ^Order Placed}",
        '"Order Placed" is not an event; write a name of vocabulary.yaml, prefix* or any_event [rule-value]',
    ),
    (
        "{^did_on_days: order_placed}",
        '"did_on_days" needs a comparison; write at_least, at_most, above, below, exactly or between [rule-missing]',
    ),
    (
        "{^sum: order_placed.amount}",
        '"sum" needs a comparison; write at_least, at_most, above, below, exactly or between [rule-missing]',
    ),
    (
        "{sum: ^order_placed, at_least: 3}",
        '"order_placed" is not EVENT.property; write it as in order_placed.amount [rule-value]',
    ),
    (
        "{^most_frequent: order_placed.category}",
        '"most_frequent" needs a comparison; write is, one_of, at_least, exists, or another [rule-missing]',
    ),
    ("{^trait: plan}", '"trait" needs a comparison; write is, one_of, at_least, exists, or another [rule-missing]'),
    (
        "{trait: plan, is: a, for: 3d, ^for_less_than: 4d}",
        '"for" and "for_less_than" together; keep one [rule-two-windows]',
    ),
    (
        "{trait: renews_on, to: 2027-03-01, ^before: 2027-03-01}",
        '"to" and "before" together; keep one [rule-two-comparisons]',
    ),
    (
        "{trait: renews_on, from: 2027-03-02, ^to: 2027-03-01}",
        '"to" ends it before "from" begins it; nothing can be in it [rule-windows]',
    ),
    (
        '{trait: plan, matches: ^"(a"}',
        '"(a" is not a pattern: missing ): (a [rule-value]',
    ),
    (
        '{trait: plan, matches: ^"(?=a)"}',
        '"(?=a)" has what a linear-time pattern cannot have: (?…), \\1, or a set in a set [rule-value]',
    ),
    ("{trait: plan, exists: ^maybe}", '"maybe" is neither true nor false [rule-value]'),
    (
        "^{first_time: order_placed}",
        '"within" is missing; write "within: …" (looks back so far from now) [rule-missing]',
    ),
    ("^{last_event: order_placed}", '"has" is missing; write "has: …" (what the last one must have) [rule-missing]'),
    ("{sequence: ^[order_placed]}", "a sequence has at least 2 steps; for one event write did [rule-step]"),
    ("{sequence: ^order_placed}", '"order_placed" where a list of steps belongs [rule-value]'),
    (
        "{sequence: [order_placed, ^3]}",
        "a step is an event, a mapping with did, or one with did_not and for [rule-step]",
    ),
    (
        "{sequence: [^{did: order_placed, max_gap: 3d}, product_viewed]}",
        '"max_gap" on the first step: nothing comes before it; remove it [rule-step]',
    ),
    (
        "{sequence: [order_placed, ^{did_not: product_viewed}]}",
        '"for" is missing; write "for: …" (the length of the silence) [rule-missing]',
    ),
    (
        "{regularly: order_placed, at_least: ^0, every: 3d, in_at_least: 3, of_last: 3}",
        '"0" is too little; write 1 or more [rule-value]',
    ),
    (
        "{regularly: order_placed, at_least: 1, every: 3d, ^in_at_least: 5, of_last: 4}",
        "in_at_least (5) is more than of_last (4); nobody can be in it [rule-windows]",
    ),
    (
        "{regularly: order_placed, at_least: ^-1, every: 3d, in_at_least: 5, of_last: 4}",
        '"-1" is not a count; write a whole number of 0 or more [rule-value]',
    ),
    ("{everyone: ^false}", "false does not fit here; write true [rule-value]"),
    (
        "{today: {weekday: ^saturday}}",
        '"saturday" where a list of weekdays belongs; write [saturday, sunday] [rule-value]',
    ),
    ("{today: {weekday: [^satday]}}", '"satday" does not fit here; did you mean "saturday"? [rule-value]'),
    (
        "{today: ^{from: 2026-01-01}}",
        'days are missing; write "weekday: [saturday, sunday]", or both from and to [rule-missing]',
    ),
    (
        "{today: {from: 2026-01-02, ^to: 2026-01-01}}",
        '"to" ends it before "from" begins it; nothing can be in it [rule-windows]',
    ),
    ("{today: {weekday: [sunday], ^from: 2026-01-01}}", '"weekday" and "from" together; keep one [rule-two-windows]'),
    ("{today: {weekday: [sunday], ^to: 2026-01-01}}", '"weekday" and "to" together; keep one [rule-two-windows]'),
    (
        '{today: {from: ^"2026-01-01T00:00Z", to: 2026-01-01}}',
        '"2026-01-01T00:00Z" is a moment; this takes whole days, as 2027-03-01 [rule-date]',
    ),
    (
        "{bucket: a, percent: ^60, starting_at: 50}",
        "starting_at (50) and percent (60) go over 100; make one smaller [rule-value]",
    ),
    ("{bucket: a, percent: ^101}", '"101" is not a whole number from 0 to 100 [rule-value]'),
    (
        "{bucket: ^A, percent: 10}",
        '"A" is not a name; write lower-case letters, digits and "_", a letter first [rule-value]',
    ),
    ("{near: flagship_store, km: ^0}", '"0" is not above 0 [rule-value]'),
    (
        "{in_segment: ^dormant}",
        '"dormant" is not dimension.segment; write it as in lifecycle.dormant or audiences.dormant [rule-value]',
    ),
    ("{all: ^3}", '"3" where a list of conditions belongs; put a dash before each [rule-value]'),
    ("{any: ^[]}", '"any" is empty; a rule for every customer is "everyone: true" [rule-empty-group]'),
    ("^[{everyone: true}]", 'a list where one condition belongs; put it under "all" or "any" [rule-no-condition]'),
    (
        "^order_placed",
        '"order_placed" where a condition belongs; write it as in "did: order_placed" [rule-no-condition]',
    ),
    (
        "^{did: a, sum: b, trait: c}",
        'a condition has one leading word; here are three: "did" and "sum"; put them in a list under '
        '"all" [rule-two-conditions]',
    ),
    (
        "{did: order_placed, ^foo: 3}",
        'unknown key "foo"; it can have: within, older_than, during, from, to, before, at_least, '
        "at_most, above, below, between, exactly, did, where, per [rule-key]",
    ),
    ("{did: order_placed, where: {category: {^iss: 3}}}", 'unknown key "iss"; did you mean "is"? [rule-key]'),
    (
        "{sum: order_placed.amount, at_least: {bar: ^3}}",
        '3 is not text; write "3" in quotes if you mean the text [rule-value]',
    ),
    (
        "{sequence: [order_placed, {did_not: product_viewed, for: 3d}], ^within: 3d}",
        '"for" (3d) must be shorter than within (3d), or nothing can be in it [rule-windows]',
    ),
    (
        "{restarted: order_placed, quiet_for: 3d, ^again_within: 4d}",
        "again_within (4d) must not be longer than quiet_for (3d), or a customer could be restarted "
        "and quiet again at once [rule-windows]",
    ),
    ("{did: order_placed, where: {category: ^}}", '"category" is empty; write a value, or remove it [rule-value]'),
    ("{did: order_placed, within: ^}", '"within" is empty; write a value, or remove it [rule-value]'),
    ("{all: [^null]}", "this item is empty; write a value, or remove it [rule-value]"),
    (
        "{did: order_placed, where: ^3}",
        '"3" where a mapping belongs; name properties, as in {category: garden} [rule-value]',
    ),
    (
        "{sequence: [order_placed, {did: product_viewed, ^max_gp: 3d}]}",
        'unknown key "max_gp"; did you mean "max_gap"? [rule-key]',
    ),
    (
        "{did: order_placed, within: {personal_gaps: 3, at_least: 3d, ^floor: 3}}",
        'unknown key "floor"; it can have: personal_gaps, at_least [rule-key]',
    ),
    ("{trait: plan, matches: ^%s}" % ("a" * 201), "a pattern has at most 200 characters [rule-value]"),
]  # "^" stands before the place that is named


@pytest.mark.parametrize(("condition", "expected"), REFUSED, ids=[line[0] for line in REFUSED])
def test_the_line_is_refused_with_one_sentence_and_its_place(condition, expected):
    column = 8 + condition.index("^")
    assert problems_in(condition.replace("^", "")) == [f"{column}: {expected}"]


def test_windows():
    assert read_condition("{did: order_placed}").window == Window("ever")
    assert read_condition("{did: order_placed, within: 8d, older_than: 2d}").window == Window(
        "span", within=8 * DAY, older_than=2 * DAY
    )
    assert read_condition("{did: order_placed, during: {days_ago: 3}}").window == Window(
        "during", during=Period(word="days_ago", days=3)
    )
    assert read_condition("{did: order_placed, from: 2026-01-01T00:00+01:00, to: 2026-02-01}").window == Window(
        "dates",
        from_=Moment(at_ms=1_767_222_000_000, text="2026-01-01T00:00+01:00"),
        to=Day(date=date(2026, 2, 1)),
    )
    personal = read_condition("{did_not: order_placed, within: {personal_gaps: 3.5, at_least: 30d}}").window.within
    assert personal == Personal.model_validate({"personal_gaps": Decimal("3.5"), "at_least": "30d"})


def test_counts():
    assert read_condition("{did: order_placed}").count is None
    assert read_condition('{did: order_placed, exactly: "12"}').count == Count("exactly", 12)
    assert read_condition("{sum: order_placed.amount, between: [1.50, 2]}").count == Count("between", Decimal("1.5"), 2)
    assert read_condition("{sum: order_placed.amount, below: {bar: value.vip, percent: 80}}").count == Count(
        "below", Bar(bar="value.vip", percent=80)
    )


def test_comparisons():
    assert read_condition("{trait: plan, is: family}").compare == Compare("is", "family")
    assert read_condition("{trait: plan, one_of: [a, b]}").compare == Compare("one_of", ("a", "b"))
    assert read_condition("{trait: renews_on, within: 3d}").compare == Compare("within", 3 * DAY)
    assert read_condition("{trait: renews_on, to: 2026-02-01}").compare == Compare(
        "from_to", DateRange(None, Day(date=date(2026, 2, 1)))
    )
    first = read_condition("{first_value: order_placed.category, within: 3d, is_not: a}")
    assert (first.compare, first.window.within) == (Compare("is_not", "a"), 3 * DAY)


def test_where():
    did = read_condition("{did: order_placed, where: {category: [a], amount: {between: [1, 2]}, any_item: {x: true}}}")
    assert isinstance(did, Did)
    assert did.where.properties == (("amount", Compare("between", (1, 2))), ("category", Compare("one_of", ("a",))))
    assert did.where.any_item.properties == (("x", Compare("is", True)),)


def test_steps():
    found = read_condition("{sequence: [cart_updated, {did_not: order_placed, for: 3h}], within: 5d, per: cart_id}")
    assert isinstance(found, Sequence)
    first, last = found.sequence
    assert isinstance(first, StepDid)
    assert isinstance(last, StepDidNot)
    assert (first.did, first.max_gap, last.did_not, last.for_) == ("cart_updated", None, "order_placed", 3 * 3_600_000)
    assert (found.within, found.per) == (5 * DAY, "cart_id")


def test_the_rest():
    assert read_condition("{did_on_days: order_placed, exactly: 1}").did_on_days == "order_placed"
    assert read_condition("{sum: order_placed.amount, above: 1}").sum == EventField(
        event="order_placed", property="amount"
    )
    assert read_condition("{bucket: a, percent: 20}").starting_at == 0
    days = read_condition("{today: {from: 2026-12-01, to: 2026-12-24}}").today
    assert (days.from_.date, days.to.date) == (date(2026, 12, 1), date(2026, 12, 24))
    regularly = read_condition("{regularly: order_placed, at_least: 1, every: 30d, in_at_least: 3, of_last: 4}")
    assert (regularly.every, regularly.in_at_least, regularly.of_last) == (30 * DAY, 3, 4)


def test_every_condition_with_its_path_in_the_file():
    condition = read_condition("{all: [{any: [{not: {everyone: true}}]}, {consent: email}]}")
    assert [path for path, _ in walk(condition, ("enter",))] == [
        ("enter",),
        ("enter", "all", 0),
        ("enter", "all", 0, "any", 0),
        ("enter", "all", 0, "any", 0, "not"),
        ("enter", "all", 1),
    ]
    assert [type(one) for _, one in walk(condition)][:3] == [All, AnyOf, Not]
