"""Which file is what: the folder and the name of a rule file are its ids."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

from stream.errors import Problem

Kind = Literal["vocabulary", "dimension", "segment", "points", "cases"]
VOCABULARY: Final = "vocabulary.yaml"
AUDIENCES: Final = "audiences"
POINTS: Final = "points"
_ID = re.compile(r"[a-z][a-z0-9_]*")
_PLACES: Final = "vocabulary.yaml, points/NAME.yaml, DIMENSION/SEGMENT.yaml or audiences/NAME.yaml"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What one file is: its kind, its folder (dimension, `audiences` or `points`) and its name."""

    path: str
    kind: Kind
    folder: str = ""
    name: str = ""

    @property
    def segment(self) -> str:
        """Return `dimension.segment` or `audiences.name`."""
        return f"{self.folder}.{self.name}"


def arrange(paths: Iterable[str]) -> tuple[list[RuleFile], list[Problem]]:
    """Return what each YAML file is, sorted by path, and a problem [file-name] for each that has no place."""
    files: list[RuleFile] = []
    problems: list[Problem] = []
    for path in sorted(paths):
        if path.endswith((".yaml", ".yml")):
            found = _place(path)
            if isinstance(found, RuleFile):
                files.append(found)
            else:
                problems.append(Problem(path, 1, 1, found, "file-name"))
    segments = {file.segment for file in files if file.kind == "segment"}
    for file in files:
        if file.kind == "cases" and file.segment not in segments:
            message = f"cases without a rule; write {file.folder}/{file.name}.yaml, or remove the cases"
            problems.append(Problem(file.path, 1, 1, message, "file-name"))
    if VOCABULARY not in {file.path for file in files}:
        message = "the file is missing; it says what we receive: zone, currency, events"
        problems.append(Problem(VOCABULARY, 1, 1, message, "file-missing"))
    return files, problems + _missing_dimensions(files)


def _missing_dimensions(files: list[RuleFile]) -> list[Problem]:
    described = {file.folder for file in files if file.kind == "dimension"}
    used = {file.folder for file in files if file.kind == "segment"} - described - {AUDIENCES}
    message = "the file is missing; it says title, owner, question, order and otherwise of the segments beside it"
    return [Problem(f"{folder}/dimension.yaml", 1, 1, message, "file-missing") for folder in sorted(used)]


def _place(path: str) -> RuleFile | str:
    """Return what a file is, or what is wrong with its place or name."""
    if path == VOCABULARY:
        return RuleFile(path, "vocabulary")
    folder, _, rest = path.partition("/")
    name = rest.removesuffix(".yaml").removesuffix(".test")
    kind: Kind = "cases" if rest.endswith(".test.yaml") else "segment"
    if folder == POINTS and kind == "segment":
        kind = "points"
    if kind == "segment" and name == "dimension":
        kind, name = "dimension", folder
    return _misplaced(folder, rest, name, kind) or RuleFile(path, kind, folder, name)


def _misplaced(folder: str, rest: str, name: str, kind: Kind) -> str | None:
    """Return what is wrong with a place or a name, or None."""
    if not rest or "/" in rest:
        return f"no rule file has its place here; write {_PLACES}"
    if rest.endswith(".yml"):
        return 'the name ends in ".yml"; write ".yaml"'
    for part in (folder, name):
        if not _ID.fullmatch(part):
            return f'"{part}" is no id; write lower-case letters, digits and "_", a letter first'
    if folder == POINTS and kind == "cases":
        return "points have no cases; test the segments that use them"
    if folder == AUDIENCES and kind == "dimension":
        return "audiences are no dimension; each is a question of its own; remove the file"
    return None
