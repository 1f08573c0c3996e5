"""Everything that is published is as its model says: the golden files, our rules, drawn rules, dead letters."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, get_args

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from stream.cli.serve import TopicName
from stream.core.plan import Plan
from stream.core.transition import BACKFILL, MERGE, RULE_CHANGED, Cause, Transition
from stream.service.letters import OURS
from stream.wire.published import MODELS, schemas
from stream.wire.transition import body as body_of
from tests.cli.running import segments
from tests.histories import Line, crowds, shop_history, write
from tests.laws.starter import drawn_plan, lived, shipped, starter, worked
from tests.strategies import Rules
from tests.town import TOPICS, Town, replayed
from tests.wire.golden import FOLDER

VALIDATORS = {name: Draft202012Validator(schema) for name, schema in schemas().items()}


def check(topic: str, body: bytes) -> None:
    """Hold a body against schema and model: nothing wrong, nothing missing, nothing beside, all in its order."""
    told = json.loads(body)
    assert [error.message for error in VALIDATORS[topic].iter_errors(told)] == []
    read = MODELS[topic].model_validate_json(body).model_dump(by_alias=True, exclude_unset=True)
    assert json.dumps(read) == json.dumps(told)


@pytest.mark.parametrize("topic", ["transitions", "membership"])
def test_the_golden_bodies_are_as_their_models_say(topic: str) -> None:
    bodies = (FOLDER / f"{topic}.txt").read_bytes()
    lines = bodies.splitlines()[1::2]
    assert lines
    for body in lines:
        check(topic, body)


def test_the_golden_events_are_as_their_schema_says() -> None:
    for line in (FOLDER / "events.jsonl").read_bytes().splitlines():
        assert [error.message for error in VALIDATORS["events"].iter_errors(json.loads(line))] == []


@pytest.mark.parametrize("rules", [starter, shipped])
async def test_what_workers_publish_by_our_rules_is_as_the_models_say(rules: Callable[[], Plan]) -> None:
    town = await Town(rules()).open()
    bodies = await lived(town, shop_history(7, 300))
    for body in (each for mine in bodies.values() for each in mine):
        check("transitions", body)
    for record in town.log.all(TOPICS.membership):
        assert record.value is not None
        check("membership", record.value)


@given(crowds())
def test_what_drawn_rules_publish_is_as_the_models_say(crowd: tuple[Rules, list[Line]]) -> None:
    rules, lines = crowd
    if plan := drawn_plan(rules):
        town = Town(plan)
        write(town, lines)
        for body in (each for mine in replayed(town.log, plan).values() for each in mine):
            check("transitions", body)


@pytest.mark.parametrize("kind", ["time", RULE_CHANGED, BACKFILL, MERGE])
def test_a_transition_of_every_kind_of_cause_is_as_the_model_says(kind: str) -> None:
    """What only a replay causes too: whoever reads topics reads its output the same way."""
    told = Transition("c-1", 1, "value", "", "gold", 1_000, Cause(kind), True, (), 0, 1, 2_000, True, "v", "o", "n")
    check("transitions", body_of(told))
    assert json.loads(body_of(told))["cause"] == (
        {"kind": kind, "condition": None} if kind == "time" else {"kind": kind}
    )


async def test_the_headers_of_a_dead_letter_are_as_the_model_says() -> None:
    town = await Town(starter(), partitions=1).open()
    town.log.append(TOPICS.events, 0, b"c-1", b"no JSON", (("mine", b"1"),), 5)
    await worked(town)
    (letter,) = town.log.all(TOPICS.dead_letters)
    told = {name: value.decode() for name, value in letter.headers if name.startswith(OURS)}
    check("dead-letters", json.dumps(told).encode())


def described(schema: dict[str, Any]) -> list[str]:
    """Return the properties, at any depth, that no sentence explains."""
    parts = [schema, *schema.get("$defs", {}).values()]
    return [name for part in parts for name, one in part.get("properties", {}).items() if not one.get("description")]


@pytest.mark.parametrize("topic", get_args(TopicName))
def test_the_command_prints_the_schema_of_a_topic_in_which_every_field_is_explained(topic: str) -> None:
    printed = json.loads(segments("topics", "schema", topic).stdout)
    assert printed == schemas()[topic]
    Draft202012Validator.check_schema(printed)
    assert described(printed) == []


def test_a_body_that_lost_a_field_or_has_one_of_another_kind_is_told() -> None:
    body = json.loads((FOLDER / "transitions.txt").read_bytes().splitlines()[1])
    for name in body:
        if name not in {"evidence", "cause"}:
            broken = [{**body, name: {}}, {key: value for key, value in body.items() if key != name}]
            assert [each for each in broken if VALIDATORS["transitions"].is_valid(each)] == []
