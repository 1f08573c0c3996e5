"""Drawn stories of rules that change: histories with `use` records, each with the rules that decide from there on."""

from __future__ import annotations

import json

from hypothesis import assume
from hypothesis import strategies as st

from stream.errors import RuleError
from stream.ruleset.load import load
from tests.oracle.records import Rec
from tests.strategies import (
    CASTS,
    SOMETIMES,
    STEPS,
    Grid,
    Rules,
    Story,
    histories,
    rule_folders,
    says_nothing,
    segments_files,
)


def are_refused(rules: Rules) -> bool:
    """Tell whether an edit has broken rules: what others look at is gone, or nobody reaches it."""
    try:
        load({path: json.dumps(about) for path, about in rules.items()})
    except RuleError:
        return True
    return False


@st.composite
def edits(draw: st.DrawFn, grid: Grid, rules: Rules, full: bool) -> Rules:
    """Return the rules with some of their segments switched off, rewritten or gone."""
    edited = dict(rules)
    segments = [path for path, about in rules.items() if "enter" in about]
    assume(segments)
    for path in draw(st.lists(st.sampled_from(segments), min_size=1, max_size=2, unique=True)):
        how = draw(st.sampled_from(["off", "other", "other", "gone"]))
        if how == "off":
            edited[path] = rules[path] | {"enabled": False}
        elif how == "gone" and path.startswith("audiences/"):
            del edited[path]
        else:
            kept = {word: rules[path][word] for word in ("only_from",) if word in rules[path]}
            edited[path] = draw(segments_files(grid, [], full)) | kept
    if "points" in str(edited) and not any(path.startswith("points/") for path in edited):
        edited |= {path: about for path, about in draw(rule_folders(grid, full)).items() if path.startswith("points/")}
    assume(not are_refused(edited))
    return edited


@st.composite
def changing_stories(draw: st.DrawFn, full: bool = True) -> Story:
    """Return rules, a history in which other rules come into use once or twice, and until when time passes."""
    grid = Grid(STEPS[draw(st.sampled_from(tuple(STEPS)))], draw(st.sampled_from(CASTS)), draw(SOMETIMES))
    whole = rule_folders(grid, full).filter(lambda rules: not says_nothing(rules))
    first = rules = draw(whole)
    records = draw(histories(grid))
    places = draw(st.lists(st.integers(1, len(records)), min_size=1, max_size=2))
    uses: list[tuple[int, Rec]] = []
    for place in sorted(places):
        others = st.one_of(edits(grid, rules, full), whole, st.just(first))
        rules = draw(others)
        at = records[place - 1].record_time + draw(st.integers(0, 6)) * grid.step_ms
        promised = max([one.record_time for one in records[:place] if one.kind == "tick"], default=0)
        uses.append((place, Rec(max(at, promised), "use", {"rules": rules})))
    for place, use in reversed(uses):
        records.insert(place, use)
    latest = max(record.record_time for record in records)
    return Story(first, records, latest + draw(st.integers(0, 40)) * grid.step_ms, grid.step_ms)
