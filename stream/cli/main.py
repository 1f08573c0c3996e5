"""The command `segments`: its groups, and what is said when something is wrong.

Exit codes: 0 fine, 1 problems found, 2 wrong usage or settings.
"""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from stream.cli import demo, explain, replay, rules, serve, settings
from stream.cli.annotations import as_json
from stream.cli.screen import remark, say, say_json
from stream.errors import RuleError, SettingsError, StreamError

PROBLEMS, WRONG_USAGE = 1, 2


class Commands(TyperGroup):
    """The groups of commands; errors made on purpose end as sentences and an exit code, never as a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember whether a program is asking, for the shape of errors."""
        ctx.meta["segments.json"] = "--json" in args
        return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; exit 1 for rules and stored state that are wrong, 2 for settings and files to read."""
        try:
            return super().invoke(ctx)
        except RuleError as error:
            told = [str(problem) for problem in error.problems]
            code = PROBLEMS
            if ctx.meta["segments.json"]:
                say_json({"ok": False, "problems": [as_json(each, each.file) for each in error.problems]})
                raise typer.Exit(code) from None
        except SettingsError as error:
            told, code = list(error.problems), WRONG_USAGE
        except StreamError as error:
            told, code = [str(error)], PROBLEMS
        except BrokenPipeError:
            # whoever read the answer (`| head`) has seen enough; nothing may be flushed into the closed pipe
            raise typer.Exit(PROBLEMS) from None
        if ctx.meta["segments.json"]:
            say_json({"ok": False, "problems": told})
        else:
            for line in told:
                remark(line)
        raise typer.Exit(code)


app = typer.Typer(
    cls=Commands,
    name="segments",
    help="Which segment is each customer in, and since when: rules in, transitions out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
replay.register(app)
serve.register(app)
demo.register(app)
explain.register(app)
rules.register(app)
settings.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"segments {version('segments-stream')}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_show_version, is_eager=True, help="Print the version."),
) -> None:
    pass


def main() -> None:
    """Run the command line."""
    app()
