"""The headers that what is published must have: a function of its body and of where it is published, but for one."""

from __future__ import annotations

import json
from collections.abc import Iterable

from stream.ports import Record
from stream.wire.transition import DECIDED_AT

Marks = list[tuple[str, bytes]]


def lasting(record: Record) -> Marks:
    """Return the headers without when the service noticed: that is later where a lost commit was worked again."""
    return [each for each in record.headers if each[0] != DECIDED_AT]


def as_repeated(record: Record) -> object:
    """Return what every repeat of a transition has alike."""
    return record.value, lasting(record), record.partition


def meant(body: bytes, source: str) -> Marks:
    """Return the headers that a transition of this body must have, and so those of the replay's transition."""
    told = json.loads(body)
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", told["id"].encode()),
        ("ce_type", b"segments.transition.v1"),
        ("ce_source", source.encode()),
        ("ce_subject", told["customer_id"].encode()),
        ("ce_time", told["at"].encode()),
        ("content-type", b"application/json"),
    ]


def meant_of_membership(source: str) -> Marks:
    """Return the headers that every membership must have."""
    return [
        ("ce_specversion", b"1.0"),
        ("ce_type", b"segments.membership.v1"),
        ("ce_source", source.encode()),
        ("content-type", b"application/json"),
    ]


def check_marks(transitions: Iterable[Record], memberships: Iterable[Record], source: str) -> None:
    """Fail, naming law 2, where a header is not what the replay would say."""
    for record in transitions:
        assert record.value is not None
        assert lasting(record) == meant(record.value, source), f"law 2: headers are not those of the replay: {record}"
        assert len(record.headers) == len(lasting(record)) + 1, f"law 2: not decided once: {record}"
    for record in memberships:
        assert list(record.headers) == meant_of_membership(source), f"law 2: headers of a membership: {record}"
