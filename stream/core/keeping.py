"""How much of the past a state keeps, and how far back those look who read it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Keeping:
    """What one version of the rules keeps in one state; states of one key keep of equal matches."""

    reach_ms: int
    """How far back conditions look, NEVER for all of life."""
    span_ms: int
    """How long ago is still there, NEVER for all of life."""
    depth: int = 1
    gap_ms: int = 0
    """Of instants kept apart: the shortest window that is asked."""
    names: frozenset[str] = frozenset()
    """The events that are kept."""
    columns: frozenset[str] = frozenset()
    """The properties that are kept of each."""

    def is_enough_for(self, other: Keeping) -> bool:
        """Tell whether all that another version asks of the state is there."""
        return (
            self.span_ms >= other.reach_ms
            and self.depth >= other.depth
            and self.gap_ms <= other.gap_ms
            and self.names >= other.names
            and self.columns >= other.columns
        )
