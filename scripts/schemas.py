"""Write the JSON Schemas beside the shipped rules, and the comment into each rule: `python -m scripts.schemas`."""

from __future__ import annotations

from scripts.laws import ROOT
from stream.ruleset.json_schema import schema_comment, schema_files

RULES = ROOT / "rules"
MARK = "# yaml-language-server:"


def files() -> dict[str, str]:
    """Return the text that every schema and every rule file of the shipped rules should have, by its path."""
    made = schema_files()
    for path in sorted(RULES.rglob("*.yaml")):
        name, text = path.relative_to(RULES).as_posix(), path.read_text(encoding="utf-8")
        rest = text.partition("\n")[2] if text.startswith(MARK) else text
        made[name] = schema_comment(name) + rest
    return made


if __name__ == "__main__":
    for name, text in files().items():
        (RULES / name).parent.mkdir(exist_ok=True)
        (RULES / name).write_text(text, encoding="utf-8")
