"""The judgement of what is received: names, times, money and quantities, each with the code of its refusal."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from stream.core.vocabulary import LARGEST_MINOR, EventKind, Vocabulary
from stream.errors import InputError
from stream.wire.event import CanonicalEvent

NOW = 1_795_287_393_591
ORDER = EventKind("order_placed", money=frozenset({"amount"}), is_reversible=True)
REFUND = EventKind("order_refunded", money=frozenset({"amount"}), reverses="order_placed")
EVENTS = {"order_placed": ORDER, "order_refunded": REFUND, "seen": EventKind("seen")}
VOCABULARY = Vocabulary(ZoneInfo("Europe/Paris"), "EUR", EVENTS, {"buy": "order_placed"})


def properties_of(name: str, properties: dict[str, Any]) -> dict[str, Any]:
    return dict(VOCABULARY.accept(CanonicalEvent("1", "c", name=name, properties=properties), NOW).properties)


@pytest.mark.parametrize(
    ("name", "properties", "code", "said"),
    [
        ("order_plased", {}, "event_name", 'did you mean "order_placed"'),
        ("xyz", {}, "event_name", "add it there"),
        ("order_placed", {"amount": "1", "currency": "USD"}, "currency", "'USD' is not EUR"),
        ("order_placed", {"amount": "-1"}, "amount", "as a refund"),
        ("order_placed", {"amount": True}, "amount", "not an amount of money"),
        ("order_placed", {"amount": "dear"}, "amount", "not an amount of money"),
        ("order_placed", {"amount": [1]}, "amount", "not an amount of money"),
        ("order_placed", {"amount": LARGEST_MINOR}, "amount", "beyond any amount"),
        ("order_placed", {"amount": "1.005"}, "amount", "EUR has 2 digits"),
        ("order_placed", {"quantity": -1}, "quantity", "as a refund"),
        ("order_placed", {"items": [{"quantity": 2}, {"quantity": -0.5}]}, "quantity", "negative"),
    ],
)
def test_what_is_refused(name: str, properties: dict[str, Any], code: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        properties_of(name, properties)
    assert refused.value.code == code


def test_money_is_told_in_minor_units_and_nothing_stays_nothing() -> None:
    assert properties_of("buy", {"amount": "523.50", "colour": "red"}) == {"amount": 52_350, "colour": "red"}
    assert properties_of("order_placed", {"amount": 1e3}) == {"amount": 100_000}
    assert properties_of("order_placed", {"amount": 7}) == {"amount": 700}
    assert properties_of("order_placed", {"amount": ""}) == {"amount": None}


def test_a_refund_may_be_written_with_a_minus_and_with_quantities_below_nothing() -> None:
    assert properties_of("order_refunded", {"amount": "-5", "quantity": -1}) == {"amount": 500, "quantity": -1}


def test_the_time_of_an_event_is_judged_by_that_of_its_record() -> None:
    def occurred_at(at: int | None) -> int:
        return VOCABULARY._when(at, NOW)

    assert (occurred_at(None), occurred_at(NOW - 1), occurred_at(NOW + 300_000)) == (NOW, NOW - 1, NOW)
    with pytest.raises(InputError, match="300001 ms after"):
        occurred_at(NOW + 300_001)
    with pytest.raises(InputError, match="before history_since"):
        occurred_at(946_684_799_999)
