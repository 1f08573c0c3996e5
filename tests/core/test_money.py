"""Amounts: the short way for plain ones says what the long way over Decimal says, and takes nothing it refuses."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream.core.vocabulary import Vocabulary
from stream.errors import InputError

CURRENCIES = {each: Vocabulary(ZoneInfo("UTC"), each, {}) for each in ("JPY", "EUR", "KWD")}
PLAIN = st.from_regex(r"[0-9]{0,14}\.?[0-9]{0,4}", fullmatch=True)
AMOUNTS = st.one_of(
    PLAIN,
    PLAIN.map(lambda text: f"-{text}"),
    st.floats(),
    st.integers(-(10**16), 10**16),
    st.integers(0, 10**7).map(lambda cents: cents / 100),
    st.text("0123456789.eE+-_ ٣½²", max_size=8),
    st.sampled_from([True, False, None, "", [], "1_0.00", "1.٣٤", "٣.00", "²", "1e400", "523.50"]),
)


def either(way: Any, value: Any) -> Any:
    """Return what it says, or the code with which it refuses."""
    try:
        return way("amount", value)
    except InputError as error:
        return error.code


@given(AMOUNTS, st.sampled_from(sorted(CURRENCIES)))
def test_the_short_way_says_what_the_long_way_says(value: Any, currency: str) -> None:
    vocabulary = CURRENCIES[currency]
    short = either(vocabulary.minor, value)
    assert short == (None if value is None or value == "" else either(vocabulary._minor, value))
    assert type(short) in (int, str, type(None))


@pytest.mark.parametrize(
    ("value", "minor"), [("523.50", 52_350), (523.5, 52_350), ("0.05", 5), ("7", 700), (12, 1_200), ("", None)]
)
def test_euros_are_cents(value: Any, minor: int | None) -> None:
    assert CURRENCIES["EUR"].minor("amount", value) == minor
