"""A tree without its mistakes: wrong pieces taken out or replaced by something harmless, so the rest can be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

from stream.ruleset.source import Items, Keyed, Path

_SPANS = (
    "within", "older_than", "for", "for_less_than", "quiet_for", "did_within", "again_within", "every", "max_gap",
    "wait", "stay_at_least", "stay_at_most", "cooldown", "warn_before", "until",
)  # fmt: skip
_NUMBERS = (
    "at_least", "at_most", "above", "below", "exactly", "in_at_least", "of_last", "of_at_least", "km", "percent",
    "give", "lat", "lon",
)  # fmt: skip
_HARMLESS_VALUES: Final[dict[str, Any]] = {
    **dict.fromkeys(_SPANS, "1d"),
    **dict.fromkeys(_NUMBERS, 1),
    **dict.fromkeys(("title", "owner", "question"), "?"),
    **{"type": "untyped", "unless_told": "given", "zone": "UTC", "currency": "EUR"},
}
_MENDABLE: Final = frozenset({"rule-span", "rule-value", "rule-windows", "literal_error"})
_COMPARED: Final = frozenset({"trait", "first_value", "last_value", "most_frequent"})


class Mistake(Protocol):
    """One error of a model: what kind, where pydantic saw it, which path that is in the tree, and the key to blame."""

    kind: str
    loc: tuple[str | int, ...]
    path: Path
    culprit: str | int | None


def mend(root: Keyed, errors: Sequence[Mistake], mended: set[int]) -> Keyed | None:
    """Return the tree without the wrong pieces, some of them replaced; None if nothing is left."""
    removed: set[Path] = set()
    added: dict[Path, dict[str, Any]] = {}
    for error in errors:
        stand_in = _stand_in(error)
        if stand_in is None:
            removed.add(error.path if error.culprit is None else (*error.path, error.culprit))
        else:
            path, key, value = stand_in
            added.setdefault(path, {})[key] = value
    return None if () in removed else without(root, (), removed, added, mended)


def _stand_in(error: Mistake) -> tuple[Path, str, Any] | None:
    """Return where, under which key, and what to put in the place of something wrong; None to take it out."""
    if error.kind == "missing":
        key = str(error.loc[-1])
        if (
            key == "at_least" and error.path and error.path[-1] in _SPANS
        ):  # the floor of a personal span is a span itself
            return error.path, key, "1d"
        return _harmless(error.path, key)
    if error.kind == "rule-missing" and isinstance(error.culprit, str):
        return (error.path, "exists", True) if error.culprit in _COMPARED else (error.path, "at_least", 1)
    path = error.path if error.culprit is None else (*error.path, error.culprit)
    if error.kind == "literal_error" and "properties" in path[-2:-1]:
        return path[:-1], str(path[-1]), "untyped"
    if error.kind in _MENDABLE and path and isinstance(path[-1], str):
        return _harmless(path[:-1], path[-1])
    return None


def _harmless(path: Path, key: str) -> tuple[Path, str, Any] | None:
    return (path, key, _HARMLESS_VALUES[key]) if key in _HARMLESS_VALUES else None


def without(value: Any, path: Path, removed: set[Path], added: dict[Path, dict[str, Any]], mended: set[int]) -> Any:
    """Return a copy of `value` without the paths in `removed` and with what is in `added`; places are kept."""
    if isinstance(value, Keyed):
        copy = Keyed(value.at)
        for key, child in value.items():
            if (*path, key) not in removed:
                copy[key] = without(child, (*path, key), removed, added, mended)
                copy.marks[key] = value.marks[key]
        for key, stand_in in added.get(path, {}).items():
            copy[key] = stand_in
            copy.marks.setdefault(key, (value.at, value.at))
        if path in added or len(copy) < len(value) or id(value) in mended:
            mended.add(id(copy))
            copy.is_mended = True
        return copy
    if isinstance(value, Items):
        items = Items(value.at)
        for index, child in enumerate(value):
            if (*path, index) not in removed:
                items.append(without(child, (*path, index), removed, added, mended))
                items.marks.append(value.marks[index])
        if len(items) < len(value) or id(value) in mended:
            mended.add(id(items))
            items.is_mended = True
        return items
    return value


def is_mended(value: Any) -> bool:
    """Tell whether something in this value, or in what is below it, was taken out or replaced."""
    if not isinstance(value, Keyed | Items):
        return False
    below = value.values() if isinstance(value, Keyed) else value
    return value.is_mended or any(is_mended(each) for each in below)
