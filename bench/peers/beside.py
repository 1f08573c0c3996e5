"""Side by side: each contestant catches up with the same log on the same broker; only one runs at a time.

A contestant works the first part of the log, then is frozen (SIGSTOP) while the rest is written, and thawed: from
there to the last change that it must publish is what is measured. So nobody's start counts, nor does the writing.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from confluent_kafka import Producer

from bench import equal
from bench.backlog import LONG_SESSION, caught_up
from bench.equal import EqualLog, Purchase
from bench.measure import BrokenRunError, Row
from bench.peers.outputs import changes_in, outputs
from bench.peers.roster import OURS, OURS_DURABLE, PEERS, Peer
from bench.peers.setting_up import HERE, PeerMissingError
from bench.report import Report
from bench.site import PARTITIONS, Site, Worker, ended, fresh
from bench.stage import Stage
from stream.adapters.kafka_topics import TopicPlan, apply_topics

QUICK_EVENTS, FULL_EVENTS = 20_000, 200_000
START_S, LONGEST_S = 120.0, 300.0
KEY = "events/s"
CPU = "CPU s/million"
GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class Contestant:
    """Somebody who does the equal work: ours or a peer."""

    name: str
    durable: str
    running: Callable[[Site], AbstractContextManager[Worker]]
    topic: Callable[[Site], str]


def run(stage: Stage) -> list[Report]:
    """Return one row per contestant, and our ratio to each peer as the summary."""
    if not stage.servers.is_real:
        raise BrokenRunError(f"peers need a real broker, this is {stage.servers.broker}")
    log = equal.log(stage.pick(QUICK_EVENTS, FULL_EVENTS))
    rows = [_row(stage, each, log) for each in (_ours(), *map(_peer, PEERS))]
    ratios = compared(rows)
    return [
        Report("peers", "The equal work: one process each, one after the other", rows, _notes(stage, log, rows), ratios)
    ]


def _row(stage: Stage, contestant: Contestant, log: EqualLog) -> Row:
    row: Row = {"who": contestant.name}
    try:
        row |= stage.median(lambda: asyncio.run(_measured(stage, contestant, log)), KEY)
    except (PeerMissingError, BrokenRunError) as why:
        sys.stderr.write(f"{contestant.name}: {why}\n")
        return row | {"makes durable": f"not measured: {why}"}
    sys.stderr.write(f"{contestant.name}: {row[KEY]:,.0f} events/s\n")
    return row | {"makes durable": contestant.durable}


async def _measured(stage: Stage, contestant: Contestant, log: EqualLog) -> Row:
    site = await fresh(stage.servers, stage.folder)
    topic = contestant.topic(site)
    await apply_topics(site.options, [TopicPlan(topic, PARTITIONS, {"retention.ms": "-1"})])
    await _write(site, log.warm_up)
    before, wanted = equal.changes(log.warm_up), equal.changes(log.purchases)
    with contestant.running(site) as worker, outputs(site.servers.bootstrap, topic, PARTITIONS) as found:
        found.until(before.total(), worker, START_S)

        async def done() -> None:
            found.until(wanted.total(), worker, LONGEST_S)

        wall_s, used = await caught_up(site, [worker], lambda: _write(site, log.measured), done)
        found.settle(GRACE_S)
    if changes_in(found.values) != wanted:
        raise BrokenRunError(f"{len(found.values):,} changes, not the {wanted.total():,} that the log causes")
    return _told(log, wall_s, used, wanted.total() - before.total())


def _told(log: EqualLog, wall_s: float, used: dict[str, float], changes: int) -> Row:
    events = len(log.measured)
    row: Row = {KEY: events / wall_s, CPU: used["worker"] / events * 1e6}
    row |= {f"{name} µs/event": used[name] / events * 1e6 for name in ("redis", "broker")}
    row |= {"changes/event": changes / events, "first records/event": first_records(log) / events}
    return row | {"others (cores)": used["others"] / wall_s}


def compared(rows: list[Row]) -> dict[str, object]:
    """Write our ratio to each into the rows, and return the ratios by name."""
    first, told = rows[0], {}
    for row in rows[1:]:
        if isinstance(its := row.get(KEY), float) and isinstance(ours := first.get(KEY), float):
            row["ours ÷ it, events/s"] = ours / its
            row["its CPU ÷ ours"] = float(row[CPU] or 0) / float(first[CPU] or 1)
            told[str(row["who"])] = round(ours / its, 3)
        else:
            told[str(row["who"])] = None
    for row in rows:  # in the first one, too: it says in which order columns stand
        for name in ("ours ÷ it, events/s", "its CPU ÷ ours", "makes durable"):
            row[name] = row.pop(name, None)
    return {"ours_to_peers": told}


def first_records(log: EqualLog) -> int:
    """Return how many measured events are the first of their customer."""
    return len(_customers(log.purchases)) - len(_customers(log.warm_up))


def _customers(purchases: Sequence[Purchase]) -> set[str]:
    return {each.customer_id for each in purchases}


def lasted(rows: Sequence[Row], events: int) -> str:
    """Return a sentence on how long the peers were measured, beside how often they make durable."""
    told = "; ".join(
        f"{row['who']} {events / found:.1f}" for row in rows[1:] if isinstance(found := row.get(KEY), float)
    )
    return (
        f"measured for so many seconds: {told or 'nobody'}; who is done before making durable what was worked (every "
        "2.8, 5, 10 or 30 s, see the last column) has hardly paid for it here; ours commits every slice"
    )


def _notes(stage: Stage, log: EqualLog, rows: Sequence[Row]) -> list[str]:
    return [
        f"{len(log.purchases):,} purchases of {len(_customers(log.purchases)):,} skewed customers as JSON in "
        f"{PARTITIONS} partitions; count, sum and last of each customer; a change is published at the third purchase, "
        "and at a sum of 150",
        f"each catches up with the last {len(log.measured):,}, written while it was frozen; until the last change is "
        "on the topic, committed or not; every run's changes are compared with those that the log must cause",
        lasted(rows, len(log.measured)),
        "ours asks Redis for first records and nobody else (cold reads/event is first records/event): who was seen "
        "before is in its cache; peers hold all state themselves",
        "CPU of all threads of its process; Redis serves ours alone, the broker everybody",
        stage.servers.note,
    ]


# -- who takes part -------------------------------------------------------------------------


def _ours() -> Contestant:
    chosen = equal.rules()
    return Contestant(
        OURS, OURS_DURABLE, lambda site: site.worker(chosen, "log", LONG_SESSION), lambda site: site.topics.transitions
    )


def _peer(peer: Peer) -> Contestant:
    return Contestant(peer.name, peer.durable, lambda site: _running(peer, site), _changes_topic)


def _changes_topic(site: Site) -> str:
    return f"{site.topics.prefix}.changes.v1"


@contextmanager
def _running(peer: Peer, site: Site) -> Iterator[Worker]:
    folder = site.folder / f"peer-{site.number}"
    folder.mkdir()
    log = folder / "log"
    settings = {
        "PEER_BOOTSTRAP": site.servers.bootstrap,
        "PEER_GROUP": f"peer-{site.number}",
        "PEER_INPUT": site.topics.events,
        "PEER_OUTPUT": _changes_topic(site),
        "PEER_PARTITIONS": str(PARTITIONS),
        "PEER_FOLDER": str(folder / "state"),
        "PYTHONPATH": str(HERE),
    }
    command = peer.command(folder)
    with log.open("wb") as file:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | settings | peer.settings,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield Worker(child, 0, log)
    finally:
        ended(child)


async def _write(site: Site, purchases: Sequence[Purchase]) -> None:
    """Write purchases into the events topic, and return when all are acknowledged."""
    producer = Producer(
        {
            "bootstrap.servers": site.servers.bootstrap,
            "enable.idempotence": True,
            "linger.ms": 20,
            "queue.buffering.max.messages": 0,
        }
    )
    topic = site.topics.events
    for each in purchases:
        number = equal.partition(each.customer_id, PARTITIONS)
        producer.produce(topic, each.value, each.customer_id, number, timestamp=each.at_ms)
    if left := producer.flush(60):
        raise BrokenRunError(f"{left:,} purchases could not be written")
