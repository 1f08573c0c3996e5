"""Law 7: what cannot be used goes to the dead letters, byte for byte with its reason, and the next record is served."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from stream.core.event import Event
from stream.core.plan import Plan, Route
from stream.core.profile import Profile
from stream.ports import Record
from stream.service.partition import Limits
from stream.wire.control import BACKFILL_UNTIL, KIND, SOURCE
from stream.wire.event import LARGEST_BYTES
from stream.wire.instant import to_text
from stream.wire.placing import partition_of
from tests.fake_log import Fate, Headers
from tests.histories import DAY_MS, START_MS, shop_history, write
from tests.laws.starter import starter, worked
from tests.town import TOPICS, Town, consumed, memberships, survive

GOOD: dict[str, Any] = {"event_id": "good", "customer_id": "c-1", "name": "product_viewed"}


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
    "a tick without an instant": ("control", b"{}", [(KIND, b"tick")]),
    "a tick nested without end": ("control", b'{"x":' + b"[" * 5_000 + b"]" * 5_000 + b"}", [(KIND, b"tick")]),
    "a source that cannot be read": ("header", changed(), [(SOURCE, b"what")]),
    "a source of strange digits": ("header", changed(), [(SOURCE, "1/0/²".encode())]),
    "a source beyond all numbers": ("header", changed(), [(SOURCE, b"1/0/" + b"9" * 5_000)]),
    "an end of history that is no number": ("header", changed(), [(BACKFILL_UNTIL, b"soon")]),
    "an end of history beyond all numbers": ("header", changed(), [(BACKFILL_UNTIL, b"9" * 5_000)]),
}


async def served(town: Town) -> dict[str, Any]:
    """Let a worker handle the log and return the newest membership of the good customer."""
    await worked(town)
    return dict(memberships(town.log)["c-1"])


def reasons(letter: Record) -> dict[str, str]:
    """Return the reason headers of a dead letter by their last word."""
    return {name.rpartition(".")[2]: value.decode() for name, value in letter.headers if "segments.errors." in name}


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


# -- what the engine cannot bear -----------------------------------------------------------


def poisoned(plan: Plan, name: str = "search") -> Plan:
    """Return a plan with a fold that raises on events of this name whose query is `poison`."""

    def fold(profile: Profile, event: Event) -> bool:
        profile.states[1] = ["half a change"]
        if event.properties.get("query") == "poison":
            raise ZeroDivisionError("the engine's own mistake")
        return True

    return replace(plan, routes={**plan.routes, name: Route(((fold, plan.everything),))})


async def test_a_record_on_which_the_engine_fails_twice_is_set_aside() -> None:
    town = await Town(poisoned(starter()), partitions=1, limits=Limits(slice_records=10)).open()
    for index, query in enumerate(["fine", "poison", "fine too", "poison"]):
        content = {"event_id": f"e-{index}", "customer_id": "c-1", "name": "search", "properties": {"query": query}}
        town.tell(content, START_MS + index)
    assert (await served(town))["memberships"]["lifecycle"]["segment"] == "prospect"
    first, second = town.log.all(TOPICS.dead_letters)
    assert [reasons(letter)["offset"] for letter in (first, second)] == ["1", "3"]
    assert reasons(first)["code"] == reasons(first)["stage"] == "engine"
    assert "ZeroDivisionError: the engine's own mistake" in reasons(first)["message"]
    assert town.metrics.counts["accepted"] == 2


async def test_a_record_whose_profile_cannot_be_bytes_is_the_one_set_aside() -> None:
    """A number beyond 64 bits is only met when the profile is packed: careful work finds the record."""
    town = await Town(hoarding(starter()), partitions=1).open()
    for index, query in enumerate([1, 10**30, 2]):
        content = {"event_id": f"e-{index}", "customer_id": "c-1", "name": "search", "properties": {"query": query}}
        town.tell(content, START_MS + index)
    town.tell({**GOOD, "customer_id": "c-2"}, START_MS + 5)
    await served(town)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert reasons(letter)["offset"] == "1"
    assert "OverflowError" in reasons(letter)["message"]
    assert "c-2" in memberships(town.log)
    assert town.metrics.counts["accepted"] == 3


def hoarding(plan: Plan) -> Plan:
    """Return a plan with a fold that keeps whatever was searched for."""

    def fold(profile: Profile, event: Event) -> bool:
        profile.states.setdefault(1, []).append(event.properties["query"])
        return True

    return replace(plan, routes={**plan.routes, "search": Route(((fold, 0),))})


async def test_a_profile_that_cannot_be_read_parks_its_customer_and_nobody_else() -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell(GOOD, START_MS)
    town.tell({**GOOD, "customer_id": "c-2"}, START_MS)
    await worked(town)
    stored = town.server.partitions[0].state
    stored["c-1"] = b"\x01 garbage"
    town.tell({**GOOD, "event_id": "next"}, START_MS + 1)
    town.tell({**GOOD, "event_id": "next", "customer_id": "c-2"}, START_MS + 2)
    await worked(town)
    (letter,) = town.log.all(TOPICS.dead_letters)
    assert (reasons(letter)["stage"], reasons(letter)["code"]) == ("state", "corrupt")
    assert stored["c-1"] == b"\x01 garbage"
    assert town.metrics.counts["accepted"] == 3


async def test_the_timer_of_a_customer_who_cannot_be_read_rests_for_a_day_and_works_after_repair() -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell({**GOOD, "name": "cart_updated", "properties": {"cart_id": "k", "value": 30}}, START_MS)
    await worked(town)
    stored = town.server.partitions[0]
    kept, stored.state["c-1"] = stored.state["c-1"], b"\x09 of another version"
    town.tick(START_MS + 10 * DAY_MS)
    await worked(town)
    assert stored.timers == {"c-1": START_MS + 11 * DAY_MS}
    stored.state["c-1"] = kept
    town.tick(START_MS + 12 * DAY_MS)
    found = await worked(town)
    ats = [json.loads(body)["at"] for body in found.bodies["c-1"]]
    assert to_text(START_MS + 3 * DAY_MS) in ats, "fired late, as of its own instant"


# -- before the commit ------------------------------------------------------------------------


async def test_dead_letters_are_acknowledged_before_the_commit() -> None:
    town = await Town(starter(), partitions=1).open()
    town.log.append(TOPICS.events, 0, None, b"bad", (), START_MS)
    member = town.member()
    member.producer.is_away = True
    await member.deliver(0, 10)
    assert town.head(0).position == 0
    member.producer.is_away = False
    await member.work()
    await member.end()
    assert town.head(0).position == 1
    assert len(town.log.all(TOPICS.dead_letters)) == 1


async def test_a_death_between_dead_letter_and_commit_repeats_the_same_letter() -> None:
    town = await Town(starter(), partitions=1).open()
    town.log.append(TOPICS.events, 0, b"k", b"bad", [("a", b"b")], START_MS)
    fate = Fate()
    await survive(town.member(fate))
    at = fate.trace.index("before commit")
    again = await Town(starter(), partitions=1).open()
    again.log.append(TOPICS.events, 0, b"k", b"bad", [("a", b"b")], START_MS)
    assert not await survive(again.member(Fate(at)))
    await worked(again)
    first, second = again.log.all(TOPICS.dead_letters)
    assert (first.key, first.value, first.headers) == (second.key, second.value, second.headers)


# -- outcomes -----------------------------------------------------------------------------------


async def test_every_record_has_exactly_one_outcome() -> None:
    town = await Town(starter(), limits=Limits(slice_records=9)).open()
    write(town, shop_history(71, 200, sources=2))
    town.log.append(TOPICS.events, 0, None, b"bad", (), START_MS)
    await worked(town)
    outcomes = ("accepted", "duplicate", "duplicate_order", "dead_letter", "tick", "use")
    written = len(town.log.all(TOPICS.events))
    assert sum(town.metrics.counts[outcome] for outcome in outcomes) == written
    assert town.metrics.counts["committed records"] == written


async def test_late_events_are_counted_and_say_so() -> None:
    town = await Town(starter(), partitions=1).open()
    town.tell({**GOOD, "occurred_at": to_text(START_MS - DAY_MS)}, START_MS)
    found = await worked(town)
    assert town.metrics.counts["late"] == 1
    assert json.loads(found.bodies["c-1"][0])["cause"]["late"] is True


async def test_an_accepted_record_is_never_lost_among_bad_ones() -> None:
    town = await Town(poisoned(starter()), partitions=1, limits=Limits(slice_records=3)).open()
    for index in range(40):
        town.log.append(TOPICS.events, 0, None, b"bad %d" % index, (), START_MS + index)
        town.tell({**GOOD, "event_id": f"e-{index}", "customer_id": f"c-{index}"}, START_MS + index)
        query = {"query": "poison"}
        town.tell({**GOOD, "event_id": f"p-{index}", "name": "search", "properties": query}, START_MS + index)
    for at in (9, 22, 41):
        await survive(town.member(Fate(at)), cycle([4]))
    await worked(town)
    assert len(consumed(town.log).bodies) == 40
    letters = {reasons(letter)["offset"] for letter in town.log.all(TOPICS.dead_letters)}
    assert len(letters) == 80
