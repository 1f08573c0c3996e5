"""What the demo remembers between two starts, beside the state in Valkey: one small file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import msgspec

NAME = "demo.json"


class Remembered(msgspec.Struct, frozen=True):
    """Fixed at the first start."""

    rules: str
    """Hash of what the rules mean."""
    last_day: dt.date
    """The day on which the shifted history ends."""
    seed: int
    lane: str
    """Of the history in the log: told apart from those of other first starts."""


def remembered(folder: Path) -> Remembered | None:
    """Return what an earlier start wrote down, None where there was none or it cannot be read."""
    try:
        return msgspec.json.decode((folder / NAME).read_bytes(), type=Remembered)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def remember(folder: Path, told: Remembered) -> None:
    """Write it down, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{NAME}.new"
    fresh.write_bytes(msgspec.json.encode(told))
    fresh.replace(folder / NAME)
