"""What a committed slice adds to the metrics."""

from __future__ import annotations

from stream.ports import Metrics
from stream.service.slices import Work
from stream.wire.head import Head


def tally(work: Work, head: Head, partition: int, metrics: Metrics) -> None:
    """Count what a slice did; `head` is the one that was committed with it."""
    for outcome, n in work.outcomes.items():
        metrics.events(outcome, n)
    for letter in work.refused:
        metrics.dead_letters(letter.stage, letter.code, 1)
    metrics.duplicates(work.outcomes["duplicate"] + work.outcomes["duplicate_order"])
    metrics.late(work.late)
    for dimension, n in work.flaps.items():
        metrics.flaps(dimension, n)
    for (dimension, entered, cause), n in work.told_by_kind.items():
        metrics.transitions(dimension, entered, cause, n)
    if work.has_moved:
        metrics.members(partition, flat(head.members))


def flat(members: dict[str, dict[str, int]]) -> dict[tuple[str, str], int]:
    """Return members by (dimension, segment)."""
    return {(dimension, segment): n for dimension, counts in members.items() for segment, n in counts.items()}
