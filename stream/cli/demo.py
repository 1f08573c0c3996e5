"""`segments demo`: real customers move through their lifecycle, live, on the embedded default."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import json
import shutil
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from stream.cli.options import AsJson, RulesFolder
from stream.cli.screen import remark, say, say_json
from stream.cli.stopping import Leave, leaving, stoppable

if TYPE_CHECKING:
    from stream.app import Place, Rules, Running
    from stream.demo.show import Show
    from stream.demo.state import Remembered

SEED = 20_101_201
"""The first day of the recorded history as a number; any number would do."""


UntilCaughtUp = Annotated[
    bool, typer.Option("--until-caught-up", help="Stop when the history is loaded and all it causes is published.")
]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=0, help="Stop after so many seconds of made-up traffic.")
]
Speed = Annotated[
    float, typer.Option("--speed", min=1, help="Simulated seconds per second, once the history is loaded.")
]
Rate = Annotated[float, typer.Option("--rate", min=0.1, help="Made-up events per simulated minute.")]
History = Annotated[
    Path | None, typer.Option("--history", metavar="FILE", help="A file like the shipped purchases, instead of them.")
]
WriteEvents = Annotated[
    Path | None,
    typer.Option(
        "--write-events",
        metavar="FILE",
        help="Only write the purchases, dated as they were, as events for `rules preview`, `explain`, `replay`.",
    ),
]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for on the command line."""

    until_caught_up: bool
    seconds: float | None
    speed: float
    rate: float
    is_quiet: bool
    history: Path


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo")(demo)


def demo(
    rules: RulesFolder = None,
    until_caught_up: UntilCaughtUp = False,
    seconds: Seconds = None,
    speed: Speed = 3600.0,
    rate: Rate = 4.0,
    history: History = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget what an earlier demo kept.")] = False,
    write_events: WriteEvents = None,
    as_json: AsJson = False,
) -> None:
    """Load a year of real purchases, then go on with made-up behaviour in fast time, and watch the segments change."""
    history = history or Path(str(files("stream") / "shipped" / "online_retail.csv.gz"))
    if write_events is not None:
        _write_events(history, write_events, as_json=as_json)
        return
    answer = {"caught_up": False}
    with stoppable():
        answer = _played(rules, fresh, Wanted(until_caught_up, seconds, speed, rate, as_json, history))
    if as_json:
        say_json(answer)
    if until_caught_up and not answer["caught_up"]:
        raise typer.Exit(1)


def _played(rules: Path | None, fresh: bool, wanted: Wanted) -> dict[str, Any]:
    """Start the servers, play until the end or a signal, and return the figures. Raises Stopped."""
    from stream.adapters.clock import ScaledClock
    from stream.app import embedded
    from stream.cli.serve import honest_line, loaded, ready
    from stream.demo.show import SOURCE

    settings = ready(rules, is_quiet=True)
    compiled = loaded(settings)
    folder = Path(settings.folder) / "demo"
    kept = _kept(folder, compiled, fresh)
    calm = replace(settings, clock="scaled", http_port=0, namespace="demo", instance_id="", worker_name="")
    with embedded(calm, folder, ScaledClock(0, 0.0), (SOURCE,)) as place:
        remark(honest_line(folder))
        return asyncio.run(_play(place, compiled, kept, wanted))


def _write_events(history: Path, to: Path, *, as_json: bool) -> None:
    """Write the purchases as events, one a line, and say how many there are and of when."""
    from stream.adapters.files import new_file
    from stream.demo.history import orders

    events = list(orders(history, None))
    with new_file(to) as file:
        file.writelines(json.dumps(event).encode() + b"\n" for event in events)
    first, last = (events[place]["occurred_at"][:10] for place in (0, -1))
    customers = len({event["customer_id"] for event in events})
    if as_json:
        say_json({"file": str(to), "events": len(events), "customers": customers, "first_day": first, "last_day": last})
    else:
        say(f"wrote {to}: {len(events):,} orders and refunds of {customers:,} customers, {first} to {last}")


