"""What differs between two versions of the rules: what is new, gone, means something else, or only reads otherwise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import ndiff
from enum import StrEnum

from stream.ruleset.canonical import meaning_of
from stream.ruleset.layout import POINTS, VOCABULARY
from stream.ruleset.reading_aloud import people_lines, rule_lines, value_words
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_part import Part


class Kind(StrEnum):
    """How something differs."""

    ADDED = "added"
    REMOVED = "removed"
    MEANING = "meaning"
    WORDS = "words"
    """Titles, owners and the like: nobody moves."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One thing that differs; `lines` begin with `+ `, `- ` or two blanks."""

    id: str
    """`dimension.segment`, `audiences.name`, `dimension`, `points.name` or `vocabulary`."""
    kind: Kind
    file: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Written:
    file: str
    part: Part


def differences(old: Ruleset, new: Ruleset) -> list[Changed]:
    """Return everything that differs, by id."""
    before, after = _everything(old), _everything(new)
    return [
        changed
        for name in sorted(before.keys() | after.keys())
        if (changed := _changed(name, before.get(name), after.get(name), old, new)) is not None
    ]


def _changed(name: str, before: _Written | None, after: _Written | None, old: Ruleset, new: Ruleset) -> Changed | None:
    if before is None or after is None:
        kind, mark = (Kind.ADDED, "+ ") if before is None else (Kind.REMOVED, "- ")
        ruleset, there = (new, after) if before is None else (old, before)
        assert there is not None
        return Changed(name, kind, there.file, tuple(mark + line for line in _lines(ruleset, there.file)))
    if meaning_of(before.part) != meaning_of(after.part):
        lines = _compared(_lines(old, before.file), _lines(new, after.file))
        return Changed(name, Kind.MEANING, after.file, tuple(lines))
    words = [line for line in _compared(_words(old, before.file), _words(new, after.file)) if line[0] != " "]
    return Changed(name, Kind.WORDS, after.file, tuple(words)) if words else None


def _compared(before: list[str], after: list[str]) -> Iterator[str]:
    return (line for line in ndiff(before, after) if not line.startswith("? "))


def _lines(ruleset: Ruleset, file: str) -> list[str]:
    root = ruleset.sources[file].root
    if file == VOCABULARY and root is not None:
        return [f"{word}: {line}" for word, value in root.items() for line in _entries(value)]
    return rule_lines(root or {})


def _entries(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [f"{name}: {value_words(inner)}" for name, inner in value.items()]
    return [value_words(value)]


def _words(ruleset: Ruleset, file: str) -> list[str]:
    return [] if file == VOCABULARY else people_lines(ruleset.sources[file].root or {})


def _everything(ruleset: Ruleset) -> dict[str, _Written]:
    """Return by id what is written: vocabulary, dimensions, segments, points."""
    found = {"vocabulary": _Written(VOCABULARY, ruleset.vocabulary)}
    found |= {one.id: _Written(one.file, one.written) for one in ruleset.dimensions}
    found |= {one.id: _Written(one.file, one.written) for one in ruleset.all_segments()}
    found |= {f"{POINTS}.{name}": _Written(one.file, one.written) for name, one in ruleset.points.items()}
    return found
