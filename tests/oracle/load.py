"""Rule files as plain dicts, by a plain YAML reader."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


def load_rules(folder: Path) -> dict[str, dict[str, Any]]:
    """Return every rule file below `folder` (cases left out) as plain dicts by relative path."""
    return {
        path.relative_to(folder).as_posix(): load_text(path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.yaml"))
        if not path.name.endswith(".test.yaml")
    }


def load_text(text: str) -> dict[str, Any]:
    """Return one YAML text as a plain dict."""
    parsed = YAML(typ="safe", pure=True).load(text)
    assert isinstance(parsed, dict)
    return parsed
