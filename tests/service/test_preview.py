"""Old and new rules beside each other: the numbers, beside a count by hand and beside two plays of everything."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from stream.core.plan import Plan
from stream.errors import RuleError
from stream.ruleset.compile import compile_plan
from stream.ruleset.compile_questions import dimension_of
from stream.ruleset.load import load
from stream.ruleset.ruleset import Ruleset
from stream.service import outcome
from stream.service.outcome import Outcome
from stream.service.preview import Preview, compare
from stream.wire.instant import to_text
from stream.wire.replay import encode_line
from tests.core.agreement import as_bytes
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, VOCABULARY, at_ms, audience, did
from tests.strategies import Rules, Story, full_stories

DAY_MS = 86_400_000
FLAP_DAYS = 30
Orders = dict[str, list[int]]
"""By customer: the days of the orders, since the first Monday."""


def compiled(rules: Rules) -> tuple[Ruleset, Plan]:
    """Return rules that can be played."""
    ruleset = load({path: json.dumps(about) for path, about in rules.items()})
    return ruleset, compile_plan(ruleset, "test")


def compared(
    old: tuple[Ruleset, Plan], new: tuple[Ruleset, Plan], segments: Sequence[str], lines: list[bytes], most: int = 200
) -> Preview:
    """Return what the new rules mean for these segments."""

    return compare(old, new, segments, Recorded(lines), most)


@dataclass
class Recorded:
    """Lines that are played again and again."""

    lines: list[bytes]

    def everybody(self, plan: Plan, label: str) -> Outcome:
        return outcome.play(plan, self.lines, None)

    def some(self, plan: Plan, label: str, customers: Collection[str], ends_at: int) -> Outcome:
        return outcome.play(plan, outcome.lines_of(customers, self.lines), ends_at)


# -- beside a count by hand ---------------------------------------------------------------


def shop(within: int) -> Rules:
    """Return rules in which who ordered lately is `x`, who is in that is `z`, and who ever looked around is `y`."""
    about = {"title": "T", "owner": "o"}
    return {
        "vocabulary.yaml": VOCABULARY,
        "audiences/x.yaml": about | {"enter": {"did": "order_placed", "within": f"{within}d"}},
        "audiences/y.yaml": about | {"enter": {"did": "product_viewed"}},
        "audiences/z.yaml": about | {"enter": {"in_segment": "audiences.x"}},
    }


def line(customer: str, day: int, number: int, name: str) -> bytes:
    """Return one event as a line."""
    at = to_text(MONDAY_MS + day * DAY_MS)
    content = {"event_id": f"{number}", "customer_id": customer, "name": name, "occurred_at": at}
    return json.dumps(content | {"properties": {"amount": 5} if name == "order_placed" else {}}).encode()


def stays(days: list[int], within: int, end: int) -> list[tuple[int, int]]:
    """Return from when to before when a customer was in, that is up to the last day of all."""
    found: list[tuple[int, int]] = []
    for day in sorted(days):
        if found and day <= found[-1][1]:
            found[-1] = found[-1][0], day + within
        else:
            found.append((day, day + within))
    return [(first, last) for first, last in found if first <= end]


CUSTOMERS = "abcdefghij"
HISTORIES = st.dictionaries(st.sampled_from(CUSTOMERS), st.lists(st.integers(0, 120), min_size=1, max_size=9))


@given(HISTORIES, st.sets(st.sampled_from(CUSTOMERS)), st.integers(1, 40), st.integers(1, 40), st.sampled_from("xz"))
def test_every_number_is_that_of_a_count_by_hand(
    orders: Orders, viewers: set[str], before: int, within: int, name: str
) -> None:
    told = [(day, customer, "order_placed") for customer, days in orders.items() for day in days]
    told += [(130, customer, "product_viewed") for customer in viewers]
    lines = [line(customer, day, number, event) for number, (day, customer, event) in enumerate(sorted(told))]
    end = max((day for day, _, _ in told), default=0)
    made = compared(compiled(shop(before)), compiled(shop(within)), [f"audiences.{name}"], lines)
    (got,) = made.forecasts
    was = {customer for customer, days in orders.items() if stays(days, before, end)[-1][1] > end}
    now = {customer for customer, days in orders.items() if stays(days, within, end)[-1][1] > end}
    known = {customer for _, customer, _ in told}
    every = [stays(days, within, end) for days in orders.values()]
    ended = [(customer, last) for customer in every for _, last in customer if last <= end]
    flaps = sum(later[0] - earlier[1] < FLAP_DAYS for customer in every for earlier, later in pairwise(customer))
    assert (got.members_before, got.members, made.new.customers) == (len(was), len(now), len(known))
    assert (set(got.entering), got.would_enter) <= (now - was, len(now - was))
    assert (got.would_leave, got.would_enter) == (len(was - now), len(now - was))
    assert got.leaving == tuple(sorted(was - now)[:5])
    assert (got.enters, got.leaves) == (sum(map(len, every)), len(ended))
    assert got.share == (len(now) / len(known) if known else 0)
    years = sum(end - min(day for day, who, _ in told if who == customer) for customer in known) / 365.25
    assert abs(made.new.customer_years - years) < 1e-9
    assert abs(got.flaps_per_customer_year * years - flaps) < 1e-6
    moves = sum(map(len, every)) + len(ended)
    assert abs(made.per_thousand(made.new) * len(told) - 1000 * moves) < 1e-6
    shared = {each.segment: (each.members, each.of) for each in got.overlaps}
    expected = {"audiences.y": len(now & viewers), "audiences.x" if name == "z" else "audiences.z": len(now)}
    assert shared == {other: (both, len(now)) for other, both in expected.items() if both}
    is_narrow, is_wide = bool(known) and got.share < 0.005, got.share > 0.95
    assert ["few" in each for each in got.warnings] == [True] * is_narrow + [False] * is_wide


# -- beside two plays of everything -------------------------------------------------------


def lines_of(records: list[Rec]) -> list[bytes]:
    """Return records as the lines of a file."""
    return [
        encode_line(
            record.record_time,
            record.kind,
            json.dumps(record.content).encode() if record.kind == "tick" else as_bytes(record),
        )
        for record in records
    ]


@st.composite
def changed(draw: st.DrawFn, rules: Rules, other: Rules) -> Rules:
    """Return the rules with some files taken from others, gone, or none of both."""
    kind = draw(st.sampled_from(["some", "all", "none"]))
    if kind == "all":
        return other | {"vocabulary.yaml": rules["vocabulary.yaml"]}
    if kind == "none":
        return rules
    found = dict(rules)
    for path in sorted(rules.keys() | other.keys() - {"vocabulary.yaml"}):
        found_in = draw(st.sampled_from([rules, rules, other]))
        found.pop(path, None)
        if path in found_in and path != "vocabulary.yaml":
            found[path] = found_in[path]
    return found | {"vocabulary.yaml": rules["vocabulary.yaml"]}


def of(done: Outcome, names: Collection[str]) -> dict[str, Any]:
    """Return what was counted of these dimensions."""
    kept = done.renamed(lambda name: name if dimension_of(name)[0] in names else None)
    return {
        "told": +kept.told,
        "enters": +kept.enters,
        "leaves": +kept.leaves,
        "flaps": +kept.flaps,
        "members": kept.members,
    }


@given(full_stories(), full_stories(), st.data())
def test_what_is_played_once_is_what_two_plays_of_everything_tell(
    story: Story, other: Story, data: st.DataObject
) -> None:
    rules = data.draw(changed(story.rules, other.rules))
    try:
        old = compiled(rules)
    except RuleError:
        assume(False)
    new = compiled(story.rules)
    every = sorted({one.id for ruleset, _ in (old, new) for one in ruleset.all_segments()})
    segments = data.draw(st.lists(st.sampled_from(every), unique=True))
    lines = lines_of(story.records)
    made = compared(old, new, segments, lines)
    asked = {dimension_of(each)[0] for each in segments}
    assert of(made.old, asked) == of(outcome.play(old[1], lines, None), asked)
    assert of(made.new, asked) == of(outcome.play(new[1], lines, None), asked)


def test_the_old_is_looked_at_by_the_old_through_points_warnings_and_what_it_is_inside_of() -> None:
    about = {"title": "T", "owner": "o"}
    more: Rules = {
        "points/warm.yaml": about | {"add": [{"give": 2, "when": {"in_segment": "audiences.x"}}]},
        "points/hot.yaml": about | {"add": [{"give": 1, "when": {"points": "warm", "above": 1}}]},
        "audiences/by_points.yaml": about | {"enter": {"points": "hot", "at_least": 1}},
        "audiences/by_warning.yaml": about | {"enter": {"in_segment": "audiences.x.about_to_leave"}},
        "n/dimension.yaml": about | {"question": "?", "order": ["in"], "otherwise": "rest", "inside": "audiences.x"},
        "n/in.yaml": about | {"enter": {"not": {"in_segment": "audiences.y"}}},
        "n/rest.yaml": about,
    }
    rules = {within: shop(within) | more for within in (5, 20)}
    for each in rules.values():
        each["audiences/x.yaml"] = each["audiences/x.yaml"] | {"warn_before": "2d"}
    old, new = compiled(rules[5]), compiled(rules[20])
    lines = [line("a", day, day, "order_placed") for day in (0, 3, 10, 40)]
    lines.append(line("b", 60, 60, "product_viewed"))
    asked = {"audiences.by_points", "audiences.by_warning", "n"}
    made = compared(old, new, ["audiences.by_points", "audiences.by_warning", "n.in"], lines)
    before, after = (of(outcome.play(plan, lines, None), asked) for _, plan in (old, new))
    assert (of(made.old, asked), of(made.new, asked)) == (before, after)
    assert before["enters"] == {"audiences.by_points": 3, "audiences.by_warning": 3, "n.in": 3}
    assert after["enters"] == {"audiences.by_points": 2, "audiences.by_warning": 2, "n.in": 2}


def test_where_events_are_read_otherwise_nothing_is_shared() -> None:
    """In another zone the old order was one of the day before."""
    about = {"title": "T", "owner": "o", "enter": {"did": "order_placed", "during": "today"}}
    old, new = (
        compiled({"vocabulary.yaml": VOCABULARY | {"zone": zone}, "audiences/x.yaml": about})
        for zone in ("Etc/GMT+12", "UTC")
    )
    lines = [line("a", 0, 1, "order_placed"), line("b", 1, 2, "order_placed")]
    (got,) = compared(old, new, ["audiences.x"], lines).forecasts
    assert (got.members_before, got.members, got.leaving) == (1, 1, ())
    later = json.loads(lines[0]) | {"event_id": "3", "occurred_at": to_text(MONDAY_MS + DAY_MS + DAY_MS // 2)}
    (got,) = compared(old, new, ["audiences.x"], [*lines, json.dumps(later).encode()]).forecasts
    assert (got.members_before, got.members, got.leaving) == (1, 2, ())


def test_who_is_joined_into_another_is_counted_once() -> None:
    _, plan = compiled(audience({"did": "product_viewed"}))
    views = [did(1), replace(did(2), content=did(2).content | {"customer_id": "c-2"})]
    lines = [encode_line(one.record_time, "event", as_bytes(one)) for one in views]
    lines.append(encode_line(at_ms(3), "merge", b'{"stays": "c-1", "goes": "c-2"}'))
    found = outcome.play(plan, lines, None)
    assert (found.events, found.enters["audiences.x"], found.leaves["audiences.x"]) == (2, 2, 1)
    assert found.members == {"audiences.x": {"c-1"}}
