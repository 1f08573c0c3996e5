"""Whether cases speak of what exists, with values of the right type, and in an order that can happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from pydantic_core import PydanticCustomError

from stream.ruleset.findings import Findings
from stream.ruleset.names import ABOUT_TO_LEAVE, ANY_EVENT, Names
from stream.ruleset.schema_cases import (
    Case,
    CaseEvent,
    ConsentsEvent,
    DidEvent,
    Expected,
    ListsEvent,
    TraitsEvent,
)
from stream.ruleset.schema_dates import read_day_or_moment
from stream.ruleset.schema_part import suggestion
from stream.ruleset.schema_values import read_number
from stream.ruleset.source import Path
from stream.ruleset.spans import span_text

_TYPES: Final[dict[str, type | tuple[type, ...]]] = {
    "text": str, "true_false": bool, "list": (list, tuple), "place": dict
}  # fmt: skip


def check_cases(cases: Sequence[Case], segments: Mapping[str, bool], names: Names, findings: Findings) -> None:
    """Check all cases of a file; `segments` are those of its dimension, true where they warn before leaving."""
    seen: set[str] = set()
    for index, case in enumerate(cases):
        place: Path = ("tests", index)
        if case.name in seen:
            findings.add((*place, "name"), f'two cases have the name "{case.name}"; give one another', "test-name")
        seen.add(case.name)
        _check_given(case, place, names, findings)
        _check_events(case, place, names, findings)
        _check_expected(case, place, segments, findings)
        if not findings.is_mended(place):  # else it may be our own stand-in that is out of order
            _check_times(case, place, findings)


def speaks_of_others(cases: Sequence[Case], segments: Mapping[str, bool]) -> bool:
    """Tell whether a case expects what does not exist: which segment is meant is then not known."""
    return any(
        one.enters and one.enters.removesuffix(ABOUT_TO_LEAVE) not in segments for case in cases for one in case.expect
    )


def missing_cases(segment: str, cases: Sequence[Case]) -> str | None:
    """Return which of the two directions has no case, or None: somebody enters, somebody must not."""
    enters = [any(one.enters == segment for one in case.expect) for case in cases]
    missing = [] if any(enters) else ["no case in which a customer enters"]
    if all(enters):
        missing.append("no case in which one must not")
    return "; ".join(missing) or None


def _check_given(case: Case, place: Path, names: Names, findings: Findings) -> None:
    if case.given is None:
        return
    place = (*place, "given")
    _check_traits(case.given.traits, (*place, "traits"), names, findings)
    _check_declared("list", case.given.lists, names.lists, (*place, "lists"), findings)
    _check_declared("consent", case.given.consents, names.consents, (*place, "consents"), findings)
    for name, value in case.given.bucket.items():
        if value > 99:  # noqa: PLR2004 - the hundred parts are numbered from 0
            findings.add((*place, "bucket", name), f'"{value}" is no place in the hundred; write 0 to 99', "rule-value")


def _check_declared(what: str, spoken: Mapping[str, Any], declared: Any, place: Path, findings: Findings) -> None:
    for name in spoken:
        problem = Names.declared_problem(what, name, declared)
        if problem:
            findings.add((*place, name), problem, "rule-name", key=True)


def _check_traits(traits: Mapping[str, Any], place: Path, names: Names, findings: Findings) -> None:
    _check_declared("trait", traits, names.traits, place, findings)
    for name, value in traits.items():
        if name in names.traits:
            _check_value(f'trait "{name}"', names.traits[name].type, value, (*place, name), findings)


def _check_events(case: Case, place: Path, names: Names, findings: Findings) -> None:
    for index, event in enumerate(case.events):
        here = (*place, "events", index)
        match event:
            case DidEvent():
                _check_did(event, here, names, findings)
            case TraitsEvent(traits=traits):
                _check_traits(traits, (*here, "traits"), names, findings)
            case ListsEvent(lists=lists):
                _check_declared("list", lists, names.lists, (*here, "lists"), findings)
            case ConsentsEvent(consents=consents):
                _check_declared("consent", consents, names.consents, (*here, "consents"), findings)
            case _:
                pass  # scores have no declared names


def _check_did(event: DidEvent, place: Path, names: Names, findings: Findings) -> None:
    name = event.did
    if name not in names.events:
        if name == ANY_EVENT or not names.are_unknown_events_kept:
            is_any = name == ANY_EVENT
            problem = Names.declared_problem("event", name, names.events) if is_any else names.event_problem(name)
            findings.add((*place, "did"), str(problem), "rule-name")
        return
    for key, value in event.properties.items():
        problem = names.property_problem(name, key)
        if problem:
            findings.add((*place, key), problem, "rule-property", key=True)
        else:
            kind = names.property_type(name, key) or "untyped"
            _check_value(f'"{key}" of "{name}"', kind, value, (*place, key), findings)


def _check_value(subject: str, kind: str, value: Any, place: Path, findings: Findings) -> None:
    """Check a value that a customer's record carries; null is a value that is missing, and allowed."""
    if value is None or kind == "untyped":
        return
    problem = _value_problem(subject, kind, value)
    if problem:
        findings.add(place, problem, "rule-value")


