"""Leaves of the longer shapes of behaviour: sequences, habits, breaks and returns, the last event."""

from __future__ import annotations

from stream.core import figures, habit
from stream.core.condition import Leaf
from stream.core.frame import fixed
from stream.ruleset.compile_conditions import Conditions, Makers
from stream.ruleset.schema_events import LastEvent, Regularly, Restarted, Stopped
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
        is_instant=True,
        states=source.keys | states | more_states,
        is_inexact=source.mark,
    )


def restarted(conditions: Conditions, asked: Restarted) -> Leaf:
    """Return the leaf of `restarted`: of a busy time only its first and last instants are asked."""
    quiet_for, _, states = conditions.span(asked.quiet_for)
    shortest_ms = asked.quiet_for.at_least if isinstance(asked.quiet_for, Personal) else asked.quiet_for
    again_ms = asked.again_within
    source = conditions.states.spread(asked.restarted, asked.where, shortest_ms - 1, 1, again_ms, asks_before=True)
    instants = source.instants()
    words = event_words(asked.restarted, asked.where, None)
    return Leaf(
        f"restarted {words} quiet for {span_words(asked.quiet_for)} again within {span_text(asked.again_within)}",
        "",
        None,
        "",
        read=habit.restarted(instants, quiet_for, fixed(again_ms)),
        value=habit.newest(instants),
        is_instant=True,
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


MAKERS: Makers = {
    Stopped: stopped,
    Restarted: restarted,
    Regularly: regularly,
    LastEvent: last_event,
}
