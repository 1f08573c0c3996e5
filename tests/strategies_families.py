"""Drawn conditions of one event family each, with histories of little else, so that the rare shapes come often."""

from __future__ import annotations

from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from tests.oracle.records import Rec
from tests.oracle.story import MONDAY_MS, audience
from tests.strategies import Story, says_nothing
from tests.strategies_conditions import Condition, bars, personal
from tests.strategies_dates import DATED_FAMILIES
from tests.strategies_records import RARELY, Grid, properties

SPANS = st.integers(1, 9)
DOINGS = ["order_placed", "order_placed", "order_refunded", "cart_updated", "product_viewed", "message_sent"]
EVENTS = ["order_placed", "order_placed", "cart_updated", "product_viewed", "message_*", "order_*", "any_event"]
WHERES: dict[str, list[Condition]] = {
    "order_placed": [{"amount": {"at_least": 10}}, {"category": "garden"}, {"any_item": {"sku": "a", "quantity": 2}}],
    "product_viewed": [{"category": "garden"}, {"seconds": {"above": 1}}],
    "cart_updated": [{"value": {"above": 20}}, {"cart_id": "k1"}],
}


@st.composite
def wheres(draw: st.DrawFn, event: str) -> Condition:
    """Return a `where` with its key, or nothing."""
    found = WHERES.get(event)
    return {"where": draw(st.sampled_from(found))} if found and draw(st.booleans()) else {}


