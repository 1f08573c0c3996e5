"""Ends a worker that stands still although there is work, so that its supervisor starts a new one.

It runs in a thread of its own: a frozen main loop cannot report itself.  Waiting on purpose (a full
outbox, a neighbour that is away and is tried again) is not standing still.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable

from stream.adapters.kafka_lane import LaneStatus
from stream.adapters.kafka_options import KafkaOptions

EXIT_CODE = 70


def leave(reason: str) -> None:
    """Write the reason and end the process at once, non-zero; clean-up may be what hangs."""
    sys.stderr.write(f"segments: {reason}; leaving so that the supervisor starts a new worker [stalled]\n")
    sys.stderr.flush()
    os._exit(EXIT_CODE)


class Watchdog:
    """Looks, four times per stall limit, whether partitions with lag make progress."""

    def __init__(
        self,
        statuses: Callable[[], list[LaneStatus]],
        now_s: Callable[[], float],
        options: KafkaOptions,
        on_stall: Callable[[str], None],
    ) -> None:
        self._statuses = statuses
        self._now_s = now_s
        self._on_stall = on_stall
        self._limit_s = options.stall_after_ms / 1000
        self._answer_s = options.request_timeout_ms / 1000
        self._rebalance_s = options.rebalance_timeout_ms / 1000
        self._probed_at_s = now_s()
        self._rebalancing_since_s: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    @property
    def interval_s(self) -> float:
        """Return how long to wait between two looks."""
        return self._limit_s / 4

    def start(self) -> None:
        """Begin to watch."""
        self._probed_at_s = self._now_s()
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()

    def probed(self) -> None:
        """Note that the main loop and the consumer's thread both answered."""
        self._probed_at_s = self._now_s()

    def rebalancing(self) -> None:
        """Note that partitions were taken away."""
        self._rebalancing_since_s = self._now_s()

    def rebalanced(self) -> None:
        """Note that the new partitions are ours."""
        self._rebalancing_since_s = None

    def complaint(self) -> str | None:
        """Return what stands still, or None when all moves or has nothing to do."""
        now_s = self._now_s()
        if now_s - self._probed_at_s > self._limit_s + self._answer_s:
            return f"the consumer has not answered for {now_s - self._probed_at_s:.0f} s"
        since_s = self._rebalancing_since_s
        if since_s is not None and now_s - since_s > self._limit_s + self._rebalance_s:
            return f"a rebalance has not ended for {now_s - since_s:.0f} s"
        for status in self._statuses():
            still_s = now_s - status.progress_at_s
            if status.lag_records and not status.is_excused and still_s > self._limit_s:
                return (
                    f"partition {status.partition} is {status.lag_records} records behind"
                    f" and has made no progress for {still_s:.0f} s"
                )
        return None

    def _watch(self) -> None:
        while not self._stopped.wait(self.interval_s):
            complaint = self.complaint()
            if complaint is not None and not self._stopped.is_set():
                self._on_stall(complaint)
                return
