"""`segments rules test`: plays every case on the engine, and shows of each failing one what differs and why."""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import typer
from msgspec import structs, to_builtins

from stream.cli.annotations import AsFormat, Format, github
from stream.cli.options import AsJson, Chosen, Compiled, RulesPath, choose, compiled_choice
from stream.cli.screen import say, say_json
from stream.errors import RuleError

if TYPE_CHECKING:
    from datetime import tzinfo

    from stream.ruleset.cases_told import Difference, Played


def play(path: RulesPath = None, in_format: AsFormat = Format.TEXT, in_json: AsJson = False) -> None:
    """Play every case; of a failing one: the line, expected, got, the values of that instant. Exit 1: some failed."""
    from stream.ruleset.cases import play_cases

    chosen = choose(path)
    began = perf_counter()
    ruleset, plan = _annotated(chosen) if in_format is Format.GITHUB and not in_json else compiled_choice(chosen)
    played = list(play_cases(ruleset, plan, chosen.is_wanted))
    seconds = perf_counter() - began
    failed = [each for each in played if not each.passed]
    if in_json:
        say_json(_json(played, failed, chosen, seconds))
    else:
        for each in failed:
            made = _github_lines if in_format is Format.GITHUB else lines_of
            for line in made(each, chosen, plan.vocabulary.zone):
                say(line)
        say(_last_line(played, failed, seconds))
    if failed:
        raise typer.Exit(1)


def _annotated(chosen: Chosen) -> Compiled:
    """Return the chosen rules; where they have problems, annotate those and exit 1."""
    try:
        return compiled_choice(chosen)
    except RuleError as error:
        for each in error.problems:
            say(github("error", each.file, each.line, each.column, f"{each.message} [{each.code}]"))
        raise typer.Exit(1) from None


def lines_of(played: Played, chosen: Chosen, zone: tzinfo) -> Iterator[str]:
    """Yield what people are told of a failing case."""
    yield f'{chosen.shown(played.file)}:{played.line}: case "{played.name}" of {played.segment} failed'
    for each in played.differences:
        yield f"  {chosen.shown(played.file)}:{each.line}:{each.column}: {each.message}"
        yield from (f"    {line}" for line in values_lines(each, zone))
    yield f"  expected: {'; '.join(played.expected) or 'nothing'}"
    yield f"  got:      {'; '.join(map(str, played.got)) or 'nothing'}"
    yield ""


def values_lines(difference: Difference, zone: tzinfo) -> Iterator[str]:
    """Yield the values of the instant at which something differs, instants in `zone`.

    `yes` stands before what speaks for the segment.
    """
    from stream.ruleset.spans import span_text
    from stream.wire.sentence import condition_words

    if not difference.values and not difference.notes:
        return
    stands = f", in {difference.stands_in}" if difference.stands_in else ", in no segment"
    yield f"at {span_text(difference.at_ms)}{stands}; what {difference.asked} asks:"
    for value in difference.values:
        part = f"{value.part}: " if value.part != "enter" else ""
        yield f"  {'yes' if value.speaks_for_it else 'no ':3}  {part}{condition_words(structs.asdict(value), zone)}"
    yield from (f"  but  {note}" for note in difference.notes)


def _github_lines(played: Played, chosen: Chosen, zone: tzinfo) -> Iterator[str]:
    for each in played.differences:
        text = "\n".join([f'case "{played.name}": {each.message}', *values_lines(each, zone)])
        yield github("error", chosen.shown(played.file), each.line, each.column, text)


def _last_line(played: list[Played], failed: list[Played], seconds: float) -> str:
    off = sum(each.is_off for each in played)
    rest = f", {off} not played because their segment is off" if off else ""
    passed = len(played) - len(failed) - off
    return (
        f"{passed} of {len(played)} cases passed{f', {len(failed)} failed' if failed else ''}{rest} ({seconds:.2f} s)"
    )


def _json(played: list[Played], failed: list[Played], chosen: Chosen, seconds: float) -> dict[str, Any]:
    off = [each for each in played if each.is_off]
    return {
        "ok": not failed,
        "cases": len(played),
        "passed": len(played) - len(failed) - len(off),
        "failed": [_failed(each, chosen) for each in failed],
        "off": sorted({each.segment for each in off}),
        "seconds": round(seconds, 3),
    }


def _failed(played: Played, chosen: Chosen) -> dict[str, Any]:
    return {
        "segment": played.segment,
        "case": played.name,
        "file": chosen.shown(played.file),
        "line": played.line,
        "expected": list(played.expected),
        "got": [str(move) for move in played.got],
        "differences": [to_builtins(each) for each in played.differences],
    }
