"""Other rules that come into use in the middle of a history: the engine and the oracle tell the same of them too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from stream.core.transition import Transition
from stream.core.warming import Version
from stream.service.replay import Replay
from stream.wire.replay import encode_line
from tests.core.agreement import as_bytes, standing, told
from tests.core.invariants import check_rest, check_transitions
from tests.core.side_by_side import plan_with
from tests.oracle import Rec, run
from tests.strategies import Story
from tests.strategies_versions import changing_stories

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def line(number: int, record: Rec) -> bytes:
    """Return a record as a line of a replay file; rules in use are named by their place in the log."""
    if record.kind == "event":
        content = as_bytes(record)
    elif record.kind == "tick":
        content = json.dumps(record.content).encode()
    else:
        content = json.dumps({"kind": "rules", "hash": f"h{number}", "number": number + 1}).encode()
    return encode_line(record.record_time, record.kind, content, record.backfill_until)


def versions_of(records: list[Rec]) -> dict[str, Version]:
    """Return the versions that a history comes to, by the hash that names them."""
    uses = [(number, one.content["rules"]) for number, one in enumerate(records) if one.kind == "use"]
    return {f"h{number}": Version(plan_with(rules)) for number, rules in uses}


def agree_on_versions(
    rules: dict[str, Any], records: list[Rec], until: int, versions: dict[str, Version] | None = None
) -> list[Transition]:
    """Return what a replay tells, once it is what the oracle tells, the memberships too, and all invariants hold."""
    replay = Replay(plan_with(rules), until, versions=versions or versions_of(records))
    found = list(replay.all(line(number, record) for number, record in enumerate(records)))
    wanted = run(rules, records, until)
    profile = replay.timeline.profiles.get("c-1")
    assert told(found) == wanted.transitions
    assert standing(replay.timeline.plan, profile) == wanted.memberships
    ready = [at for record in records for at in record.content.get("ready", {}).values()]
    check_transitions(found, [*(record.record_time for record in records), *sorted({*ready})])
    if profile is not None:
        check_rest(replay.timeline.plan, profile)
    return found


@settings(max_examples=100, deadline=None, suppress_health_check=SLOW)
@given(changing_stories())
def test_rules_that_change_agree_with_the_oracle(story: Story) -> None:
    agree_on_versions(story.rules, story.records, story.until)


@pytest.mark.nightly
@settings(max_examples=10_000, deadline=None, suppress_health_check=SLOW)
@given(changing_stories())
def test_ten_thousand_changes_of_rules_agree_with_the_oracle(story: Story) -> None:
    agree_on_versions(story.rules, story.records, story.until)
