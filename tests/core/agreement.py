"""Plays records through the engine, as a log file would, and tells what came of it in the oracle's shape."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from stream.core.plan import Plan
from stream.core.profile import Profile
from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.errors import InputError
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.wire.event import decode_event
from stream.wire.instant import to_text
from stream.wire.profile import decode_profile, encode_profile
from tests.oracle import Rec
from tests.strategies import Story


def as_bytes(record: Rec) -> bytes:
    """Return the canonical event of a record as it stands on the wire."""
    content = dict(record.content)
    if isinstance(content.get("occurred_at"), int):
        content["occurred_at"] = to_text(content["occurred_at"])
    return json.dumps({name: value for name, value in content.items() if value is not None}).encode()


def plan_of(files: dict[str, str]) -> Plan:
    """Return the compiled plan of rule files."""
    return compile_plan(load(files), "test")


def play(
    plan: Plan, records: Sequence[Rec], until: int | None, packs: bool = False, known: Profile | None = None
) -> tuple[list[Transition], Profile | None]:
    """Return all transitions and the last profile; `packs` sends the profile through its bytes after every record.

    `known` is a customer of whom something is true before the first record.
    """
    timeline = Timeline(plan)
    if known is not None:
        timeline.profiles[known.customer_id] = known
    found: list[Transition] = []
    for record in records:
        if record.kind == "tick":
            for done in timeline.tick(record.content["before"]):
                found += done.transitions
            continue
        try:
            event = plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time, record.backfill_until)
        except InputError:
            continue
        event.scores = record.content.get("scores", {})
        found += timeline.apply(event).transitions
        if packs:
            for customer_id, profile in timeline.profiles.items():
                timeline.profiles[customer_id] = decode_profile(customer_id, encode_profile(profile))
    if until is not None:
        for done in timeline.tick(until + 1):
            found += done.transitions
    return found, next(iter(timeline.profiles.values()), None)


def told(transitions: list[Transition]) -> list[dict[str, Any]]:
    """Return transitions in the oracle's shape."""
    return [
        {
            "sequence": each.sequence,
            "dimension": each.dimension,
            "left": each.left or None,
            "entered": each.entered or None,
            "at": each.at,
            "cause": each.cause.kind,
            "event_id": each.cause.event_id or None,
            "late": each.cause.is_late,
            "act": each.acts,
            "dwell_ms": each.dwell_ms,
            "entry_count": each.entry_count,
        }
        for each in transitions
    ]


def standing(plan: Plan, profile: Profile | None) -> dict[str, tuple[str | None, int]]:
    """Return the memberships in the oracle's shape."""
    if profile is None:
        return {}
    return {
        dimension.name: (standing.segment or None, standing.since)
        for dimension in plan.dimensions
        if (standing := profile.standing(dimension.place)) is not None
    }


def engine_run(story: Story, packs: bool = False) -> tuple[list[dict[str, Any]], dict[str, tuple[str | None, int]]]:
    """Return what the engine makes of a story."""
    plan = plan_of(story.files())
    transitions, profile = play(plan, story.records, story.until, packs)
    return told(transitions), standing(plan, profile)
