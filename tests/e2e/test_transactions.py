"""A writer of events that uses transactions: what it takes back never counts, and its marks are no records."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from confluent_kafka import Producer

from tests.e2e.compare import check, shipped_without_ids
from tests.e2e.histories import crowd
from tests.e2e.running import ask
from tests.e2e.site import Site, until
from tests.faults.mortal import process
from tests.histories import DAY_MS, Line

pytestmark = [pytest.mark.e2e, pytest.mark.kafka, pytest.mark.redis]

WATCHFUL: dict[str, str | int] = {"SEGMENTS_WATCHDOG_MS": 4_000, "SEGMENTS_COMMIT_RECORDS": 8}


def write(site: Site, transactions: list[tuple[list[Line], bool]], ended: Callable[[], None] = lambda: None) -> None:
    """Write each part in a transaction of its own, end it as committed or as taken back, and call `ended`."""
    producer = Producer({"bootstrap.servers": site.bootstrap, "transactional.id": site.name, "log_level": 0})
    producer.init_transactions(30)
    for lines, is_kept in transactions:
        producer.begin_transaction()
        for partition, (key, value, headers, at_ms) in site.addressed(lines):
            producer.produce(site.topics.events, value, key, partition, timestamp=at_ms or 0, headers=list(headers))
        producer.flush(30)
        producer.commit_transaction(30) if is_kept else producer.abort_transaction(30)
        ended()


def lags(port: int) -> list[float]:
    """Return how many records each partition waits for, as the worker says."""
    rows = ask(port, "metrics")[1].splitlines()
    return [float(row.rpartition(" ")[2]) for row in rows if row.startswith("segments_consumer_lag_records{")]


def test_only_what_a_transaction_commits_counts_and_its_marks_are_no_standing_still(real_site: Site) -> None:
    lines = crowd(41, 600)
    parts = [(lines[start : start + 50], start % 150 != 50) for start in range(0, len(lines), 50)]
    with process(real_site, "worker", WATCHFUL) as worker:
        worker.ready()
        write(real_site, parts)
        until(
            lambda: lags(worker.port) == [0, 0, 0, 0], 60, lambda: f"lags {lags(worker.port)}: {worker.said[-1_000:]}"
        )
        ends = real_site.outside.ends(real_site.topics.events, real_site.partitions)
        assert any(head.position < end for head, end in zip(real_site.heads(), ends.values(), strict=True)), (
            "no mark last"
        )
        time.sleep(9)  # longer than two stall limits: a mark at the end of the log is nothing to wait for
        assert worker.is_alive, worker.said[-2_000:]
        assert worker.stop() == 0
        assert "partition_backs_off" not in worker.said
    with process(real_site, "next", WATCHFUL) as following:
        real_site.write([Line(lines[-1].record_time + DAY_MS, None)])
        real_site.settle(following)
        assert following.stop() == 0
    check(real_site, shipped_without_ids())


def test_small_transactions_one_after_another_are_served_without_taking_a_partition_again(real_site: Site) -> None:
    lines = crowd(42, 60)
    with process(real_site, "worker", WATCHFUL) as worker:
        worker.ready()

        def served() -> None:
            until(lambda: lags(worker.port) == [0, 0, 0, 0], 60, lambda: f"lags {lags(worker.port)}")

        write(real_site, [(lines[start : start + 3], start % 15 != 3) for start in range(0, 60, 3)], served)
        real_site.write([Line(lines[-1].record_time + DAY_MS, None)])
        real_site.settle(worker)
        assert "partition_backs_off" not in worker.said
        assert worker.stop() == 0
    check(real_site, shipped_without_ids())
