"""`rules/README.md` works as it is written: its files, cases and conditions, the five minutes; no word is left out."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest

from stream.ruleset.cases import play_cases
from stream.ruleset.compile import compile_plan
from stream.ruleset.load import load
from stream.ruleset.schema import LEADING_WORDS, MODELS
from stream.ruleset.schema_cases import Case, Expected, Given
from stream.ruleset.schema_dates import COUNTED_PERIODS, PERIODS
from stream.ruleset.schema_files import (
    DimensionFile,
    EventDefinition,
    PointsFile,
    SegmentFile,
    TraitDefinition,
    Vocabulary,
)
from stream.ruleset.schema_values import TypeName
from stream.ruleset.schema_words import COMPARE_WORDS, COUNT_WORDS, Words
from tests.cli.running import segments
from tests.core.side_by_side import agree
from tests.oracle.load import load_text
from tests.oracle.story import MONDAY_MS
from tests.rules import readme
from tests.rules.readme import Play

SHIPPED = Path(__file__).parents[2] / "rules"


@cache
def parsed() -> dict[str, dict[str, Any]]:
    """Return the rule files of the page as plain values."""
    return {
        path: readme.plain(load_text(text)) for path, text in readme.files().items() if not path.endswith(".test.yaml")
    }


def rules_with(condition: str) -> dict[str, Any]:
    """Return the vocabulary and the points of the page, what the condition looks at, and an audience that asks it."""
    wanted = ("vocabulary", "points/", *(["size/"] if "in_segment" in condition else []))
    found = {path: about for path, about in parsed().items() if path.startswith(wanted)}
    enter = readme.plain(load_text(condition))
    return found | {"audiences/example.yaml": {"title": "Example", "owner": "page", "enter": enter}}


def test_the_files_of_the_page_load_without_a_problem_and_warn_of_nothing() -> None:
    ruleset = load(readme.files(), are_cases_required=True)
    assert [str(note) for note in ruleset.notes if note.code != "warn-one-property"] == []


def test_the_cases_of_the_page_pass() -> None:
    ruleset = load(readme.files())
    results = list(play_cases(ruleset, compile_plan(ruleset, "page")))
    assert len(results) >= 10
    assert [(one.file, one.name, one.differences) for one in results if one.differences or one.is_off] == []


@pytest.mark.parametrize("play", [pytest.param(one, id=one.line[:60]) for one in readme.plays()])
def test_a_condition_holds_exactly_as_the_page_says(play: Play) -> None:
    found = agree(rules_with(play.condition), play.records, MONDAY_MS + play.until_ms, play.given or None)
    flips = [one.at - MONDAY_MS for one in found if one.dimension == "audiences.example"]
    starts, ends = flips[::2], [*flips[1::2], *([play.until_ms] if len(flips) % 2 else [])]
    assert tuple(zip(starts, ends, strict=True)) == play.spells


def test_the_five_minutes_work_as_they_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(SHIPPED, tmp_path / "rules")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    for number, (command, said) in enumerate(readme.commands()):
        result = segments(*shlex.split(command))
        assert result.exit_code == 0, result.stdout
        for line in said:
            assert line in result.stdout, command
        if number == 0:
            for block in readme.blocks():
                if block.file.startswith("rules/") or block.file.endswith(".jsonl"):
                    (tmp_path / block.file).write_text(block.text, encoding="utf-8")


def test_every_leading_word_has_an_example() -> None:
    shown = {word for text in readme.conditions() for word in LEADING_WORDS if re.search(rf"\b{word}:", text)}
    assert set(LEADING_WORDS) - shown == set()


def keys(value: Any) -> set[str]:
    """Return every key of nested values."""
    if isinstance(value, dict):
        return set(value) | {key for inner in value.values() for key in keys(inner)}
    return {key for inner in value for key in keys(inner)} if isinstance(value, list) else set()


@cache
def spoken() -> set[str]:
    """Return every key of every example of the page."""
    texts = [*readme.files().values(), *readme.conditions()]
    return {key for text in texts for key in keys(load_text(text))}


def words_of(model: type[Any]) -> set[str]:
    """Return the words of a model as they are written."""
    return {name.rstrip("_") for name in model.model_fields}


@pytest.mark.parametrize("word", [*COUNT_WORDS, *COMPARE_WORDS])
def test_every_comparison_has_an_example(word: str) -> None:
    assert word in spoken()


@pytest.mark.parametrize("model", MODELS)
def test_every_word_beside_a_leading_word_has_an_example(model: type[Words]) -> None:
    assert words_of(model) - spoken() == set()


@pytest.mark.parametrize(
    "model",
    [Vocabulary, EventDefinition, TraitDefinition, DimensionFile, SegmentFile, PointsFile, Case, Given, Expected],
)
def test_every_word_of_a_file_has_an_example(model: type[Any]) -> None:
    assert words_of(model) - spoken() == set()


def test_every_type_has_an_example() -> None:
    vocabulary = parsed()["vocabulary.yaml"]
    used = {kind for event in vocabulary["events"].values() for kind in event.get("properties", {}).values()}
    used |= {trait["type"] for trait in vocabulary["traits"].values()}
    assert used == set(get_args(TypeName))


def periods(value: Any) -> set[str]:
    """Return every period that stands in a condition beside `during`, `falls` or `anniversary`."""
    if isinstance(value, list):
        return {period for inner in value for period in periods(inner)}
    if not isinstance(value, dict):
        return set()
    named = [value[word] for word in ("during", "falls", "anniversary") if word in value]
    found = {period for one in named for period in ([one] if isinstance(one, str) else one)}
    return found | {period for inner in value.values() for period in periods(inner)}


def test_every_period_stands_in_a_played_condition() -> None:
    played = {period for play in readme.plays() for period in periods(load_text(play.condition))}
    assert played == {*PERIODS, *COUNTED_PERIODS}


def test_a_segment_is_asked_for_both_ways() -> None:
    asked = [load_text(play.condition) for play in readme.plays()]
    beside = {word for one in asked if "in_segment" in one for word in one}
    assert beside == {"in_segment", "for", "for_less_than"}


def test_the_recorded_events_of_the_page_are_one_object_a_line() -> None:
    (block,) = [one for one in readme.blocks() if one.file.endswith(".jsonl")]
    assert [json.loads(line)["customer_id"] for line in block.text.splitlines()] == ["ann", "bob", "cem", "ann", "bob"]
