"""Drawn rules and histories for what is told of a customer: traits, lists, consents, scores, and the calendar.

Histories begin where calendars are strange: clocks that change, midnights that do not exist or come twice, a day that
was skipped, leap days, New Year.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.oracle.records import Rec
from tests.oracle.story import VOCABULARY
from tests.strategies import Rules, Story, says_nothing, stays
from tests.strategies_conditions import TRAIT_COMPARES, Condition, bars, periods
from tests.strategies_language import dated_traits, told_conditions
from tests.strategies_records import RARELY, Grid

STARTS = {
    "2026-03-07T22:00": "America/Havana",  # the midnight of the 8th does not exist
    "2026-10-31T22:00": "America/Havana",  # the midnight of 1 November comes twice
    "2026-03-28T12:00": "Europe/Lisbon",
    "2026-10-24T12:00": "Europe/Lisbon",
    "2010-11-06T20:00": "America/St_Johns",  # 00:01 goes back to 23:01 of the day before
    "2011-12-29T00:00": "Pacific/Apia",  # the 30th was skipped
    "2028-02-27T12:00": "UTC",
    "2026-12-30T12:00": "Pacific/Kiritimati",
    "2026-01-05T00:00": "Etc/GMT+12",
}
ZONES = [*dict.fromkeys(STARTS.values()), "Asia/Tokyo", "Nowhere/Land", None]
STEP_MS = 3_600_000
CAST = ("order_placed", "product_viewed")


def start_ms(text: str) -> int:
    """Return the instant of a start."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1000


@st.composite
def days_near(draw: st.DrawFn, start: int) -> str:
    """Return a day within a week of the start, as a date."""
    at = start // 1000 + draw(st.integers(-4, 6)) * 86_400
    return datetime.fromtimestamp(at, UTC).date().isoformat()


@st.composite
def moments_near(draw: st.DrawFn, start: int) -> str:
    """Return a moment within a week of the start, with an offset."""
    at = start // 1000 + draw(st.integers(-60, 100)) * 3_600
    return datetime.fromtimestamp(at, UTC).isoformat()


@st.composite
def traits_told(draw: st.DrawFn, start: int) -> Condition:
    """Return values of one or two traits, some of a wrong type, some cleared."""
    dates = days_near(start) | moments_near(start) | st.sampled_from([None, "", [], 7, "soon", "1976-02-29"])
    values: dict[str, st.SearchStrategy[Any]] = {
        "plan": st.sampled_from(["family", "solo", "studio", None, "", [], 5, True]),
        "visits": st.sampled_from([0, 1, 2, 3.5, None, "2", True, [1]]),
        "interests": st.sampled_from([["a"], ["a", "b"], "b", [], None, 3]),
        "renews_on": dates,
        "birthday": dates,
        "home": st.sampled_from([{"lat": 38.7, "lon": -9.1}, {"lat": 48.9, "lon": 2.4}, None]),
        "time_zone": st.sampled_from(ZONES),
        "address": st.sampled_from([{"post code": "9000"}, {"post code": None}, {}, None, "9000"]),
    }
    names = draw(st.lists(st.sampled_from(list(values)), min_size=1, max_size=2, unique=True))
    return {name: draw(values[name]) for name in names}


@st.composite
def contents(draw: st.DrawFn, start: int, number: int, occurred_at: int) -> Condition:
    """Return one record: mostly told, sometimes done."""
    about: Condition = {
        "event_id": f"e{number}",
        "source": "shop",
        "name": "",
        "customer_id": draw(st.sampled_from(["c-1"])),
        "occurred_at": occurred_at,
    }
    kind = draw(st.sampled_from(["traits", "traits", "traits", "lists", "consents", "scores", "done", "done"]))
    if kind == "done":
        amount = draw(st.sampled_from([5, 10, 40]))
        name = draw(st.sampled_from(["order_placed", "product_viewed"]))
        properties: Condition = {"order_id": f"o{number}", "amount": amount}
        if name == "product_viewed":
            seconds, category = draw(st.sampled_from([1, 5, None])), draw(st.sampled_from(["garden", "tools", None]))
            properties = {"seconds": seconds, "category": category, "due": draw(days_near(start) | moments_near(start))}
        return about | {"name": name, "properties": properties}
    if kind == "traits":
        return about | {"traits": draw(traits_told(start))}
    told: dict[str, Condition] = {
        "lists": {"openings": draw(st.sampled_from(["added", "removed"]))},
        "consents": {draw(st.sampled_from(["email", "post"])): draw(st.sampled_from(["given", "not_given"]))},
        "scores": {"churn": draw(st.sampled_from([0.25, 0.5, 1]))},
    }
    return about | {kind: told[kind]}


