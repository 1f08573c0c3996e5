"""Standing still and waiting on purpose, on the real broker: the watchdog ends the one and leaves the other alone."""

from __future__ import annotations

import time

import pytest
from redis import Redis

from stream.adapters.kafka_watchdog import EXIT_CODE
from stream.wire.outbox import decode_slice
from tests.e2e.compare import check, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.site import Site, until
from tests.faults.mortal import process

pytestmark = [pytest.mark.faults, pytest.mark.kafka, pytest.mark.redis]

WATCHFUL: dict[str, str | int] = {"SEGMENTS_WATCHDOG_MS": 4_000, "SEGMENTS_COMMIT_RECORDS": 8}
PATIENT: dict[str, str | int] = {"SEGMENTS_COMMIT_RECORDS": 8}
"""On crowded cores a start may take longer than a watchful worker waits."""
BOUND = 60


def test_a_frozen_consumer_task_ends_the_worker_and_the_next_one_goes_on(real_site: Site) -> None:
    real_site.write(crowd(31, 1_000))
    with process(real_site, "frozen", WATCHFUL, freezes_at=3) as frozen:
        assert frozen.ended() == EXIT_CODE
        assert "has made no progress for" in frozen.said
        assert "[stalled]" in frozen.said
    assert 0 < real_site.positions() < 1_000
    with process(real_site, "next", PATIENT) as following:
        real_site.settle(following)
        assert following.stop() == 0
    check(real_site, shipped_without_ids())


def unpublished(site: Site) -> list[int]:
    """Return how many records wait in the stored outbox of each partition."""
    with Redis.from_url(site.redis_url) as client:
        stored = [client.lrange(site.keys(number).outbox, 0, -1) for number in range(site.partitions)]
    return [sum(decode_slice(packed).size for packed in slices) for slices in stored]


def test_a_full_outbox_holds_the_records_back_and_is_no_standing_still(real_site: Site) -> None:
    real_site.write(crowd(32, 4_000))
    leave = real_site.folder / "the broker takes transitions again"
    settings = {**WATCHFUL, "SEGMENTS_OUTBOX_RECORDS": BOUND}
    with process(real_site, "worker", settings, publishes_when=leave) as worker:
        until(lambda: min(unpublished(real_site)) >= BOUND, 60, lambda: f"full outboxes: {unpublished(real_site)}")
        held = real_site.positions()
        time.sleep(9)  # longer than two stall limits
        assert worker.is_alive, worker.said[-2_000:]
        assert real_site.positions() == held < 4_000, "nothing is committed while nothing can be published"
        assert max(unpublished(real_site)) < 4 * BOUND, "the outbox ends a slice behind its bound"
        leave.touch()
        real_site.settle(worker)
        assert worker.stop() == 0
    check(real_site, shipped_without_ids())
