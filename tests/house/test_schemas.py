"""The schemas of topics and of the shipped rules are made from the models, and every rule file names its own."""

from __future__ import annotations

import json

from scripts import schemas


def test_the_schemas_and_the_comments_of_the_shipped_rules_are_current() -> None:
    stale = [name for name, text in schemas.files().items() if not (schemas.RULES / name).is_file()]
    stale += [name for name, text in schemas.files().items() if (schemas.RULES / name).read_text() != text]
    assert stale == [], "run `make fmt`"


def test_every_rule_names_a_schema_that_stands_where_it_says() -> None:
    rules = [path for path in schemas.RULES.rglob("*.yaml")]
    assert len(rules) > 100
    for path in rules:
        first = path.read_text().partition("\n")[0]
        schema = json.loads((path.parent / first.removeprefix(f"{schemas.MARK} $schema=")).read_text())
        assert schema["title"]


def test_the_schemas_of_the_topics_are_current() -> None:
    written = {path.name: path.read_text() for path in schemas.TOPICS.iterdir()}
    assert written == schemas.topics(), "run `make fmt`"
