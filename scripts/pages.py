"""All files that are made from the code: `python -m scripts.pages` writes them, `--check` names the stale ones."""

from __future__ import annotations

import sys
from pathlib import Path

from scripts import laws, meanings, readme, schemas


def made() -> dict[Path, str]:
    """Return the text that each of these files should have."""
    files = {
        laws.PAGE: laws.page(),
        meanings.PAGE: meanings.page(),
        readme.README: readme.filled(readme.README.read_text(encoding="utf-8")),
    }
    files |= {schemas.RULES / name: text for name, text in schemas.files().items()}
    return files | {schemas.TOPICS / name: text for name, text in schemas.topics().items()}


def stale() -> list[str]:
    """Return the files that are missing or say something else, in order."""
    differing = [path for path, text in made().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    return sorted(str(path.relative_to(laws.ROOT)) for path in differing)


def main(arguments: list[str]) -> int:
    """Write the files, or say which are stale; return the exit code."""
    names = stale()
    if "--check" not in arguments:
        texts = made()
        for name in names:
            (laws.ROOT / name).parent.mkdir(exist_ok=True)
            (laws.ROOT / name).write_text(texts[laws.ROOT / name], encoding="utf-8")
        return 0
    for name in names:
        print(f"{name} is stale: run `make fmt`, look at it, `git add` it", file=sys.stderr)
    return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
