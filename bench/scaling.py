"""What the cost of an event grows with: rules, customers, history, cold reads, timers, batches; in one process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from time import perf_counter, process_time

from bench import equal
from bench.equal import BEGINS_MS, EqualLog
from bench.lone import NAMESPACE, lone
from bench.measure import BrokenRunError, Row, available_gib
from bench.report import Report
from bench.rulesets import Chosen, written
from bench.shelf import Shelf
from bench.stage import Stage
from stream.adapters.memory import rare_collections
from stream.adapters.redis_keys import Keys
from stream.demo.writer import tick
from stream.ports import Record
from stream.service.cache import OVERHEAD_BYTES

QUICK_EVENTS, FULL_EVENTS = 2_000, 20_000
QUICK_RULES, FULL_RULES = (10, 100), (10, 100, 1_000)
QUICK_CUSTOMERS, FULL_CUSTOMERS = (10_000, 100_000), (10_000, 1_000_000, 5_000_000)
QUICK_PAST, FULL_PAST = (10, 1_000), (10, 1_000, 100_000)
QUICK_TIMERS, FULL_TIMERS = 1_000, 20_000
BATCHES = (10, 100, 1_000, 5_000)
CUSTOMER_KIB = 0.8
"""What a known customer takes on the shelf, at most."""
ACTIVE = 10_000
"""So many customers have events, however many there are."""
BUSY = 2
DAY_MS = 86_400_000
KEY = "µs CPU/event"


def run(stage: Stage) -> list[Report]:
    """Return one row per thing that may grow and size of it."""
    groups = (_of_rules, _of_customers, _of_history, _of_cold_reads, _of_timers, _of_batches)
    rows = [row for group in groups for row in compared(list(group(stage)))]
    notes = [
        "the equal work's rules and log, the same events at every size; ÷ first: against the first row of its kind",
        "rules: audiences, of which 5 ask about the event; customers, history: slices with packed profiles in a dict; "
        f"customers: the same {ACTIVE:,} have the same events in every town, and the same state when they begin; "
        f"history: {BUSY} customers take turns; cache, records in a commit: a partition, a real Redis, no broker; "
        "timers: of all known customers so many percent leave an audience within one minute of ticks, cost per wake-up",
        "cold reads/event: customers that Redis was asked for; first records are among them, and those whom the cache "
        "had let go; a slice asks for each customer once; rows without this cell ask nobody",
    ]
    return [Report("scaling", "What the cost of an event grows with", rows, notes)]


def compared(rows: list[Row]) -> list[Row]:
    """Return the rows of one kind, each with its cost against the first one's."""
    first = rows[0][KEY]
    for row in rows:
        if isinstance(first, float) and isinstance(found := row.get(KEY), float):
            row["÷ first"] = found / first
    return rows


def _log(stage: Stage, customers: int = 0, skew: float = 2.0) -> EqualLog:
    return equal.log(stage.pick(QUICK_EVENTS, FULL_EVENTS), customers, skew)


def _median(stage: Stage, what: str, size: str, measure: Callable[[], Row]) -> Row:
    found = stage.median(measure, KEY)
    return {"what": what, "size": size} | found


def _worked(shelf: Shelf, records: Sequence[Record]) -> Row:
    """Return what it takes to work these records on a shelf."""
    told, known = shelf.transitions, len(shelf.profiles)
    with rare_collections():  # as in a worker
        wall, used = perf_counter(), process_time()
        shelf.work(records)
        wall_s, used_s = perf_counter() - wall, process_time() - used
    row: Row = {KEY: used_s / len(records) * 1e6, "events/s": len(records) / wall_s}
    row |= {"transitions/event": (shelf.transitions - told) / len(records)}
    return row | {"first records/event": (len(shelf.profiles) - known) / len(records)}


# -- rules ----------------------------------------------------------------------------------


