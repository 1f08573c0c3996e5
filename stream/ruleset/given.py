"""What a case gives before its first event: it is so from always, of a customer who is not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.ruleset.compile import compile_plan
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_cases import Case, Given

ALWAYS = -NEVER
"""When what is given became true: before anything."""


def with_given(ruleset: Ruleset, plan: Plan, case: Case) -> Plan:
    """Return the plan with the bars and the places in buckets that a case says are so."""
    given = case.given
    if given is None or not (given.bars or given.bucket):
        return plan
    bars = {name: Fraction(str(value)) for name, value in given.bars.items()}
    return compile_plan(
        ruleset, plan.version, replace(plan.bundle, bars={**plan.bundle.bars, **bars}, places=given.bucket)
    )


def begun(plan: Plan, given: Given, customer_id: str) -> Profile:
    """Return a customer of whom something is true and who is not known yet."""
    profile = Profile(customer_id)
    told = Event(
        "given",
        customer_id,
        ALWAYS,
        ALWAYS,
        traits=plan.told.as_sent(plain(given.traits)),
        consents=given.consents,
        lists=given.lists,
        scores=plain(given.scores),
    )
    plan.fold(profile, told)
    return profile


def plain(value: Any) -> Any:
    """Return a value of a case as JSON would bring it."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value
