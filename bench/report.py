"""How figures are told: a table for a terminal, for the README, or as JSON."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Cell, Origin, Row

BEGIN, END = "<!-- figures of {} -->", "<!-- end of {} -->"


@dataclass(slots=True)
class Report:
    """One table, what it shows and what must be known to read it."""

    name: str
    title: str
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    """What stands at the top of the JSON object."""

    @property
    def columns(self) -> list[str]:
        """Return the names of all columns, in the order in which rows bring them up."""
        return list(dict.fromkeys(name for row in self.rows for name in row))

    def text(self, where: Origin) -> str:
        """Return the table for a terminal."""
        table = _cells(self)
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = ["  ".join(map(_aligned, row, widths, self._are_words)).rstrip() for row in table]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([f"\n{self.name}: {self.title}", "", *lines, *self.notes, str(where)])

    def markdown(self, where: Origin) -> str:
        """Return the table for the README, with commit and command beside it."""
        head, *rows = _cells(self)
        rule = ["---" if is_word else "--:" for is_word in self._are_words]
        lines = [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
        return "\n".join([self.title, "", *lines, "", *(f"- {each}" for each in (*self.notes, str(where)))])

    def json(self) -> dict[str, Any]:
        """Return what --json shows of it."""
        return {"title": self.title, "rows": self.rows, "notes": self.notes}

    @property
    def _are_words(self) -> list[bool]:
        return [any(isinstance(row.get(name), str) for row in self.rows) for name in self.columns]


def told(value: Cell) -> str:
    """Return a cell as people read it: three figures, thousands apart."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{3 if abs(value) < 1 else 2 if abs(value) < 10 else 1}f}"


def _cells(report: Report) -> list[list[str]]:
    return [report.columns, *([told(row.get(name)) for name in report.columns] for row in report.rows)]


def _aligned(text: str, width: int, is_word: bool) -> str:
    return text.ljust(width) if is_word else text.rjust(width)


def as_json(reports: Sequence[Report], where: Origin, failed: Sequence[str]) -> dict[str, Any]:
    """Return everything of a run as one JSON object."""
    return {
        "ok": not failed,
        "failed": list(failed),
        "origin": asdict(where),
        "benchmarks": {each.name: each.json() for each in reports},
        **{name: value for each in reports for name, value in each.summary.items()},
    }


def record(paper: Path, report: Report, where: Origin) -> None:
    """Put the table between its two marks in a paper; ValueError where the marks are not there."""
    begin, end = BEGIN.format(report.name), END.format(report.name)
    text = paper.read_text(encoding="utf-8")
    marked = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if not marked.search(text):
        raise ValueError(f"{paper}: no {begin} … {end}; write both where the table belongs")
    filled = f"{begin}\n{report.markdown(where)}\n{end}"
    paper.write_text(marked.sub(lambda _: filled, text), encoding="utf-8")
