"""A transition as a CloudEvent in binary mode: headers, and a JSON body that is a function of history alone."""

from __future__ import annotations

import msgspec

from stream.core.profile import NEVER
from stream.core.transition import Cause, Evidence, Transition
from stream.wire.instant import to_text
from stream.wire.outbox import Told

TYPE = "segments.transition.v1"
Headers = tuple[tuple[str, bytes], ...]

_encode = msgspec.json.Encoder().encode


def body(transition: Transition, transition_id: str = "") -> bytes:
    """Return the JSON body: keys in a fixed order, instants in RFC 3339, spans in ms, money in minor units."""
    return _encode(
        {
            "id": transition_id or transition.id,
            "customer_id": transition.customer_id,
            "sequence": transition.sequence,
            "dimension": transition.dimension,
            "left": transition.left or None,
            "entered": transition.entered or None,
            "at": to_text(transition.at),
            "cause": _cause(transition.cause),
            "act": transition.acts and not transition.is_holdout,
            "evidence": [_evidence(each) for each in transition.evidence],
            "dwell_ms": transition.dwell_ms,
            "entry_count": transition.entry_count,
            "holds_until": to_text(transition.holds_until) if transition.holds_until < NEVER else None,
            "holds_until_is_exact": transition.holds_until_is_exact,
            "rules_version": transition.rules_version,
            "model_version": None,
            "owner": transition.owner or None,
            "next_action": transition.next_action or None,
            "holdout": transition.is_holdout,
        }
    )


def _cause(cause: Cause) -> dict[str, object]:
    if cause.kind == "event":
        return {
            "kind": cause.kind,
            "event_id": cause.event_id,
            "name": cause.name or None,
            "source": cause.source or None,
            "late": cause.is_late,
        }
    return {"kind": cause.kind, "condition": cause.condition or None}


def _evidence(evidence: Evidence) -> dict[str, object]:
    told: dict[str, object] = {
        "condition": evidence.condition,
        "value": to_text(evidence.value) if evidence.is_instant and evidence.value is not None else evidence.value,
        "test": evidence.test or None,
        "bar": evidence.bar,
        "holds": evidence.holds,
        "of": evidence.of or None,
        "part": evidence.part,
    }
    if evidence.is_negated:
        told["negated"] = True
    if evidence.unit:
        told["unit"] = evidence.unit
    return told


DECIDED_AT = "segments.decided_at"
"""When the service noticed; the one header that may differ where a lost commit was worked again."""


def headers(told: Told, source: str, decided_at: int) -> Headers:
    """Return the CloudEvents headers, the same for every repeat of a transition, and when it was decided."""
    return (
        ("ce_specversion", b"1.0"),
        ("ce_id", told.id.encode()),
        ("ce_type", TYPE.encode()),
        ("ce_source", source.encode()),
        ("ce_subject", told.customer_id.encode()),
        ("ce_time", to_text(told.at).encode()),
        ("content-type", b"application/json"),
        (DECIDED_AT, to_text(decided_at).encode()),
    )
