"""Problems as lines for people, as JSON, and as the annotations that GitHub shows beside the changed lines."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Literal

import typer

from stream.errors import Problem

Level = Literal["error", "warning", "notice"]


class Format(StrEnum):
    """How problems are written."""

    TEXT = "text"
    GITHUB = "github"


AsFormat = Annotated[
    Format, typer.Option("--format", help="github: as annotations of a GitHub workflow.", case_sensitive=False)
]


def github(level: Level, file: str, line: int, column: int, message: str) -> str:
    """Return one annotation."""
    text = message.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    where = file.replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    return f"::{level} file={where},line={line},col={column}::{text}"


def as_json(problem: Problem, file: str) -> dict[str, Any]:
    """Return a problem as plain values; `file` as the person who asked would name it."""
    return {
        "file": file,
        "line": problem.line,
        "column": problem.column,
        "code": problem.code,
        "message": problem.message,
    }
