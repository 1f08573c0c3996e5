"""The house's own net: a skip is told, and where everything must run it is a failure."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parents[1] / "conftest.py"
SHARED = ("-n", "1", "--dist", "loadfile", "--no-loadscope-reorder")

SKIPPING = """
import pytest

@pytest.fixture
def broker():
    pytest.skip("no Java")

@pytest.mark.kafka
def test_at_setup(broker): pass

@pytest.mark.kafka
def test_in_body(): pytest.skip("no Java")

@pytest.mark.faults
def test_kills(): print("third")

@pytest.mark.servers
def test_serves(): print("second")

def test_thinks(): print("first")
"""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    marks = "\n".join(f"    {mark}: x" for mark in ("nightly", "faults", "e2e", "kafka", "redis", "servers"))
    pytester.makeini(f"[pytest]\nmarkers =\n{marks}\n")
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(SKIPPING)
    return pytester


def run(project: pytest.Pytester, *options: str) -> pytest.RunResult:
    return project.runpytest_subprocess("-p", "no:cacheprovider", "-s", *options)


def test_a_skip_is_told_with_its_reason_before_the_closing_line(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SEGMENTS_REQUIRE_SERVERS", raising=False)
    result = run(project)
    result.assert_outcomes(passed=3, skipped=2)
    result.stdout.fnmatch_lines(["*not run on this machine*", "*2 × Skipped: no Java", "*3 passed, 2 skipped*"])


def test_a_skip_fails_where_everything_must_run(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTS_REQUIRE_SERVERS", "1")
    result = run(project)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*SEGMENTS_REQUIRE_SERVERS=1, but this was skipped*no Java*"])
    assert "not run on this machine" not in result.stdout.str()


def test_processes_that_share_the_files_keep_to_this(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTS_REQUIRE_SERVERS", "1")
    result = run(project, *SHARED)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*SEGMENTS_REQUIRE_SERVERS=1, but this was skipped*no Java*"])


def test_a_module_that_skips_itself_fails_as_well(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGMENTS_REQUIRE_SERVERS", "1")
    project.makepyfile(test_other="import pytest; pytest.importorskip('no_such_module')")
    result = run(project)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*but this was skipped*no_such_module*"])


def test_what_is_left_to_the_nightly_run_is_told(project: pytest.Pytester) -> None:
    project.makepyfile(test_other="import pytest\n\n@pytest.mark.nightly\ndef test_long(): pass")
    said = "*1 nightly tests were not asked for: `make nightly` runs them*"
    run(project, "-m", "not nightly", "-k", "thinks or long").stdout.fnmatch_lines([said, "*1 passed*"])
    run(project, "-m", "not nightly", "-k", "thinks or long", *SHARED).stdout.fnmatch_lines([said, "*1 passed*"])
    assert "nightly tests" not in run(project, "-k", "thinks or long").stdout.str()


def test_quick_stages_run_first(project: pytest.Pytester) -> None:
    run(project).stdout.fnmatch_lines(["*first*", "*second*", "*third*"])


def test_of_files_that_are_shared_the_long_ones_run_first(project: pytest.Pytester) -> None:
    ran = run(project, *SHARED, "-v").stdout
    ran.fnmatch_lines(["*PASSED*test_kills*", "*PASSED*test_serves*", "*PASSED*test_thinks*"])
