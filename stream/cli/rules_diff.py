"""`segments rules diff`: what changes in meaning between two versions, and in membership."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stream.cli.options import AsJson, compiled
from stream.cli.rules_preview import Preview, compare, summary
from stream.cli.screen import say, say_json, say_table

if TYPE_CHECKING:
    from stream.ruleset.difference import Changed

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
        every = dict.fromkeys(one.id for rules in (before, after) for one in rules.ruleset.all_segments())
        moved = compare(before, after, sorted(every), events, None)
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
