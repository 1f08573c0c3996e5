"""What each dimension weighs: bytes of a customer, packed and in Redis, with all rules and without one dimension."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from bench import mix, rulesets
from bench.measure import Row
from bench.memory import stored
from bench.report import Report
from bench.servers import Servers
from bench.shelf import Shelf
from bench.stage import Stage
from stream.adapters.files import read_rules
from stream.app import Rules, rules_of
from stream.core.plan import Plan
from stream.errors import RuleError
from stream.ports import Record

QUICK_EVENTS, FULL_EVENTS = 500, 8_000
AUDIENCES = "audiences"
Texts = dict[str, str]


def run(stage: Stage) -> list[Report]:
    """Return one row for all rules and one per dimension that is left out."""
    chosen = rulesets.starter() if stage.is_quick else rulesets.shipped()
    records = mix.traffic(stage.pick(QUICK_EVENTS, FULL_EVENTS), warm_up_share=0).records()
    texts = read_rules(chosen.folder)
    whole = _weighed(stage.servers, chosen.rules.plan, records)
    rows: list[Row] = [{"without": "nothing"} | whole]
    for name in sorted({_dimension(each) for each in texts} - {""}):
        gone, rules = without(texts, name)
        left = _weighed(stage.servers, rules.plan, records)
        row: Row = {"without": ", ".join(gone)} | left
        rows.append(row | {f"its {what}": whole[what] - left[what] for what in ("profile", "Redis")})
    notes = [
        f"{chosen.name} rules ({chosen.segments} segments); {mix.traffic(1).what}; {len(records):,} records",
        "profile: mean bytes of a packed profile; Redis: growth of used_memory over an empty deployment, so key, "
        "entry of the hash and timer as well",
        "what looks at a dimension goes with it; states that several dimensions share "
        "stay until the last of them goes, so the differences do not add up",
    ]
    return [Report("dimensions", "What each dimension weighs, in bytes a customer", rows, notes)]


def _weighed(servers: Servers, plan: Plan, records: Sequence[Record]) -> dict[str, float]:
    """Return the mean size of a profile, what a customer takes in Redis, and timers by customer."""
    shelf = Shelf(plan)
    shelf.work(records)
    customers = len(shelf.profiles)
    profile = sum(map(len, shelf.profiles.values())) / customers
    redis = float(asyncio.run(stored(servers, shelf))["Redis"] or 0)
    return {"profile": profile, "Redis": redis, "timers/customer": len(shelf.timers) / customers}


def _dimension(file: str) -> str:
    """Return the dimension that a file belongs to, each audience being one; empty for what belongs to all."""
    folder, _, name = file.partition("/")
    if not name:
        return ""
    return f"{folder}.{name.partition('.')[0]}" if folder == AUDIENCES else folder


def without(texts: Texts, name: str) -> tuple[list[str], Rules]:
    """Return which dimensions went, the one of this name first and then what cannot be without, and the rules left."""
    gone = [name]
    while True:
        left = {file: text for file, text in texts.items() if _dimension(file) not in gone}
        try:
            return gone, rules_of(left)
        except RuleError as error:
            if not (needing := list(_named(error, gone))):
                raise
            gone += needing


def _named(error: RuleError, gone: Sequence[str]) -> Iterator[str]:
    """Yield the dimensions whose files are found wrong."""
    found = {_dimension(each.file) for each in error.problems} - {"", *gone}
    yield from sorted(found)
