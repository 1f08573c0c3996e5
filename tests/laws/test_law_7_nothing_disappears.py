"""Law 7: what cannot be used goes to the dead letters, byte for byte with its reason, and the next record is served."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import cycle

from stream.core.event import Event
from stream.core.gauge import Reach
from stream.core.plan import Plan, Route
from stream.core.profile import Profile
from stream.service.limits import Limits
from stream.wire.instant import to_text
from tests.fake_log import Fate
from tests.histories import DAY_MS, START_MS, shop_history, write
from tests.laws.letters import GOOD, reasons, served
from tests.laws.starter import starter, worked
from tests.town import TOPICS, Town, consumed, memberships, survive

# -- what the engine cannot bear -----------------------------------------------------------


def poisoned(plan: Plan, name: str = "search") -> Plan:
    """Return a plan with a fold that raises on events of this name whose query is `poison`."""

    def fold(profile: Profile, event: Event) -> bool:
        profile.states[1] = ["half a change"]
        if event.properties.get("query") == "poison":
            raise ZeroDivisionError("the engine's own mistake")
        return True

    return replace(plan, routes={**plan.routes, name: Route(((fold, Reach(always=plan.everything)),))})


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


async def test_one_failure_may_be_chance_and_sets_nothing_aside() -> None:
    failures = iter([ZeroDivisionError("once")])

    def fold(profile: Profile, event: Event) -> bool:
        for failure in failures:
            raise failure
        return True

    plan = replace(starter(), routes={**starter().routes, "search": Route(((fold, Reach()),))})
    town = await Town(plan, partitions=1).open()
    town.tell({**GOOD, "name": "search"}, START_MS)
    await served(town)
    assert town.log.all(TOPICS.dead_letters) == []
    assert town.metrics.counts["accepted"] == 1


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

    return replace(plan, routes={**plan.routes, "search": Route(((fold, Reach()),))})


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
