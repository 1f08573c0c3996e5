"""The work of one slice in memory: what it reads, what it leaves alone, and what it counts."""

from __future__ import annotations

import pytest

from stream.core.event import Event
from stream.ports import Record
from stream.service.slices import EngineFault, Work, understand
from stream.wire.control import SOURCE, Origin
from stream.wire.profile import decode_profile
from tests.core.agreement import plan_of
from tests.histories import DAY_MS, START_MS
from tests.laws.starter import RULES_FOLDER, starter

BETWEEN = """
title: From {number}
description: Has a cart between two values.
owner: tests
next_action: None
enter:
  all:
    - {{last_event: cart_updated, has: {{value: {{at_least: {number}}}}}}}
    - {{last_event: cart_updated, has: {{value: {{at_most: {most}}}}}}}
"""
CART = b'{"event_id":"%s","customer_id":"c-1","name":"cart_updated","properties":{"cart_id":"k","value":5}}'


def record(offset: int, value: bytes | None = None, headers: tuple[tuple[str, bytes], ...] = ()) -> Record:
    return Record(0, offset, START_MS + offset, b"c-1", value or CART % str(offset).encode(), headers)


def work(state: dict[str, bytes] | None = None, tick_ms: int = 0, intake: dict[str, int] | None = None) -> Work:
    return Work(starter(), 0, 1, tick_ms, dict(intake or {}), (state or {}).get)


def stored() -> dict[str, bytes]:
    """Return the profiles after one cart."""
    one = work()
    one.apply(understand(record(0), starter()))
    return one.finish().profiles


def test_a_slice_worked_again_comes_to_the_same_bytes() -> None:
    found = []
    for _ in range(2):
        one = work(stored())
        one.apply(understand(record(1), starter()))
        found.append(one.finish())
    assert found[0] == found[1]


def test_an_event_that_moves_the_wake_up_later_leaves_the_index_alone() -> None:
    one = work(stored())
    one.apply(understand(record(1), starter()))
    assert one.finish().timers == {}


def test_a_first_event_that_will_end_is_indexed() -> None:
    one = work()
    one.apply(understand(record(0), starter()))
    assert list(one.finish().timers) == ["c-1"]


def test_an_early_index_entry_is_armed_again_and_changes_nothing_else() -> None:
    state = stored()
    later = work(state)
    later.apply(understand(record(1), starter()))
    state = later.finish().profiles
    wake_ms = decode_profile("c-1", state["c-1"]).indexed
    fired = work(state, tick_ms=wake_ms + 1)
    fired.wake_all(["c-1"])
    changes = fired.finish()
    (again_ms,) = changes.timers.values()
    assert again_ms is not None
    assert again_ms > wake_ms


def test_a_timer_that_fired_for_good_is_removed() -> None:
    fired = work(stored(), tick_ms=START_MS + 30 * DAY_MS)
    fired.wake_all(["c-1"])
    changes = fired.finish()
    assert changes.timers == {"c-1": None}
    assert changes.told is not None
    assert [each.is_timed for each in changes.told.transitions] == [True]


def test_a_duplicate_changes_nothing() -> None:
    one = work(stored())
    one.apply(understand(record(0), starter()))
    changes = one.finish()
    assert (changes.profiles, changes.timers, changes.told) == ({}, {}, None)
    assert one.outcomes == {"duplicate": 1}


@pytest.mark.parametrize(("offset", "outcome"), [(4, "duplicate"), (5, "duplicate"), (6, "accepted")])
def test_a_source_offset_seen_before_is_a_duplicate(offset: int, outcome: str) -> None:
    one = work(intake={"1/0": 5})
    one.apply(understand(record(0, headers=((SOURCE, b"1/0/%d" % offset),)), starter()))
    assert one.outcomes == {outcome: 1}
    assert one.intake == {"1/0": max(5, offset)}


def test_sources_are_told_apart() -> None:
    one = work(intake={"1/0": 5})
    one.apply(understand(record(0, headers=((SOURCE, b"2/0/1"),)), starter()))
    assert one.intake == {"1/0": 5, "2/0": 1}


def test_the_last_slash_divides_lane_and_offset() -> None:
    incoming = understand(record(0, headers=((SOURCE, b"web/eu/3/17"),)), starter())
    assert isinstance(incoming.content, Event)
    assert incoming.origin == Origin("web/eu/3", 17)


def test_a_profile_that_cannot_be_bytes_is_a_fault_of_no_record_yet() -> None:
    one = work()
    one.apply(understand(record(0), starter()))
    one.changed["c-1"].states[1] = 10**30
    with pytest.raises(EngineFault, match="OverflowError"):
        one.finish()


def test_a_catalogue_of_more_than_two_thousand_conditions_is_worked() -> None:
    """All of them hold: what was decided under the last of them is kept, too."""
    audiences = {f"audiences/a{n}.yaml": BETWEEN.format(number=n, most=n + 2_000) for n in range(1, 1_051)}
    plan = plan_of({"vocabulary.yaml": (RULES_FOLDER / "vocabulary.yaml").read_text(), **audiences})
    empty: dict[str, bytes] = {}
    one = Work(plan, 0, 1, 0, {}, empty.get)
    one.apply(understand(record(0, CART.replace(b'"value":5', b'"value":1500') % b"0"), plan))
    changes = one.finish()
    assert changes.told is not None
    assert len(changes.told.transitions) == 1_050
    assert decode_profile("c-1", changes.profiles["c-1"]).signs == (1 << 2_100) - 1


def test_members_follow_the_moves() -> None:
    one = work()
    one.apply(understand(record(0), starter()))
    assert one.members({}) == {"lifecycle": {"intent": 1}, "value": {"regular": 1}}
    again = work(stored())
    order = b'{"event_id":"o","customer_id":"c-1","name":"order_placed","properties":{"order_id":"a","amount":5}}'
    again.apply(understand(record(1, order), starter()))
    counts = again.members({"lifecycle": {"intent": 1}, "value": {"regular": 1}})
    assert counts["lifecycle"] == {"intent": 0, "new": 1}
