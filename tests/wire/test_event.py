"""The canonical event: what is read, what is refused, and that the fast reader takes nothing the contract refuses."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from stream.errors import InputError
from stream.wire.contract import CanonicalEventModel, event_schema
from stream.wire.event import LARGEST_BYTES, LONGEST_ID, CanonicalEvent, decode_event
from tests.wire.golden import check_golden

WHOLE: dict[str, Any] = {
    "event_id": "6f1c",
    "source": "shop",
    "name": "order_placed",
    "customer_id": "c-1029",
    "occurred_at": "2026-11-21T18:56:33.591Z",
    "properties": {"order_id": "o-77", "amount": "523.50", "currency": "EUR", "items": [{"sku": "s1", "quantity": 1}]},
    "traits": {"country": "FR"},
    "consents": {"email": "given"},
    "lists": {"openings": "added"},
}


def test_a_whole_event() -> None:
    event = decode_event(json.dumps(WHOLE).encode())
    assert (event.customer, event.occurred_ms) == ("c-1029", 1_795_287_393_591)
    assert event.properties == WHOLE["properties"]


def test_the_unknown_live_in_a_key_space_of_their_own() -> None:
    assert decode_event(b'{"event_id":"1","anonymous_id":"7"}').customer == "anon:7"


def test_what_is_left_out_and_what_is_not_known_is_fine() -> None:
    event = decode_event(b'{"event_id":"1","customer_id":"c","colour":"red"}')
    assert event == CanonicalEvent("1", "c")
    assert event.occurred_ms is None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": "anon:7"}, "customer_id"),
        ({"customer_id": "x" * (LONGEST_ID + 1)}, "customer_id"),
        ({"customer_id": None, "anonymous_id": "x" * (LONGEST_ID - 4)}, "customer_id"),
        ({"event_id": ""}, "event_id"),
        ({"event_id": "x" * (LONGEST_ID + 1)}, "event_id"),
        ({"source": "x" * (LONGEST_ID + 1)}, "source"),
        ({"occurred_at": "2026-11-21T18:56:33"}, "time_zone"),
        ({"consents": {"email": "maybe"}}, "consent"),
        ({"lists": {"openings": "perhaps"}}, "list"),
        ({"traits": []}, "type"),
    ],
)
def test_what_is_refused_is_refused_by_name_and_by_the_contract(change: dict[str, Any], code: str) -> None:
    value = json.dumps(WHOLE | change).encode()
    with pytest.raises(InputError) as refused:
        decode_event(value)
    assert refused.value.code == code
    with pytest.raises(ValidationError):
        CanonicalEventModel.model_validate_json(value)


@pytest.mark.parametrize(
    ("value", "code"),
    [(None, "empty"), (b" " * (LARGEST_BYTES + 1), "too_large"), (b"{", "json"), (b"\xff", "json")],
)
def test_what_is_no_event_at_all_is_refused_by_name(value: bytes | None, code: str) -> None:
    with pytest.raises(InputError) as refused:
        decode_event(value)
    assert refused.value.code == code


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from(["given", "not_given", "added", "removed", "maybe", ""])
IDS = st.sampled_from(["", "c", "anon:x", "x" * LONGEST_ID, "x" * (LONGEST_ID - 4), "x" * (LONGEST_ID + 1), None, 5])
TIMES = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.sampled_from(
        ["2026-01-01T00:00:00+05:30", "2026-01-01 00:00:00Z", "2026-01-01", "2026-01-01T24:00:00Z", "soon"]
    ),
    st.sampled_from(["2026-01-01t00:00:00z", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z", 1_767_225_600, None]),
)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "event_id": IDS,
    "customer_id": IDS,
    "anonymous_id": IDS,
    "source": st.text(max_size=4) | IDS | VALUES,
    "name": st.text(max_size=4) | VALUES,
    "occurred_at": TIMES | VALUES,
    "properties": st.dictionaries(st.text(max_size=4), VALUES, max_size=3) | VALUES,
    "traits": st.dictionaries(st.text(max_size=4), VALUES, max_size=3) | VALUES,
    "consents": st.dictionaries(st.text(max_size=4), WORDS, max_size=2) | VALUES,
    "lists": st.dictionaries(st.text(max_size=4), WORDS, max_size=2) | VALUES,
    "version": st.integers() | VALUES,
    "colour": VALUES,
}


@st.composite
def nearly_events(draw: st.DrawFn) -> bytes:
    """Return JSON that is an event but for a few of its fields."""
    told: dict[str, Any] = dict(WHOLE)
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3, unique=True)):
        told[name] = draw(FIELDS[name])
    for name in draw(st.lists(st.sampled_from(sorted(WHOLE)), max_size=1)):
        told.pop(name)
    return json.dumps(told).encode()


@given(nearly_events())
def test_the_fast_reader_never_takes_what_the_contract_refuses(value: bytes) -> None:
    try:
        event = decode_event(value)
    except InputError:
        return
    model = CanonicalEventModel.model_validate_json(value)
    for name in ("event_id", "customer_id", "anonymous_id", "source", "name", "properties", "traits", "consents"):
        assert getattr(model, name) == getattr(event, name)


def cuts(value: bytes) -> st.SearchStrategy[bytes]:
    """Return the bytes with a part cut out."""
    place = st.integers(0, len(value))
    return st.tuples(place, place).map(lambda cut: value[: min(cut)] + value[max(cut) :])


@given(st.binary(max_size=60) | nearly_events().flatmap(cuts))
def test_garbage_raises_the_named_error_only(value: bytes) -> None:
    with suppress(InputError):
        decode_event(value)


def test_the_contract_refuses_what_has_no_customer() -> None:
    with pytest.raises(ValidationError, match="neither customer_id nor anonymous_id"):
        CanonicalEventModel.model_validate_json(b'{"event_id":"1"}')


def test_every_field_is_described_and_read() -> None:
    described = event_schema()["properties"]
    assert set(described) == set(CanonicalEvent.__struct_fields__)
    assert all(field["description"] for field in described.values())


def test_the_schema_of_events_is_as_published() -> None:
    check_golden("event.schema.json", json.dumps(event_schema(), indent=2).encode() + b"\n")


def test_the_examples_of_the_golden_folder_are_events() -> None:
    for line in (Path(__file__).parent / "golden" / "events.jsonl").read_bytes().splitlines():
        assert decode_event(line).event_id
        assert CanonicalEventModel.model_validate_json(line).event_id