def _of_rules(stage: Stage) -> Iterator[Row]:
    log = _log(stage, stage.pick(QUICK_EVENTS, FULL_EVENTS) // 50)
    records = log.records()
    for count in stage.pick(QUICK_RULES, FULL_RULES):
        chosen = written(stage.folder / f"rules-{count}", many_rules(count))

        def measure(chosen: Chosen = chosen) -> Row:
            shelf = Shelf(chosen.rules.plan)
            shelf.work(records[: log.begin])
            return _worked(shelf, records[log.begin :])

        yield _median(stage, "rules", f"{count:,}", measure)


LOOKED = "  page_viewed: {title: Looked, properties: {page: text}}\n"


def many_rules(count: int) -> dict[str, str]:
    """Return the files of so many audiences, five of which ask about purchases."""
    files = {"vocabulary.yaml": (equal.RULES / "vocabulary.yaml").read_text() + LOOKED}
    for number in range(count):
        event = "purchase" if number < 5 else "page_viewed"
        asked = f"{{did: {event}, at_least: {3 + number}, within: {30 + number}d}}"
        files[f"audiences/a{number}.yaml"] = f"title: Audience {number}\nowner: benchmarks\nenter: {asked}\n"
    return files


# -- customers and their past ---------------------------------------------------------------


def _of_customers(stage: Stage) -> Iterator[Row]:
    plan = equal.rules().rules.plan
    samples = Shelf(plan)
    samples.work(equal.log(10_000).records())
    known = list(samples.profiles.values())
    records = equal.log(stage.pick(QUICK_EVENTS, FULL_EVENTS), ACTIVE, 1.0, BEGINS_MS + DAY_MS).records()
    for count in stage.pick(QUICK_CUSTOMERS, FULL_CUSTOMERS):
        wanted_gib = count * CUSTOMER_KIB / 2**20
        if available_gib() < 2 * wanted_gib:
            yield {"what": "customers", "size": f"{count:,}: no {2 * wanted_gib:.0f} GiB free", KEY: None}
            continue
        town = town_of(count, ACTIVE, known)

        def measure(town: dict[str, bytes] = town) -> Row:
            shelf = Shelf(plan)
            shelf.profiles = dict(town)  # of its own: who was worked once has no change left to make
            return _worked(shelf, records)

        yield _median(stage, "customers", f"{count:,}", measure)


def town_of(count: int, active: int, known: Sequence[bytes]) -> dict[str, bytes]:
    """Return so many profiles by customer; the active ones are the same in every town and lie spread among the rest."""
    step = count // active
    town = {}
    for number in range(count):
        place, is_other = divmod(number, step)
        customer_id = f"t-{number}" if is_other or place >= active else f"c-{place}"
        town[customer_id] = bytes(bytearray(known[place % len(known)]))
    return town


def _of_history(stage: Stage) -> Iterator[Row]:
    for past in stage.pick(QUICK_PAST, FULL_PAST):
        before = Shelf(equal.rules().rules.plan)
        log = equal.log(BUSY * past + stage.pick(500, 2_000), BUSY, skew=1.0)
        records = log.records()
        before.work(records[: BUSY * past])

        def measure(before: Shelf = before, records: Sequence[Record] = records[BUSY * past :]) -> Row:
            shelf = Shelf(equal.rules().rules.plan)
            shelf.profiles = dict(before.profiles)
            return _worked(shelf, records)

        yield _median(stage, "past events of the customer", f"{past:,}", measure)


# -- cold reads and batches -----------------------------------------------------------------


def _of_cold_reads(stage: Stage) -> Iterator[Row]:
    log = _log(stage, skew=1.0)
    profiles_bytes = _profiles_bytes(stage, log)
    sizes = {"all profiles": 2 * profiles_bytes, "half of them": profiles_bytes // 2, "none": 0}
    for size, cache_bytes in sizes.items():
        yield _median(stage, "the cache has room for", size, _partition(stage, log, cache_bytes=cache_bytes))


def _profiles_bytes(stage: Stage, log: EqualLog) -> int:
    """Return what all profiles of a log take in a cache without a limit."""
    _partition(stage, log)()
    with stage.servers.connect() as client:
        return sum(len(each) + OVERHEAD_BYTES for each in client.hvals(Keys.of(NAMESPACE, 0).state))


def _of_batches(stage: Stage) -> Iterator[Row]:
    log = _log(stage)
    for size in BATCHES:
        yield _median(stage, "records in a commit", f"{size:,}", _partition(stage, log, slice_records=size))


def _partition(stage: Stage, log: EqualLog, **limits: int) -> Callable[[], Row]:
    async def measured() -> Row:
        records = log.records()
        async with lone(stage.servers, equal.rules(), **limits) as partition:
            await partition.work(records[: log.begin])
            return await partition.work(records[log.begin :], batch=max(BATCHES))

    return lambda: asyncio.run(measured())


# -- timers ---------------------------------------------------------------------------------


def _of_timers(stage: Stage) -> Iterator[Row]:
    chosen = written(stage.folder / "rules-timers", leaving_rules())
    customers = stage.pick(QUICK_TIMERS, FULL_TIMERS)
    for percent in (10, 100):

        def measure(due: int = customers * percent // 100) -> Row:
            shelf = Shelf(chosen.rules.plan)
            shelf.work(purchases_of(customers, due))
            ticks = ticks_of_a_minute()
            row = _worked(shelf, ticks)
            if shelf.transitions != customers + due:
                raise BrokenRunError(f"{due} timers were due, {shelf.transitions - customers} customers left")
            return row | {
                KEY: float(row[KEY] or 0) * len(ticks) / due,
                "events/s": float(row["events/s"] or 0) * due / len(ticks),
                "transitions/event": float(row["transitions/event"] or 0) * len(ticks) / due,
            }

        yield _median(stage, f"timers of {customers:,} customers in a minute", f"{percent} %", measure)


def leaving_rules() -> dict[str, str]:
    """Return the files of one audience that is left thirty days after the last purchase."""
    return {
        "vocabulary.yaml": (equal.RULES / "vocabulary.yaml").read_text(),
        "audiences/recent.yaml": "title: Recent\nowner: benchmarks\nenter: {did: purchase, within: 30d}\n",
    }


def purchases_of(customers: int, due: int) -> list[Record]:
    """Return one purchase of each; those of the first `due` lie within one minute, the others a day later."""
    records = []
    for number in range(customers):
        at_ms = BEGINS_MS + number * 60_000 // due if number < due else BEGINS_MS + DAY_MS + number
        each = equal.purchase(number, at_ms, f"c-{number}", 10)
        records.append(Record(0, number, at_ms, each.customer_id.encode(), each.value, ()))
    return records


def ticks_of_a_minute() -> list[Record]:
    """Return a tick a second over the minute in which the first timers are due."""
    return [_tick(BEGINS_MS + 30 * DAY_MS + 1_000 * second) for second in range(62)]


def _tick(at_ms: int) -> Record:
    key, value, headers, _ = tick(at_ms)
    return Record(0, at_ms, at_ms, key, value, tuple(headers))