@st.composite
def histories(draw: st.DrawFn, start: int) -> list[Rec]:
    """Return records in log order, some of one instant, some late, on hours or a millisecond beside."""
    records, now = [], start
    for number in range(draw(st.sampled_from([2, 5, 9]))):
        now += draw(st.sampled_from([0, 1, 2, 5, 12, 24, 30])) * STEP_MS + draw(st.sampled_from([0, 0, 0, 0, 1]))
        late = draw(st.sampled_from([0, 0, 0, 1, 6, 30, 80])) * STEP_MS
        records.append(Rec(now, "event", draw(contents(start, number, now - late))))
    return records


@st.composite
def windowed(draw: st.DrawFn, start: int) -> Condition:
    """Return a condition on behaviour with a window of the calendar."""
    window: Condition = draw(periods().map(lambda period: {"during": period}) | bounds(start))
    word = draw(st.sampled_from(["did", "did_not", "did_on_days", "sum"]))
    event = draw(st.sampled_from(["order_placed", "product_viewed", "any_event"]))
    if word == "sum":
        return {"sum": "order_placed.amount", **window, **draw(bars(high=60))}
    return {word: event, **window, **(draw(bars()) if word != "did_not" else {})}


@st.composite
def bounds(draw: st.DrawFn, start: int) -> Condition:
    """Return explicit dates near the start."""
    first, last = sorted([draw(days_near(start)), draw(days_near(start))])
    moment = draw(moments_near(start))
    options: list[Condition] = [{"from": first, "to": last}, {"from": first}, {"to": last}]
    options += [{"before": moment}, {"from": moment}, {"from": first, "before": draw(moments_near(start))}]
    return draw(st.sampled_from(options))


@st.composite
def due_dates(draw: st.DrawFn, start: int) -> Condition:
    """Return a condition on behaviour of which a property is a date that compares with time."""
    dates = compared_dates(start).map(lambda one: {w: v for w, v in one.items() if w not in ("trait", *HELD)})
    where = {"where": {"due": draw(dates), **({"seconds": {"above": 1}} if draw(RARELY) else {})}}
    within = draw(st.sampled_from([{}, {"within": "60h"}, {"during": "this_week"}, {"older_than": "24h"}]))
    event = "product_viewed"
    options: list[Condition] = [
        {"did": event, **within, **draw(bars())},
        {"did_not": event, **within},
        {"did_on_days": event, **within, **draw(bars())},
        {"sum": f"{event}.seconds", **within, **draw(bars(high=9))},
        {"largest": f"{event}.seconds", **within, **draw(bars(high=9))},
        {"distinct": f"{event}.category", **within, **draw(bars())},
        {"last_value": f"{event}.category", **within, "is_not": "garden"},
        {"first_time": event, "within": "60h"},
        {"stopped": event, "did_within": "60h", "quiet_for": "12h"},
        {"restarted": event, "quiet_for": "12h", "again_within": "12h"},
        {"regularly": event, "at_least": 1, "every": "24h", "in_at_least": 2, "of_last": 3},
        {"did": event, "per": "category", **within, "at_least": draw(st.integers(1, 2))},
        {"last_event": event, **within, "has": {"category": "garden"}},
    ]
    return draw(st.sampled_from(options)) | where


HELD = ("for", "for_less_than")


@st.composite
def compared_dates(draw: st.DrawFn, start: int) -> Condition:
    """Return a comparison of a date with time, some for how long."""
    spans = st.sampled_from(["3h", "24h", "2d", "60h"])
    first, last = sorted([draw(days_near(start)), draw(days_near(start))])
    compare: Condition = draw(
        st.one_of(
            [spans.map(lambda span, word=word: {word: span}) for word in ("within", "within_next", "older_than")]
            + [periods().map(lambda period, word=word: {word: period}) for word in ("falls", "anniversary")]
            + [days_near(start).map(lambda day: {"on_day": day}), moments_near(start).map(lambda at: {"before": at})]
            + [st.sampled_from([{"from": first, "to": last}, {"from": first}, {"to": last}])]
        )
    )
    held = draw(st.sampled_from([None, None, "for", "for_less_than"]))
    return {"trait": "renews_on", **compare, **({held: draw(spans)} if held else {})}


