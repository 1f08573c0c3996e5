"""Files on disk: the folder of rules, and recorded events line by line."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, cast

from stream.errors import Problem, RuleError, SettingsError

VOCABULARY = "vocabulary.yaml"
STANDARD_INPUT = "-"
SUFFIXES = frozenset({".yaml", ".yml"})


def shipped_rules() -> Path:
    """Return the folder of the rules that come with the program."""
    return Path(str(files("stream") / "shipped" / "rules"))


def read_rules(folder: Path) -> dict[str, str]:
    """Return the text of every YAML file by its path below `folder`; what is hidden is left out.

    Raises SettingsError where there is no such folder, RuleError naming every file that cannot be read.
    """
    if not folder.is_dir():
        raise SettingsError([f"{folder}: no folder of rules is there; name one with {VOCABULARY} in it [rules-folder]"])
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.suffix in SUFFIXES and path.is_file() and not any(part.startswith(".") for part in name.parts):
            try:
                texts[name.as_posix()] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError as error:
                problems.append(_unreadable(name, f"byte {error.start} is not UTF-8; save the file as UTF-8"))
            except OSError as error:
                problems.append(_unreadable(name, f"cannot be read: {error.strerror}"))
    if problems:
        raise RuleError(problems)
    return texts


def _unreadable(name: Path, message: str) -> Problem:
    return Problem(name.as_posix(), 1, 1, message, "file-unreadable")


def folder_of(path: Path) -> tuple[Path, str]:
    """Return the folder of rules around `path` and the path below it, empty for the folder itself.

    Raises SettingsError where neither `path` nor a folder around it has a vocabulary.
    """
    if not path.exists():
        raise SettingsError([f"{path}: there is no such file or folder [rules-folder]"])
    for folder in (path, *path.absolute().parents):
        if (folder / VOCABULARY).is_file():
            below = "" if folder == path else path.absolute().relative_to(folder).as_posix()
            return _as_given(folder, path), below
    if path.is_dir():
        return path, ""
    raise SettingsError([f"{path}: is in no folder of rules; that is where {VOCABULARY} is [rules-folder]"])


def _as_given(folder: Path, path: Path) -> Path:
    """Return the folder relative to where we are if `path` was, so that messages stay short."""
    here = Path.cwd()
    return folder.relative_to(here) if not path.is_absolute() and folder.is_relative_to(here) else folder


class Lines:
    """The lines of a file of records (`-`: standard input, `.gz`: unpacked), and how far reading has come."""

    def __init__(self, path: Path) -> None:
        """Open the file; SettingsError where it cannot be read."""
        self.is_standard_input = str(path) == STANDARD_INPUT
        try:
            self._raw: BinaryIO = sys.stdin.buffer if self.is_standard_input else path.open("rb")
            self.size = 0 if self.is_standard_input else path.stat().st_size
        except OSError as error:
            raise SettingsError([f"{path}: cannot be read: {error.strerror} [events-file]"]) from error
        self.path = path
        self._text = cast("BinaryIO", gzip.GzipFile(fileobj=self._raw)) if path.suffix == ".gz" else self._raw

    def __iter__(self) -> Iterator[bytes]:
        """Yield the lines; SettingsError where the file breaks off."""
        try:
            yield from self._text
        except (OSError, EOFError) as error:
            raise SettingsError([f"{self.path}: cannot be read to its end: {error} [events-file]"]) from error

    @property
    def position(self) -> int:
        """Return how many bytes of the file were read."""
        return 0 if self.is_standard_input else self._raw.tell()

    def close(self) -> None:
        """Let go of the file."""
        if not self.is_standard_input:
            self._raw.close()


def new_file(path: Path) -> BinaryIO:
    """Return a file to write to, emptied if it was there; SettingsError where that cannot be done."""
    try:
        return io.BufferedWriter(io.FileIO(path, "w"), buffer_size=1 << 18)
    except OSError as error:
        raise SettingsError([f"{path}: cannot be written: {error.strerror} [out-file]"]) from error


def write_new(folder: Path, texts: dict[str, str]) -> None:
    """Write new files below `folder`; SettingsError where one is there already or cannot be written."""
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise SettingsError([f"{path}: cannot be written: {error.strerror} [out-file]"]) from error


def write_made(folder: Path, texts: dict[str, str]) -> None:
    """Write files that are made by the program, over what is there; SettingsError where one cannot be written."""
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise SettingsError([f"{path}: cannot be written: {error.strerror} [out-file]"]) from error
