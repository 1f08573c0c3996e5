"""`segments rules …`: what product teams do with their rules; one file for each command."""

from __future__ import annotations

import typer

from stream.cli import rules_cases, rules_check, rules_diff, rules_docs, rules_new, rules_preview


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(help="Write, check, test and preview rules; needs no server.", no_args_is_help=True)
    group.command("new")(rules_new.new)
    group.command("check")(rules_check.check)
    group.command("test")(rules_cases.play)
    group.command("preview")(rules_preview.preview)
    group.command("diff")(rules_diff.diff)
    group.command("docs")(rules_docs.docs)
    app.add_typer(group, name="rules")
