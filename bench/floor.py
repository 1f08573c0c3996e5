"""The floor: a bare aiokafka consumer that reads a log to its end and does nothing with it, in a process of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from time import perf_counter, process_time

from aiokafka import AIOKafkaConsumer, TopicPartition

from bench.measure import REPOSITORY, BrokenRunError, Row


def bare(bootstrap: str, topic: str, partitions: int, fetch_max_bytes: int) -> Row:
    """Return records, seconds and CPU seconds of one reading."""
    arguments = [bootstrap, topic, str(partitions), str(fetch_max_bytes)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.floor", *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise BrokenRunError(f"the bare consumer ended with code {done.returncode}: {done.stderr[-300:]}")
    found: Row = json.loads(done.stdout)
    return found


async def _read(bootstrap: str, topic: str, partitions: int, fetch_max_bytes: int) -> Row:
    asked = [TopicPartition(topic, number) for number in range(partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, enable_auto_commit=False, max_partition_fetch_bytes=fetch_max_bytes
    )
    await consumer.start()
    try:
        consumer.assign(asked)
        await consumer.seek_to_beginning(*asked)
        left = sum((await consumer.end_offsets(asked)).values())
        records, began, used = left, perf_counter(), process_time()
        while left > 0:
            left -= _size(await consumer.getmany(timeout_ms=1_000))
        return {"records": records, "seconds": perf_counter() - began, "cpu_s": process_time() - used}
    finally:
        await consumer.stop()


def _size(batches: dict[TopicPartition, list[object]]) -> int:
    return sum(map(len, batches.values()))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_read(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))))
