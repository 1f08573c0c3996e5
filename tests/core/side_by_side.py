"""The engine beside the oracle: both play the same records, and must tell the same, at the same instants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from stream.core.bundle import Bundle
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.core.transition import Transition
from stream.ruleset.canonical import version_of
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from tests.core.agreement import play, standing, told
from tests.core.invariants import check_rest, check_transitions
from tests.oracle import Rec, run
from tests.oracle.story import MONDAY_MS, audience

CUSTOMER = "c-1"
Given = dict[str, Any]


def plan_with(rules: dict[str, Any], given: Given | None = None) -> Plan:
    """Return the plan of rules, with the bars and the places in buckets that are given."""
    files = {path: json.dumps(about) for path, about in rules.items()}
    found = given or {}
    bars = {name: Fraction(str(value)) for name, value in found.get("bars", {}).items()}
    ruleset = load(files)
    return compile_plan(ruleset, version_of(ruleset), Bundle(bars=bars, places=found.get("bucket", {})))


def begun(plan: Plan, given: Given) -> Profile:
    """Return a customer of whom something is true and who is not known yet."""
    profile = Profile(CUSTOMER)
    known = {kind: given.get(kind, {}) for kind in ("traits", "consents", "lists", "scores")}
    known["traits"] = plan.told.as_sent(known["traits"])
    plan.fold(profile, Event("given", CUSTOMER, -NEVER, -NEVER, **known))
    return profile


def played(
    rules: dict[str, Any], records: Sequence[Rec], until: int | None, given: Given | None = None, packs: bool = False
) -> tuple[Plan, list[Transition], Profile | None]:
    """Return the plan, all transitions and the last profile; `packs` sends it through its bytes after each record."""
    plan = plan_with(rules, given)
    transitions, profile = play(plan, records, until, packs, None if given is None else begun(plan, given))
    return plan, transitions, profile


def agree(
    rules: dict[str, Any],
    records: Sequence[Rec],
    until: int | None = None,
    given: Given | None = None,
    packs: bool = False,
) -> list[Transition]:
    """Return what the engine tells, once it is what the oracle tells, the memberships too, and all invariants hold."""
    plan, found, profile = played(rules, records, until, given, packs)
    wanted = run(rules, records, until, given)
    assert told(found) == wanted.transitions
    assert standing(plan, profile) == wanted.memberships
    check_transitions(found, [record.record_time for record in records])
    if profile is not None and not profile.is_new:
        check_rest(plan, profile)
    return found


def changes(
    rules: dict[str, Any], records: Sequence[Rec], until: float | None = None, given: Given | None = None
) -> list[tuple[float, str | None, str | None]]:
    """Return (second of the story, left, entered) of every transition, engine and oracle agreeing."""
    end = None if until is None else MONDAY_MS + round(until * 1000)
    return [
        ((one.at - MONDAY_MS) / 1000, one.left or None, one.entered or None)
        for one in agree(rules, records, end, given)
    ]


def flips(
    enter: dict[str, Any],
    records: Sequence[Rec],
    until: float | None = None,
    given: Given | None = None,
    vocabulary: dict[str, Any] | None = None,
) -> list[float]:
    """Return the seconds at which a customer enters, leaves, enters … the audience of one condition."""
    return [second for second, _, _ in changes(audience(enter, vocabulary), records, until, given)]
