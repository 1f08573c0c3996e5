"""The parts of a worker one by one: decoding, a partition without a broker, its commits alone, the relay alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter, process_time

from bench import equal, mix, rulesets
from bench.engine import decode
from bench.lone import NAMESPACE, lone
from bench.measure import CpuMeter, Row
from bench.report import Report
from bench.rulesets import Chosen
from bench.site import PARTITIONS, fresh
from bench.stage import Stage
from stream.adapters.clock import WallClock
from stream.adapters.prometheus import Prometheus
from stream.adapters.redis import RedisStore
from stream.ports import Commit, Record
from stream.service.limits import Limits
from stream.service.relay import Relay
from stream.wire.head import Head, encode_head
from stream.wire.outbox import decode_slice

QUICK_EVENTS, FULL_EVENTS = 2_000, 40_000
KEY = "events/s"
Fed = tuple[Chosen, Sequence[Record]]


def run(stage: Stage) -> list[Report]:
    """Return one row per part and set of rules."""
    events = stage.pick(QUICK_EVENTS, FULL_EVENTS)
    traffic = mix.traffic(events).records()
    fed: list[Fed] = [(equal.rules(), equal.log(events).records())]
    if not stage.is_quick:
        fed += [(chosen, traffic) for chosen in rulesets.every()]
    rows = [row for each in fed for row in stage.medians(_Measured(stage, each), KEY)]
    notes = [
        f"equal work: the log that peers work; other rules: {mix.traffic(1).what}; {events:,} events, all of them new",
        "partition: all between a fetch and what is handed to the relay, one commit to Redis after the other; commit: "
        "the same commits alone; relay: what they publish, two topics of a real broker, four partitions at once",
        "µs of CPU of this process; Redis and broker beside it",
        stage.servers.note,
    ]
    return [Report("parts", "The parts of a worker, one by one", rows, notes)]


class _Measured:
    """One measurement of all parts, to be made again and again."""

    def __init__(self, stage: Stage, fed: Fed) -> None:
        self._stage = stage
        self._chosen, self._records = fed
        self._events = sum(each.key is not None for each in self._records)

    def __call__(self) -> list[Row]:
        plan = self._chosen.rules.plan
        found = decode(list(self._records), 0, plan)
        decoded = self._told("decode", float(found["wall"] or 0), float(found["cpu"] or 0))
        return [decoded, *asyncio.run(self._with_servers())]

    async def _with_servers(self) -> list[Row]:
        servers = self._stage.servers
        async with lone(servers, self._chosen) as partition:
            kept: list[Commit] = []
            partition.store.kept = kept
            whole = await partition.work(self._records)
            slices = [each for commit in kept for each in commit.outbox]
        row: Row = {"part": "partition", "rules": self._rules, **whole}
        return [row, await self._commits(kept), await self._relayed(slices)]

    async def _commits(self, kept: Sequence[Commit]) -> Row:
        servers = self._stage.servers
        with servers.connect() as client:
            client.flushall()
        store = RedisStore(servers.redis_url, NAMESPACE)
        try:
            await store.initialise(b"bench", {0: encode_head(Head(0))})
            await store.take(0)
            meter, began = CpuMeter(servers.pids), Spent()
            for commit in kept:
                await store.fetch(0, ())
                await store.commit(0, commit)
            return self._told("commit", *began.so_far()) | self._beside(meter, "redis")
        finally:
            await store.close()

    async def _relayed(self, slices: Sequence[bytes]) -> Row:
        site = await fresh(self._stage.servers, self._stage.folder)
        async with site.producer() as producer:
            relays = [
                Relay(
                    number,
                    topics=site.topics,
                    producer=producer,
                    metrics=Prometheus(),
                    clock=WallClock(),
                    bound=1 << 40,
                    together=Limits().together_records,
                    is_ours=_yes,
                )
                for number in range(PARTITIONS)
            ]
            meter, began = CpuMeter(site.servers.pids), Spent()
            for number, relay in enumerate(relays):
                relay.start(slices[number::PARTITIONS])
            for relay in relays:
                await relay.drained()
            row = self._told("relay", *began.so_far()) | self._beside(meter, "broker")
            for relay in relays:
                await relay.stop()
        return row | {"published/event": sum(decode_slice(each).size for each in slices) / self._events}

    @property
    def _rules(self) -> str:
        return f"{self._chosen.name} ({self._chosen.segments})"

    def _told(self, part: str, wall_s: float, used_s: float) -> Row:
        told: Row = {"part": part, "rules": self._rules}
        return told | {KEY: self._events / wall_s, "µs CPU/event": used_s / self._events * 1e6}

    def _beside(self, meter: CpuMeter, name: str) -> Row:
        return {f"{name} µs/event": meter.used_s()[name] / self._events * 1e6}


class Spent:
    """Seconds on the wall and of this process's CPU since it was made."""

    def __init__(self) -> None:
        self._wall_s, self._used_s = perf_counter(), process_time()

    def so_far(self) -> tuple[float, float]:
        """Return both."""
        return perf_counter() - self._wall_s, process_time() - self._used_s


async def _yes(partition: int) -> bool:
    return True
