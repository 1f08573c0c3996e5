"""What customers are told to be, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.oracle import value_of
from tests.oracle.story import (
    at_ms,
    audience,
    did,
    flips,
    told,
)

VIEWED: dict[str, Any] = {"did": "product_viewed", "within": "10s"}
EVERYONE: dict[str, Any] = {"everyone": True}
FAMILY: dict[str, Any] = {"trait": "plan", "is": "family"}


class TestTraits:
    def test_the_later_value_wins_and_an_older_one_changes_nothing(self) -> None:
        records = [told(10, traits={"plan": "family"}), told(20, occurred=5, traits={"plan": "solo"})]
        assert flips(FAMILY, records) == [10]

    def test_at_the_same_instant_the_later_in_the_log_wins(self) -> None:
        records = [told(10, traits={"plan": "family"}), told(20, occurred=10, traits={"plan": "solo"})]
        assert flips(FAMILY, records) == [10, 20]

    @pytest.mark.parametrize("nothing", [None, "", []])
    def test_nothing_clears_a_trait(self, nothing: object) -> None:
        assert flips(FAMILY, [told(0, traits={"plan": "family"}), told(1, traits={"plan": nothing})]) == [0, 1]

    def test_a_trait_not_mentioned_stays(self) -> None:
        assert flips(FAMILY, [told(0, traits={"plan": "family"}), told(1, traits={"visits": 3})]) == [0]

    @pytest.mark.parametrize(
        ("compare", "value", "expected"),
        [
            ({"one_of": ["a", "b"]}, "b", True),
            ({"none_of": ["a", "b"]}, "c", True),
            ({"starts_with": "90"}, "9012", True),
            ({"ends_with": "12"}, "9012", True),
            ({"contains": "01"}, "9012", True),
            ({"matches": "9.*"}, "9012", True),
            ({"matches": "9."}, "9012", False),
            ({"has_any": ["a", "b"]}, ["b", "c"], True),
            ({"has_all": ["a", "b"]}, ["b", "c"], False),
            ({"has_none": ["a"]}, "b", True),
            ({"has_any": ["b"]}, "b", True),
            ({"exists": True}, 0, True),
            ({"is": True}, 1, False),
            ({"between": [1, 3]}, 3, True),
            ({"below": 3}, 3, False),
        ],
    )
    def test_comparisons(self, compare: dict[str, Any], value: object, expected: bool) -> None:
        records = [told(0, traits={"plan": value})]
        assert value_of(audience(EVERYONE), {"trait": "plan", **compare}, records, at_ms(0)) is expected

    def test_behaviour_and_trait_of_one_record_are_decided_once(self) -> None:
        both = did(0)
        both.content["traits"] = {"plan": "family"}
        assert flips({"all": [FAMILY, VIEWED]}, [both]) == [0]

    def test_a_value_of_unknown_customer_is_false(self) -> None:
        assert value_of(audience(EVERYONE), EVERYONE, [], at_ms(0)) is False
