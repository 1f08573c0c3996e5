"""How far behind each partition is, and for how long it has been behind."""

from __future__ import annotations

from collections.abc import Callable

from stream.adapters.kafka import EventsApp, statuses
from stream.ports import Metrics


class Lags:
    """Remembers when each partition was caught up last."""

    def __init__(self, events: EventsApp, topic: str, committed: Callable[[int], int]) -> None:
        """Look at the partitions of this topic; `committed` tells the position that is stored of one, 0 if unknown."""
        self._events, self._topic, self._committed = events, topic, committed
        self._caught_up_s: dict[int, float] = {}

    def tell(self, metrics: Metrics, now_s: float) -> None:
        """Say of each partition how many records wait, and since when."""
        if not self._events.started:
            return
        for status in statuses(self._events):
            position = max(status.position, self._committed(status.partition))
            waiting = max(0, status.log_end - position)
            if not waiting:
                self._caught_up_s[status.partition] = now_s
            since_s = self._caught_up_s.setdefault(status.partition, now_s)
            metrics.lag(self._topic, status.partition, waiting, int((now_s - since_s) * 1000))
