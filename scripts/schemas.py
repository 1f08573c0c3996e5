"""Write the JSON Schemas beside the shipped rules, the comment into each rule, and the schemas of the topics.

`python -m scripts.schemas`
"""

from __future__ import annotations

import json

from scripts.laws import ROOT
from stream.ruleset.json_schema import schema_comment, schema_files
from stream.wire.published import schemas

RULES = ROOT / "rules"
TOPICS = ROOT / "docs" / "contracts"
MARK = "# yaml-language-server:"


def files() -> dict[str, str]:
    """Return the text that every schema and every rule file of the shipped rules should have, by its path."""
    made = schema_files()
    for path in sorted(RULES.rglob("*.yaml")):
        name, text = path.relative_to(RULES).as_posix(), path.read_text(encoding="utf-8")
        rest = text.partition("\n")[2] if text.startswith(MARK) else text
        made[name] = schema_comment(name) + rest
    return made


def topics() -> dict[str, str]:
    """Return the text of the schema of each topic, by the name of its file in docs/contracts."""
    return {f"{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas().items()}


if __name__ == "__main__":
    for name, text in files().items():
        (RULES / name).parent.mkdir(exist_ok=True)
        (RULES / name).write_text(text, encoding="utf-8")
    TOPICS.mkdir(exist_ok=True)
    for name, text in topics().items():
        (TOPICS / name).write_text(text, encoding="utf-8")
