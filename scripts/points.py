"""What is asked of the program, point by point, and the files whose tests show each: `scripts/laws.py` prints it."""

from __future__ import annotations

CORE, RULESET, SERVICE = "tests/core/test_", "tests/ruleset/test_", "tests/service/test_"
ADAPTERS, LAWS, E2E, CLI = "tests/adapters/test_", "tests/laws/test_", "tests/e2e/test_", "tests/cli/test_"
HOUSE, FAULTS, CONTRACTS, RULES = "tests/house/test_", "tests/faults/test_", "tests/contracts/", "tests/rules/"


def files(folder: str, names: str) -> tuple[str, ...]:
    """Return the files `folder` + name + `.py`; a name may have a star."""
    return tuple(f"{folder}{name}.py" for name in names.split())


Points = dict[str, tuple[str, ...]]

OF_LAWS: Points = {
    "Law 1: time is an argument": files(LAWS, "law_1_*"),
    "Law 2: the log decides; replay = live = any batching, any restarts, any worker": (
        *files(LAWS, "law_2_*"),
        *files(E2E, "replay_is_live"),
    ),
    "Law 3: catch up before applying": files(LAWS, "law_3_*"),
    "Law 4: each transition leaves what the one before entered": files(LAWS, "law_4_*"),
    "Law 5: one commit": (
        *files(LAWS, "law_5_*"),
        *files(CONTRACTS, "store_contract"),
        *files(ADAPTERS, "redis_retries"),
    ),
    "Law 6: one line of history": (*files(LAWS, "law_6_*"), *files(ADAPTERS, "redis_unknown redis_shared")),
    "Law 7: nothing disappears": (
        *files(LAWS, "law_7_* bad_input"),
        *files(E2E, "bad_input transactions"),
        *files(SERVICE, "letters"),
    ),
    "Laws 8 and 9: exactly one segment; channel-blind": files(LAWS, "laws_8_and_9"),
    "The engine agrees with the naive oracle, at random instants and one millisecond around each wake-up": files(
        CORE, "oracle_agreement families_* versions_agreement"
    ),
    "The oracle is a judge of its own, and right by hand": (*files(HOUSE, "oracle_alone"), "tests/oracle/test_*.py"),
    "Planted engine bugs are caught by the oracle": files(CORE, "mutations"),
    "The published snapshots of the lifecycle, to the customer": files(
        RULES, "test_lifecycle_snapshots test_snapshots"
    ),
    "kill -9 at random steps, two workers, controls that must fail": files(FAULTS, "kill"),
    "Redis cut by a second, stopped, restarted; the broker restarted under load": (
        *files(FAULTS, "servers_go_away kafka_broker"),
        *files(ADAPTERS, "redis_faults"),
    ),
    "An hour of silence, then ticks": (*files(E2E, "an_hour_of_silence"), *files(SERVICE, "worker")),
    "Watchdog and back-pressure on the real broker": (
        *files(FAULTS, "standing_still"),
        *files(ADAPTERS, "kafka_watchdog"),
    ),
}

OF_PARTS: Points = {
    "Trials: what we lean on in Faust, on the mock broker, in static membership, in one MULTI without retries": files(
        ADAPTERS, "faust_contract mock_broker kafka_start_and_stop redis_retries redis_unknown"
    ),
    "The house: rooms, papers, locks, pages made from code, skips that are told, the wheel": (
        *files(HOUSE, "rooms papers locks pages laws_page meanings_page schemas skips wheel"),
        "tests/brokers/test_left_open.py",
    ),
    "The engine: little state, decided only where it matters, the same as deciding everything": files(
        CORE, "gate fading written running silence sources ledger caps window keyed plan_subset money vocabulary"
    ),
    "Evidence: why a change happened": (*files(CORE, "reason published_facts"), "tests/wire/test_sentence.py"),
    "Wire formats and golden files: bytes that are published and stored": ("tests/wire/test_*.py",),
    "Rules from files: every mistake word for word, with its place, all at once": files(
        RULESET, "errors grammar checks bars pattern source load any_text"
    ),
    "The starter rules and their cases; `rules check` and `rules test`": (
        *files(RULES, "test_starter_cases"),
        *files(CLI, "rules_check rules_cases"),
    ),
    "`segments replay`: a file of events in, transitions out": (
        *files(CLI, "replay main closed_pipe"),
        *files(SERVICE, "replay"),
    ),
    "Ports and fakes: one contract for the fake and for the real thing": files(
        CONTRACTS, "store_contract test_store producer_contract test_producer test_clock test_frontier"
    ),
    "The order of things: batch, commit, relay, timers, ticks": files(
        SERVICE, "partition slices stride relay timers worker time layout letters cache"
    ),
    "Redis: commit by compare-and-swap, and what its faults mean": (
        *files(CONTRACTS, "store_contract test_store"),
        *files(ADAPTERS, "redis_*"),
    ),
    "Kafka: the batch consumer on Faust, its topics, the producer, the watchdog": (
        *files(ADAPTERS, "faust_contract kafka_*"),
        *files(CONTRACTS, "producer_contract test_producer"),
        *files(E2E, "transactions"),
    ),
    "Kafka and Redis that ask who is there: logins, certificates, and what is said of wrong ones": files(
        E2E, "secured"
    ),
    "Record time, the intake frontier, and clocks: log, wall, scaled": (
        *files(CONTRACTS, "test_clock test_frontier"),
        *files(ADAPTERS, "clock"),
        *files(SERVICE, "time"),
        *files(E2E, "simulated_time"),
    ),
    "`segments run`: servers of our own, and what they keep": (
        *files(ADAPTERS, "embedded mock_broker"),
        *files(E2E, "run"),
    ),
    "The demo: its history, its traffic, its page": (
        *files(E2E, "demo"),
        "tests/demo/test_*.py",
        *files(CLI, "demo_page"),
    ),
    "Operations: /healthz, /readyz, /metrics, logs, memory, turns": (
        *files(ADAPTERS, "http prometheus logs memory turns"),
        *files(SERVICE, "tally"),
    ),
    "The image and compose.yaml: entry point, user, environment, health command; linters": files(
        HOUSE, "containers image_entry"
    ),
    "Benchmarks": ("tests/bench/test_*.py",),
}

