"""Source that is written and compiled while the service runs, so that tracebacks show its lines."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Iterator
from itertools import count
from typing import Any

_numbers = count(1)


def compiled(title: str, text: str, names: dict[str, Any]) -> dict[str, Any]:
    """Return the names of a source after it was run; `title` is how tracebacks call it."""
    file = f"<{title}, {next(_numbers)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    exec(compile(text, file, "exec"), names)
    return names


def indented(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines one step further in."""
    for line in lines:
        yield f"    {line}"
