"""Arguments and options that several commands have, and how they are read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

if TYPE_CHECKING:
    from stream.core.plan import Plan
    from stream.ruleset.ruleset import Ruleset

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Events = Annotated[
    Path,
    typer.Argument(
        metavar="EVENTS.jsonl",
        help="Canonical events or replay lines, one JSON object per line; .gz is unpacked, - is standard input.",
    ),
]
EventsFile = Annotated[Path, typer.Option("--events", metavar="FILE", help="Recorded events, as for `replay`.")]
OptionalEvents = Annotated[
    Path | None, typer.Option("--events", metavar="FILE", help="Recorded events, as for `replay`; default: live state.")
]
RulesFolder = Annotated[
    Path | None,
    typer.Option("--rules", envvar="SEGMENTS_RULES", metavar="DIR", help="Folder of rules; default: the shipped ones."),
]
RulesPath = Annotated[
    Path | None,
    typer.Argument(
        envvar="SEGMENTS_RULES",
        metavar="[PATH]",
        help="A folder of rules, or a folder or file in one; default: the shipped rules.",
    ),
]


class Chosen(NamedTuple):
    """Rule files, and which of them somebody asked about."""

    folder: Path
    files: dict[str, str]
    below: str
    """The path in the folder that was asked for, empty for everything."""
    is_named: bool
    """Whether somebody named the folder; the shipped one is not worth mentioning in front of each file."""

    def shown(self, file: str) -> str:
        """Return a file of the rules as the person who asked would name it."""
        return (self.folder / file).as_posix() if self.is_named else file

    def is_wanted(self, segment: str) -> bool:
        """Tell whether a segment (`dimension.segment`) was asked for."""
        folder, _, name = segment.partition(".")
        return self.has(f"{folder}/{name}.yaml")

    def has(self, file: str) -> bool:
        """Tell whether a file was asked for: by itself, by its rule or cases, or by its folder."""
        asked = self.below.removesuffix(".yaml").removesuffix(".test")
        one = file.removesuffix(".yaml").removesuffix(".test")
        return not asked or one == asked or one.startswith(f"{asked}/")


def choose(path: Path | None) -> Chosen:
    """Return the rule files around a path; the shipped ones for none. Raises SettingsError or RuleError."""
    from stream.adapters.files import folder_of, read_rules, shipped_rules

    if path is None:
        folder = shipped_rules()
        return Chosen(folder, read_rules(folder), "", False)
    folder, below = folder_of(path)
    return Chosen(folder, read_rules(folder), below, True)


class Compiled(NamedTuple):
    """Rules that can be played."""

    ruleset: Ruleset
    plan: Plan


def compiled(path: Path | None) -> Compiled:
    """Return the rules of a folder, checked and compiled. Raises SettingsError or RuleError."""
    return compiled_choice(choose(path))


def compiled_choice(chosen: Chosen) -> Compiled:
    """Return chosen rules, checked and compiled. Raises RuleError, its files named as the person who asked would."""
    from stream.errors import RuleError
    from stream.ruleset.canonical import version_of
    from stream.ruleset.compile import compile_plan
    from stream.ruleset.load import load

    try:
        ruleset = load(chosen.files)
        return Compiled(ruleset, compile_plan(ruleset, version_of(ruleset)))
    except RuleError as error:
        raise RuleError([replace(each, file=chosen.shown(each.file)) for each in error.problems]) from error


END = "end"
"""In place of an instant: that of the last record."""


def instant(text: str | None) -> int | None:
    """Return the ms since 1970 of an RFC 3339 text, None for none; wrong usage for anything else."""
    from stream.wire.instant import to_ms

    try:
        return None if text is None or text == END else to_ms(text)
    except ValueError:
        message = f"{text!r} is no instant; write date, time and zone, as in 2026-11-21T18:00:00Z"
        raise typer.BadParameter(message) from None
