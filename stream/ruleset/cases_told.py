"""What is told of a case after it was played: what was expected, what happened, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass

from stream.core.transition import Evidence
from stream.ruleset.schema_cases import Expected
from stream.ruleset.spans import span_text

SECOND_MS = 1_000


@dataclass(frozen=True, slots=True)
class Move:
    """One change that the engine made; `at_ms` since the start of the case, empty names for outside.

    It is named by the second in which it was made: a case cannot name less.
    """

    at_ms: int
    left: str
    entered: str

    @property
    def second_ms(self) -> int:
        """Return the second in which it was made, in ms since the start of the case."""
        return self.at_ms - self.at_ms % SECOND_MS

    @property
    def words(self) -> str:
        """Return `enters active (leaves new)`."""
        if not self.entered:
            return f"leaves {self.left}"
        return f"enters {self.entered}" + (f" (leaves {self.left})" if self.left else "")

    def __str__(self) -> str:
        """Return `at 8d: enters active (leaves new)`."""
        return f"at {span_text(self.second_ms)}: {self.words}"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that did not go as expected, the line that says otherwise, and the values of that instant."""

    line: int
    column: int
    at_ms: int
    message: str
    stands_in: str = ""
    """Where the customer stood at that instant, empty for outside."""
    asked: str = ""
    """The segment whose conditions the values belong to."""
    values: tuple[Evidence, ...] = ()
    notes: tuple[str, ...] = ()
    """What else kept the customer out or in at that instant: clocks, the order, who may come in."""


@dataclass(frozen=True, slots=True)
class Played:
    """One case after it was played."""

    segment: str
    name: str
    file: str
    line: int
    expected: tuple[str, ...]
    got: tuple[Move, ...] = ()
    differences: tuple[Difference, ...] = ()
    is_off: bool = False
    """Whether the segment is off, so that nothing was played."""

    @property
    def passed(self) -> bool:
        """Tell whether everything went as expected."""
        return not self.differences


def expected_text(expected: Expected) -> str:
    """Return an expectation as words: `at 8d: enters active`."""
    return f"at {span_text(expected.at)}: {words_of(expected)}"


def words_of(expected: Expected) -> str:
    """Return an expectation without its instant: `enters active`."""
    words = [f"{word} {name}" for word, name in (("enters", expected.enters), ("leaves", expected.leaves)) if name]
    return " and ".join(words)
