"""Where the checks put what they find in one file."""

from __future__ import annotations

from typing import Any

from stream.errors import Problem
from stream.ruleset.mending import is_mended
from stream.ruleset.source import Path, Source


class Findings:
    """Problems and notes of one file, each with its place."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self.notes: list[Problem] = []

    def at(self, path: Path, message: str, code: str, *, key: bool = False, offset: int = 0) -> Problem:
        """Return a problem at the value of `path` (at its key if `key`), `offset` columns further right."""
        line, column = self.source.place(path, key=key)
        return Problem(self.source.file, line, column + offset, message, code)

    def is_mended(self, path: Path) -> bool:
        """Tell whether something at or below `path` was taken out or replaced, so that it says what nobody wrote."""
        here: Any = self.source.root
        for step in path:
            here = here[step]
        return is_mended(here)

    def add(self, path: Path, message: str, code: str, *, key: bool = False, offset: int = 0) -> None:
        """Keep a problem."""
        self.problems.append(self.at(path, message, code, key=key, offset=offset))

    def note(self, path: Path, message: str, code: str) -> None:
        """Keep a note: something to know, no failure."""
        self.notes.append(self.at(path, message, code))