def _value_problem(subject: str, kind: str, value: Any) -> str | None:
    if kind in {"number", "money", "date", "moment"}:
        try:
            (read_number if kind in {"number", "money"} else read_day_or_moment)(value)
        except PydanticCustomError as error:
            return error.message()
        return None
    if isinstance(value, _TYPES[kind]) and (kind == "true_false" or not isinstance(value, bool)):
        return None
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "text" and isinstance(value, bool | int | Decimal):
        return f'{subject} is a text; write "{word}" in quotes'
    wanted = {"text": "a text", "true_false": "true or false", "list": "a list", "place": "{lat: …, lon: …}"}[kind]
    return f"{subject} takes {wanted}; this is something else"


def _check_expected(case: Case, place: Path, segments: Mapping[str, bool], findings: Findings) -> None:
    for index, expected in enumerate(case.expect):
        for word in ("enters", "leaves"):
            name = getattr(expected, word)
            if name is not None:
                _check_segment(name, (*place, "expect", index, word), segments, findings)


def _check_times(case: Case, place: Path, findings: Findings) -> None:
    """Check that events and what is expected stand in order, and that the case lasts as long as they do."""
    last_event = _check_order(case.events, (*place, "events"), findings)
    _check_order(case.expect, (*place, "expect"), findings)
    if case.until is not None and case.until < last_event:
        message = f'"until" ({span_text(case.until)}) is before the last event ({span_text(last_event)})'
        findings.add((*place, "until"), f"{message}; make it longer", "test-time")
    end = max(case.until or 0, last_event)
    for index, expected in enumerate(case.expect):
        if expected.at > end:
            message = f'"at" ({span_text(expected.at)}) is after the case ends ({span_text(end)}); write "until"'
            findings.add((*place, "expect", index, "at"), message, "test-time")


def _check_order(instants: Sequence[CaseEvent | Expected], place: Path, findings: Findings) -> int:
    """Check that `at` never decreases, and return the latest, 0 of none."""
    latest = 0
    for index, one in enumerate(instants):
        if one.at < latest:
            message = f'"at" ({span_text(one.at)}) is before the one above ({span_text(latest)}); put them in order'
            findings.add((*place, index, "at"), message, "test-time")
        latest = max(latest, one.at)
    return latest


def _check_segment(name: str, place: Path, segments: Mapping[str, bool], findings: Findings) -> None:
    bare = name.removesuffix(ABOUT_TO_LEAVE)
    if bare not in segments:
        short = bare.rpartition(".")[2]  # written with its dimension, as elsewhere
        advice = suggestion(short, list(segments), f"one of: {', '.join(sorted(segments)) or 'none'}")
        findings.add(place, f'segment "{bare}" does not exist here; {advice}', "rule-name")
    elif bare != name and not segments[bare]:
        findings.add(place, f'"{bare}" has no "warn_before", so nobody is about to leave it; add it there', "rule-name")
