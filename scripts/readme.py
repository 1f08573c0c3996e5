"""Write the tables of the README anew from the code: `python -m scripts.readme`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from stream import settings
from stream.adapters import prometheus

README = Path(__file__).parents[1] / "README.md"
TABLES: dict[str, Callable[[], str]] = {"settings": settings.markdown, "metrics": prometheus.markdown}


def filled(text: str) -> str:
    """Return the text with every table between its marks replaced; raises ValueError when a mark is missing."""
    for name, table in TABLES.items():
        begin, end = f"<!-- {name}: generated -->\n", "<!-- end -->"
        before, found, rest = text.partition(begin)
        _, closed, after = rest.partition(end)
        if not (found and closed):
            raise ValueError(f"README.md: the marks of the table of {name} are missing")
        text = before + begin + table() + end + after
    return text


if __name__ == "__main__":
    README.write_text(filled(README.read_text()))
