"""Leaf of `sequence`: which events are kept for its steps, and which are read from ledgers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from stream.core.condition import Leaf
from stream.core.fold import Fold, Matches
from stream.core.marks import marked
from stream.core.matching import Test, on_event
from stream.core.profile import NEVER
from stream.core.sequence import Shape
from stream.core.sequence_state import Booked, seen, sequence, sequence_fold, sequence_value
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_dated_where import RowStates
from stream.ruleset.compile_sources import SEQUENCE, Kept
from stream.ruleset.compile_states import Asks, States
from stream.ruleset.compile_tests import where_tests
from stream.ruleset.schema_events import Sequence
from stream.ruleset.schema_parts import StepDid, StepDidNot
from stream.ruleset.spans import span_text
from stream.ruleset.wording import event_words, where_words


def sequence_of(conditions: Conditions, asked: Sequence) -> Leaf:
    """Return the leaf of `sequence`: one state for equal steps, orders from their ledgers."""
    last = asked.sequence[-1]
    silence_ms = last.for_ if isinstance(last, StepDidNot) else 0
    steps = [step for step in asked.sequence if not isinstance(step, StepDidNot)]
    within_ms = asked.within or NEVER
    shape = Shape(tuple(step.max_gap or NEVER for step in steps), within_ms, silence_ms)
    asks = [(1 << number, _event_of(step), step.where) for number, step in enumerate(asked.sequence)]
    kept, booked = _states_of(conditions.states, asks, asked.per, shape)
    own = [kept.key] if kept else []
    read_seen = seen(kept.key if kept else None, booked, asked.per, shape.end_bit)
    return Leaf(
        sequence_words(asked),
        "",
        None,
        "",
        read=sequence(read_seen, shape),
        value=sequence_value(read_seen, shape, has_names=asked.per is not None),
        states=frozenset([part.key for part in booked] + own),
        ended_by=_ending(conditions.states, asks, shape),
        is_inexact=marked([part.key for part in booked], own),
    )


def _ending(states: States, asks: Asks, shape: Shape) -> frozenset[str]:
    """Return the names of the events that are the silent end only: one more of them can only break a sequence."""
    if isinstance(states, RowStates):
        return frozenset()
    names = {bit: states.names_of(event) for bit, event, _ in asks}
    steps = {name for bit, found in names.items() if bit != shape.end_bit for name in found}
    return frozenset(names.get(shape.end_bit, ())) - steps


def _event_of(step: StepDid | StepDidNot) -> str:
    return step.did_not if isinstance(step, StepDidNot) else step.did


def _states_of(states: States, asks: Asks, per: str | None, shape: Shape) -> tuple[Kept | None, list[Booked]]:
    """Return the state of the sequence itself, None where there is none, and the ledgers that steps are read from."""
    if isinstance(states, RowStates):
        return None, states.steps(asks, per, shape.within_ms)
    return _kept(states, asks, per, shape), _booked(states, asks, per, shape.within_ms)


def _kept(states: States, asks: Asks, per: str | None, shape: Shape) -> Kept | None:
    """Return the state of the events of a sequence that nothing reverses, None where there are none."""
    by_name: dict[str, list[tuple[int, Matches | None]]] = {}
    other: list[tuple[int, Matches | None]] = []
    for bit, event, where in asks:
        names = states.names_of(event)
        matches = on_event(where_tests(where, states.units_of(event)))
        for name in names:
            if not states.is_reversible(name):
                by_name.setdefault(name, []).append((bit, matches))
        if states.is_unknown_too(event):
            other.append((bit, matches))
    if not by_name and not other:
        return None
    text = "|".join(["sequence", per or "", *(f"{bit} {event} {where_words(where)}" for bit, event, where in asks)])
    kept = states.own(
        f"{text}|{'silent' if shape.silence_ms else ''}",
        tuple(sorted(by_name)),
        partial(_sequence_fold, by_name, other, per, shape.end_bit),
        is_unknown_too=bool(other),
        span_ms=shape.within_ms,
    )
    kept.kind = SEQUENCE
    return kept


def _sequence_fold(
    by_name: Mapping[str, list[tuple[int, Matches | None]]],
    other: list[tuple[int, Matches | None]],
    per: str | None,
    end_bit: int,
    kept: Kept,
) -> Fold:
    return sequence_fold(kept.key, by_name, other, per, end_bit, kept.span_ms)


def _booked(states: States, asks: Asks, per: str | None, span_ms: int) -> list[Booked]:
    """Return the ledgers that steps are read from."""
    bits: dict[str, list[tuple[int, Test | None]]] = {}
    for bit, event, where in asks:
        names = states.names_of(event)
        for name in filter(states.is_reversible, names):
            ledger = states.order_ledger(name, span_ms, per)
            bits.setdefault(name, []).append((bit, states.row_test(ledger, where, event)))
    return [Booked(states.order_ledger(name, span_ms).key, tuple(found)) for name, found in bits.items()]


def sequence_words(asked: Sequence) -> str:
    """Return a sequence as words."""
    parts = []
    for step in asked.sequence:
        words = event_words(_event_of(step), step.where, None)
        if isinstance(step, StepDidNot):
            parts.append(f"no {words} for {span_text(step.for_)}")
        else:
            parts.append(words + (f" in less than {span_text(step.max_gap)}" if step.max_gap else ""))
    tail = (f" within {span_text(asked.within)}" if asked.within else "") + (f" per {asked.per}" if asked.per else "")
    return ", then ".join(parts) + tail


MAKERS: Makers = {Sequence: sequence_of}
