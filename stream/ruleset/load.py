"""From files to a ruleset: read, check, put together; pure, and either all of it or every problem."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from stream.errors import Problem, RuleError
from stream.ruleset.advice import advice
from stream.ruleset.check_bars import check_bars, check_points, check_windows
from stream.ruleset.check_cases import check_cases, missing_cases, speaks_of_others
from stream.ruleset.check_names import NameCheck
from stream.ruleset.check_stay import check_stay_bars
from stream.ruleset.check_structure import check_dimension, check_inside, check_otherwise, check_segment, check_stay
from stream.ruleset.check_vocabulary import check_vocabulary
from stream.ruleset.circles import Look, check_circles, node
from stream.ruleset.findings import Findings
from stream.ruleset.json_schema import SCHEMAS
from stream.ruleset.layout import AUDIENCES, Kind, RuleFile, arrange
from stream.ruleset.names import Names, names_of
from stream.ruleset.reading import read
from stream.ruleset.ruleset import Defaults, DimensionRules, PointsRules, Ruleset, SegmentRules
from stream.ruleset.schema import Condition, walk
from stream.ruleset.schema_cases import CasesFile
from stream.ruleset.schema_customers import InSegment
from stream.ruleset.schema_events import Points
from stream.ruleset.schema_files import DimensionFile, PointsFile, SegmentFile, Vocabulary
from stream.ruleset.source import Path, parse


def load(files: Mapping[str, str], *, are_cases_required: bool = False) -> Ruleset:
    """Return the checked rules of `files` (path below the rules folder → text). Raises RuleError with every problem.

    With `are_cases_required` a segment without a case in each direction is a problem [test-missing], as in `check`.
    """
    loading = _Loading(files)
    loading.check(are_cases_required=are_cases_required)
    if loading.problems:
        raise RuleError(sorted(set(loading.problems)))
    return loading.ruleset()


class _Loading:
    """One load: the models of all files, what was found in them, and then the ruleset."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files, self.problems = arrange(files)
        self.notes: list[Problem] = []
        self.models: dict[str, Any] = {}
        self.findings: dict[str, Findings] = {}
        self.with_enter: set[str] = set()
        self.off: set[str] = set()  # segments that need what is not sent
        self.dead_lines: set[tuple[str, int]] = set()  # lines of points that need what is not sent
        for file in self.files:
            source = parse(file.path, files[file.path])
            if source.root is not None and "enter" in source.root:
                self.with_enter.add(file.path)  # what is wrong with it is said once, where it stands
            reading = read(SCHEMAS[file.kind], source)
            self.models[file.path] = reading.model
            self.findings[file.path] = Findings(reading.source)
            self.problems += reading.problems
        self.folders = self._folders()

    def of_kind(self, kind: Kind) -> list[tuple[RuleFile, Any]]:
        """Return the files of a kind with their models; those of which nothing can be read are left out."""
        return [(one, self.models[one.path]) for one in self.files if one.kind == kind and self.models[one.path]]

    def check(self, *, are_cases_required: bool) -> None:
        """Find everything that is wrong between the files and inside of them."""
        for file, vocabulary in self.of_kind("vocabulary"):
            check_vocabulary(vocabulary, self.findings[file.path])
            self.check_bars(vocabulary.history_since.date if vocabulary.history_since else None)
            names = self.names(vocabulary)
            self.check_conditions(names)
            self.check_cases(names, are_cases_required=are_cases_required)
        self.check_structure()
        check_circles(self.looks())
        for findings in self.findings.values():
            self.problems += findings.problems
            self.notes += findings.notes

    def names(self, vocabulary: Vocabulary) -> Names:
        """Return every name that the rules may speak of."""
        models = [file.folder for file, dimension in self.of_kind("dimension") if dimension.model]
        points = [file.name for file in self.files if file.kind == "points"]
        return names_of(vocabulary, self.segments(), models, points)

    def segments(self) -> dict[str, bool]:
        """Return the segments by id, true where they warn before leaving."""
        return {f"{folder}.{name}": warns for folder, names in self.folders.items() for name, warns in names.items()}

    def _folders(self) -> dict[str, dict[str, bool]]:
        """Return the segments by folder and name, true where they warn before leaving (or cannot be read)."""
        found: dict[str, dict[str, bool]] = {}
        for file in self.files:
            if file.kind == "segment":
                model = self.models[file.path]
                found.setdefault(file.folder, {})[file.name] = model is None or model.warn_before is not None
        return found

    def check_conditions(self, names: Names) -> None:
        """Check names and types in all conditions, and find what is off."""
        for file, segment in self.of_kind("segment"):
            check = NameCheck(names, self.findings[file.path])
            for word in ("enter", "stay_while"):
                if (condition := getattr(segment, word)) is not None:
                    check.condition(condition, (word,))
            if check.needs_unsent:
                self.off.add(file.segment)
        for file, points in self.of_kind("points"):
            for index, line in enumerate(points.add):
                check = NameCheck(names, self.findings[file.path])
                check.condition(line.when, ("add", index, "when"))
                if check.needs_unsent:
                    self.dead_lines.add((file.path, index))
        for file, dimension in self.of_kind("dimension"):
            if dimension.inside is not None:
                check_inside(file.folder, dimension.inside, names, self.findings[file.path])

    def check_bars(self, since: date | None) -> None:
        """Find bars and windows that nobody, or everybody, reaches; `since` is the first day that is taken in."""
        given = {file.name: points.add for file, points in self.of_kind("points")}
        for findings, condition, path in self.conditions():
            check_bars(condition, path, findings)
            check_points(condition, path, given, findings)
            check_windows(condition, path, since, findings)

    def conditions(self) -> Iterator[tuple[Findings, Condition, Path]]:
        """Yield every condition of segments and of points, with its place."""
        for file, segment in self.of_kind("segment"):
            for word in ("enter", "stay_while"):
                if (condition := getattr(segment, word)) is not None:
                    yield self.findings[file.path], condition, (word,)
        for file, points in self.of_kind("points"):
            for index, line in enumerate(points.add):
                yield self.findings[file.path], line.when, ("add", index, "when")

    def check_cases(self, names: Names, *, are_cases_required: bool) -> None:
        """Check the cases, and whether each segment that can be entered has some."""
        for file, cases in self.of_kind("cases"):
            check_cases(cases.tests, self.folders.get(file.folder, {}), names, self.findings[file.path])
        if not are_cases_required:
            return
        played = {file.segment: self._known_cases(file) for file in self.files if file.kind == "cases"}
        for file, segment in self.of_kind("segment"):
            cases = played.get(file.segment, _NO_CASES)  # broken cases are another problem
            if cases is None or not segment.enabled or segment.enter is None or file.segment in self.off:
                continue
            missing = missing_cases(file.name, cases.tests)
            if missing:
                self.findings[file.path].add((), missing, "test-missing")

    def _known_cases(self, file: RuleFile) -> CasesFile | None:
        """Return the cases of a file, None where something in them is not known: what is missing then is not, too."""
        cases: CasesFile | None = self.models[file.path]
        segments = self.folders.get(file.folder, {})
        if cases is None or self.findings[file.path].is_mended(()) or speaks_of_others(cases.tests, segments):
            return None
        return cases

    def check_structure(self) -> None:
        """Check dimensions against the files in their folders, and each segment by itself."""
        others: dict[str, str] = {}
        least: dict[str, int | None] = {}
        for file, dimension in self.of_kind("dimension"):
            names = list(self.folders.get(file.folder, {}))
            least[file.folder] = dimension.stay_at_least
            others[file.folder] = dimension.otherwise or ""
            check_dimension(file.folder, dimension, names, self.findings[file.path])
            written = {one.name: model for one, model in self.of_kind("segment") if one.folder == file.folder}
            check_otherwise(dimension, written, self.findings[file.path])
        for file, segment in self.of_kind("segment"):
            findings = self.findings[file.path]
            siblings = list(self.folders[file.folder])
            is_otherwise = file.folder != AUDIENCES and others.get(file.folder, file.name) == file.name
            needs_enter = file.path not in self.with_enter and not is_otherwise
            check_segment(file.folder, file.name, segment, siblings, needs_enter=needs_enter, findings=findings)
            check_stay(least.get(file.folder), segment, findings)
            if segment.enter is not None and segment.stay_while is not None:
                check_stay_bars(segment.enter, segment.stay_while, findings)

    def looks(self) -> list[Look]:
        """Return who looks at whom: through in_segment, points and inside."""
        found: list[Look] = []
        for file, segment in self.of_kind("segment"):
            for word in ("enter", "stay_while"):
                if (condition := getattr(segment, word)) is not None:
                    found += _looks(file.segment, condition, (word,), self.findings[file.path])
        for file, points in self.of_kind("points"):
            for index, line in enumerate(points.add):
                found += _looks(file.segment, line.when, ("add", index, "when"), self.findings[file.path])
        for file, dimension in self.of_kind("dimension"):
            if dimension.inside is not None and node(dimension.inside) != file.folder:  # itself: said by check_inside
                found.append(Look(file.folder, dimension.inside, self.findings[file.path], ("inside",)))
        return found

    def ruleset(self) -> Ruleset:
        """Return what was loaded; only when nothing is wrong."""
        vocabulary = self.of_kind("vocabulary")[0][1]
        dimensions = tuple(self.dimension(file, model) for file, model in self.of_kind("dimension"))
        audiences = {
            file.name: self.segment(file, model, Defaults())
            for file, model in self.of_kind("segment")
            if file.folder == AUDIENCES
        }
        points = {file.name: self.points(file, model) for file, model in self.of_kind("points")}
        cases = {file.segment: model.tests for file, model in self.of_kind("cases")}
        sources = {path: findings.source for path, findings in self.findings.items()}
        found = Ruleset(vocabulary, dimensions, audiences, points, cases, tuple(sorted(self.notes)), sources)
        return replace(found, notes=tuple(sorted((*self.notes, *advice(found)))))

    def dimension(self, file: RuleFile, written: DimensionFile) -> DimensionRules:
        """Return a dimension with its segments, in their order, `otherwise` last."""
        defaults = Defaults(written.wait or 0, written.stay_at_least or 0, written.cooldown or 0)
        models = {one.name: (one, model) for one, model in self.of_kind("segment") if one.folder == file.folder}
        names = (*(written.order or ()), *((written.otherwise,) if written.otherwise else ()))
        return DimensionRules(
            id=file.folder,
            file=file.path,
            title=written.title,
            owner=written.owner,
            question=written.question,
            order=written.order or (),
            otherwise=written.otherwise,
            inside=written.inside,
            announce_first=written.announce_first,
            model=written.model,
            defaults=defaults,
            segments={name: self.segment(*models[name], defaults) for name in names},
            written=written,
        )

    def segment(self, file: RuleFile, written: SegmentFile, defaults: Defaults) -> SegmentRules:
        """Return one segment or audience, with the defaults of its dimension where it says nothing."""
        return SegmentRules(
            name=file.name,
            dimension=file.folder,
            file=file.path,
            title=written.title,
            owner=written.owner,
            description=written.description,
            next_action=written.next_action,
            is_on=written.enabled and file.segment not in self.off,
            enter=written.enter,
            stay_while=written.stay_while,
            only_from=written.only_from,
            wait_ms=defaults.wait_ms if written.wait is None else written.wait,
            stay_at_least_ms=defaults.stay_at_least_ms if written.stay_at_least is None else written.stay_at_least,
            stay_at_most_ms=written.stay_at_most,
            cooldown_ms=defaults.cooldown_ms if written.cooldown is None else written.cooldown,
            warn_before_ms=written.warn_before,
            holdout_percent=written.holdout_percent,
            on_rule_change=written.on_rule_change,
            written=written,
        )

    def points(self, file: RuleFile, written: PointsFile) -> PointsRules:
        """Return points without the lines that are off."""
        lines = tuple(line for index, line in enumerate(written.add) if (file.path, index) not in self.dead_lines)
        return PointsRules(file.name, file.path, written.title, written.owner, lines, written)


_NO_CASES = CasesFile.model_validate({"tests": []})


def _looks(by: str, condition: Condition, path: Path, findings: Findings) -> list[Look]:
    """Return what a condition looks at, each with its place."""
    found: list[Look] = []
    for here, leaf in walk(condition, path):
        if isinstance(leaf, InSegment):
            found.append(Look(by, leaf.in_segment, findings, (*here, "in_segment")))
        elif isinstance(leaf, Points):
            found.append(Look(by, f"points.{leaf.points}", findings, (*here, "points")))
    return found
