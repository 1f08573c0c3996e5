"""Checked rules: what `load` returns, the compiler compiles and the test runner plays. Spans are ms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from stream.errors import Problem
from stream.ruleset.layout import AUDIENCES
from stream.ruleset.schema import Condition, walk
from stream.ruleset.schema_cases import Case
from stream.ruleset.schema_files import DimensionFile, PointsFile, PointsLine, SegmentFile, Vocabulary
from stream.ruleset.source import Mark, Path, Source


@dataclass(frozen=True, slots=True)
class SegmentRules:
    """One segment or audience, with the defaults of its dimension worked in.

    `is_on` is false when it is disabled or needs what the shop does not send: nobody is in it then.
    """

    name: str
    dimension: str
    file: str
    title: str
    owner: str
    description: str | None
    next_action: str | None
    is_on: bool
    enter: Condition | None
    stay_while: Condition | None
    only_from: tuple[str, ...] | None
    wait_ms: int
    stay_at_least_ms: int
    stay_at_most_ms: int | None
    cooldown_ms: int
    warn_before_ms: int | None
    holdout_percent: int
    on_rule_change: Literal["silent", "announce"]
    written: SegmentFile

    @property
    def id(self) -> str:
        """Return `dimension.segment` or `audiences.name`."""
        return f"{self.dimension}.{self.name}"

    def conditions(self) -> Iterator[tuple[Path, Condition]]:
        """Yield every condition of the segment with its path in the file, groups before what is in them."""
        if self.enter is not None:
            yield from walk(self.enter, ("enter",))
        if self.stay_while is not None:
            yield from walk(self.stay_while, ("stay_while",))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What the segments of a dimension have unless they say otherwise; spans in ms, 0 for none."""

    wait_ms: int = 0
    stay_at_least_ms: int = 0
    cooldown_ms: int = 0


@dataclass(frozen=True, slots=True)
class DimensionRules:
    """One question: its segments in the order in which they win, and the one of everyone else."""

    id: str
    file: str
    title: str
    owner: str
    question: str
    order: tuple[str, ...]
    otherwise: str | None
    inside: str | None
    announce_first: bool
    model: str | None
    defaults: Defaults
    segments: Mapping[str, SegmentRules]
    written: DimensionFile


@dataclass(frozen=True, slots=True)
class PointsRules:
    """Weighted conditions; `lines` are those that count: a line that needs what is not sent is off."""

    name: str
    file: str
    title: str
    owner: str
    lines: tuple[PointsLine, ...]
    written: PointsFile


@dataclass(frozen=True)
class Ruleset:
    """All rules of one version, checked; `notes` are what is no failure (a segment that is off, a warning)."""

    vocabulary: Vocabulary
    dimensions: tuple[DimensionRules, ...]
    audiences: Mapping[str, SegmentRules]
    points: Mapping[str, PointsRules]
    cases: Mapping[str, tuple[Case, ...]]
    notes: tuple[Problem, ...]
    sources: Mapping[str, Source] = field(repr=False, compare=False)

    def segment(self, segment_id: str) -> SegmentRules | None:
        """Return the segment `dimension.segment` or the audience `audiences.name`, or None."""
        dimension, _, name = segment_id.partition(".")
        if dimension == AUDIENCES:
            return self.audiences.get(name)
        return next((one.segments.get(name) for one in self.dimensions if one.id == dimension), None)

    def all_segments(self) -> Iterator[SegmentRules]:
        """Yield every segment, then every audience, by name of file."""
        for dimension in self.dimensions:
            yield from dimension.segments.values()
        yield from self.audiences.values()

    def position(self, file: str, path: Sequence[str | int] = (), *, key: bool = True) -> Mark:
        """Return line and column of the key at `path` in `file` (of its value if not `key`), from 1."""
        source = self.sources.get(file)
        return source.place(path, key=key) if source else (1, 1)

    def problem(self, file: str, path: Sequence[str | int], message: str, code: str) -> Problem:
        """Return a problem at the key of `path`; for a condition that is its leading word or where it begins."""
        return Problem(file, *self.position(file, path), message, code)
