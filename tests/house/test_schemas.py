"""Every rule file names a schema that is there; that schemas are current is shown with the other made files."""

from __future__ import annotations

import json

from scripts import schemas


def test_every_rule_names_a_schema_that_stands_where_it_says() -> None:
    rules = [path for path in schemas.RULES.rglob("*.yaml")]
    assert len(rules) > 100
    for path in rules:
        first = path.read_text().partition("\n")[0]
        schema = json.loads((path.parent / first.removeprefix(f"{schemas.MARK} $schema=")).read_text())
        assert schema["title"]
