"""The command `segments`: its groups, and what is said when something is wrong.

Exit codes: 0 fine, 1 problems found, 2 wrong usage or settings, 141 whoever read the answer went away before its end.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from stream.cli import demo, explain, replay, rules, serve, settings
from stream.cli.annotations import as_json
from stream.cli.screen import let_go, remark, say, say_json
from stream.errors import RuleError, SettingsError, StreamError

PROBLEMS, WRONG_USAGE = 1, 2
READER_LEFT = 141
"""What a shell reports of a program that SIGPIPE ended."""


@contextmanager
def _while_read() -> Iterator[None]:
    """Print as long as anybody reads (`| head`): a closed pipe is no fault, and is told to nobody.

    What was printed leaves here, not at the end of the interpreter, which can only complain.
    """
    try:
        try:
            yield
        finally:
            sys.stdout.flush()
    except (BrokenPipeError, SystemExit) as error:
        # the tables' library ends the program by itself, with another code
        if not isinstance(error if isinstance(error, OSError) else error.__context__, BrokenPipeError):
            raise
        let_go()
        raise typer.Exit(READER_LEFT) from None


class Commands(TyperGroup):
    """The groups of commands; errors made on purpose end as sentences and an exit code, never as a traceback."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Remember whether a program is asking, for the shape of errors."""
        ctx.meta["segments.json"] = "--json" in args
        with _while_read():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """Run the command, as long as its answer is read."""
        with _while_read():
            return self._run(ctx)

    def _run(self, ctx: Any) -> Any:
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
