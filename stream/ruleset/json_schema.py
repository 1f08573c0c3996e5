"""JSON Schemas of the rule files, for completion, hover and red lines in editors."""

from __future__ import annotations

import json
from typing import Any, Final

from stream.ruleset.layout import Kind, RuleFile, arrange
from stream.ruleset.schema_cases import CasesFile
from stream.ruleset.schema_files import DimensionFile, PointsFile, SegmentFile, Vocabulary
from stream.ruleset.schema_part import Part

SCHEMAS: Final[dict[Kind, type[Part]]] = {
    "vocabulary": Vocabulary,
    "dimension": DimensionFile,
    "segment": SegmentFile,
    "points": PointsFile,
    "cases": CasesFile,
}


def file_json_schema(kind: Kind) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of one kind of rule file; every word has a description."""
    schema = SCHEMAS[kind].model_json_schema(mode="validation", by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


FOLDER: Final = ".schema"
"""Where the schemas stand in a folder of rules; what is hidden is no rule."""


def schema_files() -> dict[str, str]:
    """Return the text of the schema of each kind, by its path in a folder of rules."""
    texts = {kind: json.dumps(file_json_schema(kind), ensure_ascii=False, sort_keys=True) for kind in SCHEMAS}
    return {f"{FOLDER}/{kind}.json": f"{text}\n" for kind, text in texts.items()}


def schema_comment(path: str) -> str:
    """Return the line at the head of a rule file by which editors find its schema; ValueError for no rule file."""
    found = next((file for file in arrange([path])[0] if file.path == path), None)
    if found is None:
        raise ValueError(f"{path} is no rule file")
    return _comment(found)


def _comment(file: RuleFile) -> str:
    up = "../" if file.folder or file.kind == "dimension" else ""
    return f"# yaml-language-server: $schema={up}{FOLDER}/{file.kind}.json\n"
