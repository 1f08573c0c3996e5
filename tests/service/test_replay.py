"""Replay: the lines of a file in, transitions out; bad lines are counted and change nothing."""

from __future__ import annotations

import json

import pytest

from stream.service.replay import Replay
from tests.histories import DAY_MS, START_MS, shop_history, write
from tests.laws.starter import starter, worked
from tests.town import TOPICS, Town, lines_of

VIEW = b'{"event_id":"1","customer_id":"c-1","name":"product_viewed","occurred_at":"2026-01-05T00:00:00Z"}'
CART = VIEW.replace(b"product_viewed", b"cart_updated").replace(b'"1"', b'"2"')


def told(replay: Replay, *lines: bytes) -> list[tuple[str, str]]:
    return [(each.dimension, each.entered) for each in replay.lines(lines)]


def test_a_bare_event_is_a_line() -> None:
    assert told(Replay(starter()), VIEW) == [("lifecycle", "prospect")]


def test_bad_lines_are_counted_by_number_and_change_nothing() -> None:
    replay = Replay(starter())
    assert told(replay, VIEW, b"", b"{", b'{"kind":"event"}', VIEW.replace(b"product_viewed", b"nothing")) == [
        ("lifecycle", "prospect")
    ]
    assert [(bad.number, bad.code) for bad in replay.bad_lines] == [(3, "json"), (4, "record_time"), (5, "event_name")]
    assert replay.outcomes == {"accepted": 1, "dead_letter": 3}


def test_time_passes_up_to_an_instant_included() -> None:
    replay = Replay(starter())
    assert told(replay, CART) == [("lifecycle", "intent")]
    assert list(replay.until(START_MS + 3 * DAY_MS - 1)) == []
    assert [each.entered for each in replay.until(START_MS + 3 * DAY_MS)] == ["prospect"]


def test_the_same_source_offset_counts_once() -> None:
    line = {"record_time": "2026-01-05T00:00:00Z", "kind": "event", "src": "1/0/7"}
    first = json.dumps({**line, "content": json.loads(VIEW)}).encode()
    again = json.dumps({**line, "content": {**json.loads(VIEW), "event_id": "another"}}).encode()
    replay = Replay(starter())
    assert told(replay, first, again) == [("lifecycle", "prospect")]
    assert replay.outcomes == {"accepted": 1, "duplicate": 1}


def merge(**ids: str) -> bytes:
    return json.dumps({"record_time": "2026-01-05T00:00:02Z", "kind": "merge", "content": ids}).encode()


def test_two_ids_become_one_customer() -> None:
    replay = Replay(starter())
    other = CART.replace(b"c-1", b"c-2")
    assert told(replay, VIEW, other) == [("lifecycle", "prospect"), ("lifecycle", "intent")]
    found = list(replay.lines([merge(stays="c-1", goes="c-2")]))
    assert [(one.customer_id, one.left, one.entered, one.cause.kind) for one in found] == [
        ("c-2", "intent", "", "merge"),
        ("c-1", "prospect", "intent", "merge"),
    ]
    assert list(replay.lines([merge(stays="c-1", goes="c-2")])) == []
    assert replay.outcomes == {"accepted": 2, "merge": 2}


def test_a_merge_that_cannot_be_used_is_a_bad_line() -> None:
    replay = Replay(starter())
    assert told(replay, merge(stays="c-1"), merge(stays="c-1", goes=""), merge(stays="c-1", goes="c-1")) == []
    assert [bad.code for bad in replay.bad_lines] == ["merge"] * 3
    assert "goes into itself; name two ids" in replay.bad_lines[2].message
    assert 'write {"stays": ID, "goes": ID}' in replay.bad_lines[0].message


async def test_its_members_are_those_of_the_workers() -> None:
    town = await Town(starter(), partitions=1).open()
    write(town, shop_history(5, 150, sources=3))
    await worked(town)
    replay = Replay(starter())
    for _ in replay.lines(lines_of(town.log.all(TOPICS.events), starter())):
        pass
    counts = town.head(0).members
    for dimension, members in replay.members().items():
        assert members == {name: n for name, n in sorted(counts[dimension].items()) if n and name}
    live = {name: town.metrics.counts[name] for name in ("accepted", "duplicate", "duplicate_order", "tick")}
    assert live == {name: replay.outcomes[name] for name in live}


@pytest.mark.parametrize("line", [b"\xff", b"[1]", b'"x"', b'{"kind":5}', b'{"record_time":1}', b"[" * 9_000])
def test_no_line_breaks_a_replay(line: bytes) -> None:
    replay = Replay(starter())
    assert told(replay, line, VIEW) == [("lifecycle", "prospect")]
    assert len(replay.bad_lines) == 1
