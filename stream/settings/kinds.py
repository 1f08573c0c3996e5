"""The kinds of values a setting may have: what to write, and how it is read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """One sort of value: what to write in it, and how to read it (raises ValueError)."""

    wanted: str
    parse: Callable[[str], T]


def whole(low: int, high: int) -> Kind[int]:
    """Return the kind of whole numbers from low to high, both allowed."""

    def parse(text: str) -> int:
        number = int(text)
        if not low <= number <= high:
            raise ValueError(text)
        return number

    return Kind(f"a whole number from {low} to {high}", parse)


def choice(*words: str) -> Kind[str]:
    """Return the kind that is one of these words, in either case."""
    spelled = {word.casefold(): word for word in words}

    def parse(text: str) -> str:
        if text.casefold() not in spelled:
            raise ValueError(text)
        return spelled[text.casefold()]

    return Kind("one of " + ", ".join(words), parse)


def matching(wanted: str, pattern: str) -> Kind[str]:
    """Return the kind of text that matches the whole pattern."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(text)
        return text

    return Kind(wanted, parse)


def _speed(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1e9:  # noqa: PLR2004 - a year in 30 ms is more than any replay needs; also refuses nan
        raise ValueError(text)
    return number


def _existing_file(text: str) -> str:
    if text and not Path(text).is_file():
        raise ValueError(text)
    return text


def _existing_folder(text: str) -> str:
    if text and not Path(text).is_dir():
        raise ValueError(text)
    return text


FLAG: Kind[bool] = Kind(
    "true or false", lambda text: {"true": True, "false": False, "1": True, "0": False}[text.lower()]
)
TEXT: Kind[str] = Kind("text", str)
SPEED: Kind[float] = Kind("a number above 0 and up to 1000000000", _speed)
FILE: Kind[str] = Kind("the path of a file that exists", _existing_file)
FOLDER: Kind[str] = Kind("the path of a folder that exists", _existing_folder)
NAME = matching("letters, digits, '.', '_' and '-', at most 100", r"[A-Za-z0-9._-]{1,100}")
NAME_OR_NONE = matching("letters, digits, '.', '_' and '-', at most 100", r"[A-Za-z0-9._-]{0,100}")
NAMES = Kind("names with commas between", lambda text: tuple(each.strip() for each in text.split(",") if each.strip()))
BROKERS = matching("host:port, more than one with commas between", r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*")
REDIS = matching("redis://host:port/0, rediss://… or unix:///path", r"(rediss?://[^\s/]+(/\d+)?|unix://\S+)(\?\S*)?")
PROTOCOL = choice("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISM = choice("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
