"""Whether staying is easier than entering: a bar in `stay_while` must not be harder than the same bar in `enter`."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from stream.ruleset.findings import Findings
from stream.ruleset.schema import All, AnyOf, Condition
from stream.ruleset.schema_values import Bar
from stream.ruleset.schema_words import COUNT_WORDS, Counted, Words
from stream.ruleset.source import Path

_LOW = ("at_least", "above")
_HIGH = ("at_most", "below")


def check_stay_bars(enter: Condition, stay_while: Condition, findings: Findings) -> None:
    """Find bars of `stay_while` that are harder to reach than the same ones of `enter`."""
    entered = [leaf for leaf, _ in must_hold(enter, ("enter",)) if isinstance(leaf, Counted)]
    for leaf, path in must_hold(stay_while, ("stay_while",)):
        for other in entered:
            if isinstance(leaf, Counted) and type(other) is type(leaf) and subject(other) == subject(leaf):
                _compare(other, leaf, path, findings)


def must_hold(condition: Condition, path: Path) -> Iterator[tuple[Words, Path]]:
    """Yield the conditions that must hold for `condition` to hold."""
    if isinstance(condition, All):
        for index, inner in enumerate(condition.all):
            yield from must_hold(inner, (*path, "all", index))
    elif isinstance(condition, AnyOf) and len(condition.any) == 1:
        yield from must_hold(condition.any[0], (*path, "any", 0))
    elif isinstance(condition, Words):
        yield condition, path


def subject(leaf: Words) -> dict[str, object]:
    """Return everything of a condition but its bar."""
    return {word: value for word, value in leaf.as_written().items() if word not in COUNT_WORDS}


def _compare(entered: Counted, kept: Counted, path: Path, findings: Findings) -> None:
    for words, more in ((_LOW, "more"), (_HIGH, "less")):
        enter_bar, stay_bar = entered.count, kept.count
        if enter_bar is None or stay_bar is None or enter_bar.op not in words or stay_bar.op not in words:
            continue
        sides = _comparable(enter_bar.value, stay_bar.value)
        if sides is None:
            continue
        is_harder = sides[1] > sides[0] if more == "more" else sides[1] < sides[0]
        if is_harder:
            message = (
                f"stay_while asks for {more} ({_shown(stay_bar.value)}) than enter ({_shown(enter_bar.value)}); "
                "a member would leave at once"
            )
            findings.add((*path, stay_bar.op), message, "rule-stay-bar", key=True)


def _comparable(first: int | Decimal | Bar, second: int | Decimal | Bar) -> tuple[int | Decimal, int | Decimal] | None:
    """Return two numbers to compare, or None: a published bar compares only with itself."""
    if isinstance(first, Bar) and isinstance(second, Bar):
        return (first.percent, second.percent) if first.bar == second.bar else None
    if isinstance(first, Bar) or isinstance(second, Bar):
        return None
    return first, second


def _shown(bar: int | Decimal | Bar) -> str:
    return f"{bar.percent} % of {bar.bar}" if isinstance(bar, Bar) else str(bar)