def _kept(folder: Path, rules: Rules, fresh: bool) -> Remembered:
    """Return what an earlier start fixed, or fix it now; other rules begin anew, and say so."""
    from stream.demo.state import Remembered, remember, remembered

    kept = None if fresh else remembered(folder)
    if kept is not None and kept.rules == rules.hash:
        remark("going on where the demo before stood; what its event log held is gone with it")
        return kept
    if kept is not None:
        remark("the rules mean something else than at the last start: the demo begins anew")
    if folder.exists():
        shutil.rmtree(folder)
    zone = ZoneInfo(rules.ruleset.vocabulary.zone)
    today = dt.datetime.now(zone).date()
    told = Remembered(rules.hash, today, SEED, f"history-{today:%Y%m%d}/0")
    remember(folder, told)
    return told


async def _play(place: Place, rules: Rules, kept: Remembered, wanted: Wanted) -> dict[str, Any]:
    from stream.adapters.redis_frontier import RedisFrontier
    from stream.app import running
    from stream.demo.show import SOURCE

    with leaving() as leave:
        frontier = RedisFrontier(place.settings.redis_url, place.settings.namespace)
        await frontier.report(SOURCE, 0)  # what was acknowledged into a log that is gone counts no more
        await frontier.close()
        async with running(place, rules) as it:
            return await _show(it, kept, wanted, leave)


async def _show(it: Running, kept: Remembered, wanted: Wanted, leave: Leave) -> dict[str, Any]:
    import aiohttp

    from stream.cli.demo_view import View

    show = _new_show(it, kept, wanted)
    await show.reader.start()
    async with aiohttp.ClientSession() as session, contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(show.reader.stop)
        view = View(show, it, session, is_quiet=wanted.is_quiet)
        watching = [asyncio.create_task(show.watch()), asyncio.create_task(view.run())]
        stack.push_async_callback(_end, watching)
        await show.taken()
        began, ends = perf_counter(), await _ends(it)
        leave.begun()
        stopping = asyncio.create_task(leave.asked())
        stack.push_async_callback(_end, [stopping])
        await _first([show.load(ends)], [stopping, *watching])
        caught_up, is_caught_up = perf_counter() - began, not stopping.done()
        if not wanted.until_caught_up and not stopping.done():
            await _first([show.live(wanted.speed, wanted.rate)], [stopping, *watching], wanted.seconds)
        answer = await view.answer(caught_up, is_caught_up=is_caught_up)
    if not wanted.is_quiet:
        remark(view.farewell())
    return answer


def _new_show(it: Running, kept: Remembered, wanted: Wanted) -> Show:
    """Return the show beside this worker; its time stands at the end of the history, or where it was left later."""
    from stream.adapters.clock import ScaledClock
    from stream.adapters.kafka_reader import KafkaReader
    from stream.demo.show import Show

    shared = it.worker.shared
    topics, clock, partitions = shared.topics, shared.clock, shared.partitions
    assert isinstance(clock, ScaledClock)
    reader = KafkaReader(it.options, [topics.membership, topics.transitions], partitions)
    show = Show(it.producer, it.frontier, it.worker.owned, partitions, topics, clock, reader, kept, wanted.history)
    clock.resume(show.backfill_until)
    return show


async def _ends(it: Running) -> dict[int, int]:
    from stream.adapters.kafka_offsets import KafkaLog

    shared = it.worker.shared
    bounds = await KafkaLog(it.options, shared.partitions).bounds(shared.topics.events)
    return {number: end for number, (_, end) in bounds.items()}


async def _first(
    work: list[Coroutine[Any, Any, None]], others: list[asyncio.Task[None]], seconds: float | None = None
) -> None:
    """Return when the work or any other ends, or the time is over; raise what failed."""
    tasks = [asyncio.create_task(each) for each in work]
    done, _ = await asyncio.wait([*tasks, *others], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    await _end([task for task in tasks if task not in done])
    for task in done:
        task.result()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
