"""From YAML text to plain values that know where they were written.

The C parser of ruamel (libyaml) hands out events with line and column; from them the tree is built here, by the core
schema of YAML 1.2, without any of YAML's surprises: no anchors, no merge keys, no tags, no dates, no second document,
and the words that are true or false for some readers and text for others (`NO`, `on`) must be quoted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.cyaml import CParser  # type: ignore[attr-defined]  # imported there, from the C extension
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from stream.errors import Problem

Mark = tuple[int, int]  # line and column, both from 1
Path = tuple[str | int, ...]  # keys and list positions from the top of the file

DEEPEST: Final = 32
LONGEST_NUMBER: Final = 40  # characters
MOST_DIGITS: Final = 18  # before the point, and zeros after it
_UNREADABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_AMBIGUOUS = frozenset(word for name in ("yes", "no", "on", "off") for word in (name, name.title(), name.upper()))
_RESOLVED: Final[dict[str, bool | None]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_NUMBER_STARTS = frozenset("0123456789+-.")


class Keyed(dict[str, Any]):
    """A mapping of the file; `at` is its place, `marks` the place of each key and of each value."""

    __slots__ = ("at", "is_mended", "marks")

    def __init__(self, at: Mark) -> None:
        super().__init__()
        self.at = at
        self.marks: dict[str, tuple[Mark, Mark]] = {}
        self.is_mended = False


class Items(list[Any]):
    """A list of the file; `at` is its place, `marks` the place of each item."""

    __slots__ = ("at", "is_mended", "marks")

    def __init__(self, at: Mark) -> None:
        super().__init__()
        self.at = at
        self.marks: list[Mark] = []
        self.is_mended = False


@dataclass(frozen=True, slots=True)
class Source:
    """One file as plain values with places; `root` is None where the text cannot be read at all."""

    file: str
    root: Keyed | None
    problems: tuple[Problem, ...] = ()

    def place(self, path: Sequence[str | int], *, key: bool = False) -> Mark:
        """Return line and column of the value at `path` (of its key if `key`), or of the nearest thing around it."""
        here: Any = self.root
        found: Mark = (1, 1)
        for step in path:
            if isinstance(here, Keyed) and step in here:
                found = here.marks[str(step)][0 if key and step == path[-1] else 1]
            elif isinstance(here, Items) and isinstance(step, int) and step < len(here):
                found = here.marks[step]
            else:
                break
            here = here[step]
        return found


def parse(file: str, text: str) -> Source:
    """Return the tree of `text`; problems ([yaml-…]) are collected in it, never raised."""
    unreadable = _UNREADABLE.search(text)
    if unreadable:
        before = text[: unreadable.start()]
        line, column = before.count("\n") + 1, unreadable.start() - (before.rfind("\n") + 1) + 1
        message = f"the character {unreadable.group()!a} cannot stand in a text file; remove it"
        return Source(file, None, (Problem(file, line, column, message, "yaml-syntax"),))
    try:
        return _built(file, _c_events(text))
    except MarkedYAMLError as error:
        first = error
    try:  # what libyaml refuses may still be YAML 1.2, as "{from: 2027-03-01T18:00+01:00}"; the slow parser decides
        return _built(file, YAML(typ="safe", pure=True).parse(text))
    except MarkedYAMLError as error:
        return Source(file, None, (_syntax_problem(file, text, error),))
    except (ValueError, OverflowError):  # an escape beyond all characters
        return Source(file, None, (_syntax_problem(file, text, first),))


def _c_events(text: str) -> Iterator[Any]:
    parser = CParser(text)
    while parser.check_event():
        yield parser.get_event()


def _built(file: str, events: Iterable[Any]) -> Source:
    builder = _Builder(file)
    is_whole = builder.build(events)
    root = builder.root if is_whole and isinstance(builder.root, Keyed) else None
    if root is None and not builder.problems:
        builder.report((1, 1), 'a rule file is a mapping, as in "title: VIP"; this one is not', "yaml-syntax")
    return Source(file, root, tuple(builder.problems))


def _syntax_problem(file: str, text: str, error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    lines = text.splitlines() or [""]
    line, column = (mark.line, mark.column) if mark else (0, 0)
    if line >= len(lines):  # "the end of the file" is shown as the end of its last line
        line, column = len(lines) - 1, len(lines[-1])
    if lines[line][column : column + 1] == "\t":
        return Problem(file, line + 1, column + 1, "a tab; indent with spaces", "yaml-syntax")
    message = f"this is not YAML: {error.problem or error.context}; check indentation, colons and quotes"
    return Problem(file, line + 1, column + 1, message, "yaml-syntax")


class _Builder:
    """Builds the tree of one file from parser events; `problems` and `root` are what comes out."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Any = None
        self.problems: list[Problem] = []
        self._open: list[Keyed | Items] = []
        self._keys: list[str | None] = []  # the key that waits for its value, for each open container
        self._key_marks: list[Mark] = []
        self._documents = 0

    def report(self, at: Mark, message: str, code: str) -> None:
        """Keep one problem."""
        self.problems.append(Problem(self.file, *at, message, code))

    def build(self, events: Iterable[Any]) -> bool:
        """Read all parser events; False if something made it stop before the end."""
        for event in events:
            kind = type(event)
            if kind is ScalarEvent:
                self._scalar(event)
            elif kind is MappingStartEvent or kind is SequenceStartEvent:
                if not self._start(event, Keyed if kind is MappingStartEvent else Items):
                    return False
            elif kind is MappingEndEvent or kind is SequenceEndEvent:
                self._open.pop()
                self._keys.pop()
                self._key_marks.pop()
            elif kind is AliasEvent:
                self._mark_magic(event, "an alias")
                if self._awaits_key():
                    return False
                self._place(None, _mark(event))
            elif kind is DocumentStartEvent:
                self._documents += 1
                if self._documents > 1:
                    self.report(_mark(event), "a second document begins; one file is one document", "yaml-syntax")
                    return False
        return True

    def _awaits_key(self) -> bool:
        return bool(self._open) and self._keys[-1] is None and isinstance(self._open[-1], Keyed)

    def _mark_magic(self, event: Any, what: str) -> None:
        self.report(_mark(event), f"{what} is not part of the rule language; write the value out", "yaml-magic")

    def _check_plain(self, event: Any) -> None:
        if event.anchor is not None:
            self._mark_magic(event, f'the anchor "&{event.anchor}"')
        if event.tag is not None:
            self._mark_magic(event, f'the tag "{event.tag}"')

    def _start(self, event: Any, container: type[Keyed] | type[Items]) -> bool:
        """Open a mapping or list; False if nothing after it can be read."""
        at = _mark(event)
        self._check_plain(event)
        if len(self._open) >= DEEPEST:
            self.report(at, f"deeper than {DEEPEST} levels; make it flatter", "yaml-deep")
            return False
        if self._awaits_key():
            self.report(at, "a key is one word, not a list or mapping", "yaml-syntax")
            return False
        child = container(at)
        self._place(child, at)
        self._open.append(child)
        self._keys.append(None)
        self._key_marks.append(at)
        return True

    def _scalar(self, event: Any) -> None:
        at = _mark(event)
        if event.anchor is not None or event.tag is not None:
            self._check_plain(event)
        text, is_plain = event.value, event.implicit[0]
        if not text.isascii() and _SURROGATE.search(text):
            self.report(at, "half a character (a lone surrogate escape); write the whole character", "yaml-syntax")
            text = _SURROGATE.sub("?", text)
        if self._awaits_key():
            self._key(text, at, is_plain=is_plain)
        else:
            self._place(self._resolve(text, at) if is_plain else text, at)

    def _key(self, text: str, at: Mark, *, is_plain: bool) -> None:
        if is_plain and text == "<<":
            self.report(at, "a merge key is not part of the rule language; write the values out", "yaml-magic")
        elif is_plain and text in _AMBIGUOUS:
            self._ambiguous(text, at)
        self._keys[-1] = text
        self._key_marks[-1] = at

    def _ambiguous(self, text: str, at: Mark) -> None:
        self.report(at, f'{text} without quotes; write "{text}" if you mean the text', "yaml-word")

    def _resolve(self, text: str, at: Mark) -> Any:
        """Return what a word without quotes means: nothing, true, false, a number, or itself."""
        if text in _RESOLVED:
            return _RESOLVED[text]
        if text[0] in _NUMBER_STARTS and _NUMBER.fullmatch(text):
            if _LEADING_ZERO.fullmatch(text):
                self._ambiguous(text, at)
                return text
            return number(text)
        if text in _AMBIGUOUS:
            self._ambiguous(text, at)
        return text

    def _place(self, value: Any, at: Mark) -> None:
        """Put `value` where it belongs: into the open list, or under the waiting key."""
        if not self._open:
            self.root = value
            return
        parent = self._open[-1]
        if isinstance(parent, Items):
            parent.append(value)
            parent.marks.append(at)
            return
        key = self._keys[-1]
        assert key is not None
        self._keys[-1] = None
        if key in parent:
            first = parent.marks[key][0][0]
            self.report(at, f'key "{key}" appears twice, first on line {first}', "yaml-duplicate")
            return
        parent[key] = value
        parent.marks[key] = (self._key_marks[-1], at)


def number(text: str) -> int | Decimal | str:
    """Return the number that `text` says, whole ones as int; the text itself if it says none or a monstrous one."""
    if len(text) > LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return text
    value = Decimal(text)
    if abs(value.adjusted()) > MOST_DIGITS or len(format(value, "f")) > LONGEST_NUMBER:
        return text
    whole = int(value)
    return whole if whole == value else value


def _mark(event: Any) -> Mark:
    mark = event.start_mark
    return mark.line + 1, mark.column + 1
