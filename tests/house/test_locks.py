"""The locks belong to pyproject.toml: every requirement is pinned with hashes, and none says where to download it."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("requirements.lock", "requirements-build.lock", "requirements-dev.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)(?: ; (?P<marker>.+?))? \\$")


def pins(lock: str) -> dict[str, set[str]]:
    """Return the versions of each distribution; there are several where they depend on the platform."""
    found: dict[str, set[str]] = {}
    for match in filter(None, map(PIN.match, (ROOT / lock).read_text().splitlines())):
        found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def required(lock: str) -> list[str]:
    needs: list[str] = PROJECT["project"]["dependencies"]
    build: list[str] = PROJECT["dependency-groups"]["build"]
    dev: list[str] = PROJECT["project"]["optional-dependencies"]["dev"]
    return {"requirements.lock": needs, "requirements-build.lock": build, "requirements-dev.lock": needs + dev}[lock]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_as_asked(lock: str) -> None:
    pinned = pins(lock)
    for requirement in map(Requirement, required(lock)):
        versions = pinned.get(canonicalize_name(requirement.name), set())
        assert versions, f"{lock}: {requirement.name} is missing; run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}: run `make lock`"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_with_hashes_and_nothing_else(lock: str) -> None:
    lines = [line for line in (ROOT / lock).read_text().splitlines() if line and not line.startswith("#")]
    odd = [
        line for line in lines if not PIN.match(line) and not re.match(r"    --hash=sha256:[0-9a-f]{64}( \\)?$", line)
    ]
    assert odd == []
    starts = [number for number, line in enumerate(lines) if PIN.match(line)]
    assert all(lines[number + 1].lstrip().startswith("--hash=") for number in starts)


def test_what_is_checked_is_what_runs() -> None:
    checked = pins("requirements-dev.lock")
    for lock in ("requirements.lock", "requirements-build.lock"):
        assert {name: versions for name, versions in pins(lock).items() if checked.get(name) != versions} == {}


def test_the_wheel_is_built_by_what_is_locked() -> None:
    assert PROJECT["build-system"]["requires"] == PROJECT["dependency-groups"]["build"]
