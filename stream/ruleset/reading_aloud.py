"""Rules as plain phrases, the way one reads them aloud: for the catalogue and for what changed between versions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from stream.ruleset.schema import leading_words

_GROUPS = {"all": "all of", "any": "any of", "not": "not"}
_CONDITIONS = ("enter", "stay_while")
_FOR_PEOPLE = frozenset({"title", "description", "owner", "next_action", "question", "review_by"})
STEP = "  "


def rule_lines(written: Mapping[str, Any]) -> list[str]:
    """Return what a rule file means, line by line; words for people (titles, owners …) are left out."""
    lines: list[str] = []
    for word, value in written.items():
        if word in _FOR_PEOPLE:
            continue
        if word in _CONDITIONS and isinstance(value, Mapping):
            lines += [f"{aloud(word)}:", *condition_lines(value, 1)]
        elif word == "add" and isinstance(value, Sequence):
            lines += [line for each in value for line in _points_lines(each)]
        else:
            lines.append(f"{aloud(word)}: {value_words(value)}")
    return lines


def people_lines(written: Mapping[str, Any]) -> list[str]:
    """Return what a rule file says to people only: title, owner, next action and the like."""
    return [f"{aloud(word)}: {value_words(value)}" for word, value in written.items() if word in _FOR_PEOPLE]


def _points_lines(line: Mapping[str, Any]) -> list[str]:
    return [f"{value_words(line.get('give'))} points when", *condition_lines(line.get("when", {}), 1)]


def condition_lines(condition: Mapping[str, Any], depth: int = 0) -> list[str]:
    """Return a condition as it stands in a file: a line for each group and each leaf, indented."""
    word = next(iter(leading_words(condition)), "")
    front = STEP * depth
    if word not in _GROUPS:
        return [front + leaf_words(condition)]
    inner = condition[word] if word != "not" else [condition[word]]
    return [front + _GROUPS[word], *(line for each in inner for line in condition_lines(each, depth + 1))]


def leaf_words(condition: Mapping[str, Any]) -> str:
    """Return one condition: `did order_placed, at least 3, within 90d`."""
    word = next(iter(leading_words(condition)), "")
    value = condition.get(word)
    if word == "everyone":
        return "everyone"
    if word == "sequence" and isinstance(value, Sequence):
        first = "first " + ", then ".join(map(_step_words, value))
    elif word in {"today", "near", "points", "score"} and isinstance(value, Mapping):
        first = f"{aloud(word)} {_pairs(value)}"
    else:
        first = f"{aloud(word)} {value_words(value)}"
    return ", ".join([first, *(_pair(key, inner) for key, inner in condition.items() if key != word)])


def _step_words(step: Any) -> str:
    return step if isinstance(step, str) else " ".join(_pair(word, value) for word, value in step.items())


def _pair(word: str, value: Any) -> str:
    if word in {"where", "has"} and isinstance(value, Mapping):
        return f"{word} {' and '.join(_tests(value))}"
    return f"{aloud(word)} {value_words(value)}"


def _tests(where: Mapping[str, Any]) -> Iterator[str]:
    for name, wanted in where.items():
        if name == "any_item" and isinstance(wanted, Mapping):
            yield f"any item has {' and '.join(_tests(wanted))}"
        elif isinstance(wanted, Mapping) and set(wanted) != {"bar"}:
            yield f"{name} {_pairs(wanted)}"
        elif isinstance(wanted, Sequence) and not isinstance(wanted, str):
            yield f"{name} is one of {value_words(wanted)}"
        else:
            yield f"{name} is {value_words(wanted)}"


def _pairs(value: Mapping[str, Any]) -> str:
    return ", ".join(f"{aloud(word)} {value_words(inner)}" for word, inner in value.items())


def value_words(value: Any) -> str:  # noqa: PLR0911 - one line for each kind of value
    """Return a value as people write it: a bar, so many personal gaps, a list with commas."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true" if value else "false"
        case {"personal_gaps": gaps, **rest}:
            floor = f" (at least {rest['at_least']})" if "at_least" in rest else ""
            return f"{gaps} personal gaps{floor}"
        case {"bar": name, **rest}:
            return f"{rest['percent']} % of bar {name}" if "percent" in rest else f"bar {name}"
        case Mapping():
            return _pairs(value)
        case [*each]:
            return ", ".join(map(value_words, each)) or "nothing"
        case Decimal():
            return format(value, "f")
        case _:
            return str(value)


def aloud(word: str) -> str:
    """Return a word of the language as it is said: `at_least` is `at least`."""
    return word.replace("_", " ")
