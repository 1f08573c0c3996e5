"""Transitions: what is published when a customer changes segment, and why it happened."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

SCHEMA_TAG = b"segments.transition.v1"
EVENT, RULE_CHANGED, BACKFILL, MERGE = "event", "rule_changed", "backfill", "merge"
"""Kinds of cause beside time: a record, other rules, history that was not there before, two ids that became one."""
STEPS = frozenset({RULE_CHANGED, BACKFILL, MERGE})
"""Kinds of cause that say all by their name: a step of everybody concerned, not of what a customer did."""


class Cause(msgspec.Struct, frozen=True, gc=False):
    """Why something was decided: a record, the passing of time (`time`), other rules, history that came in, a join."""

    kind: str
    event_id: str = ""
    name: str = ""
    source: str = ""
    condition: str = ""
    """For time: the condition or clock that ran out."""
    is_late: bool = False


class Evidence(msgspec.Struct):  # not frozen: it is copied from what every transition tells the same
    """One condition that decided, with the value it had; money in minor units of `unit`."""

    condition: str
    test: str
    value: Any
    bar: Any
    holds: bool
    unit: str = ""
    of: str = ""
    """The segment that asks it: the one that was left or the one that was entered."""
    part: str = "enter"
    """Which of its parts asks it: `enter`, `stay_while`, or `inside` for the segment around a nested dimension."""
    is_negated: bool = False
    """Whether it stands under `not`, so that it speaks for the segment where it does not hold."""
    is_instant: bool = False
    """Whether the value is an instant."""

    @property
    def speaks_for_it(self) -> bool:
        """Tell whether it speaks for being in the segment that asks it."""
        return self.holds is not self.is_negated


class Transition(msgspec.Struct, frozen=True):
    """One change of segment of one customer; a pure function of the customer's history."""

    customer_id: str
    sequence: int
    dimension: str
    left: str
    entered: str
    at: int
    cause: Cause
    acts: bool
    evidence: tuple[Evidence, ...]
    dwell_ms: int
    entry_count: int
    holds_until: int
    """The exact next instant at which silence alone changes this dimension; NEVER if none."""
    holds_until_is_exact: bool
    rules_version: str
    owner: str
    next_action: str
    is_holdout: bool = False

    @property
    def id(self) -> str:
        """Return BLAKE2b-128 in hex over the tagged, length-prefixed fields that make this transition itself."""
        cause = self.cause
        parts = (
            SCHEMA_TAG,
            _sized(self.customer_id),
            _sized(str(self.sequence)),
            _move(self.dimension, self.left, self.entered),
            _sized(str(self.at)),
            _usual(cause.kind),
            _sized(cause.event_id),
            _usual(self.rules_version),
        )
        return blake2b(b"".join(parts), digest_size=16).hexdigest()


def _sized(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(4, "big") + encoded


_usual = lru_cache(maxsize=256)(_sized)


@lru_cache(maxsize=4096)
def _move(dimension: str, left: str, entered: str) -> bytes:
    return _sized(dimension) + _sized(left) + _sized(entered)
