"""Leaves of the longer shapes of behaviour: sequences, habits, breaks and returns, the last event."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from stream.core import figures, habit
from stream.core.condition import Leaf
from stream.core.fold import Fold, Matches
from stream.core.frame import fixed
from stream.core.marks import marked
from stream.core.matching import Test, on_event, on_row
from stream.core.profile import NEVER
from stream.core.sequence import Shape
from stream.core.sequence_state import Booked, seen, sequence, sequence_fold, sequence_value
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.compile_sources import Kept
from stream.ruleset.compile_states import States
from stream.ruleset.compile_tests import where_tests
from stream.ruleset.schema_events import LastEvent, Regularly, Restarted, Sequence, Stopped
from stream.ruleset.schema_parts import StepDidNot, Where
from stream.ruleset.schema_values import Personal
from stream.ruleset.spans import span_text
from stream.ruleset.wording import event_words, span_words, where_words

# -- habits -------------------------------------------------------------------------------


def stopped(conditions: Conditions, asked: Stopped) -> Leaf:
    """Return the leaf of `stopped`: the newest instant is all that is asked."""
    did_within, longest_ms, states = conditions.span(asked.did_within)
    quiet_for, _, more_states = conditions.span(asked.quiet_for)
    source = conditions.states.instants(asked.stopped, asked.where, 1, "newest", longest_ms)
    instants = source.instants()
    words = event_words(asked.stopped, asked.where, None)
    return Leaf(
        f"stopped {words} within {span_words(asked.did_within)} quiet for {span_words(asked.quiet_for)}",
        "",
        None,
        "",
        read=habit.stopped(instants, did_within, quiet_for),
        value=habit.newest(instants),
        states=source.keys | states | more_states,
        is_inexact=source.mark,
    )


def restarted(conditions: Conditions, asked: Restarted) -> Leaf:
    """Return the leaf of `restarted`: of a busy time only its first and last instants are asked."""
    quiet_for, _, states = conditions.span(asked.quiet_for)
    shortest_ms = asked.quiet_for.at_least if isinstance(asked.quiet_for, Personal) else asked.quiet_for
    source = conditions.states.spread(asked.restarted, asked.where, shortest_ms - 1, 1, asked.again_within)
    instants = source.instants()
    words = event_words(asked.restarted, asked.where, None)
    return Leaf(
        f"restarted {words} quiet for {span_words(asked.quiet_for)} again within {span_text(asked.again_within)}",
        "",
        None,
        "",
        read=habit.restarted(instants, quiet_for, fixed(asked.again_within)),
        value=habit.newest(instants),
        states=source.keys | states,
        is_inexact=source.mark,
    )


def regularly(conditions: Conditions, asked: Regularly) -> Leaf:
    """Return the leaf of `regularly`."""
    reach_ms = asked.every * asked.of_last
    source = conditions.states.spread(asked.regularly, asked.where, asked.every, asked.at_least, reach_ms)
    instants = source.instants()
    words = event_words(asked.regularly, asked.where, None)
    return Leaf(
        f"periods of {span_text(asked.every)}, of the last {asked.of_last}, with at least {asked.at_least} {words}",
        "at least",
        asked.in_at_least,
        "",
        read=habit.regularly(instants, asked.at_least, asked.every, asked.in_at_least, asked.of_last),
        value=habit.periods(instants, asked.at_least, asked.every, asked.of_last),
        states=source.keys,
        is_inexact=source.mark,
    )


def last_event(conditions: Conditions, asked: LastEvent) -> Leaf:
    """Return the leaf of `last_event`: the newest that matches has what is asked."""
    frame = conditions.frame(asked.window)
    kind = "last" if frame.is_recent else "ledger"
    source, rows = conditions.states.answers(asked.last_event, asked.where, asked.has, frame.longest_ms, kind)
    return Leaf(
        f"last {event_words(asked.last_event, asked.where, asked.window)} has {where_words(asked.has)}",
        "",
        None,
        "",
        read=figures.figure(rows, figures.last_of, bool, frame),
        value=figures.figure_value(rows, figures.last_of, frame),
        states=source.keys | frame.states,
        is_inexact=source.mark,
    )


# -- sequences ----------------------------------------------------------------------------


def sequence_of(conditions: Conditions, asked: Sequence) -> Leaf:
    """Return the leaf of `sequence`: one state for equal steps, orders from their ledgers."""
    last = asked.sequence[-1]
    silence_ms = last.for_ if isinstance(last, StepDidNot) else 0
    steps = [step for step in asked.sequence if not isinstance(step, StepDidNot)]
    within_ms = asked.within or NEVER
    shape = Shape(tuple(step.max_gap or NEVER for step in steps), within_ms, silence_ms)
    asks = [(1 << number, _event_of(step), step.where) for number, step in enumerate(asked.sequence)]
    kept = _kept(conditions.states, asks, asked.per, shape)
    booked = _booked(conditions.states, asks, asked.per, within_ms)
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
        is_inexact=marked([part.key for part in booked], own),
    )


Asks = list[tuple[int, str, Where | None]]
"""(bit, event, where) of each step."""


def _event_of(step: object) -> str:
    event: str = step.did_not if isinstance(step, StepDidNot) else step.did  # type: ignore[attr-defined]
    return event


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
    return states.own(
        f"{text}|{'silent' if shape.silence_ms else ''}",
        tuple(sorted(by_name)),
        partial(_sequence_fold, by_name, other, per, shape.end_bit),
        is_unknown_too=bool(other),
        span_ms=shape.within_ms,
    )


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
        tests = where_tests(where, states.units_of(event))
        for name in filter(states.is_reversible, names):
            ledger = states.order_ledger(name, span_ms, per)
            bits.setdefault(name, []).append((bit, on_row(states.row_tests(ledger, where, tests))))
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


MAKERS: Makers = {
    Stopped: stopped,
    Restarted: restarted,
    Regularly: regularly,
    LastEvent: last_event,
    Sequence: sequence_of,
}
