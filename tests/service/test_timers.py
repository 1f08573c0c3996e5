"""Due timers in bounded passes: after long silence, and beside records while nothing is published."""

from __future__ import annotations

import asyncio

from stream.service.aside import Aside
from stream.service.limits import Limits
from stream.service.slices import Changes, EngineFault, Work
from stream.service.waking import Waking
from tests.core.agreement import plan_of
from tests.histories import DAY_MS, START_MS, Line, write
from tests.laws.starter import as_text, starter
from tests.oracle.story import audience
from tests.service.test_stride import Cpu
from tests.town import Member, Town, consumed, replayed, turns

WEEKEND = {"today": {"weekday": ["saturday", "sunday"]}}


def event(at_ms: int, customer: str) -> Line:
    return Line(at_ms, {"event_id": f"{customer}@{at_ms}", "customer_id": customer, "name": "product_viewed"})


async def town_of(rule: dict[str, object], limits: Limits, customers: int) -> tuple[Town, Member]:
    """Return a town where so many customers came on its first day, and its worker."""
    plan = plan_of({path: as_text(about) for path, about in audience(rule).items()})
    town = await Town(plan, partitions=1, limits=limits).open()
    write(town, [event(START_MS, f"c-{number}") for number in range(customers)])
    member = town.member()
    await member.work()
    return town, member


async def test_a_pass_ends_after_so_many_moves_and_what_is_left_is_still_due() -> None:
    """Ten customers with two years of weekends to catch up, and room for thirty moves in a slice."""
    town, member = await town_of(WEEKEND, Limits(timers=500, timer_moves=30), 10)
    write(town, [Line(START_MS + 730 * DAY_MS, None)])
    await member.deliver(0, 10)
    passes, before = 0, town.published()
    more = True
    while more:
        more = await member.worker.tend(0)
        await member.worker.owned[0].relay.drained()
        told, before = town.published() - before, town.published()
        assert told <= 30 + 210, "the customer at work is brought to an end, and no other begun"
        passes += 1
    await member.publish()
    await member.end()
    assert passes >= 10
    assert consumed(town.log).bodies == replayed(town.log, town.plan)
    assert all(len(bodies) > 200 for bodies in consumed(town.log).bodies.values())


async def test_timers_leave_half_of_the_outbox_to_records() -> None:
    """While Kafka takes nothing, timers stop at half of the bound, and live records are committed all the same."""
    limits = Limits(timers=5, outbox_records=100)
    town, member = await town_of({"did": "product_viewed", "within": "7d"}, limits, 60)
    member.producer.held = asyncio.Event()
    write(town, [Line(START_MS + 8 * DAY_MS, None)])
    await member.deliver(0, 10)
    for _ in range(100):
        await member.worker.tend(0)
    owned = member.worker.owned[0]
    assert 50 <= owned.relay.waiting <= 60
    assert len(town.server.partitions[0].timers) > 20, "most customers wait for their turn"
    for number in range(20):
        write(town, [event(START_MS + 8 * DAY_MS + number, f"live-{number}")])
        assert await member.deliver(0, 10)
        await member.worker.tend(0)
    assert town.head(0).customers == 80
    assert owned.relay.waiting >= 90
    member.producer.held.set()
    await turns()
    await member.work()
    await member.end()
    assert consumed(town.log).bodies == replayed(town.log, town.plan)


async def test_after_each_pass_it_is_known_when_the_next_timer_is_due() -> None:
    """Whether more were due than a pass takes, or none is left: what is remembered is what is stored."""
    town, member = await town_of({"did": "product_viewed", "within": "7d"}, Limits(timers=2), 5)
    write(town, [event(START_MS + 4 * DAY_MS, "late"), Line(START_MS + 8 * DAY_MS, None)])
    await member.deliver(0, 10)
    owned, timers = member.worker.owned[0], town.server.partitions[0].timers
    passes = 0
    more = True
    while more:
        more = await member.worker.tend(0)
        assert owned.earliest_wake == min(timers.values())
        passes += 1
    assert passes == 3
    assert list(timers) == ["late"]
    await member.end()


class Unfit(Work):
    """A slice that cannot be bytes unless it is worked carefully."""

    def finish(self) -> Changes:
        """Raise EngineFault, as if one of the profiles were at fault."""
        if not self.is_careful:
            raise EngineFault(None, "no bytes")
        return super().finish()


async def test_others_have_their_turn_while_many_are_woken() -> None:
    """Some forty at a time, as long as nothing is known of the speed."""
    work = Work(starter(), 0, 1, 0, {}, {}.get)
    customers = [f"c-{number}" for number in range(200)]
    woken = asyncio.create_task(Waking(Limits()).woken(customers, Aside(), lambda is_careful: work))
    seen = set()
    while not woken.done():
        await asyncio.sleep(0)
        seen.add(len(work.woken))
    assert (await woken)[0].woken == customers
    assert seen - {0, len(customers)}, "nobody had a turn in between"


async def test_timers_that_cannot_be_bytes_are_worked_again_with_care() -> None:
    begun: list[bool] = []

    def begin(is_careful: bool) -> Work:
        begun.append(is_careful)
        return Unfit(starter(), 0, 1, 0, {}, {}.get, is_careful=is_careful)

    work, changes = await Waking(Limits()).woken(["c-1"], Aside(), begin)
    assert (work.woken, changes.timers) == (["c-1"], {"c-1": None})
    assert begun[-1] is True


async def test_what_stays_due_says_nothing_about_the_speed() -> None:
    """The first twenty have all the moves that there may be: the others were not woken, so not quick either."""

    class Full(Work):
        """Every customer takes a millisecond and moves twenty times."""

        def wake(self, customer_id: str) -> None:
            self.woken.append(customer_id)
            self.moves += [None] * 20  # type: ignore[list-item]
            cpu.used_s += 0.001

    cpu = Cpu()
    waking = Waking(Limits(timers=500, timer_moves=400, timers_s=0.01), cpu)
    for _ in range(10):
        work = Full(starter(), 0, 1, 0, {}, {}.get)
        await waking.woken([f"c-{number}" for number in range(waking.most)], Aside(), lambda _, work=work: work)
    assert waking.most == 20
