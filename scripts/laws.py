"""Write docs/laws.md anew from the named tests: `python -m scripts.laws`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "laws.md"
HEAD = """# Which test shows what

Made by `make fmt` from the names of the tests; a test holds it current.

"""
POINTS: dict[str, tuple[str, ...]] = {
    "Law 1: time is an argument": ("tests/laws/test_law_1_*.py", "tests/house/test_rooms.py"),
    "Law 2: the log decides; replay = live = any batching, any restarts, any worker": (
        "tests/laws/test_law_2_*.py",
        "tests/e2e/test_replay_is_live.py",
    ),
    "Law 3: catch up before applying": ("tests/laws/test_law_3_*.py",),
    "Law 4: each transition leaves what the one before entered": ("tests/laws/test_law_4_*.py",),
    "Law 5: one commit": (
        "tests/laws/test_law_5_*.py",
        "tests/contracts/store_contract.py",
        "tests/adapters/test_redis_retries.py",
    ),
    "Law 6: one line of history": ("tests/laws/test_law_6_*.py", "tests/adapters/test_redis_unknown.py"),
    "Law 7: nothing disappears": (
        "tests/laws/test_law_7_*.py",
        "tests/laws/test_bad_input.py",
        "tests/e2e/test_bad_input.py",
        "tests/e2e/test_transactions.py",
    ),
    "Laws 8 and 9: exactly one segment; channel-blind": ("tests/laws/test_laws_8_and_9.py",),
    "The engine agrees with the naive oracle": (
        "tests/core/test_oracle_agreement.py",
        "tests/core/test_families_*.py",
        "tests/house/test_oracle_alone.py",
    ),
    "Planted engine bugs are caught by the oracle": ("tests/core/test_mutations.py",),
    "The published snapshots of the lifecycle, to the customer": ("tests/rules/test_lifecycle_snapshots.py",),
    "kill -9 at random steps, two workers, controls that must fail": ("tests/faults/test_kill.py",),
    "Redis cut, stopped, restarted; the broker restarted; watchdog; back-pressure": (
        "tests/faults/test_*.py",
        "tests/adapters/test_redis_faults.py",
        "tests/adapters/test_kafka_watchdog.py",
    ),
    "The demo, starts and stops, what is refused at a start": (
        "tests/e2e/test_demo.py",
        "tests/e2e/test_start_and_stop.py",
        "tests/e2e/test_neighbours_not_there.py",
        "tests/demo/test_*.py",
    ),
    "Kafka and Redis that ask who is there: logins, certificates, and what is said of wrong ones": (
        "tests/e2e/test_secured.py",
    ),
    "An hour of silence, then ticks": ("tests/e2e/test_an_hour_of_silence.py", "tests/service/test_worker.py"),
    "The batch consumer on Faust: private names, order, seek, rebalance": (
        "tests/adapters/test_faust_contract.py",
        "tests/adapters/test_kafka_worker.py",
        "tests/adapters/test_kafka_lanes.py",
    ),
    "Mistakes in rules, word for word": ("tests/ruleset/test_errors.py", "tests/ruleset/test_grammar.py"),
    "The shipped rules and their cases": ("tests/rules/test_starter_cases.py", "tests/cli/test_rules*.py"),
    "Bytes that are published": ("tests/wire/test_*.py",),
    "Bad settings, all at once": ("tests/settings/test_*.py",),
    "The image's entry point, user, environment and health command; linters": ("tests/house/test_*.py",),
}
LAWS: dict[str, str] = {
    "Law 1": "No decision reads a clock. Every verdict carries *holds until*: the first instant at which "
    "silence alone could change it.",
    "Law 2": "Each customer's transitions are a function of the partition's log (events and control records): "
    "same order, same ids, same bytes. Order between customers is not promised.",
    "Law 3": "Before a record of time *t* is applied to a customer, every instant of theirs due before *t* "
    "fires first, in order, each as of its own instant; what is due at exactly *t* is decided together "
    "with the record.",
    "Law 4": "Per customer, transitions carry a sequence without a gap, and `at` never decreases.",
    "Law 5": "State, input position, timers, counts and pending transitions of a partition change together in "
    "one atomic write, or not at all. Nothing is published before it is committed; all that is "
    "committed is published at least once, in order per customer, and a repeat is identical and "
    "recognisable by `sequence`.",
    "Law 6": "A commit succeeds only onto the exact state its writer last saw. A former owner, or one whose "
    "Redis rolled back, can harm no state; it may repeat published records.",
    "Law 7": "A record that cannot be used goes, byte for byte, to the dead letters with the reason. A "
    "duplicate, a late or a future event is an outcome with a counter. A rule that cannot be evaluated "
    "exactly as written is refused.",
    "Laws 8 and 9": "In every exclusive dimension a customer is in exactly one segment at every instant from the first "
    "accepted event on. The same behaviour ends in the same segment, whichever source or device it "
    "came through.",
}
"""What each law says; the words before the colon of its point."""


def tests_in(path: Path) -> list[str]:
    """Return the names of the tests of one file, in the order of the file."""
    found = ast.walk(ast.parse(path.read_text()))
    named = [node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [node.name for node in sorted(named, key=lambda node: node.lineno) if node.name.startswith("test_")]


def page() -> str:
    """Return the page; raises ValueError for a point that no test shows."""
    parts = [HEAD]
    for point, patterns in POINTS.items():
        files = sorted({path for pattern in patterns for path in ROOT.glob(pattern)})
        rows = [(path, tests_in(path)) for path in files]
        if not any(names for _, names in rows):
            raise ValueError(f"no test shows: {point}")
        parts.append(f"## {point}\n\n")
        if said := LAWS.get(point.partition(":")[0]):
            parts.append(f"{said}\n\n")
        for path, names in rows:
            told = "; ".join(name.removeprefix("test_").replace("_", " ") for name in names)
            parts.append(f"- `{path.relative_to(ROOT)}`: {told}\n")
        parts.append("\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
