"""What people see: lines, tables, progress bars; and what programs see: one JSON object."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress

    from stream.adapters.files import Lines

WIDTH = 140
"""How wide tables are where nobody says how wide the screen is."""

BAR_STEP = 1_000
"""Lines between two movements of a progress bar."""

COUNT_STEP = 50
"""Things between two movements of a progress bar; each of them may take a millisecond."""

T = TypeVar("T")


def say(text: str) -> None:
    """Print a line of the answer."""
    print(text)


def remark(text: str) -> None:
    """Print a line beside the answer."""
    print(text, file=sys.stderr)


def let_go() -> None:
    """Let what is still to be printed into a closed pipe go nowhere: the interpreter would try it again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def say_json(answer: Mapping[str, Any]) -> None:
    """Print the whole answer as one JSON object on one line."""
    print(json.dumps(answer, ensure_ascii=False, separators=(", ", ": ")))


def say_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str = "", beside: bool = False
) -> None:
    """Print a table; columns whose name ends in `#` are numbers. `beside`: not as a part of the answer."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    # no markup and no emoji: what is shown was written by others
    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, highlight=False)
    for name in columns:
        table.add_column(name.removesuffix("#"), justify="right" if name.endswith("#") else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(each) for each in row))
    stream = sys.stderr if beside else sys.stdout
    console = Console(file=stream, markup=False, emoji=False, highlight=False)
    if not console.is_terminal:
        console = Console(file=stream, markup=False, emoji=False, highlight=False, width=WIDTH)
    console.print(table)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


@contextmanager
def progress_of(lines: Lines, label: str) -> Iterator[Iterable[bytes]]:
    """Give the lines of a file, with a progress bar beside them on a terminal; nothing but the lines elsewhere."""
    if not sys.stderr.isatty() or not lines.size:
        yield lines
        return
    with _bar() as bar:
        yield _moving(lines, bar, label)


def counted(things: Iterable[T], total: int, label: str) -> Iterator[T]:
    """Yield the things, with a progress bar beside them on a terminal: there are at most `total`."""
    if not sys.stderr.isatty():
        yield from things
        return
    with _bar() as bar:
        task = bar.add_task(label, total=total)
        for number, thing in enumerate(things):
            if not number % COUNT_STEP:
                bar.update(task, completed=number)
            yield thing


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _moving(lines: Lines, bar: Progress, label: str) -> Iterator[bytes]:
    task = bar.add_task(label, total=lines.size)
    for number, line in enumerate(lines):
        if not number % BAR_STEP:
            bar.update(task, completed=lines.position)
        yield line
    bar.update(task, completed=lines.size)
