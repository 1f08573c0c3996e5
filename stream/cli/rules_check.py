"""`segments rules check`: every mistake in the rules at once, then what is worth knowing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from stream.adapters.memory import rare_collections
from stream.cli.annotations import AsFormat, Format, Level, as_json, github
from stream.cli.options import AsJson, Chosen, RulesPath, choose
from stream.cli.screen import say, say_json
from stream.errors import Problem, RuleError

if TYPE_CHECKING:
    from stream.ruleset.ruleset import Ruleset

WARNING = "warn-"
"""How the codes of warnings begin; other remarks are notes."""


@dataclass(slots=True)
class Findings:
    """What a check found in the files that were asked about."""

    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    elsewhere: int = 0
    """Problems in files that were not asked about."""


def check(path: RulesPath = None, in_format: AsFormat = Format.TEXT, in_json: AsJson = False) -> None:
    """Print every problem of the rules, as file:line:column; warnings and notes fail nothing. Exit 1: problems."""
    chosen = choose(path)
    with rare_collections():
        found = findings(chosen)
    if in_json:
        say_json(_json(found, chosen))
    else:
        _tell(found, chosen, in_format)
    if found.problems:
        raise typer.Exit(1)


def findings(chosen: Chosen) -> Findings:
    """Return everything that is to be said about the chosen rules."""
    from stream.ruleset.compile import compile_plan
    from stream.ruleset.load import load

    try:
        ruleset = load(chosen.files, are_cases_required=True)
        remarks = [*ruleset.notes, *_reviews(ruleset)]
        problems: tuple[Problem, ...] = ()
        compile_plan(ruleset, "check")
    except RuleError as error:
        problems = error.problems
        remarks = _remarks_in_spite_of(chosen)
    mine = [problem for problem in problems if chosen.has(problem.file)]
    remarks = [remark for remark in remarks if chosen.has(remark.file)]
    return Findings(
        mine,
        [each for each in remarks if each.code.startswith(WARNING)],
        [each for each in remarks if not each.code.startswith(WARNING)],
        len(problems) - len(mine),
    )


def _reviews(ruleset: Ruleset) -> list[Problem]:
    from stream.ruleset.advice import overdue_reviews

    return overdue_reviews(ruleset, datetime.now(ZoneInfo(ruleset.vocabulary.zone)).date())


def _remarks_in_spite_of(chosen: Chosen) -> list[Problem]:
    """Return warnings and notes where only cases are missing or a word cannot be played; none for broken rules."""
    from stream.ruleset.load import load

    try:
        ruleset = load(chosen.files)
    except RuleError:
        return []
    return [*ruleset.notes, *_reviews(ruleset)]


def _json(found: Findings, chosen: Chosen) -> dict[str, Any]:
    def told(problems: list[Problem]) -> list[dict[str, Any]]:
        return [as_json(each, chosen.shown(each.file)) for each in problems]

    return {
        "ok": not found.problems,
        "files": sum(map(chosen.has, chosen.files)),
        "problems": told(found.problems),
        "warnings": told(found.warnings),
        "notes": told(found.notes),
        "problems_elsewhere": found.elsewhere,
    }


def _tell(found: Findings, chosen: Chosen, in_format: Format) -> None:
    found_by_level: tuple[tuple[Level, list[Problem]], ...] = (
        ("error", found.problems),
        ("warning", found.warnings),
        ("notice", found.notes),
    )
    for level, problems in found_by_level:
        for each in problems:
            shown = replace(each, file=chosen.shown(each.file))
            say(_github(level, shown) if in_format is Format.GITHUB else f"{_IN_FRONT[level]}{shown}")
    if in_format is Format.TEXT:
        say(_last_line(found, sum(map(chosen.has, chosen.files))))


_IN_FRONT: dict[Level, str] = {"error": "", "warning": "warning: ", "notice": "note: "}


def _github(level: Level, problem: Problem) -> str:
    return github(level, problem.file, problem.line, problem.column, f"{problem.message} [{problem.code}]")


def _last_line(found: Findings, files: int) -> str:
    counts = [(found.problems, "problem"), (found.warnings, "warning"), (found.notes, "note")]
    told = [f"{len(each)} {word}{'' if len(each) == 1 else 's'}" for each, word in counts if each]
    rest = f"; {found.elsewhere} in other files" if found.elsewhere else ""
    return f"{files} files: {', '.join(told) or 'no problems'}{rest}"
