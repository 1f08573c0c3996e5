"""A property whose key has a dot or a blank in it is asked as it is sent, wherever a rule names one."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.side_by_side import flips
from tests.oracle.records import Rec
from tests.oracle.story import did

VIEW = "product_viewed"
KEYS = ("post code", "page.host", "page.post code")
SENT = {"events": {VIEW: {"title": "View", "properties": {**dict.fromkeys(KEYS, "text"), "page": "untyped"}}}}


def viewed(**properties: Any) -> list[Rec]:
    return [did(1, VIEW, **properties)]


def asked(key: str) -> list[dict[str, Any]]:
    return [{"did": VIEW, "where": {key: "a"}}, {"last_value": f"{VIEW}.{key}", "is": "a"}]


@pytest.mark.parametrize("enter", [one for key in KEYS for one in asked(key)])
def test_a_key_with_a_dot_or_a_blank_is_asked_as_it_is_sent(enter: dict[str, Any]) -> None:
    key = next(key for key in KEYS if enter in asked(key))
    assert flips(enter, viewed(**{key: "a"}), vocabulary=SENT) == [1]
    assert flips(enter, viewed(**{key: "b"}), vocabulary=SENT) == []


@pytest.mark.parametrize("enter", asked("page.host"))
def test_a_key_with_a_dot_comes_before_what_is_nested(enter: dict[str, Any]) -> None:
    assert flips(enter, viewed(page={"host": "a"}), vocabulary=SENT) == [1]
    assert flips(enter, viewed(**{"page.host": "b"}, page={"host": "a"}), vocabulary=SENT) == []
    assert flips(enter, viewed(**{"page.host": "a"}, page={"host": "b"}), vocabulary=SENT) == [1]
