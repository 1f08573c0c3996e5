"""An outside consumer of our outputs: counts transitions once each, members from the memberships, and latencies."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from typing import Any

import msgspec

from stream.ports import Clock

LATEST = 12
"""How many sentences of each cause are kept."""
LATENCIES = 5_000
"""How many of the latest latencies are kept."""

_decode = msgspec.json.decode


class Watcher:
    """What a subscriber knows who drops every transition that is not greater than the last one of its customer."""

    def __init__(self, clock: Clock) -> None:
        """Know nothing yet."""
        self._clock = clock
        self._last: dict[str, int] = {}
        self._segments: dict[str, dict[str, str]] = {}
        self._sent: dict[str, float] = {}
        self.members: Counter[tuple[str, str]] = Counter()
        self.transitions = 0
        self.repeats = 0
        self.by_cause: Counter[str] = Counter()
        self.latest: dict[str, deque[dict[str, Any]]] = {}
        self.latencies_ms: deque[float] = deque(maxlen=LATENCIES)

    def sent(self, event_id: str) -> None:
        """Note when an event was handed to the log, to see how long its transitions take."""
        self._sent[event_id] = self._clock.elapsed()
        if len(self._sent) > 4 * LATENCIES:
            for old in list(self._sent)[:LATENCIES]:
                del self._sent[old]

    def transition(self, value: bytes) -> None:
        """Take one transition."""
        body: dict[str, Any] = _decode(value)
        customer_id, sequence = body["customer_id"], body["sequence"]
        if sequence <= self._last.get(customer_id, 0):
            self.repeats += 1
            return
        self._last[customer_id] = sequence
        cause = body["cause"]
        self.transitions += 1
        self.by_cause[cause["kind"]] += 1
        self.latest.setdefault(cause["kind"], deque(maxlen=LATEST)).appendleft(body)
        began = self._sent.get(cause.get("event_id") or "")
        if began is not None:
            self.latencies_ms.append((self._clock.elapsed() - began) * 1000)

    def membership(self, key: bytes, value: bytes | None) -> None:
        """Take all memberships of one customer; None means that the customer is gone."""
        customer_id = key.decode()
        for each in self._segments.pop(customer_id, {}).items():
            self.members[each] -= 1
        if value is not None:
            held = {name: each["segment"] for name, each in _decode(value)["memberships"].items()}
            self._segments[customer_id] = held
            self.members.update(held.items())

    def by_dimension(self) -> dict[str, dict[str, int]]:
        """Return the members by dimension and segment, both by name."""
        found: dict[str, dict[str, int]] = {}
        for (dimension, segment), n in sorted(self.members.items()):
            if n:
                found.setdefault(dimension, {})[segment] = n
        return found

    def latency_ms(self, shares: Iterable[float]) -> list[float | None]:
        """Return these quantiles of the latest latencies, None where there are none."""
        ordered = sorted(self.latencies_ms)
        return [ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else None for share in shares]
