"""What holds for every test: Hypothesis profiles, the order of the stages, and that nothing is skipped unseen.

Shared fixtures live in modules of their own; name them in `pytest_plugins`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins: list[str] = [
    "tests.brokers.fixtures",
    "tests.brokers.left_open",
    "tests.cutting_fixtures",
    "tests.e2e.fixtures",
]

Report = pytest.TestReport | pytest.CollectReport

STAGES = (("nightly", 4), ("faults", 3), ("e2e", 2), ("kafka", 1), ("redis", 1), ("servers", 1))

settings.register_profile("dev", max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("ci", parent=settings.get_profile("dev"), max_examples=60, derandomize=True, print_blob=True)
settings.register_profile("nightly", parent=settings.get_profile("dev"), max_examples=5_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "dev"))


def stage(item: pytest.Item) -> int:
    """Return when this test runs: 0 needs nothing, 1 servers, 2 the whole command, 3 faults, 4 nightly."""
    return next((place for mark, place in STAGES if item.get_closest_marker(mark)), 0)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run the quick stages first; inside a stage the order stays as written.

    Where several processes share the files the long ones come first, so that they end at the same time.
    """
    items.sort(key=stage, reverse=in_parts(config))


def in_parts(config: pytest.Config) -> bool:
    """Tell whether this process runs a part of the tests, as pytest-xdist deals them out."""
    return hasattr(config, "workerinput")


NIGHTLY = pytest.StashKey[int]()
"""How many tests this run leaves to the nightly one."""
TOLD = "nightly"
"""Under which name a process that runs a part of the tests says so to the one that reports."""


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Count what is left to the nightly run."""
    for item in items:
        if item.get_closest_marker("nightly"):
            item.config.stash[NIGHTLY] = item.config.stash.get(NIGHTLY, 0) + 1


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Say how many tests were left out; each process has looked at all of them."""
    if in_parts(session.config):
        session.config.workeroutput[TOLD] = session.config.stash.get(NIGHTLY, 0)  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Hear what a process has said when it ended; one that crashed has said nothing."""
    node.config.stash[NIGHTLY] = getattr(node, "workeroutput", {}).get(TOLD, 0)


def skip_reason(report: Report) -> str | None:
    """Return why the test or module was skipped; None when it ran, or failed as expected."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return None
    return report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)


def not_here(report: Report) -> None:
    """Turn a skip into a failure where SEGMENTS_REQUIRE_SERVERS=1 says that this machine can run everything."""
    reason = skip_reason(report)
    if reason is not None and os.environ.get("SEGMENTS_REQUIRE_SERVERS") == "1":
        report.outcome = "failed"
        report.longrepr = f"SEGMENTS_REQUIRE_SERVERS=1, but this was skipped: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let no test be skipped unseen."""
    report = yield
    not_here(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Let no whole module be skipped unseen."""
    report = yield
    not_here(report)
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left to the nightly run, and what this machine could not run, and why."""
    if left := terminalreporter.config.stash.get(NIGHTLY, 0):
        terminalreporter.line(f"{left} nightly tests were not asked for: `make nightly` runs them")
    reasons = Counter(skip_reason(report) for report in terminalreporter.getreports("skipped"))
    if not reasons:
        return
    terminalreporter.section("not run on this machine")
    for reason, count in sorted(reasons.items(), key=str):
        terminalreporter.line(f"{count:4} × {reason}")
