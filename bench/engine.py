"""The engine alone, in one thread, without servers: events a second, and where the time of an event goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from time import perf_counter, process_time

from bench import equal, mix, rulesets
from bench.measure import Row
from bench.mix import Mix
from bench.report import Report
from bench.rulesets import Chosen
from bench.shelf import Shelf
from bench.stage import Stage
from stream.adapters.memory import rare_collections
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.timeline import Timeline
from stream.errors import InputError
from stream.ports import Record
from stream.service.slices import understand
from stream.wire.control import Tick

QUICK_TRAFFIC, FULL_TRAFFIC = 3_000, 30_000
QUICK_HISTORY, FULL_HISTORY = 400, 4_000
KEY = "events/s"


def run(stage: Stage) -> list[Report]:
    """Return one row per part of the work, mix of records and set of rules."""
    alike = equal.fed(stage.pick(QUICK_TRAFFIC, FULL_TRAFFIC))
    mixes = [mix.traffic(stage.pick(QUICK_TRAFFIC, FULL_TRAFFIC)), mix.history(stage.pick(QUICK_HISTORY, FULL_HISTORY))]
    rows: list[Row] = []
    for chosen, each in [(equal.rules(), alike), *product(rulesets.every(), mixes)]:
        records = each.records()
        for part, measure in PARTS.items():
            facts: Row = {"part": part, "records": each.name, "rules": f"{chosen.name} ({chosen.segments})"}
            rows.append(facts | stage.median(_Measured(measure, each, records, chosen), KEY))
    mixes.insert(0, alike)
    return [Report("engine", "The pure parts, one thread, no servers", rows, _notes(mixes))]


def _notes(mixes: list[Mix]) -> list[str]:
    return [
        *(f"{each.name}: {each.what}; {each.events:,} events measured after {each.warm_up:,} others" for each in mixes),
        "decode: bytes to accepted event; engine: catch up, fold, decide, reasons, timers of each tick; "
        "slice: both, and profiles from and to bytes and what is published as bytes, in slices of 1,000 records",
        "rules in brackets: how many segments; µs of CPU, not of the clock on the wall",
    ]


class _Measured:
    """One measurement, to be made again and again."""

    def __init__(
        self, measure: Callable[[list[Record], int, Plan], Row], each: Mix, records: list[Record], chosen: Chosen
    ) -> None:
        self._measure, self._mix, self._records, self._plan = measure, each, records, chosen.rules.plan

    def __call__(self) -> Row:
        with rare_collections():  # as in a worker
            found = self._measure(self._records, self._mix.warm_up, self._plan)
        return _per_event(found, self._mix.events)


def _per_event(found: Row, events: int) -> Row:
    wall_s, used_s = float(found["wall"] or 0), float(found["cpu"] or 0)
    told: Row = {KEY: events / wall_s, "µs CPU/event": used_s / events * 1e6}
    for name in ("transitions", "first records"):
        if name in found:
            told[f"{name}/event"] = float(found[name] or 0) / events
    return told


def decode(records: list[Record], warm_up: int, plan: Plan) -> Row:
    """Measure bytes to accepted events."""
    begun = (perf_counter(), process_time())
    for record in records[warm_up:]:
        understand(record, plan)
    return {"wall": perf_counter() - begun[0], "cpu": process_time() - begun[1]}


def engine(records: list[Record], warm_up: int, plan: Plan) -> Row:
    """Measure what the engine does with events that are decoded already, and with ticks."""
    contents = [(record.timestamp_ms, understand(record, plan).content) for record in records]
    timeline = Timeline(plan)
    _play(timeline, contents[:warm_up])
    known = len(timeline.profiles)
    begun = (perf_counter(), process_time())
    transitions = _play(timeline, contents[warm_up:])
    return {
        "wall": perf_counter() - begun[0],
        "cpu": process_time() - begun[1],
        "transitions": transitions,
        "first records": len(timeline.profiles) - known,
    }


def _play(timeline: Timeline, contents: Sequence[tuple[int, object]]) -> int:
    transitions = 0
    for at_ms, content in contents:
        if isinstance(content, Event):
            transitions += len(timeline.apply(content).transitions)
        elif isinstance(content, Tick):
            for done in timeline.tick(min(content.before, at_ms)):
                transitions += len(done.transitions)
        elif isinstance(content, InputError):
            raise content
    return transitions


def slices(records: list[Record], warm_up: int, plan: Plan) -> Row:
    """Measure everything a partition does between a fetch and a commit."""
    shelf = Shelf(plan)
    shelf.work(records[:warm_up])
    known, told = len(shelf.profiles), shelf.transitions
    begun = (perf_counter(), process_time())
    shelf.work(records[warm_up:])
    return {
        "wall": perf_counter() - begun[0],
        "cpu": process_time() - begun[1],
        "transitions": shelf.transitions - told,
        "first records": len(shelf.profiles) - known,
    }


PARTS = {"decode": decode, "engine": engine, "slice": slices}
