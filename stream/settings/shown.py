"""Settings for people: rows with the secrets hidden, and the table of the README."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from stream.settings.declared import Settings
from stream.settings.reading import DECLARED, SECRETS

HIDDEN = "********"


@dataclass(frozen=True, slots=True)
class Row:
    """One setting as `segments settings` prints it."""

    name: str
    value: str
    default: str
    wanted: str
    help: str


def describe(settings: Settings) -> Iterator[Row]:
    """Yield one row for each setting, in the order in which they are declared; secrets show stars."""
    for name, each in DECLARED.items():
        value = text_of(getattr(settings, each.name))
        shown = _hide(value) if name in SECRETS else value
        yield Row(name, shown, text_of(each.default), each.metadata["kind"].wanted, each.metadata["help"])


def markdown() -> str:
    """Return the table of all settings as it stands in the README."""
    lines = ["| setting | default | what to write | what it does |", "|---|---|---|---|"]
    for row in describe(Settings()):
        secret = f" `{row.name}_FILE`: from a file." if row.name in SECRETS else ""
        default = f"`{row.default}`" if row.default else "–"
        lines.append(f"| `{row.name}` | {default} | {row.wanted} | {row.help}{secret} |")
    return "\n".join(lines) + "\n"


def text_of(value: object) -> str:
    """Return a value as one would write it."""
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _hide(value: str) -> str:
    """Return stars, or of an address everything but the password."""
    if not value or "://" not in value:
        return HIDDEN if value else ""
    parts = urlsplit(value)
    _, at, host = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{HIDDEN}@{host}" if at else host))
