"""Versions in a replay: which one a `use` names, what each keeps until then, and when missing history is there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from stream.core.warming import Version
from stream.service.replay import Replay
from stream.wire.replay import encode_line
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with
from tests.oracle import Rec
from tests.oracle.story import MONDAY_MS, at_ms, audience, did

FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}
TWICE: dict[str, Any] = {"did": "product_viewed", "at_least": 2}
NEVER_LEFT: dict[str, Any] = {"did_not": "product_viewed"}


def use(second: float, number: int, kind: str = "rules") -> bytes:
    """Return the line that takes the version of a number into use; its hash is `h` and the number."""
    content = json.dumps({"kind": kind, "hash": f"h{number}", "number": number}).encode()
    return encode_line(at_ms(second), "use", content)


def under(line: bytes, name: str) -> bytes:
    """Return the line of a use with another hash."""
    return re.sub(rb'"hash": "\w+"', f'"hash": "{name}"'.encode(), line)


def event(record: Rec, customer: str = "c-1") -> bytes:
    """Return an event as a line, of any customer."""
    told = replace(record, content=record.content | {"customer_id": customer, "event_id": f"{customer}{record}"})
    return encode_line(record.record_time, "event", as_bytes(told))


def told(replay: Replay, *lines: bytes) -> list[tuple[float, str, str, str, str]]:
    """Return (second, customer, left, entered, cause) of all transitions, those of one instant by customer."""
    found = [
        ((one.at - MONDAY_MS) / 1000, one.customer_id, one.left, one.entered, one.cause.kind)
        for one in replay.all(lines)
    ]
    return sorted(found, key=lambda one: one[:2])


def run(**versions: Version) -> Replay:
    """Return a replay that begins with rules nobody is reached by; versions by name."""
    return Replay(plan_with(audience(FAMILY)), at_ms(60), versions=versions)


def test_every_customer_takes_the_step_at_its_instant() -> None:
    lines = [event(did(1)), event(did(2)), event(did(1), "c-2"), event(did(3), "c-2"), event(did(4), "c-3")]
    found = told(run(h2=Version(plan_with(audience(TWICE)))), *lines, use(5, 2), event(did(9), "c-3"))
    assert found == [
        (5, "c-1", "", "x", "rule_changed"),
        (5, "c-2", "", "x", "rule_changed"),
        (9, "c-3", "", "x", "event"),
    ]


def test_a_lower_number_or_another_kind_changes_nothing_and_the_same_again_neither() -> None:
    replay = run(h2=Version(plan_with(audience(TWICE))), h3=Version(plan_with(audience(NEVER_LEFT))))
    lines = [event(did(1)), use(2, 3), use(3, 2), use(4, 9, "model"), use(5, 3), under(use(5.5, 10), "h3")]
    assert told(replay, *lines, event(did(6)), event(did(7))) == []
    assert replay.outcomes["use"] == 5
    assert replay.passed_over == []
    assert replay.timeline.plan.version == plan_with(audience(NEVER_LEFT)).version


def test_what_nobody_named_is_passed_over_and_the_version_before_goes_on() -> None:
    replay = run(h2=Version(plan_with(audience(TWICE))))
    assert told(replay, event(did(1)), use(2, 1), use(3, 2), event(did(4)), use(5, 7)) == [(4, "c-1", "", "x", "event")]
    assert [one.number for one in replay.passed_over] == [1, 7]


def test_a_version_that_comes_back_knows_what_was_done_meanwhile() -> None:
    versions = {f"h{number}": Version(plan_with(audience(about))) for number, about in ((2, TWICE), (3, FAMILY))}
    versions["4"] = Version(plan_with(audience({"did": "product_viewed", "at_least": 3})))
    replay = Replay(plan_with(audience(NEVER_LEFT)), at_ms(60), versions=versions)
    lines = [event(did(1)), use(2, 2), use(3, 3), event(did(4)), event(did(5)), use(6, 4)]
    assert told(replay, *lines) == [(6, "c-1", "", "x", "rule_changed")]


def test_a_version_that_was_in_use_before_goes_on_keeping() -> None:
    twice = Version(plan_with(audience(TWICE)))
    replay = run(h2=twice, h3=Version(plan_with(audience(FAMILY))))
    assert told(replay, use(1, 2), event(did(2)), use(3, 3), event(did(4)), under(use(6, 4), "h2")) == [
        (6, "c-1", "", "x", "rule_changed")
    ]


def test_versions_begin_at_instants_without_a_use() -> None:
    versions = {"new": Version(plan_with(audience(TWICE))), "newer": Version(plan_with(audience(FAMILY)))}
    replay = Replay(plan_with(audience(FAMILY)), at_ms(60), versions, {at_ms(50): "newer", at_ms(5): "new"})
    assert told(replay, event(did(1)), event(did(2)), event(did(30))) == [
        (5, "c-1", "", "x", "rule_changed"),
        (50, "c-1", "x", "", "rule_changed"),
    ]


def test_segments_are_ready_one_after_the_other() -> None:
    files = audience({"did": "product_viewed", "within": "20s"})
    files["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": {"did": "cart_updated", "within": "30s"}}
    version = Version(plan_with(files), kept_since_ms=at_ms(5))
    lines = [event(did(1)), use(6, 2), event(did(10)), event(did(11, "cart_updated"))]
    assert told(run(h2=version), *lines) == [
        (25, "c-1", "", "x", "backfill"),
        (30, "c-1", "x", "", "time"),
        (35, "c-1", "", "y", "backfill"),
        (41, "c-1", "y", "", "time"),
    ]


def test_a_further_version_does_not_take_for_kept_what_is_still_missing() -> None:
    views: dict[str, Any] = {"did": "product_viewed", "within": "20s"}
    both = audience(views)
    both["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": {"everyone": True}}
    first = Version(plan_with(audience(views)), kept_since_ms=at_ms(5))
    lines = [event(did(7)), use(8, 2), use(9, 3)]
    assert told(run(h2=first, h3=Version(plan_with(both), kept_since_ms=at_ms(5))), *lines) == [
        (9, "c-1", "", "y", "rule_changed"),
        (25, "c-1", "", "x", "backfill"),
        (27, "c-1", "x", "", "time"),
    ]


def test_once_it_is_ready_it_counts_as_kept() -> None:
    views: dict[str, Any] = {"did": "product_viewed", "within": "20s"}
    both = audience(views)
    both["audiences/y.yaml"] = {"title": "Y", "owner": "o", "enter": {"everyone": True}}
    first = Version(plan_with(audience(views)), kept_since_ms=at_ms(5))
    lines = [use(8, 2), event(did(26)), use(28, 3)]
    assert told(run(h2=first, h3=Version(plan_with(both), kept_since_ms=at_ms(27))), *lines) == [
        (26, "c-1", "", "x", "event"),
        (28, "c-1", "", "y", "rule_changed"),
        (46, "c-1", "x", "", "time"),
    ]


def test_a_replay_that_takes_no_version_counts_a_use_and_goes_on() -> None:
    replay = run()
    assert told(replay, event(did(1)), use(2, 2)) == []
    assert replay.outcomes == {"accepted": 1, "use": 1}