@st.composite
def span_windows(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return a window of spans, of each kind."""
    kind = draw(st.sampled_from(["ever", "within", "within", "older", "both", "personal"]))
    older = draw(SPANS)
    if kind == "personal":
        return {"within": draw(personal(grid))}
    found: Condition = {} if kind in {"ever", "older"} else {"within": grid.span(older + draw(SPANS))}
    return found | ({"older_than": grid.span(older)} if kind in {"older", "both"} else {})


@st.composite
def numbers(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return sum, average, smallest or largest, of money or of plain numbers."""
    event, name, high = draw(st.sampled_from([("order_placed", "amount", 50), ("product_viewed", "seconds", 60)]))
    word = draw(st.sampled_from(["sum", "average", "smallest", "largest"]))
    return {word: f"{event}.{name}", **draw(wheres(event)), **draw(span_windows(grid)), **draw(bars(high=high))}


@st.composite
def values(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return distinct, first_value, last_value or most_frequent."""
    word = draw(st.sampled_from(["distinct", "first_value", "last_value", "most_frequent"]))
    event = draw(st.sampled_from(["order_placed", "product_viewed"]))
    start = {word: f"{event}.category", **draw(wheres(event)), **draw(span_windows(grid))}
    if word == "distinct":
        return start | draw(bars(high=2))
    compares = [{"is": "garden"}, {"is_not": "garden"}, {"exists": False}, {"none_of": ["tools"]}, {"matches": "g.*n"}]
    return start | draw(st.sampled_from(compares))


@st.composite
def mixed_values(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return what depends on the order of the log, over orders and other events in one pattern."""
    event = draw(st.sampled_from(["order_*", "any_event"]))
    start = {**draw(span_windows(grid))}
    asked: Condition = draw(st.sampled_from([{"category": "garden"}, {"amount": {"at_least": 10}}]))
    if draw(st.booleans()):
        return {"last_event": event, **start, "has": asked}
    return {"share": event, "where": asked, **start, **draw(bars(high=1))}


@st.composite
def shares(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return share, of orders and of views."""
    event = draw(st.sampled_from(["order_placed", "product_viewed"]))
    start: Condition = {"share": event, "where": draw(st.sampled_from(WHERES[event])), **draw(span_windows(grid))}
    start |= {draw(st.sampled_from(["at_least", "above", "below"])): draw(st.sampled_from([0.25, 0.5, 1]))}
    return start | ({"of_at_least": draw(st.integers(1, 3))} if draw(st.booleans()) else {})


@st.composite
def last_events(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return last_event, of orders and of messages."""
    event, asked = draw(
        st.sampled_from(
            [
                ("order_placed", {"amount": {"at_least": 10}}),
                ("order_placed", {"category": {"is_not": "garden"}}),
                ("message_sent", {"status": "bounced"}),
            ]
        )
    )
    return {"last_event": event, **draw(wheres(event)), **draw(span_windows(grid)), "has": asked}


@st.composite
def habits(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return regularly, stopped or restarted, some by the customer's own gap."""
    word = draw(st.sampled_from(["regularly", "stopped", "restarted"]))
    event = draw(st.sampled_from(EVENTS))
    start: Condition = {word: event, **draw(wheres(event))}
    if word == "regularly":
        last = draw(st.integers(1, 5))
        start |= {"at_least": draw(st.integers(1, 3)), "every": grid.span(draw(st.integers(1, 5)))}
        return start | {"in_at_least": draw(st.integers(1, last)), "of_last": last}
    quiet, is_own = draw(st.integers(1, 8)), draw(RARELY)
    own = {"personal_gaps": 1, "at_least": grid.span(quiet)}
    if word == "stopped":
        return start | {"quiet_for": own if is_own else grid.span(quiet), "did_within": grid.span(quiet + draw(SPANS))}
    again = grid.span(draw(st.integers(1, quiet)))
    return start | {"quiet_for": own if is_own else grid.span(quiet), "again_within": again}


STEPS = ["cart_updated", "cart_updated", "order_placed", "product_viewed", "any_event", "order_*"]


@st.composite
def sequences(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return a sequence: equal steps, overlapping ones, silent ends, some per cart."""
    is_per = draw(st.booleans())
    names = STEPS[:3] if is_per else STEPS
    steps: list[Any] = []
    for number in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(names))
        step: Condition = {"did": name, **draw(wheres(name))}
        if number and draw(st.booleans()):
            step["max_gap"] = grid.span(draw(SPANS))
        steps.append(step)
    silence = draw(st.integers(1, 5)) if len(steps) == 1 or draw(st.booleans()) else 0
    if silence:
        name = draw(st.sampled_from(names))
        steps.append({"did_not": name, **draw(wheres(name)), "for": grid.span(silence)})
    found: Condition = {"sequence": steps, **({"per": "cart_id"} if is_per else {})}
    return found | ({"within": grid.span(silence + draw(st.integers(1, 14)))} if draw(st.booleans()) else {})


@st.composite
def per_values(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return did per value of a property."""
    event, name = draw(st.sampled_from([("cart_updated", "cart_id"), ("order_placed", "category")]))
    start = {"did": event, **draw(wheres(event)), "per": name, **draw(span_windows(grid))}
    return start | draw(bars(low=1, high=3))


FAMILIES = {
    "numbers": numbers,
    "values": values,
    "mixed_values": mixed_values,
    "shares": shares,
    "last_events": last_events,
    "habits": habits,
    "sequences": sequences,
    "per_values": per_values,
    **DATED_FAMILIES,
}


@st.composite
def doings(draw: st.DrawFn, grid: Grid, names: list[str]) -> list[Rec]:
    """Return events in log order: close together, late, of one instant, refunded, a few doubled."""
    records: list[Rec] = []
    now = MONDAY_MS
    for number in range(draw(st.integers(1, 16))):
        now += draw(st.sampled_from([0, 0, 1, 1, 1, 2, 3, 6])) * grid.step_ms
        late = draw(st.sampled_from([0, 0, 0, 0, 1, 2, 5])) * grid.step_ms + draw(st.sampled_from([0] * 6 + [1]))
        name = draw(st.sampled_from(names))
        content = {
            "event_id": f"e{number - draw(RARELY)}",
            "source": "shop",
            "name": name,
            "customer_id": "c-1",
            "occurred_at": now - late,
            "properties": draw(properties(name)),
        }
        records.append(Rec(now, "event", content))
    return records


@st.composite
def family_stories(draw: st.DrawFn, family: str) -> Story:
    """Return one audience of one condition of a family, some under `not`, and a history that concerns it."""
    grid = Grid(draw(st.sampled_from([1_000, 43_200_000])), tuple(DOINGS))
    condition = draw(FAMILIES[family](grid))
    names = [name for name in DOINGS if any(name.startswith(word) for word in _words(condition))] or DOINGS
    names = names + ["order_refunded"] * ("order_placed" in names)
    records = draw(doings(grid, names))
    rules = audience({"not": condition} if draw(RARELY) else condition, {"personal_gap_mean": grid.span(draw(SPANS))})
    rules["audiences/x.yaml"]["title"] = family
    assume(not says_nothing(rules))
    return Story(rules, records, records[-1].record_time + draw(st.integers(0, 30)) * grid.step_ms, grid.step_ms)


def _words(condition: Any) -> set[str]:
    """Return the event names (or their beginnings) that a condition names; any_event begins like all of them."""
    if isinstance(condition, dict):
        return set().union(*[_words(value) for value in condition.values()])
    if isinstance(condition, list):
        return set().union(*[_words(value) for value in condition])
    if isinstance(condition, str) and "_" in condition:
        return {condition.partition(".")[0].rstrip("*").removeprefix("any_event")}
    return set()
