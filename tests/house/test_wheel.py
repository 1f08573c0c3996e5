"""The wheel holds what a stranger needs: program, shipped rules and demo data, as files and not as links."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_every_module_is_in_it(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "stream").rglob("*.py")}
    assert modules - names == set()


def test_rules_and_demo_data_are_in_it_as_files(wheel: zipfile.ZipFile) -> None:
    shipped = {path.relative_to(ROOT / "rules"): path for path in (ROOT / "rules").rglob("*.yaml")}
    assert shipped
    for relative, path in shipped.items():
        assert wheel.read(f"stream/shipped/rules/{relative}") == path.read_bytes()
    assert wheel.read("stream/shipped/online_retail.csv.gz") == (ROOT / "demo/online_retail.csv.gz").read_bytes()


def test_a_checkout_finds_the_same_files_in_the_same_place() -> None:
    assert (ROOT / "stream/shipped/rules").resolve() == ROOT / "rules"
    assert (ROOT / "stream/shipped/online_retail.csv.gz").resolve() == ROOT / "demo/online_retail.csv.gz"


def test_nothing_else_is_in_it(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"stream"}


def test_the_command_is_called_segments(wheel: zipfile.ZipFile) -> None:
    (points,) = (name for name in wheel.namelist() if name.endswith("entry_points.txt"))
    assert "segments = stream.cli.main:main" in wheel.read(points).decode()
