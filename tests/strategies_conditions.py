"""Drawn conditions of the first part of the language; the rest stands in strategies_language."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.strategies_records import EVENTS, RARELY, Grid

Condition = dict[str, Any]

FEW = st.integers(1, 10)
COUNT_WORDS = ["at_least", "at_most", "above", "below", "exactly", "between"]


WORDS = [
    *("today", "yesterday", "tomorrow", "this_week", "last_week", "next_week", "this_month", "last_month"),
    *("next_month", "this_year", "last_year", "next_year"),
]
DATES = ["2026-01-04", "2026-01-05", "2026-01-06", "2026-01-07", "2026-01-09"]


def periods() -> st.SearchStrategy[Any]:
    """Return a PERIOD."""
    counts = st.sampled_from(["last_days", "days_ago", "days_ahead"])
    return st.sampled_from(WORDS) | st.tuples(counts, st.integers(1, 3)).map(lambda pair: {pair[0]: pair[1]})


@st.composite
def date_bounds(draw: st.DrawFn) -> Condition:
    """Return explicit dates: from, to, before."""
    first, last = sorted([draw(st.sampled_from(DATES)), draw(st.sampled_from(DATES))])
    before = {"before": f"{last}T18:00:00+01:00"}
    options = [{"from": first, "to": last}, {"from": first}, {"to": last}, before, {"from": first, **before}]
    return draw(st.sampled_from(options))


@st.composite
def windows(draw: st.DrawFn, grid: Grid, event: str, full: bool = False) -> Condition:
    """Return a WINDOW: none, looking back, older, both, personal, or (in the full language) calendar and dates."""
    kinds = ["none", "within", "within", "within", "older", "both", "personal"] + ["during", "dates"] * full
    kind = draw(st.sampled_from(kinds))
    short = draw(st.integers(1, 9))
    if kind == "within":
        return {"within": grid.span(draw(FEW))}
    if kind == "older":
        return {"older_than": grid.span(short)}
    if kind == "both":
        return {"within": grid.span(draw(st.integers(short + 1, 12))), "older_than": grid.span(short)}
    if kind == "personal" and event == "order_placed":
        return {"within": draw(personal(grid))}
    if kind == "during":
        return {"during": draw(periods())}
    return draw(date_bounds()) if kind == "dates" else {}


@st.composite
def personal(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return a PERSONAL span."""
    return {"personal_gaps": draw(st.sampled_from([0.5, 1, 2, 3.5])), "at_least": grid.span(draw(st.integers(1, 6)))}


@st.composite
def bars(draw: st.DrawFn, low: int = 0, high: int = 4, exactly: bool = True) -> Condition:
    """Return a COUNT."""
    word = draw(st.sampled_from([one for one in COUNT_WORDS if exactly or one != "exactly"]))
    if word == "between":
        first = draw(st.integers(low, high))
        return {"between": [first, draw(st.integers(first, high))]}
    # what is always or never true is refused: at least 0, below 0, and (of a share) above 1
    number = draw(st.integers(max(low, 1) if word in {"at_least", "below"} else low, high))
    return {word: str(number) if draw(RARELY) else number}


@st.composite
def wheres(draw: st.DrawFn, event: str) -> Condition:
    """Return a `where` (with its key) that fits the event, or (mostly) nothing."""
    if draw(st.integers(0, 2)):
        return {}
    options: dict[str, list[Condition]] = {
        "order_placed": [
            {"amount": {"at_least": 10}},
            {"amount": {"below": 25.5}},
            {"category": "garden"},
            {"category": {"is_not": "garden"}},
            {"category": {"exists": False}},
            {"category": ["garden", "tools"], "amount": {"between": [5, 40]}},
            {"any_item": {"sku": "a", "quantity": {"at_least": 2}}},
            {"due": {"within_next": "2d"}},
            {"any_item": {"sku": "a", "due": {"older_than": "1d"}}},
        ],
        "product_viewed": [
            {"category": {"none_of": ["tools"]}},
            {"category": {"starts_with": "gar"}},
            {"category": {"contains": "o"}, "seconds": {"above": 1}},
            {"seconds": {"at_most": 5}},
            {"seconds": 5},
            {"due": {"falls": "today"}},
            {"due": {"within": "3s"}, "category": "garden"},
        ],
        "cart_updated": [{"value": {"above": 20}}, {"cart_id": "k1"}],
        "message_sent": [{"channel": "email"}, {"status": {"one_of": ["bounced", "sent"]}}],
    }
    found = options.get(event)
    return {"where": draw(st.sampled_from(found))} if found else {}


