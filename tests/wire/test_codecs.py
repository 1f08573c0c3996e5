"""Every format: round trips after every record of drawn histories, and garbage raises the named error only."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from aiokafka.partitioner import murmur2 as theirs
from hypothesis import given
from hypothesis import strategies as st

from stream.core.past import Past, read_past
from stream.core.profile import MARK_BYTES, Profile, Standing, is_among, mark_of
from stream.errors import CorruptProfileError, InputError, LayoutError, StateError
from stream.wire.control import (
    Origin,
    Tick,
    Use,
    control_headers,
    decode_backfill_until,
    decode_control,
    decode_origin,
    encode_control,
)
from stream.wire.head import Head, decode_head, encode_head
from stream.wire.instant import EARLIEST_MS, LATEST_MS, to_ms, to_text
from stream.wire.outbox import Slice, Told, decode_slice, encode_slice
from stream.wire.placing import murmur2, partition_of
from stream.wire.profile import decode_profile, encode_profile
from stream.wire.replay import customer_of, decode_line, encode_line
from stream.wire.shortened import SHORT, restored, shortened
from tests.histories import START_MS, Line, crowds, shop_history
from tests.laws.starter import drawn_plan, starter
from tests.laws.test_law_1_time_is_an_argument import steps
from tests.strategies import Rules
from tests.wire.parts import parts_of

# -- profiles -------------------------------------------------------------------------------------


@given(crowds())
def test_a_profile_is_its_bytes_after_every_record(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    if plan := drawn_plan(rules):
        for profile, _ in steps(plan, lines):
            again = decode_profile(profile.customer_id, encode_profile(profile))
            assert parts_of(again) == parts_of(profile)
            assert encode_profile(again) == encode_profile(profile)


def a_profile() -> bytes:
    *_, (profile, _) = steps(starter(), shop_history(3, 60, customers=1))
    return encode_profile(profile)


@pytest.mark.parametrize("number", [0, 2_031, 2_032, 2_039, 2_040, 5_000, 600_000])
def test_a_gauge_of_any_number_is_kept(number: int) -> None:
    profile = Profile("c", as_of=START_MS, signs=1 << number | 1, recent=b"6bytes" * 16)
    profile.standings[1] = Standing("here", 5)
    packed = encode_profile(profile)
    assert parts_of(decode_profile("c", packed)) == parts_of(profile)
    assert encode_profile(decode_profile("c", packed)) == packed


def change_past(standing: Standing) -> None:
    standing.past.came_from = "elsewhere"


def change_clock(standing: Standing) -> None:
    standing.past.clocks["new"] = [7, -1, 0]


def go(standing: Standing) -> None:
    standing.move("new", 6)


@pytest.mark.parametrize("change", [change_past, change_clock, go])
@pytest.mark.parametrize("past", [Past("there", {"here": [4, -1, 0]}, {"there": 2, "here": 1}), None])
def test_what_was_before_is_read_when_somebody_asks_and_kept_when_somebody_writes(
    change: Callable[[Standing], None], past: Past | None
) -> None:
    profile = Profile("c")
    profile.standings[1] = there = Standing("here", 5, until=9, opened=past and past.copy())
    again = decode_profile("c", encode_profile(profile))
    kept = again.standings[1]
    assert encode_profile(again) == encode_profile(profile)
    assert kept.opened is None
    change(kept)
    change(there)
    assert parts_of(decode_profile("c", encode_profile(again))) == parts_of(profile)
    assert parts_of(again) == parts_of(profile)


def test_a_copy_of_a_standing_has_a_past_of_its_own() -> None:
    one = Standing("here", 5, opened=Past("there", {"here": [4, -1, 0]}, {"there": 2, "here": 1}))
    other = one.copy()
    other.move("new", 6).clocks["here"][0] = 9
    other.past.entries["new"] = 1
    assert (one.segment, one.since) == ("here", 5)
    assert (one.past.clocks, one.past.entries) == ({"here": [4, -1, 0]}, {"there": 2, "here": 1})


@pytest.mark.parametrize("packed", [b"\x01", b"\x92\x90\x90", b"\x94\x90\x90\x09\x80"])
def test_what_was_before_and_cannot_be_read_is_no_silent_answer(packed: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        assert not read_past(msgspec.Raw(packed), "here").came_from


def test_a_mark_is_found_where_it_stands_and_not_across_two() -> None:
    marks = [mark_of(name) for name in ("a", "b", "c")]
    recent = b"".join(marks)
    assert all(is_among(mark, recent) for mark in marks)
    assert len(mark_of("a")) == MARK_BYTES
    across = recent[2 : 2 + MARK_BYTES]
    assert not is_among(across, recent)
    assert is_among(across, recent + across)
    assert not is_among(marks[0], b"")


INSTANTS = st.integers(-5, 5).map(lambda days: msgspec.msgpack.encode(START_MS + days * 40 * 86_400_000))


@given(st.lists(INSTANTS | st.binary(max_size=6)), st.integers(0, 1 << 45))
def test_what_is_shortened_is_restored(parts: list[bytes], near_ms: int) -> None:
    for packed in (b"".join(parts), b"".join(parts * SHORT)):
        for near in (near_ms, START_MS):
            assert restored(shortened(packed, near)) == packed
        assert len(shortened(packed, START_MS)) <= len(packed) + 3


@pytest.mark.parametrize("missing", [b"", b"Q", b"QR"])
def test_where_nearly_every_byte_occurs_nothing_is_shortened(missing: bytes) -> None:
    packed = bytes(each for each in range(256) if each not in missing) + msgspec.msgpack.encode(START_MS) * 9
    short = shortened(packed, START_MS)
    assert restored(short) == packed
    assert (len(short) < len(packed)) is (len(missing) == 2)


def test_no_bytes_are_a_customer_not_seen_before() -> None:
    assert decode_profile("c", None).is_new


@pytest.mark.parametrize(
    "packed",
    [b"", b"\x03", b"\x04", b"\x04\0\0\0", b"\x04\0\0\0\xc1", b"\x04\xff\0\1\1", b"\x04\0\0\0" + b"\x91" * 5_000],
)
def test_bytes_that_are_no_profile_name_the_customer(packed: bytes) -> None:
    with pytest.raises(CorruptProfileError, match="customer 'c': profile") as caught:
        decode_profile("c", packed)
    assert caught.value.customer == "c"


def damaged(packed: bytes, seed: int) -> bytes:
    """Return the bytes with up to four places changed."""
    drawn = random.Random(seed)
    found = bytearray(packed)
    for _ in range(drawn.randint(1, 4)):
        place = drawn.randrange(1, len(found))
        found[place : place + drawn.randrange(3)] = drawn.randbytes(drawn.randrange(3))
    return bytes(found)


def test_damaged_bytes_raise_the_named_error_only() -> None:
    head = encode_head(Head(5, b"8 bytes!", 6, (1, "x"), "log", {"1/0": 5}, {"d": {"a": 1}}, 7, 8))
    packed = encode_slice(Slice([("c", b"x")], [Told("c", "i", 1, True, 2, b"y")]))
    profile = a_profile()
    raised = 0
    for seed in range(1_500):
        for reader in (
            lambda: decode_head(damaged(head, seed)),  # noqa: B023
            lambda: decode_slice(damaged(packed, seed)),  # noqa: B023
            lambda: decode_profile("c", damaged(profile, seed)),  # noqa: B023
        ):
            try:
                reader()
            except StateError:
                raised += 1
    assert raised > 1_000


# -- heads, slices, control records -----------------------------------------------------------------


def test_a_head_of_another_version_is_a_question_of_layout() -> None:
    with pytest.raises(LayoutError, match="head format 02; this version reads 01"):
        decode_head(b"\x02")
    with pytest.raises(LayoutError, match="cannot be read"):
        decode_head(b"\x01" + b"\x91" * 5_000)


@given(st.integers(-(2**63), 2**63), st.text(max_size=5), st.integers(0, 9))
def test_control_records_survive(before: int, digest: str, number: int) -> None:
    for control in (Tick(before), Use("rules", digest, number)):
        ((_, kind),) = control_headers(control)
        assert decode_control(kind.decode(), encode_control(control)) == control


@pytest.mark.parametrize(
    ("kind", "value"), [("tock", b"{}"), ("tick", None), ("use", b"[]"), ("tick", b'{"before":"x"}')]
)
def test_control_records_that_cannot_be_read(kind: str, value: bytes | None) -> None:
    with pytest.raises(InputError, match=kind) as caught:
        decode_control(kind, value)
    assert caught.value.code == "control"


@given(st.binary(max_size=30))
def test_headers_that_cannot_be_read_raise_the_named_error_only(text: bytes) -> None:
    for reader in (decode_origin, decode_backfill_until):
        with suppress(InputError):
            reader(text)


@given(st.text(min_size=1, max_size=20), st.integers(0, 10**18 - 1))
def test_origins_survive(lane: str, offset: int) -> None:
    assert decode_origin(f"{lane}/{offset}".encode()) == Origin(lane, offset)
    assert decode_backfill_until(str(offset).encode()) == offset


def test_no_header_is_no_origin_and_no_backfill() -> None:
    assert decode_origin(None) is None
    assert decode_backfill_until(None) == -1


# -- replay lines -----------------------------------------------------------------------------------

EVENT = b'{"event_id":"1","customer_id":"c"}'


@given(st.integers(0, LATEST_MS), st.integers(-1, LATEST_MS), st.sampled_from(["", "1/0/7"]))
def test_lines_survive(record_time: int, until: int, src: str) -> None:
    line = decode_line(encode_line(record_time, "event", EVENT, until, src))
    assert (line.record_time, line.backfill_until) == (record_time, until)
    assert line.origin == (Origin("1/0", 7) if src else None)
    assert decode_line(encode_line(record_time, "tick", b'{"before":5}')).content == Tick(5)


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"", "json"),
        (b"\xff", "json"),
        (b'{"kind":"event","content":{}}', "record_time"),
        (b'{"kind":"event","record_time":"2026-01-01T00:00:00","content":{}}', "record_time"),
        (b'{"kind":"event","record_time":"2026-01-01T00:00:00Z"}', "json"),
        (b'{"kind":"tick","record_time":"2026-01-01T00:00:00Z","content":{}}', "control"),
        (
            b'{"kind":"event","record_time":"2026-01-01T00:00:00Z","content":{},"backfill_until":"2026-01-01T00:00:00"}',
            "backfill_until",
        ),
        (b'{"kind":"event","record_time":"2026-01-01T00:00:00Z","content":{},"src":"?"}', "header"),
        (EVENT, "record_time"),
    ],
)
def test_lines_that_cannot_be_used_say_why(line: bytes, code: str) -> None:
    with pytest.raises(InputError) as caught:
        decode_line(line)
    assert caught.value.code == code


# -- instants and places ------------------------------------------------------------------------------


@given(st.integers(EARLIEST_MS, LATEST_MS))
def test_instants_survive(instant_ms: int) -> None:
    text = to_text(instant_ms)
    assert len(text) == len("2026-11-21T18:56:33.591Z")
    assert to_ms(text) == instant_ms


@pytest.mark.parametrize(
    ("instant_ms", "text"),
    [
        (START_MS, "2026-01-05T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
        (1 << 62, "9999-12-31T23:59:59.999Z"),
        (-(1 << 62), "0001-01-01T00:00:00.000Z"),
    ],
)
def test_every_number_is_an_instant(instant_ms: int, text: str) -> None:
    assert to_text(instant_ms) == text


def test_a_time_without_zone_is_none() -> None:
    with pytest.raises(ValueError, match="has no zone; add Z or an offset"):
        to_ms("2026-01-01T00:00:00")
    assert to_ms("2026-01-01T01:00:00+01:00") == to_ms("2026-01-01T00:00:00Z")


@given(st.binary(max_size=40))
def test_murmur2_is_kafkas(key: bytes) -> None:
    assert murmur2(key) == theirs(key) & 0xFFFFFFFF


@given(st.text(max_size=20), st.integers(1, 200))
def test_a_customer_has_the_partition_that_kafkas_clients_give(customer_id: str, partitions: int) -> None:
    assert partition_of(customer_id, partitions) == (theirs(customer_id.encode()) & 0x7FFFFFFF) % partitions


@pytest.mark.parametrize(
    ("content", "customer"),
    [
        ({"customer_id": "c-1", "anonymous_id": "a"}, "c-1"),
        ({"anonymous_id": "a"}, "anon:a"),
        ({"customer_id": "", "anonymous_id": "a"}, "anon:a"),
        ({"name": "order_placed", "properties": {"customer_id": "not this one"}}, ""),
    ],
)
def test_whose_a_line_is_can_be_told_without_reading_the_rest(content: dict[str, Any], customer: str) -> None:
    bare = json.dumps(content).encode()
    assert customer_of(bare) == customer
    assert customer_of(encode_line(5, "event", bare)) == customer


@pytest.mark.parametrize(
    "line", [b"", b"{", b"[1]", b'{"customer_id": 5}', b'{"kind": "tick", "content": {"before": 5}}']
)
def test_a_line_that_is_nobodys_or_cannot_be_read_names_nobody(line: bytes) -> None:
    assert customer_of(line) == ""


def test_a_past_is_the_same_bytes_whatever_the_order_it_was_lived_through() -> None:
    """One that was read again names the segment it stands in first; one kept in memory the one it entered first."""
    told = []
    for names in (("new", "active", "loyal"), ("loyal", "new", "active")):
        past = Past("", {name: [1, 2, 0] for name in names}, dict.fromkeys(names, 2))
        told.append(msgspec.msgpack.encode(past.packed("loyal")))
    assert told[0] == told[1]
