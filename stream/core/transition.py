"""Transitions: what is published when a customer changes segment, and why it happened."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec

SCHEMA_TAG = b"segments.transition.v1"


class Cause(msgspec.Struct, frozen=True, gc=False):
    """Why something was decided: a record (`event`) or the passing of time (`time`)."""

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
        parts = (
            self.customer_id,
            str(self.sequence),
            self.dimension,
            self.left,
            self.entered,
            str(self.at),
            self.cause.kind,
            self.cause.event_id,
            self.rules_version,
        )
        encoded = map(str.encode, parts)
        told = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
        return blake2b(SCHEMA_TAG + told, digest_size=16).hexdigest()
