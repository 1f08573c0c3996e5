"""From a tree to a checked model: every mistake becomes a problem with its place, the rest is read all the same.

The models report what is wrong. So that one mistake does not hide the others, the wrong pieces are then taken out (or
mended with a harmless value) and the rest is read again: names and types of the whole file can still be checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, TypeVar, get_args, get_origin

from pydantic import Tag, ValidationError

from stream.errors import Problem
from stream.ruleset.mending import mend, without
from stream.ruleset.schema import leading_words
from stream.ruleset.schema_part import Part, shown, suggestion
from stream.ruleset.schema_parts import Comparison, ItemWhere
from stream.ruleset.source import Items, Keyed, Path, Source

Model = TypeVar("Model", bound=Part)
PASSES: Final = 12
_ABSENCE: Final = frozenset(
    {"missing", "rule-missing", "rule-no-condition", "rule-empty-group", "union_tag_not_found", "test-event"}
)
_RELATIONS: Final = frozenset({"rule-windows", "rule-stay", "rule-value", "rule-span", "rule-step"})


@dataclass(frozen=True, slots=True)
class Reading(Generic[Model]):
    """What came of one file: the model, or None; its problems; and the tree that the model was read from."""

    model: Model | None
    source: Source
    problems: tuple[Problem, ...]


def read(model: type[Model], source: Source) -> Reading[Model]:
    """Return the model of a file with every problem of its shape; the model is None if nothing can be made of it."""
    if source.root is None:
        return Reading(None, source, source.problems)
    problems = list(source.problems)
    mended: set[int] = set()
    empty = set(_empty_values(source.root, ()))
    problems += [_empty(source, path) for path in empty]
    tree = Source(source.file, without(source.root, (), empty, {}, mended)) if empty else source
    for round_ in range(PASSES):
        if tree.root is None:
            break
        try:
            return Reading(model.model_validate(tree.root), tree, tuple(dict.fromkeys(problems)))
        except ValidationError as error:
            errors = [_Error(model, tree, details) for details in error.errors(include_url=False)]
        problems += [one.problem() for one in errors if not one.comes_from_mending(mended, is_first=not round_)]
        tree = Source(tree.file, mend(tree.root, errors, mended))
    return Reading(None, source, tuple(dict.fromkeys(problems)))


class _Error:
    """One error of pydantic, with the place in the tree that it speaks of."""

    def __init__(self, model: type[Part], source: Source, details: Any) -> None:
        self.model, self.source = model, source
        self.kind: str = details["type"]
        self.loc: tuple[str | int, ...] = details["loc"]
        self.input: Any = details["input"]
        self.context: dict[str, Any] = details.get("ctx", {})
        self.message: str = details["msg"]
        self.path, self.value, self.is_key = _follow(source.root, self.loc)
        self.culprit = self._culprit()

    def _culprit(self) -> str | int | None:
        """Return the key or item inside the value that is to blame; of several keys the one written last."""
        at = self.context.get("at")
        if isinstance(at, tuple) and isinstance(self.value, Keyed):
            return max((key for key in at if key in self.value), key=lambda key: self.value.marks[key][0], default=None)
        is_inside = (isinstance(self.value, Keyed) and at in self.value) or isinstance(self.value, Items)
        return at if is_inside and not isinstance(at, tuple) else None

    def comes_from_mending(self, mended: set[int], *, is_first: bool) -> bool:
        """Tell whether this error may be there only because something else was taken out or mended."""
        if self.kind in _ABSENCE:
            return not is_first or id(self.value) in mended
        return self.kind in _RELATIONS and id(self.value) in mended

    def problem(self) -> Problem:
        """Return the problem as it is shown to people."""
        code, message = self._words()
        is_key = self.is_key or self.kind == "extra_forbidden" or self.context.get("side") == "key"
        path = self.path if self.culprit is None else (*self.path, self.culprit)
        line, column = self.source.place(path, key=is_key)
        return Problem(self.source.file, line, column, message, code)

    def _words(self) -> tuple[str, str]:
        """Return code and message."""
        if "message" in self.context:
            return self.kind, self.context["message"]
        if self.kind == "union_tag_not_found":
            return _not_a_condition(self.input)
        if self.kind.startswith(("rule-", "test-")):
            return self.kind, self.message
        code = {"extra_forbidden": "rule-key", "missing": "rule-missing"}.get(self.kind, "rule-value")
        return code, self._translated()

    def _translated(self) -> str:
        """Return what pydantic says in the words of the house."""
        if self.kind == "extra_forbidden":
            return self._unknown_key()
        if self.kind == "missing":
            return self._missing()
        if self.kind == "literal_error":
            choices = re.findall(r"'([^']*)'", self.context["expected"]) or ["true"]
            advice = suggestion(str(self.input), choices, f"write {' or '.join(choices)}")
            return f"{shown(self.input)} does not fit here; {advice}"
        return f"{shown(self.input)} where a mapping belongs{self._example()}"

    def _unknown_key(self) -> str:
        key, owner = str(self.loc[-1]), _owner(self.model, self.loc[:-1])
        words = owner.words() if owner else []
        written = set(self.source_mapping())
        free = [word for word in words if word not in written]
        return f'unknown key "{key}"; {suggestion(key, free, "it can have: " + ", ".join(words))}'

    def source_mapping(self) -> Keyed:
        """Return the mapping in which an unknown key stands."""
        _, parent, _ = _follow(self.source.root, self.loc[:-1])
        return parent if isinstance(parent, Keyed) else Keyed((1, 1))

    def _missing(self) -> str:
        key, owner = str(self.loc[-1]), _owner(self.model, self.loc[:-1])
        field = (
            next((one for name, one in owner.model_fields.items() if (one.alias or name) == key), None)
            if owner
            else None
        )
        meaning = f" ({field.description})" if field and field.description else ""
        return f'"{key}" is missing; write "{key}: …"{meaning}'

    def _example(self) -> str:
        owner = _owner(self.model, self.loc)
        if owner is not None and issubclass(owner, ItemWhere):
            return "; name properties, as in {category: garden}"
        if owner is None or self.kind != "model_type":
            return ""  # the names in it are free
        return f"; its keys are: {', '.join(owner.words())}"


def _empty_values(value: Any, path: Path) -> Iterator[Path]:
    """Yield the paths at which nothing was written; in cases a property or trait may be null: it is missing then."""
    if value is None:
        is_said_by_case = path[:1] == ("tests",) and path[-1] not in {"at", "did", "occurred", "until", "starts"}
        if not (is_said_by_case and ("events" in path[2:-1] or "traits" in path[2:-1])):
            yield path
    elif isinstance(value, Keyed):
        for key, inner in value.items():
            yield from _empty_values(inner, (*path, key))
    elif isinstance(value, Items):
        for index, inner in enumerate(value):
            yield from _empty_values(inner, (*path, index))


def _empty(source: Source, path: Path) -> Problem:
    name = "this item" if isinstance(path[-1], int) else f'"{path[-1]}"'
    return Problem(source.file, *source.place(path), f"{name} is empty; write a value, or remove it", "rule-value")


def _not_a_condition(value: Any) -> tuple[str, str]:
    """Return code and message for a value that is not one condition."""
    words = leading_words(value)
    if words:
        both = " and ".join(f'"{word}"' for word in words[:2])
        advice = 'put them in a list under "all"'
        how_many = {2: "two", 3: "three"}.get(len(words), "many")
        return "rule-two-conditions", f"a condition has one leading word; here are {how_many}: {both}; {advice}"
    if isinstance(value, list):
        return "rule-no-condition", 'a list where one condition belongs; put it under "all" or "any"'
    if not isinstance(value, dict):
        return "rule-no-condition", f'{shown(value)} where a condition belongs; write it as in "did: order_placed"'
    return "rule-no-condition", "no leading word; one of: all, any, not, did, did_not, …"


def _follow(root: Any, loc: Sequence[str | int]) -> tuple[Path, Any, bool]:
    """Return how far `loc` leads into the tree: the path, the value there, and whether its key itself is meant."""
    path: list[str | int] = []
    here = root
    for step in loc:
        if isinstance(here, Keyed) and step in here:
            here = here[str(step)]
        elif isinstance(here, Items) and isinstance(step, int) and step < len(here):
            here = here[step]
        elif step == "[key]":
            return tuple(path), here, True
        elif isinstance(step, str) and step.startswith("<"):
            continue
        else:
            break
        path.append(step)
    return tuple(path), here, False


def _owner(model: type[Part], loc: Sequence[str | int]) -> type[Part] | None:
    """Return the model class that reads the value at `loc`, or None where it cannot be told."""
    here: type[Part] | None = model
    choices: list[tuple[str | None, type[Part]]] = []
    for step in loc:
        field = (
            next((one for name, one in here.model_fields.items() if (one.alias or name) == step), None)
            if here
            else None
        )
        if field is not None:
            choices = list(_parts((field.annotation, *field.metadata)))
            here = choices[0][1] if len(choices) == 1 else None
        elif isinstance(step, str) and step.startswith("<"):
            here = next((part for tag, part in choices if tag == step), here)
        elif here is not None and issubclass(here, ItemWhere):
            here = Comparison
    return here


def _parts(annotation: Any, tag: str | None = None) -> Iterator[tuple[str | None, type[Part]]]:
    """Yield the models that an annotation speaks of, each with its tag."""
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield tag, annotation
        return
    if get_origin(annotation) is Annotated:
        tag = next((one.tag for one in annotation.__metadata__ if isinstance(one, Tag)), tag)
    for inner in annotation if isinstance(annotation, tuple) else get_args(annotation):
        yield from _parts(inner, tag)
