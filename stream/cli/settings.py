"""`segments settings`: what is in force, secrets hidden."""

from __future__ import annotations

import os

import typer

from stream.cli.screen import say_json, say_table


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("settings")(show)


def show(as_json: bool = typer.Option(False, "--json", help="Print one JSON object.")) -> None:
    """Print every setting as it is in force, with its default; secrets show stars. Exit 2 names all bad ones."""
    from stream.settings import describe, read

    rows = list(describe(read(os.environ)))
    if as_json:
        say_json(
            {"settings": {row.name: {"value": row.value, "default": row.default, "help": row.help} for row in rows}}
        )
        return
    say_table(
        ("setting", "value", "what it does"),
        [(row.name, row.value if row.value == row.default else f"{row.value} (set)", row.help) for row in rows],
    )
