"""A transition as a CloudEvent in binary mode: headers, and a JSON body that is a function of history alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec

from stream.core.profile import NEVER
from stream.core.transition import EVENT, STEPS, Cause, Evidence, Transition
from stream.wire.instant import to_text
from stream.wire.outbox import Told

TYPE = "segments.transition.v1"
Header = tuple[str, bytes]
Headers = tuple[Header, ...]

_encode = msgspec.json.Encoder().encode


class _Event(msgspec.Struct, gc=False):
    kind: str
    event_id: str
    name: str | None
    source: str | None
    late: bool


class _Time(msgspec.Struct, gc=False):
    kind: str
    condition: str | None


class _Step(msgspec.Struct, gc=False):
    kind: str


class _Evidence(msgspec.Struct, gc=False, omit_defaults=True):
    condition: str
    value: Any
    test: str | None
    bar: Any
    holds: bool
    of: str | None
    part: str
    negated: bool = False
    unit: str = ""


class _Body(msgspec.Struct, gc=False):
    """The fields stand as they are written: one struct encodes faster than the dicts it looks like."""

    id: str
    customer_id: str
    sequence: int
    dimension: str
    left: str | None
    entered: str | None
    at: str
    cause: _Event | _Time | _Step
    act: bool
    evidence: list[_Evidence]
    dwell_ms: int
    entry_count: int
    holds_until: str | None
    holds_until_is_exact: bool
    rules_version: str
    model_version: None
    owner: str | None
    next_action: str | None
    holdout: bool


def body(transition: Transition, transition_id: str = "") -> bytes:
    """Return the JSON body: keys in a fixed order, instants in RFC 3339, spans in ms, money in minor units."""
    return _encode(_body(transition, transition_id or transition.id))


def _body(transition: Transition, transition_id: str) -> _Body:
    return _Body(
        transition_id,
        transition.customer_id,
        transition.sequence,
        transition.dimension,
        transition.left or None,
        transition.entered or None,
        to_text(transition.at),
        _cause(transition.cause),
        transition.acts and not transition.is_holdout,
        [_evidence(each) for each in transition.evidence],
        transition.dwell_ms,
        transition.entry_count,
        to_text(transition.holds_until) if transition.holds_until < NEVER else None,
        transition.holds_until_is_exact,
        transition.rules_version,
        None,
        transition.owner or None,
        transition.next_action or None,
        transition.is_holdout,
    )


def _cause(cause: Cause) -> _Event | _Time | _Step:
    if cause.kind == EVENT:
        return _Event(cause.kind, cause.event_id, cause.name or None, cause.source or None, cause.is_late)
    if cause.kind in STEPS:
        return _Step(cause.kind)
    return _Time(cause.kind, cause.condition or None)


def _evidence(evidence: Evidence) -> _Evidence:
    value = evidence.value
    return _Evidence(
        evidence.condition,
        to_text(value) if evidence.is_instant and value is not None else value,
        evidence.test or None,
        evidence.bar,
        evidence.holds,
        evidence.of or None,
        evidence.part,
        evidence.is_negated,
        evidence.unit,
    )


DECIDED_AT = "segments.decided_at"
"""When the service noticed; the one header that may differ where a lost commit was worked again."""


def headers(told: Told, source: str, decided_at: int) -> Headers:
    """Return the CloudEvents headers, the same for every repeat of a transition, and when it was decided."""
    origin, decided = _of_slice(source, decided_at)
    return (
        _SPEC,
        ("ce_id", told.id.encode()),
        _TYPE,
        origin,
        ("ce_subject", told.customer_id.encode()),
        ("ce_time", to_text(told.at).encode()),
        _CONTENT,
        decided,
    )


_SPEC, _TYPE, _CONTENT = ("ce_specversion", b"1.0"), ("ce_type", TYPE.encode()), ("content-type", b"application/json")


@lru_cache(16)
def _of_slice(source: str, decided_at: int) -> tuple[Header, Header]:
    """The headers that all transitions of one slice share."""
    return ("ce_source", source.encode()), (DECIDED_AT, to_text(decided_at).encode())
