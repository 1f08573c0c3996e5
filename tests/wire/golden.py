"""Golden files: bytes that outsiders or a later version read. A difference is a change of the contract."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, found: bytes) -> None:
    """Compare with the file; SEGMENTS_WRITE_GOLDEN=1 writes it anew, to be looked at before it is committed."""
    path = FOLDER / name
    if os.environ.get("SEGMENTS_WRITE_GOLDEN") == "1":
        path.write_bytes(found)
    assert path.read_bytes() == found, f"{name} differs: is this a change of the contract? Then write it anew"
