"""Meanings 35 and 36 of the rule language, about versions: one test for each sentence, in a log with versions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.core.warming import Version
from stream.ruleset.compile_told import trait_key
from stream.service.replay import Replay
from stream.wire.replay import encode_line
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with, played
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, at_ms, audience, did, told

VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "1w"}
TWICE: dict[str, Any] = {"did": "product_viewed", "at_least": 2}
FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}


def lines_of(records: list[Rec], version_at: float) -> list[bytes]:
    """Return a replay file of these records, with the new version at a second."""
    lines = [(one.record_time, encode_line(one.record_time, "event", as_bytes(one))) for one in records]
    use = json.dumps({"kind": "rules", "hash": "new", "number": 2}).encode()
    lines.append((at_ms(version_at), encode_line(at_ms(version_at), "use", use)))
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def changed(
    old: dict[str, Any], new: dict[str, Any], records: list[Rec], version_at: float, **parts: Any
) -> list[tuple[float, str, str, str]]:
    """Return (second, left, entered, kind of the cause) of what is told once a version was taken at a second."""
    run = Replay(plan_with(old), at_ms(60), versions={"new": Version(plan_with(new), **parts)})
    found = list(run.all(lines_of(records, version_at)))
    return [((one.at - MONDAY_MS) / 1000, one.left, one.entered, one.cause.kind) for one in found]


def test_meaning_35_a_new_version_means_what_the_whole_log_says() -> None:
    """The old rules did not count; two views of before the version are two."""
    assert changed(audience(FAMILY), audience(TWICE), [did(1), did(2)], 5) == [(5, "", "x", "rule_changed")]


def test_meaning_35_where_the_history_was_not_kept_nobody_enters_or_leaves_until_it_is_there() -> None:
    """Warming: the log begins later than the window reaches back; the view of after the version changes nothing."""
    found = changed(audience(FAMILY), audience(TWICE), [did(1), did(6)], 5, kept_since_ms=at_ms(3))
    assert found == []


def test_meaning_35_then_the_differences_come_with_cause_backfill() -> None:
    rebuilt = {"kept_since_ms": at_ms(3), "rebuilt_at_ms": at_ms(9)}
    found = changed(audience(FAMILY), audience(TWICE), [did(1), did(2), did(6)], 5, **rebuilt)
    assert found == [(9, "", "x", "backfill")]


def test_meaning_35_declared_traits_are_always_kept() -> None:
    """No rule looks at the plan; a later version may."""
    _, _, profile = played(audience(VIEWED), [told(1, traits={"plan": "family"})], None)
    assert profile is not None
    assert profile.states[trait_key("plan")] == ["family", at_ms(1)]


def test_meaning_36_a_version_is_taken_as_a_step_at_its_instant() -> None:
    found = changed(audience(FAMILY), audience(VIEWED), [did(1)], 5)
    assert found == [(5, "", "x", "rule_changed")]


def test_meaning_36_current_members_stay_if_the_new_version_keeps_them() -> None:
    """What they would have to do to enter asks for more now; what keeps them does not."""
    new = audience({"did": "product_viewed", "at_least": 5}, stay_while={"did": "product_viewed"})
    assert changed(audience(VIEWED), new, [did(1)], 5) == [(1, "", "x", "event")]


@pytest.mark.parametrize("how", ["removed", "disabled"])
def test_meaning_36_removing_or_disabling_a_segment_makes_its_members_leave(how: str) -> None:
    new = audience(VIEWED, enabled=False)
    if how == "removed":
        new = audience(VIEWED)
        new["audiences/y.yaml"] = new.pop("audiences/x.yaml")
    left = [one for one in changed(audience(VIEWED), new, [did(1)], 5) if one[1] == "x"]
    assert left == [(5, "x", "", "rule_changed")]
