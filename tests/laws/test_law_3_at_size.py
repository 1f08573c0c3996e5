"""Law 3 at size, on a real Valkey: 100,000 exits due in one second, and live records that do not wait for them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from stream.adapters.embedded import embedded_valkey
from stream.adapters.redis import RedisStore
from stream.ports import Commit, Record
from stream.service.limits import Limits
from stream.wire.head import Head, decode_head, encode_head
from tests.fake_log import Fate
from tests.histories import DAY_MS, START_MS
from tests.laws.test_law_3_catch_up_first import plan
from tests.town import RULES, TOPICS, Member, Town

LIVE = 100
SECOND_MS = 1_000
LIMITS = Limits()


class Watched(RedisStore):
    """A store that notes what is read and written at once, and in which order."""

    def __init__(self, url: str) -> None:
        super().__init__(url, "size")
        self.read: list[int] = []
        self.commits: list[tuple[str, int]] = []
        """What each commit was of (records, timers or trim), and how many profiles it wrote."""
        self.position = 0

    async def due(self, partition: int, before_ms: int, limit: int) -> list[tuple[str, int]]:
        found = await super().due(partition, before_ms, limit)
        self.read.append(len(found))
        return found

    async def commit(self, partition: int, commit: Commit) -> None:
        await super().commit(partition, commit)
        position = decode_head(commit.head).position
        kind = "records" if position > self.position else "timers" if commit.profiles else "trim"
        self.position = position
        self.commits.append((kind, len(commit.profiles)))


def records(first: int, customers: Sequence[str], at_ms: int) -> list[Record]:
    """Return a batch in which each of these customers looked at something."""
    body = '{"event_id":"%s@%d","customer_id":"%s","name":"product_viewed"}'
    return [
        Record(0, first + number, at_ms, each.encode(), (body % (each, at_ms, each)).encode(), ())
        for number, each in enumerate(customers)
    ]


async def opened(url: str) -> tuple[Member, Watched]:
    """Return a process that owns the one partition of an empty deployment."""
    town, store = Town(plan(), partitions=1, limits=LIMITS), Watched(url)
    await store.initialise(b"layout", {0: encode_head(Head(0, rules=RULES))})

    class Real(Member):
        def new_store(self) -> Watched:  # type: ignore[override]
            return store

    member = town.member(Fate(), Real)
    await member.worker.assigned(0, 0, 0)
    return member, store


async def crowd(member: Member, customers: int) -> int:
    """Let everybody come within one second, a thousand at a time; return the offset behind them."""
    for start in range(0, customers, 1_000):
        at_ms = START_MS + start * SECOND_MS // customers
        await member.worker.records(0, records(start, [f"quiet-{start + n}" for n in range(1_000)], at_ms))
    return customers


# a tenth of them every time: nothing that is asserted grows with their number, and all take a minute on busy cores
@pytest.mark.servers
@pytest.mark.parametrize("customers", [10_000, pytest.param(100_000, marks=[pytest.mark.nightly, pytest.mark.slow])])
async def test_a_hundred_thousand_exits_due_in_one_second_do_not_stall_live_records(
    tmp_path: Path, customers: int
) -> None:
    with embedded_valkey(tmp_path) as url:
        member, store = await opened(url)
        town, now_ms = member.town, START_MS + 8 * DAY_MS
        offset = await crowd(member, customers)
        store.commits.clear()
        store.read.clear()
        town.tick(now_ms)
        tick = town.log.all(TOPICS.events)[-1]
        await member.worker.records(0, [Record(0, offset, tick.timestamp_ms, None, tick.value, tick.headers)])

        time = asyncio.create_task(member.worker.run())
        for number in range(LIVE):
            batch = records(offset + 1 + number, [f"live-{number}"], now_ms + number)
            await member.worker.records(0, batch)
        served = [kind for kind, _ in store.commits]
        while member.worker.owned[0].earliest_wake < now_ms:
            await town.clock.sleep(0.05)
        time.cancel()
        await asyncio.gather(time, return_exceptions=True)
        await member.worker.owned[0].relay.drained()

        timers = [size for kind, size in store.commits if kind == "timers"]
        assert sum(timers) == customers
        assert max(timers) <= LIMITS.timers, "a pass is bounded, whatever is due"
        assert max(store.read) <= max(LIMITS.timers, 1_000), "and so is what it reads of the index"
        assert served.count("timers") >= min(LIVE, customers / LIMITS.timers) / 2, "the exits went on beside them"
        assert longest_run(served) <= 2, "law 3: a live record waits for the slice at work, not for all timers"
        exits = [json.loads(each.value or b"") for each in town.log.all(TOPICS.transitions)]
        ats = [each["at"] for each in exits if each["cause"]["kind"] == "time"]
        assert len(ats) == customers
        assert {at[:19] for at in ats} == {"2026-01-12T00:00:00"}, "each dated at its own instant"
        await member.worker.release_all()
        await store.close()


def longest_run(served: Sequence[str]) -> int:
    """Return how many commits of timers at most lay between two of records."""
    longest = run = 0
    for kind in served:
        run = 0 if kind == "records" else run + (kind == "timers")
        longest = max(longest, run)
    return longest