@st.composite
def leaves(draw: st.DrawFn, start: int, grid: Grid) -> Condition:
    """Return one condition on what is told, on the day, or with a window of the calendar."""
    compared = st.sampled_from([*TRAIT_COMPARES, {"trait": "postcode", "is_not": "9000"}])
    spans = st.sampled_from(["3h", "24h", "60h"])
    held = st.tuples(compared, st.sampled_from(["for", "for_less_than"]), spans)
    share = st.sampled_from([0, 30, 50])
    return draw(
        st.one_of(
            windowed(start),
            due_dates(start),
            compared_dates(start),
            compared_dates(start),
            held.map(lambda parts: {**parts[0], parts[1]: parts[2]}),
            compared,
            told_conditions(grid).filter(lambda one: "points" not in one),
            dated_traits(grid),
            bars(high=1).map(lambda bar: {"score": "churn", **bar}),
            st.just({"score": "churn", "at_least": {"bar": "churn_high", "percent": 50}}),
            share.map(lambda first: {"bucket": "lottery", "percent": 50, "starting_at": first}),
        )
    )


@st.composite
def grouped(draw: st.DrawFn, start: int, grid: Grid) -> Condition:
    """Return a leaf, or a small group of leaves."""
    kind = draw(st.sampled_from(["leaf", "leaf", "all", "any", "not"]))
    if kind == "leaf":
        return draw(leaves(start, grid))
    inner = leaves(start, grid)
    return {kind: draw(inner if kind == "not" else st.lists(inner, min_size=2, max_size=3))}


def with_due_dates() -> Condition:
    """Return the vocabulary, views having a date."""
    viewed = {"title": "Viewed", "properties": {"category": "text", "seconds": "number", "due": "date"}}
    return VOCABULARY | {"events": VOCABULARY["events"] | {"product_viewed": viewed}}


@st.composite
def customer_stories(draw: st.DrawFn) -> Story:
    """Return an audience (and one that looks at it, and a warning) over what is told, and a strange stretch of time."""
    text = draw(st.sampled_from(list(STARTS)))
    start, grid = start_ms(text), Grid(STEP_MS, CAST)
    zone = draw(st.sampled_from([STARTS[text], STARTS[text], "UTC"]))
    rules: Rules = {"vocabulary.yaml": with_due_dates() | {"zone": zone, "future_tolerance": "1h"}}
    rules["audiences/x.yaml"] = {"title": "X", "owner": "o", "enter": draw(grouped(start, grid)), **draw(stays(grid))}
    if draw(RARELY):
        rules["audiences/x.yaml"]["warn_before"] = grid.span(draw(st.integers(1, 60)))
    if draw(RARELY):
        lines = [{"give": draw(st.sampled_from([1, 0.5, -2])), "when": draw(grouped(start, grid))} for _ in range(2)]
        lines.append({"give": 5, "when": {"in_segment": "audiences.x"}})
        rules["points/tally.yaml"] = {"title": "P", "owner": "o", "add": lines}
        enter = {"points": "tally", **draw(bars(low=-2, high=6))}
        rules["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": enter}
    assume(not says_nothing(rules))
    records = draw(histories(start))
    until = max(record.record_time for record in records) + draw(st.sampled_from([1, 30, 90, 24 * 40])) * STEP_MS
    return Story(rules, records, until, STEP_MS)


def give_to_bars() -> st.SearchStrategy[Condition]:
    """Return what is given before the first event: bars, a place in a bucket, values told."""
    return st.fixed_dictionaries(
        {},
        optional={
            "bars": st.sampled_from([{"churn_high": 1}, {"churn_high": 0.5}, {}]),
            "bucket": st.integers(0, 99).map(lambda place: {"lottery": place}),
            "traits": st.sampled_from([{"plan": "solo"}, {"renews_on": "2026-03-08"}, {"time_zone": "Asia/Tokyo"}]),
            "lists": st.just({"openings": "added"}),
            "consents": st.sampled_from([{"email": "given"}, {"post": "not_given"}]),
            "scores": st.just({"churn": 0.5}),
        },
    )
