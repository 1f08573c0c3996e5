"""Write docs/laws.md anew from the named tests: `python -m scripts.laws`."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "laws.md"
HEAD = """# Which test shows what

Made by `make fmt` from the names of the tests; a test holds it current. The laws are those of the README.

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
        for path, names in rows:
            told = "; ".join(name.removeprefix("test_").replace("_", " ") for name in names)
            parts.append(f"- `{path.relative_to(ROOT)}`: {told}\n")
        parts.append("\n")
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
