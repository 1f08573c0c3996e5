"""Bad input: each kind goes to the dead letters, byte for byte with its reason, and the next good record is served."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from stream.wire.control import BACKFILL_UNTIL, KIND, SOURCE
from stream.wire.event import LARGEST_BYTES
from stream.wire.instant import to_text
from stream.wire.placing import partition_of
from tests.fake_log import Headers
from tests.histories import DAY_MS, START_MS
from tests.laws.letters import GOOD, reasons, served
from tests.laws.starter import starter
from tests.town import TOPICS, Town


def changed(**parts: Any) -> bytes:
    """Return a good event, changed; None takes a part away."""
    return json.dumps({key: value for key, value in {**GOOD, **parts}.items() if value is not None}).encode()


def order(**properties: Any) -> bytes:
    return changed(name="order_placed", properties={"order_id": "a", "amount": "10", **properties})


BAD: dict[str, tuple[str, bytes | None, Headers]] = {
    "no value": ("empty", None, ()),
    "malformed JSON": ("json", b'{"event_id": ', ()),
    "bytes of nothing": ("json", b"\x00\xff\xfe", ()),
    "not UTF-8": ("json", b'{"event_id":"\xff"}', ()),
    "half a surrogate": ("json", b'{"event_id":"\\ud800","customer_id":"c-1"}', ()),
    "nested without end": ("json", b'{"properties":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}", ()),
    "a list": ("type", b"[1]", ()),
    "a number as event id": ("type", changed(event_id=5), ()),
    "a text as properties": ("type", changed(properties="x"), ()),
    "a number as customer id": ("type", changed(customer_id=7), ()),
    "no customer id": ("customer_id", changed(customer_id=None), ()),
    "an empty customer id": ("customer_id", changed(customer_id=""), ()),
    "a customer id like the unknown's": ("customer_id", changed(customer_id="anon:7"), ()),
    "an endless customer id": ("customer_id", changed(customer_id="x" * 600), ()),
    "no event id": ("type", changed(event_id=None), ()),
    "an empty event id": ("event_id", changed(event_id=""), ()),
    "an endless source": ("source", changed(source="x" * 600), ()),
    "more than a MiB": ("too_large", changed(source="x" * LARGEST_BYTES), ()),
    "NaN as JSON": ("json", b'{"event_id":"e","customer_id":"c-1","properties":{"amount":NaN}}', ()),
    "NaN as text": ("amount", order(amount="NaN"), ()),
    "infinity as text": ("amount", order(amount="-Infinity"), ()),
    "infinity as a number": ("type", b'{"event_id":"e","customer_id":"c-1","properties":{"amount":1e999}}', ()),
    "an amount that no memory holds": ("amount", order(amount="1e999999999"), ()),
    "an amount of a million digits": ("amount", order(amount="9" * 1_000_000), ()),
    "a negative amount": ("amount", order(amount=-5), ()),
    "too many digits": ("amount", order(amount="5.001"), ()),
    "far too many digits": ("amount", order(amount="5." + "0" * 40 + "1"), ()),
    "yes as an amount": ("amount", order(amount=True), ()),
    "a list as an amount": ("amount", order(amount=["5"]), ()),
    "a negative quantity": ("quantity", order(quantity=-1), ()),
    "a negative quantity in a line": ("quantity", order(items=[{"sku": "a", "quantity": -2}]), ()),
    "an unknown currency": ("currency", order(currency="XXX"), ()),
    "a time in 1970": ("past", changed(occurred_at="1970-01-01T00:00:00Z"), ()),
    "a time in five years": ("future", changed(occurred_at=to_text(START_MS + 5 * 365 * DAY_MS)), ()),
    "a time in year one": ("past", changed(occurred_at="0001-01-01T00:00:00+14:00"), ()),
    "a time without zone": ("time_zone", changed(occurred_at="2026-01-01T00:00:00"), ()),
    "a day as a time": ("type", changed(occurred_at="2026-01-01"), ()),
    "a number as a time": ("type", changed(occurred_at=START_MS), ()),
    "an unknown name": ("event_name", changed(name="order_plcaed"), ()),
    "an unknown consent": ("consent", changed(consents={"email": "perhaps"}), ()),
    "an unknown list change": ("list", changed(lists={"x": "moved"}), ()),
    "an unknown control record": ("control", b"{}", [(KIND, b"tock")]),
    "a join, which only a replay knows": ("control", b'{"stays": "c-1", "goes": "c-2"}', [(KIND, b"merge")]),
    "a tick without an instant": ("control", b"{}", [(KIND, b"tick")]),
    "a tick nested without end": ("control", b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}", [(KIND, b"tick")]),
    "a source that cannot be read": ("header", changed(), [(SOURCE, b"what")]),
    "a source of strange digits": ("header", changed(), [(SOURCE, "1/0/²".encode())]),
    "a source beyond all numbers": ("header", changed(), [(SOURCE, b"1/0/" + b"9" * 5_000)]),
    "an end of history that is no number": ("header", changed(), [(BACKFILL_UNTIL, b"soon")]),
    "an end of history beyond all numbers": ("header", changed(), [(BACKFILL_UNTIL, b"9" * 5_000)]),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_goes_to_the_dead_letters_and_the_next_record_is_served(case: str) -> None:
    code, value, headers = BAD[case]
    town = await Town(starter(), partitions=1).open()
    town.log.append(TOPICS.events, 0, b"its key", value, [("mine", b"\x00kept"), *headers], START_MS)
    town.tell(GOOD, START_MS + 1)
    assert (await served(town))["memberships"]["lifecycle"]["segment"] == "prospect"
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert (letter.key, letter.value) == (b"its key", value)
    assert letter.headers[: 1 + len(headers)] == (("mine", b"\x00kept"), *headers)
    told = reasons(letter)
    assert told.pop("message")
    assert told == {
        "stage": "worker",
        "code": code,
        "topic": TOPICS.events,
        "partition": "0",
        "offset": "0",
        "at": to_text(START_MS),
    }
    assert town.metrics.letters == {("worker", code): 1}


async def test_a_header_name_that_is_no_text_goes_to_the_dead_letters_with_its_bytes() -> None:
    """The reader of the log says so in `fault`: what the name was stands in surrogate escapes."""
    town = await Town(starter(), partitions=1).open()
    headers = [("mine", b"\x00kept"), ("na\udcffme", b"\xff")]
    town.log.append(TOPICS.events, 0, b"its key", json.dumps(GOOD).encode(), headers, START_MS)
    town.log.logs[TOPICS.events, 0][0] = replace(town.log.logs[TOPICS.events, 0][0], fault="a header name")
    town.tell(GOOD, START_MS + 1)
    assert (await served(town))["memberships"]["lifecycle"]["since"] == to_text(START_MS + 1)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert (letter.key, letter.value) == (b"its key", json.dumps(GOOD).encode())
    assert letter.headers[:2] == tuple(headers)
    assert (reasons(letter)["code"], reasons(letter)["message"]) == ("header", "a header name")


@pytest.mark.parametrize("stamp", [-1, 10**15, 10**18])
async def test_a_record_without_a_time_goes_to_the_dead_letters(stamp: int) -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell({**GOOD, "event_id": "bad"}, stamp)
    town.tell(GOOD, START_MS)
    await served(town)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert reasons(letter)["code"] == "record_time"


async def test_a_record_time_of_1970_stands_for_the_missing_time_and_is_past() -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell({**GOOD, "event_id": "bad"}, 0)
    town.tell(GOOD, START_MS)
    assert (await served(town))["memberships"]["lifecycle"]["since"] == to_text(START_MS)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert reasons(letter)["code"] == "past"


async def test_a_stamp_five_years_ahead_ages_nobody_else() -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell(GOOD, START_MS)
    town.tell({**GOOD, "customer_id": "c-2"}, START_MS + 5 * 365 * DAY_MS)
    town.tell({**GOOD, "event_id": "next"}, START_MS + DAY_MS)
    await served(town)
    state = town.server.partitions[0].state
    assert len(state) == 2
    assert town.head(0).tick_ms == 0


async def test_a_record_of_another_partition_is_misrouted() -> None:
    town = await Town(starter(), partitions=4).open()
    home = partition_of("c-1", 4)
    away = (home + 1) % 4
    town.tell(GOOD, START_MS, partition=away)
    town.tell({**GOOD, "event_id": "next"}, START_MS + 1)
    await served(town)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert reasons(letter)["code"] == "misrouted"
    assert f"belongs to partition {home}, not {away}" in reasons(letter)["message"]
    assert town.server.partitions[away].state == {}
