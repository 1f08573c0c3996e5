"""One form for equal rules: the bytes that are published, and the hashes that name them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any, Final

from stream.errors import Problem, RuleError
from stream.ruleset.ruleset import Ruleset
from stream.ruleset.schema_part import Part
from stream.ruleset.source import parse

_FOR_PEOPLE: Final = frozenset({"title", "description", "owner", "next_action", "question", "review_by"})
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


def canonical_form(files: Mapping[str, str]) -> bytes:
    """Return the rules as canonical JSON: path → what the file says, keys sorted. Raises RuleError."""
    sources = [parse(path, text) for path, text in sorted(files.items()) if path.endswith(".yaml")]
    problems: list[Problem] = [problem for source in sources for problem in source.problems]
    if problems:
        raise RuleError(problems)
    return canonical_json({source.file: source.root for source in sources})


def from_canonical_form(content: bytes) -> dict[str, str]:
    """Return the files of published rules: JSON is YAML, so each is a text that `load` reads."""
    trees = json.loads(content, parse_float=Decimal)
    return {path: canonical_json(tree).decode() for path, tree in trees.items()}


def content_hash(ruleset: Ruleset) -> str:
    """Return the SHA-256, in hex, of the canonical form of everything the rules say: it names this version."""
    return sha256(canonical_json({file: source.root for file, source in ruleset.sources.items()})).hexdigest()


def meaning_hash(ruleset: Ruleset) -> str:
    """Return the SHA-256, in hex, of what decides about customers: without titles, owners, cases and the like."""
    meaning = {
        "vocabulary": _meaning(ruleset.vocabulary),
        "dimensions": {one.id: _meaning(one.written) for one in ruleset.dimensions},
        "segments": {one.id: _meaning(one.written) for one in ruleset.all_segments()},
        "points": {name: _meaning(one.written) for name, one in ruleset.points.items()},
    }
    return sha256(canonical_json(meaning)).hexdigest()


def told_hash(ruleset: Ruleset) -> str:
    """Return the SHA-256, in hex, of all that reaches a transition: what decides, and who is to do what then.

    State and log are tied to it: the same log must give the same bytes again.
    """
    told = {one.id: [one.owner, one.next_action] for one in ruleset.all_segments()}
    return sha256(canonical_json({"meaning": meaning_hash(ruleset), "told": told})).hexdigest()


VERSION_DIGITS = 16


def version_of(ruleset: Ruleset) -> str:
    """Return what transitions call this version: the first hex digits of its meaning."""
    return meaning_hash(ruleset)[:VERSION_DIGITS]


def meaning_of(condition: Part) -> bytes:
    """Return canonical bytes of a condition or part: equal only for what means the same."""
    return canonical_json(_meaning(condition))


def canonical_json(value: Any) -> bytes:
    """Return compact JSON with sorted keys; numbers as they are, whole ones without a point."""
    text = _json(value)
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()


def _json(value: Any) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key), ensure_ascii=False)}:{_json(value[key])}" for key in sorted(value))
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_json, value)) + "]"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    return json.dumps(value, ensure_ascii=False)


def _meaning(value: Any) -> Any:
    """Return a model as plain values: its words with what they mean, absent ones and words for people left out."""
    if isinstance(value, Part):
        usual = {field.alias or name: field.default for name, field in type(value).model_fields.items()}
        written = {word: inner for word, inner in value.as_written().items() if usual[word] != inner}
        words = {word: _meaning(inner) for word, inner in written.items() if word not in _FOR_PEOPLE}
        return {"": type(value).__name__, **words, **_meaning(value.__pydantic_extra__ or {})}
    if isinstance(value, Mapping):
        return {name: _meaning(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_meaning(inner) for inner in value]
    return value.isoformat() if isinstance(value, date) else value
