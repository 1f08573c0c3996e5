"""`segments rules preview` and the membership part of `diff`: recorded events under old and new rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.adapters.memory import rare_collections
from stream.cli.options import (
    AsJson,
    Chosen,
    Compiled,
    EventsFile,
    RulesPath,
    choose,
    compiled,
    compiled_choice,
    instant,
)
from stream.cli.screen import counted, progress_of, remark, say, say_json, say_table

if TYPE_CHECKING:
    from stream.core.plan import Plan
    from stream.ruleset.ruleset import Ruleset
    from stream.service.outcome import Outcome
    from stream.service.preview import Forecast, Preview

Old = Annotated[
    Path | None,
    typer.Option("--old", metavar="DIR", help="The rules to compare with; default: the shipped ones."),
]
Overlaps = Annotated[
    int | None,
    typer.Option("--overlaps", metavar="N", min=0, help="In which other segments N of the members are; default: 200."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="T", help="Let time pass up to here; default: the last record.")
]


def preview(
    events: EventsFile,
    path: RulesPath = None,
    old: Old = None,
    until: Until = None,
    overlaps: Overlaps = None,
    as_json: AsJson = False,
) -> None:
    """Play recorded events under old and new rules: who would enter and leave, how many, how restless, how wide.

    For a whole folder the segments are shown whose meaning differs from the old rules; all, if none does. Only what
    is shown, and what that looks at, is played for all customers; everything else for the members that are looked at.
    """
    chosen = choose(path)
    before, after = compiled(old) if old is not None else _rules_before(chosen), compiled_choice(chosen)
    wanted = segments_to_show(before.ruleset, after.ruleset, chosen)
    made = played(before, after, wanted, events, instant(until), overlaps)
    if as_json:
        say_json(summary(made))
    else:
        _tell(made)


def _rules_before(chosen: Chosen) -> Compiled:
    """Return the shipped rules; where an audience was written into their own folder, those without it."""
    from stream.adapters.files import shipped_rules

    is_shipped = chosen.folder.resolve() == shipped_rules().resolve()
    if is_shipped and chosen.below.startswith("audiences/"):
        files = {file: text for file, text in chosen.files.items() if not chosen.has(file)}
        return compiled_choice(chosen._replace(files=files, below=""))
    return compiled(None)


def segments_to_show(old: Ruleset, new: Ruleset, chosen: Chosen) -> list[str]:
    """Return the segments that were named; of a whole folder those that differ, or all if none does."""
    from stream.ruleset.difference import differences

    every = [one.id for one in new.all_segments()]
    if chosen.below:
        return [each for each in every if chosen.is_wanted(each)]
    changed = {each.id for each in differences(old, new) if each.kind != "words"}
    return [each for each in every if each in changed or each.partition(".")[0] in changed] or every


def played(
    old: Compiled, new: Compiled, segments: Sequence[str], events: Path, ends_at: int | None, overlaps: int | None
) -> Preview:
    """Play the events under both rules, and compare; `overlaps` members of the segments are looked at, None: some."""
    from stream.adapters.files import STANDARD_INPUT
    from stream.errors import SettingsError
    from stream.service.preview import LOOKED_AT, compare

    if str(events) == STANDARD_INPUT:
        raise SettingsError(
            ["the events are read more than once, so they must be in a file, not on standard input [events-file]"]
        )

    with rare_collections():
        return compare(old, new, segments, Recorded(events, ends_at), LOOKED_AT if overlaps is None else overlaps)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file of recorded events, played again and again, each time with a progress bar."""

    events: Path
    ends_at: int | None

    def everybody(self, plan: Plan, label: str) -> Outcome:
        """Play the events of all customers. Raises SettingsError for a file without one line that can be used."""
        from stream.errors import SettingsError

        outcome = self._play(plan, label, self.ends_at, lambda lines: lines)
        if outcome.bad_lines and not outcome.known:
            found = f"{self.events}: none of its {outcome.bad_lines:,} lines is an event of these rules"
            advice = "write one event a line, as JSON; `segments replay` says of each what is wrong"
            raise SettingsError([f"{found}; {advice} [events-file]"])
        return outcome

    def some(self, plan: Plan, label: str, customers: Collection[str], ends_at: int) -> Outcome:
        """Play the events of these customers, and let time pass up to an instant."""
        from stream.service.outcome import lines_of

        return self._play(plan, label, ends_at, lambda lines: lines_of(customers, lines))

    def _play(
        self, plan: Plan, label: str, ends_at: int | None, wanted: Callable[[Iterable[bytes]], Iterable[bytes]]
    ) -> Outcome:
        from stream.adapters.files import Lines
        from stream.service.outcome import play

        lines = Lines(self.events)
        try:
            with progress_of(lines, label) as shown:
                passing = partial(counted, label=f"{label}: time passes")
                return play(plan, wanted(shown), ends_at, passing)
        finally:
            lines.close()


def summary(made: Preview) -> dict[str, Any]:
    """Return everything as plain values."""
    return {
        "events": made.new.events,
        "bad_lines": made.new.bad_lines,
        "customers": made.new.customers,
        "customer_years": round(made.new.customer_years, 1),
        "played": {"dimensions": list(made.dimensions), "looked_at": list(made.looked_at)},
        "transitions_per_1000_events": {
            "old": round(made.per_thousand(made.old), 1),
            "new": round(made.per_thousand(made.new), 1),
        },
        "microseconds_per_event": round(made.microseconds_per_event, 1),
        "segments": [asdict(each) for each in made.forecasts],
    }


def _tell(made: Preview) -> None:
    rows = [
        (
            each.segment,
            each.members_before,
            each.members,
            f"{each.share:.1%}",
            each.would_enter,
            each.would_leave,
            each.enters,
            each.leaves,
            f"{each.flaps_per_customer_year:.2f}",
        )
        for each in made.forecasts
    ]
    names = ("segment", "now#", "then#", "share#", "enter#", "leave#", "entries#", "exits#", "flaps/customer-year#")
    say_table(names, rows)
    for each in made.forecasts:
        for line in _details(each):
            say(line)
    _tell_play(made)
    if made.new.bad_lines:
        remark(f"{made.new.bad_lines:,} lines could not be used; `segments replay` names them")


def _tell_play(made: Preview) -> None:
    told = summary(made)
    rate, names = told["transitions_per_1000_events"], ", ".join(made.dimensions)
    say(
        f"{told['events']:,} events of {told['customers']:,} customers over {told['customer_years']:,} customer-years; "
        f"transitions of {names} per 1,000 events: {rate['new']:,} (old rules: {rate['old']:,})"
    )
    word = "looks" if len(made.dimensions) == 1 else "look"
    looked_at = f", which {word} at {', '.join(made.looked_at)}" if made.looked_at else ""
    say(f"cost: {told['microseconds_per_event']:,} µs of one core per event for {names}{looked_at}")


def _details(each: Forecast) -> Iterable[str]:
    for word, count, sample in (("enter", each.would_enter, each.entering), ("leave", each.would_leave, each.leaving)):
        if count:
            more = f", … {count - len(sample):,} more" if count > len(sample) else ""
            yield f"{each.segment}: would {word}: {', '.join(sample)}{more}"
    if each.overlaps:
        also = ", ".join(f"{one.segment} {one.share:.0%}" for one in each.overlaps)
        of = each.overlaps[0].of
        some = f" ({of} of {each.members:,} looked at)" if of < each.members else ""
        yield f"{each.segment}: its members are also in: {also}{some}"
    for warning in each.warnings:
        yield f"warning: {each.segment} {warning}"
