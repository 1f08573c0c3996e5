"""What is published and stored, byte for byte: a story of one customer, told by every format."""

from __future__ import annotations

import json
from typing import Any

from stream.service.slices import Changes, Work, understand
from stream.wire.head import Head, decode_head, encode_head
from stream.wire.outbox import decode_slice, encode_slice
from stream.wire.profile import decode_profile, encode_profile
from stream.wire.replay import encode_line
from stream.wire.transition import headers
from tests.histories import DAY_MS, HOUR_MS, START_MS
from tests.laws.starter import starter
from tests.town import TOPICS, Town
from tests.wire.golden import check_golden

STORY: list[tuple[int, dict[str, Any]]] = [
    (0, {"name": "cart_updated", "properties": {"cart_id": "k1", "value": "80.00"}}),
    (HOUR_MS, {"name": "order_placed", "properties": {"order_id": "o-1", "cart_id": "k1", "amount": "250.00"}}),
    (9 * DAY_MS, {"name": "order_placed", "properties": {"order_id": "o-2", "amount": "3100.50"}, "source": "shop"}),
    (12 * DAY_MS, {"name": "order_refunded", "properties": {"order_id": "o-2", "amount": "100.50"}}),
    (13 * DAY_MS, {"name": "", "traits": {"country": "France", "plan": "solo"}}),
]
END_MS = START_MS + 200 * DAY_MS


def told() -> tuple[Town, Changes, Head]:
    """Return the log of the story, what one slice makes of it, and the head after it."""
    town = Town(starter(), partitions=1)
    for index, (after_ms, parts) in enumerate(STORY):
        town.tell({"event_id": f"e-{index}", "customer_id": "c-1", **parts}, START_MS + after_ms)
    town.tick(END_MS)
    work = Work(starter(), 0, 1, 0, {"1/0": 4}, {}.get)
    records = town.log.all(TOPICS.events)
    for record in records:
        work.apply(understand(record, starter()))
    work.wake_all(["c-1"])
    head = Head(len(records), b"8 bytes!", work.tick_ms, (1, "hash"), "", work.intake, work.members({}), 1)
    return town, work.finish(), head


def test_transitions_with_their_headers() -> None:
    _, changes, _ = told()
    assert changes.told is not None
    lines = []
    for each in changes.told.transitions:
        said = headers(each, TOPICS.source, each.at + 250)
        named = {name: value.decode() for name, value in said}
        lines.append(json.dumps(named).encode() + b"\n" + each.body + b"\n")
    check_golden("transitions.txt", b"".join(lines))


def test_the_membership_with_its_headers() -> None:
    _, changes, _ = told()
    assert changes.told is not None
    ((_, body),) = changes.told.memberships
    named = json.dumps({name: value.decode() for name, value in TOPICS.membership_headers}).encode()
    check_golden("membership.txt", named + b"\n" + body + b"\n")


def test_the_profile() -> None:
    _, changes, _ = told()
    packed = changes.profiles["c-1"]
    check_golden("profile.hex", lines_of_hex(packed))
    assert encode_profile(decode_profile("c-1", packed)) == packed


def test_the_head() -> None:
    _, _, head = told()
    packed = encode_head(head)
    check_golden("head.hex", lines_of_hex(packed))
    assert decode_head(packed) == head


def test_a_slice_of_the_outbox() -> None:
    _, changes, _ = told()
    assert changes.told is not None
    packed = encode_slice(changes.told)
    check_golden("outbox.hex", lines_of_hex(packed))
    assert decode_slice(packed) == changes.told


def test_the_lines_of_a_replay() -> None:
    town, _, _ = told()
    lines = []
    for index, record in enumerate(town.log.all(TOPICS.events)):
        kind = "tick" if record.headers else "event"
        until, src = (START_MS + DAY_MS, "1/0/4") if index == 0 else (-1, "")
        lines.append(encode_line(record.timestamp_ms, kind, record.value or b"", until, src) + b"\n")
    check_golden("replay.jsonl", b"".join(lines))


def lines_of_hex(packed: bytes) -> bytes:
    """Return bytes as lines of hex, to be compared by people."""
    return b"".join(packed[start : start + 32].hex(" ").encode() + b"\n" for start in range(0, len(packed), 32))
