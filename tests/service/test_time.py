"""The clocks of the service under a worker: a wall that jumps ages nobody, and simulated time survives restarts."""

from __future__ import annotations

import json

from stream.adapters.clock import ScaledClock
from stream.wire.head import Head, encode_head
from stream.wire.instant import to_ms
from stream.wire.transition import DECIDED_AT
from tests.fake_clock import Machine
from tests.fake_log import Fate, MortalStore
from tests.histories import DAY_MS, HOUR_MS, START_MS
from tests.laws.starter import starter
from tests.town import RULES, TOPICS, Member, Town, consumed, replayed, turns

YEAR_MS = 365 * DAY_MS
DUE_MS = START_MS + 72 * HOUR_MS
"""A cart is intent for 72 hours."""


def cart(number: int) -> dict[str, object]:
    return {
        "event_id": f"e-{number}",
        "customer_id": f"c-{number}",
        "name": "cart_updated",
        "properties": {"cart_id": f"k-{number}", "value": 5},
    }


def exits(town: Town) -> dict[str, str]:
    """Return when each customer fell back to prospect, as the outside heard it."""
    found = {}
    for customer_id, bodies in consumed(town.log).bodies.items():
        for told in map(json.loads, bodies):
            if (told["dimension"], told["entered"]) == ("lifecycle", "prospect"):
                found[customer_id] = told["at"]
    return found


def ticks(town: Town) -> list[int]:
    return [json.loads(record.value or b"")["before"] for record in town.log.all(TOPICS.events) if record.headers]


def decided(town: Town) -> list[str]:
    """Return when the service noticed each transition, by the header that says so."""
    return [dict(record.headers)[DECIDED_AT].decode() for record in town.log.all(TOPICS.transitions)]


async def lives(member: Member, machine: Machine, ms: int, every_ms: int) -> None:
    """Let a process live for so long, looking at its partition again and again."""
    for _ in range(ms // every_ms):
        machine.pass_ms(every_ms)
        await member.worker.tend(0)
        await turns()
        while await member.deliver(0, 100):
            pass
        await member.worker.tend(0)
    await member.publish()


async def on_a_wall(machine: Machine) -> tuple[Town, Member]:
    town = await Town(starter(), partitions=1, appends_ticks=True, clock=machine.wall_clock()).open()
    town.tell(cart(1), START_MS)
    member = town.member()
    await lives(member, machine, HOUR_MS, HOUR_MS)
    return town, member


async def test_a_wall_that_jumps_years_ahead_makes_nobody_dormant() -> None:
    machine = Machine(START_MS)
    town, member = await on_a_wall(machine)
    machine.ms += 5 * YEAR_MS
    await lives(member, machine, 70 * HOUR_MS, HOUR_MS)
    assert (ticks(town), exits(town)) == ([], {}), "an hour before it is due"
    town.tell(cart(2), START_MS + 71 * HOUR_MS)
    await lives(member, machine, 2 * HOUR_MS, HOUR_MS)
    assert exits(town) == {"c-1": "2026-01-08T00:00:00.000Z"}, "time went on at its own pace"
    assert max(ticks(town)) <= START_MS + 73 * HOUR_MS
    machine.ms -= 5 * YEAR_MS
    await lives(member, machine, 100 * HOUR_MS, HOUR_MS)
    await member.end()
    assert exits(town)["c-2"] == "2026-01-10T23:00:00.000Z"
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_a_wall_that_jumps_back_makes_exits_late_and_none_wrong() -> None:
    machine = Machine(START_MS)
    town, member = await on_a_wall(machine)
    town.tell(cart(2), START_MS + HOUR_MS)
    await lives(member, machine, 71 * HOUR_MS + 600_000, 600_000)
    assert list(exits(town)) == ["c-1"]
    before = ticks(town)
    machine.ms -= 30 * DAY_MS
    await lives(member, machine, 20 * DAY_MS, 6 * HOUR_MS)
    assert ticks(town) == before, "no tick goes back, and none goes on"
    machine.ms += 30 * DAY_MS
    await lives(member, machine, HOUR_MS, HOUR_MS)
    await member.end()
    assert exits(town) == {"c-1": "2026-01-08T00:00:00.000Z", "c-2": "2026-01-08T01:00:00.000Z"}
    assert ticks(town) == sorted(ticks(town))
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_after_an_outage_of_a_year_everything_fires_at_its_own_instant() -> None:
    machine = Machine(START_MS)
    town, member = await on_a_wall(machine)
    await member.end()
    machine.pass_ms(YEAR_MS)
    town.clock = machine.wall_clock()
    again = town.member()
    await lives(again, machine, 1_000, 500)
    await again.end()
    assert exits(town) == {"c-1": "2026-01-08T00:00:00.000Z"}
    assert decided(town)[-1] == "2027-01-05T01:00:01.000Z", "a header says when it was noticed"
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_simulated_time_goes_on_at_the_last_tick_over_any_number_of_restarts() -> None:
    """Between the starts days pass on the wall, and it jumps both ways: simulated time stands meanwhile."""
    speed, machine = 3_600.0, Machine(START_MS)
    town = Town(starter(), partitions=1, appends_ticks=True)
    begun = Head(0, rules=RULES, anchor_ms=START_MS)
    await MortalStore(town.server, Fate()).initialise(b"layout", {0: encode_head(begun)})
    last = START_MS
    for life in range(6):
        town.clock = ScaledClock(machine.ms, speed, machine.monotonic)
        member = town.member()
        await member.acquire(0)
        assert town.clock.now_ms() == last, "it stands where the last tick was, or where time began"
        town.tell(cart(life), last + 1)
        await lives(member, machine, 80_000, 500)  # 80 simulated hours
        await member.end()
        told = ticks(town)[-1]
        assert last + 72 * HOUR_MS < told <= last + 80 * HOUR_MS
        assert to_ms(exits(town)[f"c-{life}"]) == last + 1 + 72 * HOUR_MS
        last = told
        machine.pass_ms((life + 1) * DAY_MS)
        machine.ms += (-1) ** life * 3 * YEAR_MS
    assert town.head(0).anchor_ms == START_MS
    assert consumed(town.log).bodies == replayed(town.log, starter())


async def test_a_simulated_start_before_any_tick_goes_on_where_time_began() -> None:
    machine = Machine(START_MS)
    town = Town(starter(), partitions=1, appends_ticks=True)
    begun = Head(0, rules=RULES, anchor_ms=START_MS - 9 * DAY_MS)
    await MortalStore(town.server, Fate()).initialise(b"layout", {0: encode_head(begun)})
    town.clock = ScaledClock(machine.ms, 60.0, machine.monotonic)
    member = town.member()
    await member.acquire(0)
    await member.end()
    assert town.clock.now_ms() == START_MS - 9 * DAY_MS
