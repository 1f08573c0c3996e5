"""What the Dockerfile says, as a program that can be started without a container engine."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
FINAL = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]
BIN = Path(sys.executable).parent


def instruction(name: str) -> str:
    """Return what follows the last such instruction of the final stage."""
    return re.findall(rf"^{name}\s+(.*)$", FINAL, re.MULTILINE)[-1].strip()


def declared() -> dict[str, str]:
    """Return the environment that the image sets."""
    return dict(pair.split("=", 1) for pair in instruction("ENV").split())


def user() -> tuple[int, int]:
    """Return user and group as numbers."""
    number, group = instruction("USER").split(":")
    return int(number), int(group)


def entry_point() -> list[str]:
    """Return the program and the role it plays when none is named."""
    return [*json.loads(instruction("ENTRYPOINT")), *json.loads(instruction("CMD"))]


def health_command() -> list[str]:
    """Return the command that an engine runs to see whether the container is healthy."""
    found: list[str] = json.loads(instruction("HEALTHCHECK").partition(" CMD ")[2])
    return found


def environment(**more: str) -> dict[str, str]:
    """Return the image's environment on this machine's paths, and nothing inherited; `more` wins."""
    here = declared() | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    return here | more


def as_its_user(command: list[str]) -> list[str]:
    """Return the command as the image's user runs it; as ourselves where that user cannot reach this checkout."""
    number, group = user()
    become = ["setpriv", f"--reuid={number}", f"--regid={group}", "--clear-groups", "--"]
    if os.geteuid() != 0 or not _reaches(become):
        return command
    return [*become, *command]


def _reaches(become: list[str]) -> bool:
    """Say whether that user can read interpreter and checkout: a clone below /root or in a private folder cannot."""
    probe = [*become, str(BIN / "python"), "-c", "import stream.errors, faust"]
    return subprocess.run(probe, cwd="/", env=environment(), capture_output=True, check=False).returncode == 0