OF_BAD_INPUT: Points = {
    "A record that is wrong: code, bytes and headers in the dead letters, and the next one is served": (
        *files(LAWS, "bad_input"),
        *files(E2E, "bad_input"),
        "tests/wire/test_event.py",
        *files(CORE, "vocabulary money"),
    ),
    "Wrong settings, all at once, before any connection": ("tests/settings/test_*.py",),
    "A folder of rules with ten different mistakes, all told": (
        *files(CLI, "rules_check"),
        *files(RULESET, "errors any_text"),
    ),
    "Starts that are refused, ports in use": files(E2E, "start_and_stop"),
    "Redis or Kafka not there: a clear message, tried again, no traceback": (
        *files(E2E, "neighbours_not_there start_and_stop"),
        *files(ADAPTERS, "kafka_start_and_stop kafka_errors redis_errors"),
    ),
}

OF_LANGUAGE: Points = {
    "The language: every sentence of its meaning; docs/meanings-tests.md has them by number": (
        "tests/rules/meanings/test_*.py",
    ),
    "The language: one form, schemas for editors, reading aloud, advice, cases and what they give": files(
        RULESET, "canonical catalogue json_schema reading_aloud advice case_files given explain"
    ),
    "The language: lists, consents, places, chance, scores, bars, points; dates inside events; keys as sent": files(
        CORE, "told dated_where properties_as_sent"
    ),
    "Other rules in the middle of a history: who stays, who leaves, what goes on": (
        *files(CORE, "switching warming versions_agreement"),
        *files(SERVICE, "versions"),
    ),
    "Two customers who become one": (*files(CORE, "merge"), "tests/wire/test_merge.py"),
    "500 rules check quickly and slow nothing they do not ask for": ("tests/bench/test_scaling.py",),
    "Corner cases: spans, windows, counts; each edge and ± 1 ms": files(CORE, "counts window"),
    "Corner cases: late and doubled events": files(CORE, "counts figures habit sequence"),
    "Corner cases: no value, and figures that age out": files(CORE, "figures"),
    "Corner cases: sequences": files(CORE, "sequence keyed"),
    "Corner cases: habits": files(CORE, "habit"),
    "Corner cases: traits": files(CORE, "traits"),
    "Corner cases: the calendar": files(CORE, "calendar"),
    "Corner cases: flap control, every subset": files(CORE, "flap_control"),
    "Corner cases: several dimensions at one instant, nested ones, those about to leave": files(
        CORE, "structure warning"
    ),
    "Invariants of every history": (*files(LAWS, "laws_8_and_9 law_4_*"), *files(CORE, "families_*")),
    "Commands: new, check, test, preview, diff, docs": (*files(CLI, "rules_*"), *files(SERVICE, "preview")),
    "Commands: explain, on a file and on live state": (*files(CLI, "explain explain_live"), *files(RULESET, "explain")),
    "The catalogue: what is on, what is off and why": files(RULES, "test_catalogue"),
    "Papers: rules/README.md works as it is written; the page of meanings names its tests": (
        *files(RULES, "test_readme_examples"),
        *files(HOUSE, "meanings_page"),
    ),
}

GROUPS: dict[str, Points] = {
    "The laws": OF_LAWS,
    "The parts": OF_PARTS,
    "Bad input": OF_BAD_INPUT,
    "The rule language": OF_LANGUAGE,
}

ALSO: dict[str, str] = {
    "Law 1: time is an argument": (
        "the import contract `pure` (`lint-imports`): core, ruleset and wire reach no clock, chance or neighbour; "
        "ruff's `TID251` in `pyproject.toml`: only the edge may look at a clock."
    ),
    "The house: rooms, papers, locks, pages made from code, skips that are told, the wheel": (
        "`make check`: ruff, mypy --strict, the import contracts (`lint-imports`)."
    ),
    "The image and compose.yaml: entry point, user, environment, health command; linters": (
        "`make check`: hadolint, check-jsonschema."
    ),
    "Trials: what we lean on in Faust, on the mock broker, in static membership, in one MULTI without retries": (
        "what was tried and found, [trials.md](trials.md)."
    ),
    "Benchmarks": "`make bench-guard`; the tables of [bench/README.md](../bench/README.md).",
}
"""What holds a point beside its tests."""
