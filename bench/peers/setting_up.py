"""Getting a peer here: virtual environments and jars in a cache folder, made when they are first asked for.

Nothing of it is a requirement of ours: a peer that cannot be set up is left out, with the reason.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.measure import REPOSITORY

HERE = Path(__file__).parent
LONGEST_S = 900
READY = ".ready"
LAST_CHARACTERS = 300


class PeerMissingError(RuntimeError):
    """A peer cannot run on this machine; says why."""


def cache() -> Path:
    """Return the folder in which peers are set up; BENCH_PEERS names another."""
    return Path(os.environ.get("BENCH_PEERS", REPOSITORY / ".cache" / "bench-peers"))


def environment_of(name: str) -> Path:
    """Return the interpreter of a virtual environment with the pinned requirements of this name."""
    wanted = HERE / "requirements" / f"{name}.txt"
    folder = cache() / name

    def make() -> None:
        call([sys.executable, "-m", "uv", "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)])
        interpreter = str(folder / "bin" / "python")
        call([sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", interpreter, "-r", str(wanted)])

    once(folder, [wanted], make)
    return folder / "bin" / "python"


def streams_class_path() -> str:
    """Return the class path of the compiled Kafka Streams peer and all its jars."""
    folder = cache() / "kafka-streams"
    source, pom = HERE / "EqualWork.java", HERE / "pom.xml"

    def make() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        jars = ["dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder / 'jars'}"]
        call(["mvn", "-B", "-q", "-f", str(pom), *jars])
        call(["javac", "-cp", f"{folder / 'jars'}/*", "-d", str(folder / "classes"), str(source)])

    once(folder, [source, pom], make)
    return f"{folder / 'classes'}:{folder / 'jars'}/*"


def once(folder: Path, made_from: Sequence[Path], make: Callable[[], None]) -> None:
    """Make a folder, unless it was made from the same files before."""
    fingerprint = hashlib.sha256(b"".join(each.read_bytes() for each in made_from)).hexdigest()
    ready = folder / READY
    if ready.exists() and ready.read_text() == fingerprint:
        return
    sys.stderr.write(f"setting up {folder.name} in {folder} (once) …\n")
    ready.unlink(missing_ok=True)
    make()
    ready.write_text(fingerprint)


def call(command: list[str]) -> None:
    """Return when a command has ended well; PeerMissingError with its last words where it does not."""
    if shutil.which(command[0]) is None:
        raise PeerMissingError(f"there is no `{command[0]}` on the path")
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    except subprocess.TimeoutExpired as error:
        raise PeerMissingError(f"`{command[0]}` did not end within {LONGEST_S} s") from error
    if done.returncode:
        told = " ".join((done.stderr or done.stdout).split())
        raise PeerMissingError(f"{Path(command[0]).name} failed: {told[-LAST_CHARACTERS:]}")
