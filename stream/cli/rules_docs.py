"""`segments rules docs`: the catalogue as a page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream.adapters.memory import rare_collections
from stream.cli.options import AsJson, RulesPath, choose, compiled_choice
from stream.cli.screen import progress_of, say, say_json

OutPage = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where the page goes; default: the screen.")
]
MaybeEvents = Annotated[
    Path | None, typer.Option("--events", metavar="FILE", help="Recorded events: shows how many are in each segment.")
]


def docs(path: RulesPath = None, events: MaybeEvents = None, out: OutPage = None, as_json: AsJson = False) -> None:
    """Write the catalogue of segments as Markdown: meaning, owner, next action, cases, and with --events the size."""
    from stream.adapters.files import Lines, new_file
    from stream.ruleset.catalogue import catalogue
    from stream.ruleset.compile_questions import dimension_of
    from stream.service.outcome import play
    from stream.service.preview import only

    chosen = choose(path)
    ruleset, plan = compiled_choice(chosen)
    sizes: dict[str, int] | None = None
    if events is not None:
        asked = {dimension_of(one.id)[0] for one in ruleset.all_segments() if chosen.is_wanted(one.id)}
        lines = Lines(events)
        try:
            with rare_collections(), progress_of(lines, "count") as shown:
                sizes = {name: len(members) for name, members in play(only(plan, asked), shown, None).members.items()}
        finally:
            lines.close()
    page = catalogue(ruleset, sizes, chosen.is_wanted)
    if out is not None:
        with new_file(out) as sink:
            sink.write(page.encode())
    if as_json:
        say_json({"ok": True, "file": None if out is None else str(out), "page": page})
    elif out is None:
        say(page)
