"""Hypothesis strategies: histories of one customer, and rules, both on one coarse grid so that instants collide.

`stories()` gives the first part of the rule language, `full_stories()` all of it. A story is drawn as a whole: the
grid's step, rules whose spans are a few steps, and records that lie on the grid (or a millisecond beside it).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from stream.errors import RuleError
from stream.ruleset.load import load
from stream.ruleset.reach import ALWAYS, NEVER
from tests.oracle.records import Rec
from tests.oracle.story import VOCABULARY
from tests.strategies_conditions import COUNT_WORDS, FEW, Condition, conditions
from tests.strategies_language import more_conditions
from tests.strategies_records import CASTS, RARELY, Grid, histories

Rules = dict[str, dict[str, Any]]
SOMETIMES = st.sampled_from([False, False, True])
STEPS = {"1s": 1_000, "12h": 43_200_000}


@dataclass(frozen=True)
class Story:
    """Rules, the records of one customer, and until when to look; instants lie on steps of `step_ms`."""

    rules: Rules
    records: list[Rec]
    until: int
    step_ms: int

    def files(self) -> dict[str, str]:
        """Return the rules as the texts of files (JSON is YAML)."""
        return {path: json.dumps(about, indent=1) for path, about in self.rules.items()}


@st.composite
def point_files(draw: st.DrawFn, grid: Grid) -> Rules:
    """Return the one points file that conditions may name; it looks at no segment."""
    lines = [
        {"give": draw(st.sampled_from([1, 5, 10, -20, 0.5])), "when": draw(conditions(grid, [], depth=0))}
        for _ in range(draw(st.integers(1, 3)))
    ]
    return {"points/engagement.yaml": {"title": "Engagement", "owner": "o", "add": lines}}


@st.composite
def stays(draw: st.DrawFn, grid: Grid) -> Condition:
    """Return some of wait, stay_at_least, stay_at_most and cooldown; at most is never shorter than at least."""
    found: Condition = {word: grid.span(draw(FEW)) for word in ("wait", "cooldown", "stay_at_least") if draw(SOMETIMES)}
    if draw(SOMETIMES):
        least = int(found["stay_at_least"][:-1]) * 1000 // grid.step_ms if "stay_at_least" in found else 1
        found["stay_at_most"] = grid.span(draw(st.integers(least, least + 9)))
    return found


@st.composite
def segments_files(draw: st.DrawFn, grid: Grid, looked_at: list[str], full: bool) -> Condition:
    """Return one segment or audience."""
    enter = draw(conditions(grid, looked_at, more_conditions(grid) if full else None))
    about: Condition = {"title": "T", "owner": "o", "enter": enter, **draw(stays(grid))}
    if draw(SOMETIMES):
        stay = draw(conditions(grid, looked_at, more_conditions(grid) if full else None, depth=1))
        if without_bars(stay) != without_bars(enter):
            about["stay_while"] = stay
    if full and draw(RARELY):
        about["warn_before"] = grid.span(draw(FEW))
    return about


def without_bars(condition: Condition) -> Condition:
    """Return a condition without its count, to see whether two differ in more than their bars."""
    return {word: value for word, value in condition.items() if word not in COUNT_WORDS}


@st.composite
def exclusive(draw: st.DrawFn, grid: Grid, name: str, looked_at: list[str], full: bool) -> Rules:
    """Return the files of one exclusive dimension."""
    names = ["a", "b", "c"][: draw(st.integers(1, 3))]
    files: Rules = {
        f"{name}/dimension.yaml": {
            "title": name,
            "owner": "o",
            "question": "?",
            "order": names,
            "otherwise": "rest",
            **({"announce_first": True} if draw(st.booleans()) else {}),
        },
        f"{name}/rest.yaml": {"title": "R", "owner": "o"},
    }
    for one in names:
        about = draw(segments_files(grid, looked_at, full))
        if draw(RARELY):
            others = [other for other in [*names, "rest"] if other != one]
            about["only_from"] = draw(st.lists(st.sampled_from(others), min_size=1, max_size=2, unique=True))
        files[f"{name}/{one}.yaml"] = about
    if full and looked_at and draw(RARELY):
        files[f"{name}/dimension.yaml"]["inside"] = draw(st.sampled_from(looked_at))
    return files


def segments_of(files: Rules) -> list[str]:
    """Return the segments that others may look at."""
    names = [path.removesuffix(".yaml").replace("/", ".") for path in files if not path.endswith("/dimension.yaml")]
    warned = [name for name in names if "warn_before" in files[name.replace(".", "/") + ".yaml"]]
    return names + [f"{name}.about_to_leave" for name in warned]


@st.composite
def rule_folders(draw: st.DrawFn, grid: Grid, full: bool = False) -> Rules:
    """Return whole rules: up to four dimensions, each looking only at those before it in a drawn order."""
    names = draw(st.permutations(["audiences/m", "audiences/x", "b", "q"]))[: draw(st.integers(1, 4))]
    rules: Rules = {"vocabulary.yaml": draw(vocabularies(grid, full))}
    looked_at: list[str] = []
    for name in names:
        if "/" in name:
            files = {f"{name}.yaml": draw(segments_files(grid, looked_at, full))}
        else:
            files = draw(exclusive(grid, name, looked_at, full))
        rules |= files
        looked_at += segments_of(files)
    if "points" in str(rules):
        rules |= draw(point_files(grid))
    return rules


def says_nothing(rules: Rules) -> bool:
    """Tell whether rules are refused for what can never be true, or always is: two bars of one thing, points."""
    try:
        load({path: json.dumps(about) for path, about in rules.items()})
    except RuleError as error:
        return {problem.code for problem in error.problems} <= {NEVER, ALWAYS}
    return False


@st.composite
def vocabularies(draw: st.DrawFn, grid: Grid, full: bool) -> Condition:
    """Return the small vocabulary with a drawn mean gap, tolerance and zone."""
    zones = ["UTC", "UTC", "Europe/Lisbon", "America/New_York"] + ["Pacific/Kiritimati", "Etc/GMT+12"] * full
    return VOCABULARY | {
        "zone": draw(st.sampled_from(zones)),
        "personal_gap_mean": grid.span(draw(FEW)),
        "future_tolerance": grid.span(draw(st.integers(1, 3))),
    }


@st.composite
def stories(draw: st.DrawFn, full: bool = False, exact: bool = False, steps: tuple[str, ...] = tuple(STEPS)) -> Story:
    """Return rules of the first part of the language and a history on the same grid."""
    grid = Grid(STEPS[draw(st.sampled_from(steps))], draw(st.sampled_from(CASTS)), draw(SOMETIMES))
    rules = draw(rule_folders(grid, full))
    assume(not says_nothing(rules))
    records = draw(histories(grid, exact=exact))
    latest = max(record.record_time for record in records)
    return Story(rules, records, latest + draw(st.integers(0, 40)) * grid.step_ms, grid.step_ms)


def full_stories(exact: bool = False, steps: tuple[str, ...] = tuple(STEPS)) -> st.SearchStrategy[Story]:
    """Return rules of the whole language and a history on the same grid."""
    return stories(full=True, exact=exact, steps=steps)
