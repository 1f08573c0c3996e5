"""Meanings 35 to 38 of the rule language, about change, as far as rules by themselves can show them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from stream.core.timeline import Timeline
from stream.core.transition import Transition
from stream.ruleset.canonical import meaning_hash
from stream.ruleset.load import load
from stream.ruleset.schema_files import DimensionFile, PointsFile, SegmentFile
from stream.service.outcome import Counting
from stream.wire.event import decode_event
from tests.core.agreement import as_bytes
from tests.core.side_by_side import agree, plan_with, played
from tests.oracle import Rec
from tests.oracle.story import audience, did, told

VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "1w"}
FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}


def meaning(enter: dict[str, Any], **parts: Any) -> str:
    """Return the hash of what the audience of one condition means."""
    return meaning_hash(load({path: json.dumps(about) for path, about in audience(enter, **parts).items()}))


@pytest.mark.parametrize(
    ("enter", "parts"),
    [
        (VIEWED, {"title": "Y"}),
        (VIEWED, {"owner": "p", "description": "d", "next_action": "n", "review_by": "2030-01-01"}),
        ({"did": "product_viewed", "within": "7d"}, {}),
        (VIEWED, {"enabled": True, "on_rule_change": "silent"}),
    ],
    ids=["title", "words for people", "spelling", "defaults"],
)
def test_meaning_36_saving_without_change_of_meaning_is_the_same_version(
    enter: dict[str, Any], parts: dict[str, Any]
) -> None:
    assert meaning(enter, **parts) == meaning(VIEWED)
    assert meaning(enter, **parts, wait="1s") != meaning(VIEWED)


def transitions(records: list[Rec], **parts: Any) -> list[Transition]:
    """Return what the audience tells under a plan of which some parts are otherwise."""
    timeline = Timeline(replace(plan_with(audience(VIEWED)), **parts))
    found: list[Transition] = []
    for record in records:
        event = timeline.plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time)
        found += timeline.apply(event).transitions
    return found


def test_meaning_36_silent_transitions_are_published_too_marked_so_that_campaigns_do_not_act() -> None:
    loud, silent = transitions([did(1)]), transitions([did(1)], is_silent=True)
    assert [one.acts for one in loud] == [True]
    assert silent == [structs.replace(one, acts=False) for one in loud]


@pytest.mark.parametrize("file", [SegmentFile, DimensionFile, PointsFile], ids=lambda one: one.__name__)
def test_meaning_38_no_file_of_rules_has_a_word_that_writes_a_trait(file: type[Any]) -> None:
    words = {name.rstrip("_") for name in file.model_fields}
    assert words & {"set", "write", "traits", "lists", "consents", "scores", "then"} == set()


def test_meaning_38_no_rule_feeds_another_through_a_trait() -> None:
    """What is told of a customer is the same, whichever rules look at it and whoever enters and leaves."""
    records = [told(1, traits={"plan": "family"}), did(2), did(9)]
    alone = played(audience(FAMILY), records, did(99).record_time)
    both = audience(FAMILY) | {"audiences/y.yaml": {"title": "Y", "owner": "o", "enter": VIEWED}}
    beside = played(both, records, did(99).record_time)
    assert alone[2] is not None
    assert beside[2] is not None
    assert {key: beside[2].states[key] for key in alone[2].states} == alone[2].states
    of_x = [(one.at, one.left, one.entered) for one in beside[1] if one.dimension == "audiences.x"]
    assert of_x == [(one.at, one.left, one.entered) for one in alone[1]]


def counted(records: list[Rec]) -> Counting:
    """Return the counts after these records."""
    timeline = Counting(plan_with(audience(FAMILY)))
    for record in records:
        timeline.apply(timeline.plan.vocabulary.accept(decode_event(as_bytes(record)), record.record_time))
    return timeline


def test_meaning_38_a_loop_through_the_outside_world_shows_as_flaps() -> None:
    """A shop writes back what it hears: who enters loses the plan, who leaves gets it again."""
    records = [told(1, traits={"plan": "family"})]
    for second in range(2, 7):
        heard = agree(audience(FAMILY), records)[-1]
        assert heard.at == records[-1].record_time
        records.append(told(second, traits={"plan": "solo" if heard.entered else "family"}))
    loop = counted(records)
    assert (loop.enters["audiences.x"], loop.leaves["audiences.x"], loop.flaps["audiences.x"]) == (3, 3, 2)
    once = counted(records[:2])
    assert (once.enters["audiences.x"], once.leaves["audiences.x"], once.flaps["audiences.x"]) == (1, 1, 0)
