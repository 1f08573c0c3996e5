"""Files made from the code: told when they are stale, written anew, and not committed stale where git asks first."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import laws, pages

ROOT = Path(__file__).parents[2]


def test_every_made_file_is_current() -> None:
    assert pages.stale() == [], "run `make fmt`"


def test_a_stale_page_is_named_and_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(laws, "ROOT", tmp_path)
    monkeypatch.setattr(pages, "made", lambda: {tmp_path / "docs" / "page.md": "new\n"})
    assert pages.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/page.md is stale: run `make fmt`, look at it, `git add` it\n"
    assert pages.main([]) == 0
    assert (tmp_path / "docs" / "page.md").read_text() == "new\n"
    assert pages.main(["--check"]) == 0


def ran(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, as a person whom no settings of git or make surround."""
    around = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "MAKE", "MFLAGS"))}
    who = {f"GIT_{role}_{part}": "a@b" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    return subprocess.run(command, cwd=folder, env=around | who, capture_output=True, text=True, check=False)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Return a repository with the Makefile and the hook, after `make setup`; its python says that pages are stale."""
    for name in ("Makefile", "scripts/pre-commit"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    programs = tmp_path / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name in ("requirements-dev.lock", "pyproject.toml", "scripts/pages.py", ".venv/.ready"):
        (tmp_path / name).touch()
    for name, code in (("python", 1), ("ruff", 0)):
        (programs / name).write_text(f"#!/bin/sh\nexit {code}\n")
        (programs / name).chmod(0o755)
    assert ran(tmp_path, "git", "init", "-q").returncode == 0
    made = ran(tmp_path, "make", "setup")
    assert made.returncode == 0, made.stderr
    return tmp_path


def test_after_make_setup_git_commits_no_stale_page(clone: Path) -> None:
    commit = ("git", "commit", "-q", "--allow-empty", "-m", "x")
    assert ran(clone, *commit).returncode == 1
    (clone / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 0\n")
    passed = ran(clone, *commit)
    assert passed.returncode == 0, passed.stderr


def test_a_hook_of_ones_own_is_left_alone(clone: Path) -> None:
    hook = clone / ".git" / "hooks" / "pre-commit"
    hook.write_text("mine")
    assert ran(clone, "make", "setup").returncode == 0
    assert hook.read_text() == "mine"


def test_make_setup_needs_no_git(clone: Path) -> None:
    shutil.rmtree(clone / ".git")
    assert ran(clone, "make", "setup").returncode == 0
