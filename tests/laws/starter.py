"""The starter rules as a plan, and one way to run a history through workers, for the tests of the laws."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from stream.adapters.files import read_rules
from stream.core.plan import Plan
from stream.errors import RuleError
from tests.core.agreement import plan_of
from tests.histories import Line, write
from tests.strategies import Rules
from tests.town import Bodies, Consumed, Town, consumed

RULES_FOLDER = Path(__file__).parents[2] / "rules"
# exclusive dimensions, audiences, one that looks at another, every clock: the rest would only make the tests slower
PLAYED = (
    "vocabulary.yaml",
    "lifecycle/",
    "value/",
    "audiences/cart_left_behind.",
    "audiences/review_request.",
    "audiences/second_purchase_nudge.",
    "audiences/win_back.",
)


@cache
def starter() -> Plan:
    """Return the plan of those rules that came with the program first."""
    return plan_of({path: text for path, text in read_rules(RULES_FOLDER).items() if path.startswith(PLAYED)})


@cache
def shipped() -> Plan:
    """Return the plan of all rules that come with the program."""
    return plan_of(read_rules(RULES_FOLDER))


def drawn_plan(rules: Rules) -> Plan | None:
    """Return the plan of drawn rules, None where they are refused."""
    try:
        return plan_of({path: as_text(about) for path, about in rules.items()})
    except RuleError:
        return None


def as_text(about: dict[str, Any]) -> str:
    """Return a rule file as text (JSON is YAML)."""
    return json.dumps(about, indent=1)


async def lived(town: Town, lines: Sequence[Line], batches: Iterator[int] | None = None) -> Bodies:
    """Write a history, let one worker handle it, and return what a consumer has."""
    write(town, lines)
    return (await worked(town, batches)).bodies


async def worked(town: Town, batches: Iterator[int] | None = None) -> Consumed:
    """Let one worker handle what the log holds, and return what a consumer has."""
    member = town.member()
    try:
        await member.work(batches=batches)
    finally:
        await member.end()
    return consumed(town.log)
