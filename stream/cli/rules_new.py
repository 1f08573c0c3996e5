"""`segments rules new`: a rule and its cases with blanks that fail until they are filled."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from stream.cli.options import AsJson
from stream.cli.screen import say, say_json

NewSegment = Annotated[str, typer.Argument(metavar="SEGMENT", help="DIMENSION/SEGMENT or audiences/NAME.")]
Folder = Annotated[
    Path, typer.Option("--rules", envvar="SEGMENTS_RULES", metavar="DIR", help="The folder of rules to write into.")
]


def new(segment: NewSegment, rules: Folder = Path("rules"), as_json: AsJson = False) -> None:
    """Write a rule and its test with blanks; `segments rules check` names every blank. No rule is overwritten.

    Beside the rules, in .schema, stands what editors need to complete and explain every word; it is brought up to date.
    """
    from stream.adapters.files import read_rules, write_made, write_new
    from stream.ruleset.blanks import blanks
    from stream.ruleset.json_schema import schema_files

    try:
        made = blanks(segment, read_rules(rules))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    write_new(rules, made)
    write_made(rules, schema_files())
    files = [(rules / name).as_posix() for name in sorted(made)]
    folder, _, name = next(iter(made)).removesuffix(".yaml").partition("/")
    if as_json:
        say_json({"ok": True, "files": files})
        return
    for file in files:
        say(f"wrote {file}")
    if f"{folder}/dimension.yaml" not in made and folder != "audiences":
        say(f'put "{name}" into its place in "order" of {(rules / folder / "dimension.yaml").as_posix()}')
    say(f"fill the blanks; `segments rules check {rules / next(iter(made))}` names what is left")
