"""The examples of `rules/README.md` as data: files, conditions with what is played on them, commands and answers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.oracle import Rec
from tests.oracle.load import load_text
from tests.oracle.spans import span_ms
from tests.oracle.story import MONDAY_MS

README = Path(__file__).parents[2] / "rules" / "README.md"
HORIZON_MS = 400 * 86_400_000
KINDS = ("traits", "consents", "lists", "scores", "bars", "bucket")
_BLOCK = re.compile(r"^```(\w+) ?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `(\{.+\})` \| `(.+ → .+)` \|$", re.MULTILINE)
_PART = re.compile(r"(?P<at>\w+) (?P<word>\w+) ?(?P<rest>\{.*\})?")
Spell = tuple[int, int]


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it stands for (or nothing), its text."""

    language: str
    file: str
    text: str


@dataclass(frozen=True)
class Play:
    """What a customer does, and the spells (from, to; ms since the start) in which a condition holds."""

    condition: str
    line: str
    records: tuple[Rec, ...]
    given: dict[str, Any]
    until_ms: int
    spells: tuple[Spell, ...]


def blocks() -> list[Block]:
    """Return every fenced block of the page, in order."""
    return [Block(*found) for found in _BLOCK.findall(README.read_text(encoding="utf-8"))]


def files() -> dict[str, str]:
    """Return the rule files that the page shows, without those of the walk-through."""
    return {
        one.file: one.text
        for one in blocks()
        if one.language == "yaml" and one.file and not one.file.startswith("rules/")
    }


def conditions() -> list[str]:
    """Return the text of every condition that the page shows by itself."""
    return [one.text for one in blocks() if one.language == "yaml" and not one.file] + [text for text, _ in rows()]


def rows() -> list[tuple[str, str]]:
    """Return the conditions of the tables of the page, each with what is played on it."""
    return [(condition, line) for condition, line in _ROW.findall(README.read_text(encoding="utf-8"))]


def plays() -> Iterator[Play]:
    """Yield what is played on each condition; a condition without a play is a mistake of the page."""
    condition = ""
    for one in blocks():
        if one.language == "yaml" and not one.file:
            assert not condition, f"nothing is played on\n{condition}"
            condition = one.text
        elif one.language == "play":
            for line in one.text.splitlines():
                yield _play(condition, line)
            condition = ""
    assert not condition, f"nothing is played on\n{condition}"
    for condition, line in rows():
        yield _play(condition, line)


def commands() -> list[tuple[str, tuple[str, ...]]]:
    """Return each command of the walk-through with the lines that it says."""
    found: list[tuple[str, list[str]]] = []
    for line in "".join(one.text for one in blocks() if one.language == "console").splitlines():
        if line.startswith("$ "):
            found.append((line.removeprefix("$ segments "), []))
        else:
            found[-1][1].append(line)
    return [(command, tuple(said)) for command, said in found]


def _play(condition: str, line: str) -> Play:
    happens, _, holds = line.partition(" → ")
    records: list[Rec] = []
    given: dict[str, Any] = {}
    until_ms = HORIZON_MS
    for part in happens.split("; "):
        found = _PART.fullmatch(part)
        assert found is not None, part
        at, word, rest = found["at"], found["word"], load_text(found["rest"] or "{}")
        if at == "given":
            given[word] = rest
        elif at == "until":
            until_ms = _ms(word)
        else:
            records.append(_record(len(records), MONDAY_MS + _ms(at), word, rest))
    return Play(condition, line, tuple(records), given, until_ms, tuple(_spells(holds, until_ms)))


def _record(number: int, at: int, word: str, rest: dict[str, Any]) -> Rec:
    content: dict[str, Any] = {"event_id": str(number), "source": "page", "customer_id": "c-1", "occurred_at": at}
    if word in KINDS:
        return Rec(at, "event", content | {word: plain(rest)})
    properties = plain(rest)
    if word == "order_placed":
        properties.setdefault("order_id", str(number))
    return Rec(at, "event", content | {"name": word, "properties": properties})


def plain(value: Any) -> Any:
    """Return a value as JSON brings it: dates as text."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner) for inner in value]
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)


def _spells(holds: str, until_ms: int) -> Iterator[Spell]:
    if holds == "never":
        return
    for spell in holds.split(", "):
        start, _, end = spell.removeprefix("from ").partition(" to ")
        yield _ms(start), _ms(end) if end else until_ms


def _ms(span: str) -> int:
    return 0 if span == "0d" else span_ms(span)
