"""`segments rules diff`: what changes in meaning between two versions, and in membership."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import AsJson, compiled
from stream.cli.rules_preview import played, summary
from stream.cli.screen import say, say_json, say_table

if TYPE_CHECKING:
    from stream.ruleset.difference import Changed
    from stream.ruleset.ruleset import Ruleset
    from stream.service.preview import Preview

OldFolder = Annotated[Path, typer.Argument(metavar="OLD", help="The folder of rules as they are.")]
NewFolder = Annotated[Path, typer.Argument(metavar="NEW", help="The folder of rules as they shall be.")]
MaybeEvents = Annotated[
    Path | None, typer.Option("--events", metavar="FILE", help="Recorded events: shows who would move, too.")
]

_SAID = {
    "added": "is new",
    "removed": "is gone; its members leave",
    "meaning": "means something else",
    "words": "only reads otherwise; nobody moves",
}


def diff(old: OldFolder, new: NewFolder, events: MaybeEvents = None, as_json: AsJson = False) -> None:
    """Show what differs between two folders of rules: lines with + and -, and with --events who would move."""
    from stream.ruleset.difference import differences

    before, after = compiled(old), compiled(new)
    changed = differences(before.ruleset, after.ruleset)
    moved = None
    if events is not None:
        moved = played(before, after, _movable(before.ruleset, after.ruleset), events, None, 0)
    if as_json:
        told = {"ok": True, "changed": [asdict(each) for each in changed]}
        say_json(told | ({"membership": summary(moved)} if moved else {}))
        return
    for each in changed:
        _tell(each)
    if not changed:
        say("nothing differs")
    if moved:
        _tell_moves(moved)


def _movable(old: Ruleset, new: Ruleset) -> list[str]:
    """Return the segments in which somebody may come to be, or be no more."""
    from stream.ruleset.beside import decided_otherwise
    from stream.ruleset.compile_questions import dimension_of

    names = decided_otherwise(old, new)
    every = {one.id for rules in (old, new) for one in rules.all_segments()}
    return sorted(each for each in every if dimension_of(each)[0] in names)


def _tell(changed: Changed) -> None:
    say(f"{changed.id} {_SAID[changed.kind]} ({changed.file})")
    for line in changed.lines:
        say(f"  {line}".rstrip())
    say("")


def _tell_moves(moved: Preview) -> None:
    rows = [
        (each.segment, each.members_before, each.members, each.would_enter, each.would_leave)
        for each in moved.forecasts
        if each.would_enter or each.would_leave
    ]
    if rows:
        say_table(("segment", "old#", "new#", "would enter#", "would leave#"), rows)
    else:
        say(f"nobody of {moved.new.customers:,} customers would be elsewhere")
