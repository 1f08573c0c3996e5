"""Every case beside the starter rules, worked out by the naive oracle: the expectations are right, whoever plays them.

What is off in the shop is switched on for the play: a segment that waits for an event or a score must be right on the
day it comes. That the engine agrees is tested in `test_catalogue.py`; here it is not imported.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import Rec, run
from tests.oracle.dimension import dimensions_of
from tests.oracle.load import load_rules, load_text
from tests.oracle.spans import span_ms
from tests.rules.switched_on import switched_on

STARTER = Path(__file__).parents[2] / "rules"
RULES = switched_on(load_rules(STARTER))
# everybody begins there, and a published score is never taken back, so nobody comes there
NEVER_ENTERED = {"churn_risk/unscored.test.yaml", "rfm/unscored.test.yaml"}
CHANGES = ("traits", "consents", "lists", "scores")
Move = tuple[int, str | None, str | None]


def all_cases() -> Iterator[Any]:
    for path in sorted(STARTER.rglob("*.test.yaml")):
        segment = path.name.removesuffix(".test.yaml")
        for case in load_text(path.read_text(encoding="utf-8"))["tests"]:
            yield pytest.param(path.parent.name, segment, case, id=f"{path.parent.name}.{segment}: {case['name']}")


def since_start(span: str) -> int:
    return 0 if span == "0d" else span_ms(span)


def start_ms(case: dict[str, Any]) -> int:
    written = case.get("starts", "2026-01-05T00:00")
    moment = written if isinstance(written, datetime) else datetime.fromisoformat(written)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=ZoneInfo(RULES["vocabulary.yaml"]["zone"]))
    return int(moment.timestamp()) * 1_000


def record(number: int, start: int, line: dict[str, Any]) -> Rec:
    facts = dict(line)
    at = start + since_start(facts.pop("at"))
    occurred = facts.pop("occurred", None)
    content = {
        "event_id": str(number),
        "source": "case",
        "name": facts.pop("did", ""),
        "customer_id": "c-1",
        "occurred_at": at if occurred is None else start + since_start(occurred),
        **{kind: facts.pop(kind, {}) for kind in CHANGES},
        "properties": facts,
    }
    return Rec(at, "event", content)


@cache
def rules_around(dimension: str) -> dict[str, dict[str, Any]]:
    """Return the rules of one question and of those that it looks at: the oracle is slow, and the rest says nothing."""
    looks_at = {one.name: one.looks_at for one in dimensions_of(RULES)}
    names, more = {dimension}, set(looks_at[dimension])
    while more:
        names |= more
        more = set().union(*(looks_at[name] for name in more)) - names
    wanted = tuple(f"{name.replace('.', '/')}{end}" for name in names for end in (".yaml", "/"))
    return {path: about for path, about in RULES.items() if path.startswith(("vocabulary", "points/", *wanted))}


def played(dimension: str, case: dict[str, Any]) -> list[Move]:
    """What the oracle makes of a case: (ms since the start, left, entered) of one dimension."""
    start = start_ms(case)
    records = [record(number, start, line) for number, line in enumerate(case["events"])]
    found = run(rules_around(dimension), records, start + since_start(case["until"]), given=case.get("given"))
    assert set(found.outcomes) == {"accepted"}
    return [
        (one["at"] - start, one["left"], one["entered"]) for one in found.transitions if one["dimension"] == dimension
    ]


@pytest.mark.parametrize(("folder", "segment", "case"), list(all_cases()))
def test_the_expectation_is_right(folder: str, segment: str, case: dict[str, Any]) -> None:
    is_audience = folder == "audiences"
    got = played(f"{folder}.{segment}" if is_audience else folder, case)
    entered = [(at, into) for at, _, into in got if into is not None]
    left = [(at, out) for at, out, into in got if into is None]
    wanted = [(since_start(one["at"]), one) for one in case["expect"]]
    assert entered == [(at, one["enters"]) for at, one in wanted if "enters" in one]
    assert left == [(at, one["leaves"]) for at, one in wanted if "enters" not in one]


@pytest.mark.parametrize("path", sorted(STARTER.rglob("*.test.yaml")), ids=lambda path: path.stem)
def test_each_segment_has_a_case_that_enters_and_one_that_must_not(path: Path) -> None:
    segment = path.name.removesuffix(".test.yaml")
    cases = load_text(path.read_text(encoding="utf-8"))["tests"]
    enters = {any(one.get("enters") == segment for one in case["expect"]) for case in cases}
    assert enters == ({False} if path.relative_to(STARTER).as_posix() in NEVER_ENTERED else {True, False})


def test_each_segment_has_its_cases_its_owner_and_a_next_action() -> None:
    segments = [name for name in RULES if name != "vocabulary.yaml" and not name.endswith("dimension.yaml")]
    segments = [name for name in segments if not name.startswith("points/")]
    assert len(segments) == 131
    for name in segments:
        assert (STARTER / name.replace(".yaml", ".test.yaml")).exists(), name
        assert {"title", "description", "owner", "next_action"} <= RULES[name].keys(), name
