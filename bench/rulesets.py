"""The rules that benchmarks run: a fixed copy of those the program began with, and those it ships today."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from stream.adapters.files import read_rules, shipped_rules
from stream.app import Rules, rules_of

STARTER = Path(__file__).with_name("starter")


class Chosen(NamedTuple):
    """One folder of rules under the name that tables show."""

    name: str
    folder: Path
    rules: Rules

    @property
    def segments(self) -> int:
        """Return how many segments the rules have."""
        return sum(1 for _ in self.rules.ruleset.all_segments())


def starter() -> Chosen:
    """Return lifecycle, value and four audiences as they stood in November 2026, whatever the catalogue has now."""
    return folder("starter", STARTER)


def shipped() -> Chosen:
    """Return all rules that come with the program."""
    return folder("shipped", shipped_rules())


def folder(name: str, path: Path) -> Chosen:
    """Return the rules of a folder under a name."""
    return Chosen(name, path, rules_of(read_rules(path)))


def every() -> Iterator[Chosen]:
    """Yield the starter rules, and the shipped ones where they mean something else."""
    first, all_of_them = starter(), shipped()
    yield first
    if all_of_them.rules.hash != first.rules.hash:
        yield all_of_them


def written(path: Path, files: dict[str, str]) -> Chosen:
    """Return the rules of a folder that is written now, from texts by file name."""
    for name, text in files.items():
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return folder(path.name, path)
