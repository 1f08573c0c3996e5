"""What a case gives before its first event counts as if it had always been so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from stream.ruleset.cases import play_cases
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from tests.oracle.story import VOCABULARY


def got(enter: dict[str, Any], given: dict[str, Any], *events: dict[str, Any]) -> list[str]:
    """Return the moves of one case that expects nothing."""
    case = {"name": "a case", "given": given, "events": [*events, {"at": "0d", "did": "product_viewed"}]}
    files = {
        "vocabulary.yaml": VOCABULARY,
        "audiences/x.yaml": {"title": "X", "owner": "o", "enter": enter},
        "audiences/x.test.yaml": {"tests": [case | {"expect": []}]},
    }
    ruleset = load({path: json.dumps(about) for path, about in files.items()})
    played = next(iter(play_cases(ruleset, compile_plan(ruleset, "test"))))
    return [str(move) for move in played.got]


@pytest.mark.parametrize(
    ("enter", "given"),
    [
        ({"trait": "plan", "is": "solo", "for": "900d"}, {"traits": {"plan": "solo"}}),
        ({"trait": "postcode", "starts_with": "90"}, {"traits": {"postcode": "9000"}}),
        ({"in_list": "openings", "for": "900d"}, {"lists": {"openings": "added"}}),
        ({"consent": "email"}, {"consents": {"email": "given"}}),
        ({"score": "churn", "at_least": 0.5}, {"scores": {"churn": 0.5}}),
        ({"did": "product_viewed", "at_least": {"bar": "few", "percent": 50}}, {"bars": {"few": 2}}),
        ({"bucket": "test", "percent": 10, "starting_at": 40}, {"bucket": {"test": 45}}),
    ],
)
def test_what_is_given_was_always_so(enter: dict[str, Any], given: dict[str, Any]) -> None:
    """Each enters with what is given, and not with nothing."""
    assert got(enter, given) == ["at 0d: enters x"]
    assert got(enter, {"traits": {"visits": 1}}) == []


def test_scores_and_traits_with_a_path_may_come_as_events() -> None:
    """As cases write them: by their names."""
    asked = {"all": [{"score": "churn", "above": 0.4}, {"trait": "postcode", "is": "9000"}]}
    told = [{"at": "0d", "scores": {"churn": 0.5}}, {"at": "0d", "traits": {"postcode": "9000"}}]
    assert got(asked, {}, *told) == ["at 0d: enters x"]


def test_a_score_is_taken_back_with_null() -> None:
    asked, gone = {"score": "churn", "below": 0.4}, {"at": "0d", "scores": {"churn": None}}
    assert got(asked, {"scores": {"churn": 0.3}}, {"at": "0d", "traits": {"visits": 1}}, gone) == [
        "at 0d: enters x",
        "at 0d: leaves x",
    ]
