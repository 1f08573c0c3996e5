"""What the partitions of a worker have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from stream.core.plan import Plan
from stream.ports import Clock, Metrics, Producer, Store
from stream.service.limits import Limits
from stream.service.topics import Topics


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What every partition of a worker shares."""

    plan: Plan
    rules: tuple[int, str]
    """Number and hash of the rules this worker was started with."""
    partitions: int
    topics: Topics
    store: Store
    producer: Producer
    metrics: Metrics
    clock: Clock
    limits: Limits
    warn: Callable[[str], None] = lambda reason: None
    """Hears of what keeps a partition from being published."""
    log_id: str = ""
