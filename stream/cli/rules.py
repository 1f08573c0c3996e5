"""`segments rules …`: what product teams do with their rules; one file for each command."""

from __future__ import annotations

import typer

from stream.cli import rules_cases, rules_check


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Write, check, test and preview rules; needs no server.", no_args_is_help=True)
    group.command("check")(rules_check.check)
    group.command("test")(rules_cases.play)
    app.add_typer(group, name="rules")
