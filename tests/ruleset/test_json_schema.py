"""The JSON Schemas: what editors offer and refuse, held against the models."""

from __future__ import annotations

import json
from functools import cache

import pytest
from jsonschema import Draft202012Validator

from stream.ruleset.json_schema import SCHEMAS, file_json_schema
from stream.ruleset.schema import LEADING_WORDS, condition_json_schema
from stream.ruleset.source import parse
from tests.ruleset.examples import EXAMPLE
from tests.ruleset.test_grammar import ACCEPTED

CONDITION = Draft202012Validator(condition_json_schema())


schema_of = cache(lambda kind: Draft202012Validator(file_json_schema(kind)))


def plain(text):
    """Return the tree with JSON numbers."""
    return json.loads(json.dumps(parse("f", text).root, default=float))


def kind_of(path):
    folder, _, name = path.rpartition("/")
    if path == "vocabulary.yaml":
        return "vocabulary"
    if name == "dimension.yaml" or folder == "points":
        return name.removesuffix(".yaml") if folder != "points" else "points"
    return "cases" if name.endswith(".test.yaml") else "segment"


@pytest.mark.parametrize("path", sorted(EXAMPLE))
def test_the_examples_are_valid(path):
    schema_of(kind_of(path)).validate(plain(EXAMPLE[path]))


@pytest.mark.parametrize("condition", ACCEPTED)
def test_every_accepted_line_is_valid(condition):
    CONDITION.validate(plain(f"a: {condition}")["a"])


@pytest.mark.parametrize(
    "condition",
    [
        "{did: a, atleast: 3}",
        "{did: a, trait: b}",
        "{within: 3d}",
        "{did: a, within: 10m}",
        "{all: 3}",
        "{everyone: false}",
    ],
)
def test_what_is_wrong_is_not_valid(condition):
    assert not CONDITION.is_valid(plain(f"a: {condition}")["a"])


def test_every_word_has_its_line_of_help():
    models = condition_json_schema()["$defs"]
    by_word = {next(iter(model["required"]), ""): model for model in models.values() if model.get("required")}
    assert set(LEADING_WORDS) <= {word for model in models.values() for word in model.get("required", ())}
    assert by_word["consent"]["description"] == "Has given this consent."
    for name, model in models.items():
        assert model.get("description"), name
        for word, field in model.get("properties", {}).items():
            assert field.get("description"), f"{name}.{word}"


def test_every_kind_of_file_has_a_schema():
    for kind in SCHEMAS:
        schema = file_json_schema(kind)
        Draft202012Validator.check_schema(schema)
        assert schema["description"]
