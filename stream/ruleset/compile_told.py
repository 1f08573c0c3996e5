"""What the vocabulary says can be told of a customer, what rules ask of it, and the states that keep it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from stream.core.calendar import ZoneOf, zone_of
from stream.core.keeping import Keeping
from stream.core.matching import Test, present
from stream.core.plan import state_key
from stream.core.profile import NEVER
from stream.core.telling import Told, ToldTrait
from stream.core.vocabulary import Vocabulary
from stream.errors import InputError
from stream.ruleset.schema_files import Vocabulary as VocabularyFile

TIME_ZONE = "time_zone"
"""The trait that names the customer's own zone, where the vocabulary declares it."""


class Tellings:
    """Traits, lists, consents and scores by name; declared ones are always kept, scores where rules ask for them."""

    def __init__(self, file: VocabularyFile, vocabulary: Vocabulary) -> None:
        """Start with what the vocabulary declares."""
        self.file = file
        self.vocabulary = vocabulary
        self.zone_states = frozenset({trait_key(TIME_ZONE)} if TIME_ZONE in file.traits else ())
        self.zone_of: ZoneOf = zone_of(trait_key(TIME_ZONE), vocabulary.zone)
        self._held: dict[str, dict[int, Test]] = {}
        self._held_ms: dict[int, int] = {}
        self._history: dict[str, int] = {}
        self._scores: set[str] = set()

    def is_money(self, trait: str) -> bool:
        """Tell whether a trait is an amount of money, kept in minor units."""
        return self.file.traits[trait].type == "money"

    def minor_units(self, trait: str) -> int:
        """Return by how much the bars of a trait are multiplied: to minor units where it is money."""
        return int(10**self.vocabulary.exponent) if self.is_money(trait) else 1

    def places(self) -> list[int]:
        """Return the keys of the traits that hold places."""
        return [trait_key(name) for name, trait in self.file.traits.items() if trait.type == "place"]

    def held(self, trait: str, words: str, test: Test, span_ms: int) -> int:
        """Return the key under which it is kept since when a comparison has held; `words` say which."""
        key = state_key(f"held|{trait}|{words}")
        self._held_ms[key] = max(self._held_ms.get(key, 0), span_ms)
        self._held.setdefault(trait, {})[key] = test
        return key

    def history(self, trait: str, span_ms: int) -> int:
        """Return the key under which the values of a trait are kept for so long."""
        self._history[trait] = max(self._history.get(trait, 0), span_ms)
        return state_key(f"history|{trait}")

    def score(self, name: str) -> int:
        """Return the key under which the newest value of a score is kept."""
        self._scores.add(name)
        return state_key(f"score|{name}")

    def keeps(self) -> dict[int, Keeping]:
        """Return how much of the past each state keeps: the newest word for life, the rest as long as rules ask."""
        newest = [trait_key(name) for name in self.file.traits]
        for kind, names in (("consent", [*self.file.consents]), ("list", [*self.file.lists]), ("score", self._scores)):
            newest += [told_key(kind, name) for name in names]
        spans = self._held_ms | {state_key(f"history|{name}"): span_ms for name, span_ms in self._history.items()}
        lasting = {key: Keeping(span_ms, NEVER if key in self._held_ms else span_ms) for key, span_ms in spans.items()}
        return {key: Keeping(NEVER, NEVER) for key in newest} | lasting

    def told(self, readers: Mapping[int, int]) -> Told:
        """Return what is kept of what records tell, with who reads it (bits of dimensions by state key)."""
        traits: dict[str, tuple[ToldTrait, ...]] = {}
        paths = {name: trait.path for name, trait in self.file.traits.items() if trait.path}
        for name in self.file.traits:
            sent, *below = paths.get(name, (name,))
            made = replace(self._trait(name, readers), path=tuple(below))
            traits[sent] = (*traits.get(sent, ()), made)
        return Told(
            traits,
            _words("consent", self.file.consents, readers),
            _words("list", self.file.lists, readers),
            _words("score", self._scores, readers),
            paths,
        )

    def _trait(self, name: str, readers: Mapping[int, int]) -> ToldTrait:
        key = trait_key(name)
        span_ms = self._history.get(name)
        return ToldTrait(
            key,
            readers=readers.get(key, 0),
            held=tuple(self._held.get(name, {}).items()),
            history=None if span_ms is None else (state_key(f"history|{name}"), span_ms),
            convert=self._minor if self.is_money(name) else present,
        )

    def _minor(self, value: Any) -> Any:
        """Return an amount in minor units; what is none stays as text, which compares with no number."""
        try:
            return self.vocabulary.minor("amount", present(value))
        except InputError:
            return str(value)


def trait_key(name: str) -> int:
    """Return the state key of a trait."""
    return state_key(f"trait|{name}")


def told_key(kind: str, name: str) -> int:
    """Return the state key of a consent, list or score."""
    return state_key(f"{kind}|{name}")


def _words(kind: str, names: Any, readers: Mapping[int, int]) -> dict[str, tuple[int, int]]:
    return {name: (key := told_key(kind, name), readers.get(key, 0)) for name in sorted(names)}
