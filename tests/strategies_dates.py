"""Drawn conditions whose `where` compares dates with time: in every place where the language has one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.strategies_conditions import DATES, Condition, bars, date_bounds, periods, personal, windows
from tests.strategies_records import RARELY, Grid

SPANS = st.integers(1, 9)
EVENTS = ["order_placed", "order_placed", "product_viewed", "cart_updated", "order_*", "any_event"]
OTHER_TESTS: dict[str, Condition] = {
    "order_placed": {"category": "garden"},
    "order_*": {"amount": {"at_least": 10}},
    "product_viewed": {"seconds": {"above": 1}},
    "cart_updated": {"cart_id": "k1"},
    "any_event": {"category": {"is_not": "garden"}},
}


@st.composite
def date_compares(draw: st.DrawFn, grid: Grid, beside_window: bool = False) -> Condition:
    """Return a comparison of a date; `beside_window` only those whose words are no window."""
    spans = ["within_next"] if beside_window else ["within", "within_next", "within_next", "older_than"]
    options: list[st.SearchStrategy[Condition]] = [
        st.sampled_from(spans).map(lambda word: {word: grid.span(draw(SPANS))}),
        st.sampled_from(spans).map(lambda word: {word: grid.span(draw(SPANS))}),
        periods().map(lambda period: {"falls": period}),
        periods().map(lambda period: {"anniversary": period}),
        st.sampled_from(DATES).map(lambda day: {"on_day": day}),
    ]
    bounds = [] if beside_window else [date_bounds()]
    return draw(st.one_of([*options, *bounds]))


@st.composite
def dated_wheres(draw: st.DrawFn, grid: Grid, event: str) -> Condition:
    """Return a WHERE with a date in it, of the event or of one of its items, some with another test."""
    compare = draw(date_compares(grid))
    if event.startswith("order") and draw(RARELY):
        return {"any_item": {"due": compare, **({"sku": "a"} if draw(st.booleans()) else {})}}
    return {"due": compare, **(OTHER_TESTS[event] if draw(RARELY) else {})}


@st.composite
def counted(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return did, did_not, did_on_days or first_time."""
    word = draw(st.sampled_from(["did", "did", "did_not", "did_on_days", "first_time"]))
    start: Condition = {word: event, "where": where}
    if word == "first_time":
        return start | {"within": draw(personal(grid)) if draw(RARELY) else grid.span(draw(SPANS))}
    start |= draw(windows(grid, "order_placed", full=True))
    return start | (draw(bars()) if word == "did_on_days" or (draw(st.booleans()) and word == "did") else {})


@st.composite
def figures(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return a figure of numbers, different values, or a share."""
    word = draw(st.sampled_from(["sum", "largest", "average", "distinct", "share", "share"]))
    window = draw(windows(grid, "order_placed", full=True))
    if word == "share":
        count: Condition = {draw(st.sampled_from(["at_least", "below"])): draw(st.sampled_from([0.25, 0.5, 1]))}
        fewest: Condition = {"of_at_least": 2} if draw(RARELY) else {}
        return {"share": event, "where": where, **window, **count, **fewest}
    if word == "distinct":
        return {"distinct": "order_placed.category", "where": where, **window, **draw(bars(high=2))}
    return {word: "order_placed.amount", "where": where, **window, **draw(bars(high=40))}


@st.composite
def edges(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return last_event with a date in where, in has or in both, or a value of the events."""
    window = draw(windows(grid, "order_placed", full=True))
    if draw(st.booleans()):
        which = draw(st.sampled_from(["has", "has", "both"]))
        first: Condition = {"where": draw(dated_wheres(grid, event))} if which == "both" else {}
        return {"last_event": event, **first, **window, "has": where}
    word = draw(st.sampled_from(["first_value", "last_value", "most_frequent"]))
    fitting = draw(dated_wheres(grid, "order_placed"))
    return {word: "order_placed.category", "where": fitting, **window, "is_not": "garden"}


@st.composite
def values(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return first_value, last_value or most_frequent of a date, compared with time."""
    word = draw(st.sampled_from(["first_value", "last_value", "most_frequent"]))
    named = draw(st.sampled_from(["order_placed", "product_viewed"]))
    first: Condition = {"where": draw(dated_wheres(grid, named))} if draw(RARELY) else {}
    window = draw(windows(grid, named, full=True))
    return {word: f"{named}.due", **first, **window, **draw(date_compares(grid, beside_window=True))}


@st.composite
def habits(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return stopped, restarted, regularly or did per value."""
    word = draw(st.sampled_from(["stopped", "restarted", "regularly", "did"]))
    quiet = draw(st.integers(1, 5))
    start: Condition = {word: event, "where": where}
    if word == "stopped":
        return start | {"quiet_for": grid.span(quiet), "did_within": grid.span(quiet + draw(SPANS))}
    if word == "restarted":
        return start | {"quiet_for": grid.span(quiet), "again_within": grid.span(draw(st.integers(1, quiet)))}
    if word == "regularly":
        return start | {"at_least": 1, "every": grid.span(quiet), "in_at_least": draw(st.integers(1, 2)), "of_last": 3}
    per = "cart_id" if event in {"order_placed", "cart_updated"} else "due"
    if event in {"order_placed", "cart_updated", "product_viewed"}:
        return start | {"per": per, **draw(bars(low=1, high=3)), **draw(windows(grid, event, full=True))}
    return start | draw(bars(high=2))


@st.composite
def sequences(draw: st.DrawFn, grid: Grid, event: str, where: Condition) -> Condition:
    """Return a sequence with a date in at least one step, the silent one included."""
    is_per = draw(st.booleans())
    names = ["cart_updated", "order_placed"] if is_per else EVENTS
    steps: list[Any] = []
    for number in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(names))
        step: Condition = {"did": name}
        if draw(st.booleans()) or not steps:
            step["where"] = draw(dated_wheres(grid, name))
        if number and draw(st.booleans()):
            step["max_gap"] = grid.span(draw(SPANS))
        steps.append(step)
    silence = draw(st.integers(1, 5)) if len(steps) == 1 or draw(st.booleans()) else 0
    if silence:
        name = draw(st.sampled_from(names))
        asked: Condition = {"where": draw(dated_wheres(grid, name))} if draw(st.booleans()) else {}
        steps.append({"did_not": name, **asked, "for": grid.span(silence)})
    found: Condition = {"sequence": steps, **({"per": "cart_id"} if is_per else {})}
    return found | ({"within": grid.span(silence + draw(st.integers(1, 14)))} if draw(st.booleans()) else {})


PLACES: dict[str, Callable[..., st.SearchStrategy[Condition]]] = {
    "dated_counts": counted,
    "dated_figures": figures,
    "dated_edges": edges,
    "dated_values": values,
    "dated_habits": habits,
    "dated_sequences": sequences,
}


def dated(place: str) -> Callable[[Grid], st.SearchStrategy[Condition]]:
    """Return the strategy of one place, for a grid."""

    @st.composite
    def conditions(draw: st.DrawFn, grid: Grid) -> Condition:
        numbered = place == "dated_figures"
        event = "order_placed" if numbered else draw(st.sampled_from(EVENTS))
        return draw(PLACES[place](grid, event, draw(dated_wheres(grid, event))))

    return conditions


DATED_FAMILIES = {place: dated(place) for place in PLACES}
