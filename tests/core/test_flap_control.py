"""Wait, stay_at_least, stay_at_most, cooldown, stay_while: every subset, against the state machine of the oracle."""

from __future__ import annotations

from itertools import chain, combinations
from random import Random
from typing import Any

import pytest

from tests.core.side_by_side import agree
from tests.core.test_structure import rules_of
from tests.oracle import Rec
from tests.oracle.story import at_ms, told

CALM: dict[str, Any] = {
    "wait": "3s",
    "stay_at_least": "4s",
    "stay_at_most": "9s",
    "cooldown": "5s",
    "stay_while": {"trait": "interests", "has_any": ["b"]},
}
SUBSETS = list(chain.from_iterable(combinations(CALM, size) for size in range(len(CALM) + 1)))
SECONDS = 36


def noise(seed: int) -> list[Rec]:
    """Return seconds of traits that go to and fro, some twice a second."""
    draw = Random(seed)
    records = []
    for number in range(28):
        second = draw.randrange(SECONDS) if number else 0
        records.append((second, number, draw.choice(["family", "solo", None]), draw.choice([["a"], ["b"], None])))
    return [
        told(second, traits={"plan": plan, "interests": interests, "visits": number})
        for second, number, plan, interests in sorted(records, key=lambda one: one[:2])
    ]


@pytest.mark.parametrize("chosen", SUBSETS, ids=lambda words: "+".join(words) or "none")
def test_every_subset_in_an_audience(chosen: tuple[str, ...]) -> None:
    """The same transitions at the same instants, on five noisy histories."""
    about = {"enter": {"trait": "plan", "is": "family"}, **{word: CALM[word] for word in chosen}}
    found = [agree(rules_of(x=about), noise(seed), at_ms(90)) for seed in range(5)]
    assert any(found)


@pytest.mark.parametrize("chosen", SUBSETS, ids=lambda words: "+".join(words) or "none")
def test_every_subset_in_an_order_of_three(chosen: tuple[str, ...]) -> None:
    """All three segments are calmed so; the middle one comes from one side only."""
    calm = {word: CALM[word] for word in chosen}
    order = {
        "top": {"enter": {"trait": "plan", "is": "family"}, **calm},
        "middle": {"enter": {"trait": "interests", "has_any": ["a"]}, "only_from": ["rest", "low"], **calm},
        "low": {"enter": {"trait": "plan", "one_of": ["family", "solo"]}, **calm},
    }
    found = [agree(rules_of(d={"order": order}), noise(seed), at_ms(90)) for seed in range(5)]
    assert any(found)