def event_names(grid: Grid) -> st.SearchStrategy[str]:
    """Return mostly the events of the story's cast."""
    played = [name for name in grid.cast if name]
    return st.sampled_from([*played, *played, *played, *EVENTS, "message_*", "any_event"])


@st.composite
def counted_events(draw: st.DrawFn, grid: Grid, full: bool) -> Condition:
    """Return did, did_not, did_on_days or first_time."""
    word = draw(st.sampled_from(["did", "did", "did_not", "did_on_days", "first_time"]))
    event = draw(event_names(grid))
    start = {word: event, **draw(wheres(event))}
    if word == "first_time":
        return start | {"within": grid.span(draw(FEW))}
    start |= draw(windows(grid, event, full))
    if word == "did_on_days" or (word == "did" and draw(st.booleans())):
        start |= draw(bars())
    return start


@st.composite
def sums(draw: st.DrawFn, grid: Grid, full: bool) -> Condition:
    """Return a sum of money or of a plain number."""
    event, name = draw(st.sampled_from([("order_placed", "amount")] * 2 + [("product_viewed", "seconds")]))
    window = draw(windows(grid, event, full))
    return {"sum": f"{event}.{name}", **draw(wheres(event)), **window, **draw(bars(high=70))}


TRAIT_COMPARES: list[Condition] = [
    {"trait": "plan", "is": "family"},
    {"trait": "plan", "is_not": "family"},
    {"trait": "plan", "one_of": ["family", "studio"]},
    {"trait": "plan", "none_of": ["family", "solo"]},
    {"trait": "plan", "starts_with": "s"},
    {"trait": "plan", "ends_with": "o"},
    {"trait": "plan", "contains": "i"},
    {"trait": "plan", "exists": True},
    {"trait": "plan", "exists": False},
    {"trait": "visits", "at_least": 2},
    {"trait": "visits", "below": 2},
    {"trait": "visits", "between": [1, 3]},
    {"trait": "visits", "above": "1"},
    {"trait": "interests", "has_any": ["a", "c"]},
    {"trait": "interests", "has_all": ["a", "b"]},
    {"trait": "interests", "has_none": ["b"]},
]


@st.composite
def memberships(draw: st.DrawFn, grid: Grid, segments: list[str]) -> Condition:
    """Return in_segment, some with `for` or `for_less_than`."""
    start = {"in_segment": draw(st.sampled_from(segments))}
    held = draw(st.sampled_from([None, None, "for", "for_less_than"]))
    return start | ({held: grid.span(draw(FEW))} if held else {})


@st.composite
def simple_conditions(draw: st.DrawFn, grid: Grid, segments: list[str]) -> Condition:
    """Return one leaf that flips often."""
    names = [name for name in grid.cast if name]
    event, short = draw(st.sampled_from(names)), {"within": grid.span(draw(st.integers(1, 4)))}
    options: list[Condition] = [
        {"did": event, **short},
        {"did": event, **short, **draw(bars())},
        {"did_not": event, **short},
        {"did": event},
        {"everyone": True},
    ]
    options += [{"in_segment": segment} for segment in segments[-2:]]
    options += [dict(one) for one in TRAIT_COMPARES[:5]] * ("" in grid.cast)
    return draw(st.sampled_from(options))


@st.composite
def conditions(
    draw: st.DrawFn,
    grid: Grid,
    segments: list[str],
    more: st.SearchStrategy[Condition] | None = None,
    depth: int = 2,
) -> Condition:
    """Return one condition, at most so many groups deep; `more` are the leaves of the rest of the language."""
    if grid.is_simple and more is None:
        return draw(simple_conditions(grid, segments))
    groups = ["all", "any", "not"] if depth else []
    figures = ["sum", "sum"] if {"order_placed", "product_viewed"} & set(grid.cast) else []
    leaves = ["events"] * 6 + figures + ["trait"] * (1 + 3 * ("" in grid.cast)) + ["everyone"]
    leaves += ["in_segment"] * 3 * bool(segments)
    kind = draw(st.sampled_from(groups + leaves + ["more"] * 6 * (more is not None)))
    if kind in groups:
        inner = conditions(grid, segments, more, depth - 1)
        return {kind: draw(inner if kind == "not" else st.lists(inner, min_size=1, max_size=3))}
    if kind == "in_segment":
        return draw(memberships(grid, segments))
    leaf: dict[str, st.SearchStrategy[Condition]] = {
        "events": counted_events(grid, more is not None),
        "sum": sums(grid, more is not None),
        "trait": st.sampled_from(TRAIT_COMPARES),
        "everyone": st.just({"everyone": True}),
        "more": st.nothing() if more is None else more,
    }
    return draw(leaf[kind])
