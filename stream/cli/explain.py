"""`segments explain`: why one customer is in a segment or not, since when, and what silence will change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stream.cli.options import AsJson, OptionalEvents, RulesFolder, compiled, instant
from stream.cli.screen import progress_of, remark, say, say_json, say_table

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from stream.core.plan import Plan
    from stream.ruleset.explain import Watch
    from stream.ruleset.explained import Asked, DimensionTold, LeavingTold, SegmentTold
    from stream.ruleset.ruleset import Ruleset

Customer = Annotated[str, typer.Argument(metavar="CUSTOMER", help="The customer's id; anon:ID for an anonymous one.")]
About = Annotated[
    str | None,
    typer.Argument(metavar="[SEGMENT]", help="A dimension, DIMENSION.SEGMENT or audiences.NAME; default: everything."),
]
At = Annotated[str | None, typer.Option("--at", metavar="T", help="As of this instant; default: the last record.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("explain")(explain)


def explain(
    customer: Customer,
    segment: About = None,
    events: OptionalEvents = None,
    at: At = None,
    rules: RulesFolder = None,
    as_json: AsJson = False,
) -> None:
    """Show each condition with its value, since when, and the instant at which it changes if nothing is heard.

    Without SEGMENT: where the customer stands in every dimension, and the conditions of those segments. Without
    --events: from the live state in Redis, which does not keep since when a condition holds.
    """
    ruleset, plan = compiled(rules)
    wanted = _wanted(ruleset, segment)
    watch, last = _live(plan, customer, at) if events is None else _recorded(plan, customer, events, at)
    told = watch.explain(ruleset, last, lambda dimension, name: _is_told(watch, wanted, dimension, name))
    told = [each for each in told if wanted is None or each.segments]
    if as_json:
        say_json(_json(customer, last, told))
        return
    zone = plan.vocabulary.zone
    say(f"customer {customer} as of {_instant(last, zone)} ({zone.key})\n")
    _tell_standing(told, zone)
    for each in told:
        for one in each.segments:
            _tell_segment(one, zone)


def _recorded(plan: Plan, customer: str, events: Path, at: str | None) -> tuple[Watch, int]:
    """Return the customer after the records of a file; exit 1 where there is none of theirs."""
    from stream.adapters.files import Lines

    lines = Lines(events)
    try:
        with progress_of(lines, "read") as shown:
            watch, last = follow(plan, customer, shown, instant(at))
    finally:
        lines.close()
    if watch.profile.is_new:
        remark(f"no record of customer {customer!r} that can be used is in {events}{f' up to {at}' if at else ''}")
        raise typer.Exit(1)
    return watch, last


def _live(plan: Plan, customer: str, at: str | None) -> tuple[Watch, int]:
    """Return the customer as Redis has them; exit 1 where they are not known or `at` lies before their last record."""
    import asyncio
    import os

    from stream.adapters.clock import WallClock
    from stream.app import stored_profile
    from stream.ruleset.explain import Watch
    from stream.settings import read

    profile = asyncio.run(stored_profile(read(os.environ), customer))
    if profile is None:
        remark(f"customer {customer!r} is not known to the live state; name a file with --events to ask that")
        raise typer.Exit(1)
    if not plan.is_of(profile):
        remark("the live state was kept under other rules; name those with --rules, or a file with --events")
        raise typer.Exit(1)
    wanted = instant(at)
    if wanted is not None and wanted < profile.as_of:
        remark("the live state knows nothing before the customer's last record; name a file with --events to ask that")
        raise typer.Exit(1)
    return Watch(plan, customer, profile), max(profile.as_of, WallClock().now_ms()) if wanted is None else wanted


def follow(plan: Plan, customer: str, lines: Iterable[bytes], ends_at: int | None) -> tuple[Watch, int]:
    """Return the customer after these lines, and the instant of the end: `ends_at`, or that of the last record."""
    from stream.ruleset.explain import Watch
    from stream.service.replay import Replay

    run, watch = Replay(plan, ends_at), Watch(plan, customer)
    run.timeline = watch
    for _ in run.lines(lines):
        pass  # what was published is not asked here; lines that cannot be used are named by `replay`
    return watch, run.last_record_time if ends_at is None else ends_at


def _wanted(ruleset: Ruleset, about: str | None) -> set[str] | None:
    """Return the ids of the segments that are asked about, None for those that the customer is in."""
    if about is None:
        return None
    from stream.ruleset.explain import told_ids

    every = told_ids(ruleset)
    found = {each for each in every if about in {each, each.partition(".")[0], each.partition(".")[2]}}
    if not found:
        from difflib import get_close_matches

        near = get_close_matches(about, [*every, *(each.partition(".")[2] for each in every)], n=1)
        instead = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(sorted(every))}"
        raise typer.BadParameter(f'there is no segment "{about}"; {instead}')
    return found


def _is_told(watch: Watch, wanted: set[str] | None, dimension: str, name: str) -> bool:
    from stream.ruleset.explain import segment_id

    if wanted is not None:
        return bool(name) and segment_id(dimension, name) in wanted
    standing = next((watch.profile.standing(one.place) for one in watch.plan.dimensions if one.name == dimension), None)
    return bool(name) and standing is not None and standing.segment == name


def _tell_standing(told: list[DimensionTold], zone: ZoneInfo) -> None:
    rows = []
    for each in told:
        leads = _leads(each, zone)
        rows.append(
            (each.name, each.segment or "–", _instant(each.since, zone), each.times if each.segment else None, leads)
        )
    say_table(("dimension", "segment", "since", "times#", "if nothing is heard"), rows)


def _leads(told: DimensionTold, zone: ZoneInfo) -> str:
    if told.next_at is None:
        return "stays"
    because = f": {told.next_condition}" if told.next_condition else ""
    return f"{told.next_segment or 'outside'} on {_instant(told.next_at, zone)}{because}"


def _tell_segment(told: SegmentTold, zone: ZoneInfo) -> None:
    say(f"{told.id} ({told.title}): {'a member' if told.is_member else 'not a member'}")
    if not told.is_on:
        say("  off: nobody is in it\n")
        return
    if told.leaving is not None:
        _tell_leaving(told.leaving, zone)
    for clock in told.clocks:
        say(f"  {clock.word} until {_instant(clock.until, zone)}")
    for note in told.notes:
        say(f"  {note}")
    rows = [*_rows("enter", told.enter, zone), *_rows("stay while", told.stay_while, zone)]
    if rows:
        say_table(("", "condition", "holds", "value", "since", "changes if nothing is heard"), rows)
    else:
        say("  takes everyone whom no segment above takes\n")


def _tell_leaving(told: LeavingTold, zone: ZoneInfo) -> None:
    """Say when silence makes the customer leave, what ends then, and from when on they are warned of."""
    from stream.ruleset.spans import span_text

    warned = f"warned {span_text(told.warn_before_ms)} before"
    if not told.is_in:
        say(f"  not in {told.segment}, so there is nothing to leave; members are {warned}")
    elif told.leaves_at is None:
        say(f"  stays in {told.segment} if nothing is heard; else {warned}")
    elif not told.is_exact:
        say(f"  leaves {told.segment} not before {_instant(told.leaves_at, zone)}; {warned}")
    else:
        because = f" because of: {told.condition}" if told.condition else ""
        since = _instant(told.leaves_at - told.warn_before_ms, zone)
        say(f"  leaves {told.segment} on {_instant(told.leaves_at, zone)}{because}; {warned}, from {since}")
    say(f"  what {told.segment} asks:")


def _rows(word: str, lines: tuple[Asked, ...], zone: ZoneInfo) -> Iterator[tuple[object, ...]]:
    from stream.wire.sentence import value_words

    for number, line in enumerate(lines):
        front = word if number == 0 else ""
        indent = "  " * line.depth
        if line.word:
            yield front, f"{indent}{line.word}", line.holds, "", "", ""
            continue
        changes = "never" if line.changes_at is None else _instant(line.changes_at, zone)
        changes = changes if line.is_exact else f"not before {changes}"
        since = _instant(line.since, zone) if line.since is not None else ""
        yield front, f"{indent}{line.condition}", line.holds, value_words(asdict(line), zone), since, changes


def _instant(instant_ms: int | None, zone: ZoneInfo) -> str:
    """Return an instant in the zone of the rules, as exactly as it is; empty for none."""
    from stream.wire.sentence import instant_words

    return "" if instant_ms is None else instant_words(instant_ms, zone)


def _json(customer: str, at: int, told: list[DimensionTold]) -> dict[str, Any]:
    from stream.wire.instant import to_text

    def plain(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {key: plain(inner, key) for key, inner in value.items()}
        if isinstance(value, list | tuple):
            return [plain(inner) for inner in value]
        return (
            to_text(value)
            if name in {"since", "changes_at", "next_at", "until", "leaves_at"} and value is not None
            else value
        )

    return {"customer_id": customer, "at": to_text(at), "dimensions": [plain(asdict(each)) for each in told]}
