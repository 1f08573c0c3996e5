"""Meaning 37 of the rule language, about joined ids: what of it is not there yet fails, strictly.

A test here that begins to pass fails the run: then its mark is taken away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from stream.core.profile import Profile
from tests.core.agreement import as_bytes
from tests.core.side_by_side import plan_with
from tests.oracle import Rec
from tests.oracle.story import at_ms, audience, did, order

TWICE: dict[str, Any] = {"did": "product_viewed", "at_least": 2}
NO_JOINS = pytest.mark.xfail(strict=True, raises=ImportError, reason="ids cannot be joined yet: no stream.core.joining")


def joined(records: list[Rec], *joins: tuple[float, str, str]) -> dict[str, Profile]:
    """Return the customers after these records, and after joins at (second, the id that stays, the one that goes)."""
    from stream.core.joining import joined_profiles  # type: ignore[import-not-found]

    plan = plan_with(audience(TWICE, cooldown="9s"))
    found: dict[str, Profile] = joined_profiles(plan, [as_bytes(one) for one in records], joins)
    return found


def of(customer: str, record: Rec) -> Rec:
    """Return the record as one of another customer."""
    return replace(record, content=record.content | {"customer_id": customer})


@NO_JOINS
def test_meaning_37_the_one_that_stays_is_as_if_every_record_had_carried_its_id() -> None:
    found = joined([did(1), of("c-2", did(2)), order(3)], (5, "c-1", "c-2"))
    alone = joined([did(1), did(2), order(3)])
    assert found["c-1"].states == alone["c-1"].states


@NO_JOINS
def test_meaning_37_it_keeps_its_own_entry_dates_and_clocks() -> None:
    found = joined([did(1), did(2), of("c-2", did(1)), of("c-2", did(9))], (20, "c-1", "c-2"))
    assert [one.since for one in found["c-1"].standings.values()] == [at_ms(2)]


@NO_JOINS
def test_meaning_37_the_one_that_goes_leaves_everything_and_holds_nothing() -> None:
    found = joined([did(1), of("c-2", did(1)), of("c-2", did(2))], (20, "c-1", "c-2"))
    assert "c-2" not in found or not any(one.segment for one in found["c-2"].standings.values())


@NO_JOINS
def test_meaning_37_what_comes_for_it_later_counts_for_the_one_that_stays() -> None:
    found = joined([did(1), of("c-2", did(30))], (20, "c-1", "c-2"))
    assert [one.segment for one in found["c-1"].standings.values()] == ["x"]


@NO_JOINS
def test_meaning_37_joins_may_come_in_any_order_and_again() -> None:
    records = [did(1), of("c-2", did(2)), of("c-3", did(3))]
    one = joined(records, (5, "c-1", "c-2"), (6, "c-1", "c-3"), (7, "c-1", "c-2"))
    other = joined(records, (5, "c-2", "c-3"), (6, "c-1", "c-2"))
    assert one["c-1"].states == other["c-1"].states
