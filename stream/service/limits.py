"""Bounds of one partition's work."""

from __future__ import annotations

from dataclasses import dataclass

from stream.service.slices import TIMER_MOVES


@dataclass(frozen=True, slots=True)
class Limits:
    """So much at once, so much unpublished, so much remembered."""

    slice_records: int = 10_000
    slice_bytes: int = 1 << 20
    slice_s: float = 0.05
    """Seconds of CPU for the records of one commit, by the speed of those before."""
    timers: int = 500
    """Due customers in one commit."""
    timers_s: float = 0.01
    """Seconds of CPU for them: so long records of the same partition wait."""
    timer_moves: int = TIMER_MOVES
    outbox_records: int = 20_000
    """Unpublished records at which the partition waits."""
    together_records: int = 2_000
    """Records of several commits that are published at once."""
    cache_bytes: int = 64 << 20
