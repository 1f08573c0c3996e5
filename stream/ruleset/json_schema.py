"""JSON Schemas of the rule files, for completion, hover and red lines in editors."""

from __future__ import annotations

from typing import Any, Final

from stream.ruleset.layout import Kind
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
