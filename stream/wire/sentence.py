"""A transition as one sentence for people, from its JSON body alone: whatever rule it came from."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from stream.core.vocabulary import EXPONENTS
from stream.wire.instant import EPOCH, MILLISECOND

Body = Mapping[str, Any]
MOST_REASONS = 3
"""How many conditions a sentence names."""

_CLOCKS = {
    "stay_at_most": "the longest stay there was over",
    "stay_at_least": "the shortest stay there was over",
    "wait": "its conditions had held for the whole wait",
    "cooldown": "the cooldown was over",
    "inside": "the segment around it was entered or left",
}


def sentence(body: Body, zone: dt.tzinfo = dt.UTC) -> str:
    """Return who moved, from where to where, when (to the minute, in `zone`) and why."""
    at = dt.datetime.fromisoformat(body["at"]).astimezone(zone)
    return f"{body['customer_id']} {move_words(body)} on {at:%Y-%m-%d %H:%M}{because_words(body, zone)}"


def move_words(body: Body) -> str:
    """Return `left active for at_risk`, `entered win_back` or `left win_back`."""
    left, entered = body.get("left"), body.get("entered")
    if left and entered:
        return f"left {left} for {entered}"
    return f"entered {entered}" if entered else f"left {left}"


def because_words(body: Body, zone: dt.tzinfo = dt.UTC) -> str:
    """Return ` because …`, empty where nothing is known of the reason."""
    cause: Body = body.get("cause") or {}
    evidence: Sequence[Body] = body.get("evidence") or ()
    match cause.get("kind"):
        case "time":
            return _time_words(str(cause.get("condition") or ""), evidence, zone)
        case "event":
            return _event_words(body, cause, evidence, zone)
        case "rule_changed":
            return " because the rules changed"
        case "backfill":
            return " because its history came in"
        case "merge":
            return " because two ids became one customer"
        case kind:
            return f" because of {str(kind).replace('_', ' ')}" if kind else ""


def _time_words(condition: str, evidence: Sequence[Body], zone: dt.tzinfo) -> str:
    """Return what ended or began by time alone, with the value that it has now."""
    if not condition:
        return ""
    if condition in _CLOCKS:
        return f" because {_CLOCKS[condition]}"
    told = next((each for each in evidence if each["condition"] == condition), None)
    shown = value_words(told, zone) if told else ""
    return f" because {condition} {_verb(condition, told)}" + (f" ({shown})" if shown else "")


def _verb(condition: str, told: Body | None) -> str:
    """Return what time did to a condition: a window ran out, or something came true or ended."""
    is_window = " within " in condition and " older than " not in condition
    if told is not None and told["holds"] and not (is_window and told.get("test")):
        return "came true with time"
    return "ran out" if any(word in condition for word in (" within ", " for ", " during ")) else "ended"


def _event_words(body: Body, cause: Body, evidence: Sequence[Body], zone: dt.tzinfo) -> str:
    """Return the event, and the conditions that speak for the move."""
    name = cause.get("name") or "what became known"
    late = ", which came late" if cause.get("late") else ""
    speaking = _speaking(body, evidence)
    is_fall = bool(body.get("entered") and speaking and speaking[0].get("of", "") == body.get("left"))
    lost = f", no longer {body['left']}" if is_fall else ""
    # one condition with several bars (to enter, to stay) is one reason
    once = list({each["condition"]: each for each in reversed(speaking)}.values())[::-1]
    reasons = [condition_words(each, zone) for each in once[:MOST_REASONS]]
    more = len(once) - len(reasons)
    if more > 0:
        reasons.append(f"{more} more")
    return f" because of {name}{late}{lost}" + (f": {'; '.join(reasons)}" if reasons else "")


def _speaking(body: Body, evidence: Sequence[Body]) -> Sequence[Body]:
    """Return the conditions that decided: of the segment that was left those that no longer keep, else those to enter.

    Records of the first days say of no condition which segment asks it: there all that agree with the move are told.
    """
    if not all(each.get("of") for each in evidence):
        return [each for each in evidence if each["holds"] == bool(body.get("entered"))] or evidence
    if around := [each for each in evidence if each["part"] == "inside"]:
        return around
    lost = [each for each in evidence if each["of"] == body.get("left") and not _speaks_for_it(each)]
    return lost or [
        each
        for each in evidence
        if each["of"] == body.get("entered") and each["part"] == "enter" and _speaks_for_it(each)
    ]


def _speaks_for_it(evidence: Body) -> bool:
    """Tell whether a condition speaks for being in the segment that asks it."""
    return bool(evidence["holds"]) is not bool(evidence.get("negated"))


def condition_words(evidence: Body, zone: dt.tzinfo = dt.UTC) -> str:
    """Return a condition with its value: `order_placed within 30d (2, asked for at least 1)`."""
    value = value_words(evidence, zone)
    front = "not " if evidence.get("negated") else ""
    return f"{front}{evidence['condition']} ({value})" if value else f"{front}{evidence['condition']}"


def value_words(evidence: Body, zone: dt.tzinfo = dt.UTC) -> str:
    """Return the value and what is asked of it: `520.00 GBP, asked for at least 650.00 GBP`; empty for neither.

    Instants are shown in `zone`.
    """
    unit, test = evidence.get("unit") or "", evidence.get("test") or ""
    value = evidence.get("value")
    if not test and evidence.get("bar") is None:
        return "" if isinstance(value, bool) or value is None else _bare_value(value, zone)
    return f"{amount_words(value, unit)}, asked for {_asked_words(test, evidence.get('bar'), unit)}"


def _asked_words(test: str, bar: Any, unit: str) -> str:
    """Return what is asked: `at least 3`, `between 2 and 4`, `from 2026-01-01, to 2026-01-31`."""
    if test == "exists":
        return "any value" if bar else "no value"
    if not isinstance(bar, list | tuple):
        shown = amount_words(bar, unit)
        return {"is": shown, "is not": f"anything but {shown}"}.get(test) or f"{test} {shown}"
    words = test.split(", ")
    if len(words) == len(bar):
        return ", ".join(f"{word} {amount_words(each, unit)}" for word, each in zip(words, bar, strict=True))
    return f"{test} {(' and ' if test == 'between' else ', ').join(amount_words(each, unit) for each in bar)}"


def _bare_value(value: Any, zone: dt.tzinfo) -> str:
    """Return a value that is compared with nothing: an instant (ms, or as transitions write it), else as it reads."""
    if isinstance(value, int):
        return instant_words(value, zone)
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        return f"{dt.datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
    return amount_words(value, "")


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def instant_words(at_ms: int, zone: dt.tzinfo = dt.UTC) -> str:
    """Return an instant in a zone, as exactly as it is: seconds and milliseconds only where there are any."""
    at = (dt.datetime(EPOCH.year, 1, 1, tzinfo=dt.UTC) + at_ms * MILLISECOND).astimezone(zone)
    if at.microsecond:
        return f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"
    return f"{at:%Y-%m-%d %H:%M:%S}" if at.second else f"{at:%Y-%m-%d %H:%M}"


def amount_words(value: Any, unit: str) -> str:  # noqa: PLR0911 - one line for each kind of value
    """Return a value for people: money from minor units, nothing as `no value`, lists with commas."""
    match value:
        case None:
            return "no value"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return ", ".join(amount_words(each, unit) for each in value) or "nothing"
        case int() if unit:
            digits = EXPONENTS.get(unit, 2)
            return f"{Decimal(value).scaleb(-digits):,.{digits}f} {unit}"
        case float():
            return f"{value:,.10g}"
        case int():
            return f"{value:,}"
        case _:
            return str(value)
