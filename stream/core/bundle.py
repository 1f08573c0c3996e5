"""What models publish for rules to read: cut points by name, and scores of a customer.

Until a model supplies a score it is what records told. A model supplies one as a `Score`: what it reads, what it
is, and the verdict of a test on it, which ends not later than the score first passes the bar in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

from stream.core.condition import Read
from stream.core.profile import NEVER, Profile
from stream.core.telling import VALUE

Test = Callable[[Any], bool]


class Score(Protocol):
    """One score of a customer, as a model or a record gives it."""

    @property
    def states(self) -> frozenset[int]:
        """Return the keys of the states that it depends on."""

    def value(self, profile: Profile, now: int) -> Any:
        """Return the score at an instant, None where there is none."""

    def read(self, test: Test) -> Read:
        """Return whether the score passes a test, and until when in silence."""


@dataclass(frozen=True, slots=True)
class ToldScore:
    """A score that records tell: it changes with a record only."""

    key: int

    @property
    def states(self) -> frozenset[int]:
        """Return the key of the state that keeps what was told."""
        return frozenset({self.key})

    def value(self, profile: Profile, now: int) -> Any:
        """Return what was told last, None where nothing was."""
        kept = profile.states.get(self.key)
        return kept[VALUE] if kept else None

    def read(self, test: Test) -> Read:
        """Return whether what was told last passes."""

        def read(profile: Profile, now: int) -> int:
            found = self.value(profile, now)
            return NEVER if found is not None and test(found) else -NEVER

        return read


@dataclass(frozen=True, slots=True)
class Bundle:
    """One published version: bars by name, scores by name; `places` in buckets only where a case says so."""

    version: str = ""
    bars: Mapping[str, Fraction] = field(default_factory=dict)
    scores: Mapping[str, Score] = field(default_factory=dict)
    places: Mapping[str, int] = field(default_factory=dict)


NO_BUNDLE = Bundle()
