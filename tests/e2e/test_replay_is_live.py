"""Law 2 from outside: what whole processes on whole servers publish and store is what a replay of the log says."""

from __future__ import annotations

import random
import re
import signal

import pytest

from stream.wire.placing import partition_of
from tests.e2e.compare import check, shipped, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.running import ask
from tests.e2e.site import Site
from tests.faults.mortal import process
from tests.histories import Line

pytestmark = [pytest.mark.e2e]

LARGEST = 10_000
WHOLE: dict[str, str | int] = {
    "SEGMENTS_COMMIT_RECORDS": 2 * LARGEST,
    "SEGMENTS_COMMIT_BYTES": 100_000_000,
    "SEGMENTS_COMMIT_MS": 60_000,
}
ONE_BATCH = {
    "compression.type": "gzip",
    "batch.num.messages": 2 * LARGEST,
    **{"batch.size": 20_000_000, "message.max.bytes": 20_000_000},  # before compression
    "linger.ms": 10_000,  # flushing ends it
}


@pytest.mark.parametrize("commit_records", [1, 37])
def test_live_is_replay_for_any_size_of_a_commit(site: Site, commit_records: int) -> None:
    site.write(crowd(commit_records, 800 if commit_records == 1 else 4_000, sources=2))
    settings: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": commit_records}
    with process(site, "worker", settings, remembers_ids=True) as worker:
        site.settle(worker)
        assert commits_above(worker.port, commit_records) == 0
        assert worker.stop() == 0
    found = check(site, shipped())
    assert sum(map(len, found.bodies.values())) > 300


def test_live_is_replay_for_a_commit_of_ten_thousand_records(site: Site) -> None:
    """All customers have one partition, whose records come as one compressed batch: one fetch carries them all."""
    lines = [line for line in crowd(11, 48_000, sources=2) if is_of_partition_0(line)]
    site.write(lines, **ONE_BATCH)
    assert site.outside.ends(site.topics.events, 1)[0] > LARGEST
    with process(site, "worker", WHOLE, remembers_ids=True) as worker:
        site.settle(worker)
        assert commits_above(worker.port, LARGEST) > 0, "no commit was so large"
        assert worker.stop() == 0
    found = check(site, shipped())
    assert sum(map(len, found.bodies.values())) > 1_000


def test_live_is_replay_for_any_points_of_restart(site: Site) -> None:
    """Every life commits in another size and ends anywhere; one is asked to stop, the others are killed."""
    drawn = random.Random(12)
    site.write(crowd(12, 4_000))
    reached = [0]
    for number, most in enumerate((1, 29, 3, 120, 7)):
        how = signal.SIGTERM if most == 7 else signal.SIGKILL
        step, commits = drawn.choice([("before EXEC", 300), ("between EXEC and publishing", 60)])
        told = {"step": step, "nth": 5 + drawn.randint(0, commits // most), "how": how}
        settings: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": most, **known(site, number)}
        with process(site, f"life-{number}", settings, **told) as life:
            assert life.ended() == (-how if how == signal.SIGKILL else 0)
        reached.append(site.positions())
    with process(site, "last", WHOLE | known(site, len(reached))) as last:
        site.settle(last)
        assert last.stop() == 0
    assert len(set(reached)) > 4, f"the lives ended at too few places: {reached}"
    check(site, shipped_without_ids())


def is_of_partition_0(line: Line) -> bool:
    """Tell whether a line is a tick, or of a customer of partition 0 of four."""
    return line.content is None or partition_of(str(line.content["customer_id"]), 4) == 0


def known(site: Site, number: int) -> dict[str, str | int]:
    """Return how a life is known to Kafka; the mock broker knows no static members, so there each has its own group."""
    return {"SEGMENTS_WORKER": "again"} if site.is_real else {"SEGMENTS_GROUP": f"{site.name}-{number}"}


def commits_above(port: int, records: int) -> int:
    """Return how many commits of a worker had more records than the least bound of its histogram from here on."""
    page = ask(port, "metrics")[1]
    rows = re.findall(r'^segments_batch_events_bucket\{le="([^"]+)"\} (\S+)$', page, re.MULTILINE)
    up_to = {float(bound): float(count) for bound, count in rows}
    return int(up_to[float("inf")] - next(count for bound, count in sorted(up_to.items()) if bound >= records))
