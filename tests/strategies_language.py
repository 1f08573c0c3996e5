"""Drawn conditions of the rest of the language: figures, shapes, dates, what was told."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.strategies_conditions import (
    DATES,
    FEW,
    TRAIT_COMPARES,
    Condition,
    bars,
    date_bounds,
    periods,
    wheres,
    windows,
)
from tests.strategies_records import EVENTS, RARELY, Grid

FIGURES = ["average", "smallest", "largest", "distinct", "share", "first_value", "last_value", "most_frequent"]


CATEGORY_COMPARES: list[Condition] = [{"is": "garden"}, {"is_not": "garden"}, {"exists": False}, {"none_of": ["tools"]}]


@st.composite
def figures(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return average, smallest, largest, distinct, share, first_value, last_value or most_frequent."""
    word = draw(st.sampled_from(FIGURES))
    window = draw(windows(grid, "order_placed", full=True))
    if word in ("average", "smallest", "largest"):
        return {word: "order_placed.amount", **draw(wheres("order_placed")), **window, **draw(bars(high=40))}
    if word == "distinct":
        return {word: "order_placed.category", **window, **draw(bars(high=2))}
    if word == "share":
        return draw(shares(grid))
    compare: Condition = draw(st.sampled_from(CATEGORY_COMPARES))
    return {word: "order_placed.category", **window, **compare}


@st.composite
def shares(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return a share of the views."""
    start: Condition = {"share": "product_viewed", "where": {"category": "garden"}}
    start |= draw(windows(grid, "product_viewed", full=True))
    start |= {draw(st.sampled_from(["at_least", "above", "below"])): draw(st.sampled_from([0.25, 0.5, 1]))}
    return start | ({"of_at_least": draw(st.integers(1, 3))} if draw(st.booleans()) else {})


@st.composite
def sequences(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return a sequence, some with a silent end, some per cart."""
    names = ["cart_updated", "order_placed", "product_viewed"]
    per = draw(st.booleans())
    steps: list[Any] = []
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(names[: 2 if per else 3]))
        step: Condition = {"did": name, **draw(wheres(name))}
        if number and draw(st.booleans()):
            step["max_gap"] = grid.span(draw(FEW))
        steps.append(step if len(step) > 1 else name)
    silence = draw(FEW) if len(steps) == 1 or draw(st.booleans()) else 0
    if silence:
        steps.append({"did_not": draw(st.sampled_from(names[:2])), "for": grid.span(silence)})
    found: Condition = {"sequence": steps, **({"per": "cart_id"} if per else {})}
    shortest = max(silence + 1, 4)  # a silence that is not shorter than all of it is refused
    return found | ({"within": grid.span(draw(st.integers(shortest, 14)))} if draw(st.booleans()) else {})


ASKED_OF_MESSAGES: list[Condition] = [
    {"status": "bounced"},
    {"status": {"is_not": "sent"}},
    {"channel": ["email"]},
]


@st.composite
def habits(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return regularly, stopped, restarted or last_event."""
    word = draw(st.sampled_from(["regularly", "stopped", "restarted", "last_event"]))
    event = draw(st.sampled_from(EVENTS[:4]))
    start = {word: event, **draw(wheres(event))}
    if word == "regularly":
        return start | draw(rhythms(grid))
    quiet = draw(st.integers(1, 8))
    if word == "stopped":
        return start | {"did_within": grid.span(draw(st.integers(quiet + 1, 12))), "quiet_for": grid.span(quiet)}
    if word == "restarted":
        return start | {"quiet_for": grid.span(quiet), "again_within": grid.span(draw(st.integers(1, quiet)))}
    has: Condition = draw(st.sampled_from(ASKED_OF_MESSAGES))
    window = draw(windows(grid, "message_sent", full=True))
    return {"last_event": "message_sent", **draw(wheres("message_sent")), **window, "has": has}


@st.composite
def rhythms(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return the parts of `regularly`."""
    last = draw(st.integers(1, 4))
    return {
        "at_least": draw(st.integers(1, 2)),
        "every": grid.span(draw(st.integers(1, 5))),
        "in_at_least": draw(st.integers(1, last)),
        "of_last": last,
    }


@st.composite
def dated_traits(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return comparisons of traits that read dates, or hold for a time."""
    if draw(st.booleans()):
        start: Condition = dict(draw(st.sampled_from(TRAIT_COMPARES)))
        return start | {draw(st.sampled_from(["for", "for_less_than"])): grid.span(draw(FEW))}
    compare: Condition = draw(
        st.sampled_from(["within", "within_next", "older_than"]).map(lambda word: {word: "2d"})
        | periods().map(lambda period: {"falls": period})
        | st.sampled_from(DATES).map(lambda day: {"on_day": day})
        | date_bounds()
    )
    if draw(RARELY):
        return {"trait": "birthday", "anniversary": draw(periods())}
    return {"trait": "renews_on", **compare}


@st.composite
def told_conditions(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return conditions on what was told: lists, consents, places; and on the day."""
    listed = {"in_list": "openings"} | ({"for": grid.span(draw(FEW))} if draw(st.booleans()) else {})
    weekdays = draw(st.lists(st.sampled_from(["monday", "tuesday", "sunday"]), min_size=1, max_size=2, unique=True))
    first, last = sorted([draw(st.sampled_from(DATES)), draw(st.sampled_from(DATES))])
    options: list[Condition] = [
        listed,
        {"consent": "email"},
        {"consent": "post"},
        {"near": "flagship", "km": 15},
        {"today": {"weekday": weekdays}},
        {"today": {"from": first, "to": last}},
        {"points": "engagement", **draw(bars(low=-5, high=20))},
    ]
    return draw(st.sampled_from(options))


@st.composite
def per_value(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return did per cart; its count never includes zero."""
    window = draw(st.sampled_from([{}, {"within": grid.span(draw(FEW))}]))
    return {"did": "cart_updated", "per": "cart_id", **window, "at_least": draw(st.integers(1, 3))}


def more_conditions(grid: Grid) -> st.SearchStrategy[Condition]:
    """Return a condition of a family that only the full language has."""
    families = [figures, sequences, habits, dated_traits, told_conditions, per_value]
    return st.one_of([family(grid) for family in families])
