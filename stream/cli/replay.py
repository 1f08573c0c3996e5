"""`segments replay`: what the rules make of a file of events, without servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.adapters.memory import rare_collections
from stream.cli.options import END, AsJson, Events, RulesFolder, compiled, instant
from stream.cli.screen import counted, progress_of, remark, say_json, say_table

if TYPE_CHECKING:
    from stream.core.transition import Transition
    from stream.core.warming import Version
    from stream.service.replay import Replay

MOST_BAD_LINES = 20
"""How many bad lines are written out; all are counted, and all are in the JSON."""

Until = Annotated[
    str | None,
    typer.Option(
        "--until",
        metavar="T",
        help="Let time pass up to this instant, included, and leave out later records; `end`: that of the last record.",
    ),
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Where transitions go; default: to the screen.")
]
Then = Annotated[
    list[str] | None,
    typer.Option(
        "--then",
        metavar="WHEN=DIR",
        help="Go on under the rules of another folder: from this instant on, or from the `use` line of this number or "
        "hash on. May be given several times.",
    ),
]
KeptSince = Annotated[
    str | None,
    typer.Option(
        "--kept-since",
        metavar="T",
        help="Play the rules of --then as where what they ask anew was kept from this instant on: till it is enough, "
        "their segments are warming.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("replay")(replay)


def replay(
    events: Events,
    rules: RulesFolder = None,
    out: Out = None,
    until: Until = None,
    then: Then = None,
    kept_since: KeptSince = None,
    as_json: AsJson = False,
) -> None:
    """Play recorded EVENTS and write each transition as a line of JSON; a summary comes at the end.

    With --json the summary is the answer, and transitions go to --out only. Exit 1: some lines could not be used.
    """
    from stream.adapters.files import Lines
    from stream.service.replay import Replay as Run

    run = Run(compiled(rules).plan, instant(until), *_versions(then or [], instant(kept_since)))
    lines = Lines(events)
    began = perf_counter()
    try:
        with rare_collections(), progress_of(lines, "replay") as shown:
            written = _write(_moved(run, shown, until), out, is_silent=as_json and out is None)
    finally:
        lines.close()
    if until is None and not run.outcomes["tick"] and not as_json:
        remark("no ticks in the file: time passed only where events came; --until end lets it pass for everybody")
    for use in run.passed_over if then else ():
        remark(f"version {use.number} ({use.hash}) comes into use, and no --then names it: the rules before went on")
    told = summary(run, written, perf_counter() - began)
    if as_json:
        say_json(told)
    else:
        _tell(told, is_change=bool(then))
    if run.bad_lines:
        raise typer.Exit(1)


def _versions(then: list[str], kept_since: int | None) -> tuple[dict[str, Version], dict[int, str]]:
    """Return the versions of --then by name, and which of them begin at an instant; wrong usage is told."""
    from stream.core.warming import FROM_THE_BEGINNING, Version

    versions: dict[str, Version] = {}
    begin: dict[int, str] = {}
    since = FROM_THE_BEGINNING if kept_since is None else kept_since
    for each in then:
        name, _, rules = each.partition("=")
        if not name or not rules:
            raise typer.BadParameter("--then is WHEN=DIR, as in 2026-03-01T00:00:00Z=new-rules, or 2=new-rules")
        if name in versions:
            raise typer.BadParameter(f"--then {name} was given twice; keep one")
        versions[name] = Version(compiled(Path(rules)).plan, since)
        if (at := _instant_in(name)) is not None:
            begin[at] = name
    return versions, begin


def _instant_in(name: str) -> int | None:
    """Return the instant that a version is named by, None for a number or a hash."""
    return instant(name) if "-" in name or ":" in name else None


def _moved(run: Replay, lines: Iterable[bytes], until: str | None) -> Iterator[Transition]:
    """Play everything, and yield the transitions."""
    yield from run.lines(lines)
    end = run.last_record_time if until == END else run.ends_at
    if end is not None:
        for done in counted(run.passing(end), len(run.timeline.profiles), "time passes"):
            yield from done.transitions


def _write(transitions: Iterable[Transition], out: Path | None, *, is_silent: bool) -> Counter[str]:
    """Write the transitions where they belong, and return how many there were of each kind of cause."""
    import sys

    from stream.adapters.files import new_file
    from stream.wire.transition import body

    sink = new_file(out) if out else sys.stdout.buffer
    count: Counter[str] = Counter()
    try:
        for transition in transitions:
            count[transition.cause.kind] += 1
            if not is_silent:
                sink.write(body(transition) + b"\n")
        sink.flush()
    finally:
        if out:
            sink.close()
    return count


def summary(run: Replay, transitions: Counter[str], seconds: float) -> dict[str, Any]:
    """Return what a run came to; events are the records that are events, usable or not.

    `transitions` are counted by their kind of cause.
    """
    from stream.core.transition import RULE_CHANGED

    events = sum(run.outcomes[name] for name in run.outcomes if name not in {"tick", "use", "merge", "left_out"})
    return {
        "events": events,
        "outcomes": dict(sorted(run.outcomes.items())),
        "transitions": transitions.total(),
        "rule_changed": transitions[RULE_CHANGED],
        "customers": len(run.timeline.profiles),
        "members": run.members(),
        "seconds": round(seconds, 3),
        "events_per_second": round(events / seconds) if seconds else 0,
        "rules_version": run.timeline.plan.version,
        "bad_lines": [{"line": bad.number, "code": bad.code, "message": bad.message} for bad in run.bad_lines],
    }


def _tell(told: dict[str, Any], *, is_change: bool) -> None:
    bad = told["bad_lines"]
    for each in bad[:MOST_BAD_LINES]:
        remark(f"line {each['line']}: {each['message']} [{each['code']}]")
    if len(bad) > MOST_BAD_LINES:
        remark(f"… and {len(bad) - MOST_BAD_LINES} more lines that could not be used; --json lists all")
    outcomes = ", ".join(f"{count:,} {name}" for name, count in told["outcomes"].items())
    speed = f"{told['seconds']} s, {told['events_per_second']:,} events/s"
    remark(f"{told['events']:,} events ({outcomes}), {told['transitions']:,} transitions, {speed}")
    if is_change:
        remark(f"{told['rule_changed']:,} of the transitions were caused by the change of rules (cause rule_changed)")
    rows = [
        (dimension, segment, count)
        for dimension, counts in told["members"].items()
        for segment, count in counts.items()
    ]
    if rows:
        say_table(("dimension", "segment", "members#"), rows, beside=True)
