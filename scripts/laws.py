"""Write docs/laws.md anew from the named tests: `python -m scripts.laws`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from scripts.points import ALSO, GROUPS

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "laws.md"
HEAD = """# Which test shows what

Made by `make fmt` from the names of the tests; a test holds it current, another that every file of tests is here.
`make test` runs all but those marked (nightly); of those marked (full size nightly) it runs the smaller sizes.
A file that shows several points has its tests named at the first.

"""
LAWS: dict[str, str] = {
    "Law 1": "No decision reads a clock. Every verdict carries *holds until*: the first instant at which "
    "silence alone could change it.",
    "Law 2": "Each customer's transitions are a function of the partition's log (events and control records): "
    "same order, same ids, same bytes. Order between customers is not promised.",
    "Law 3": "Before a record of time *t* is applied to a customer, every instant of theirs due before *t* "
    "fires first, in order, each as of its own instant; what is due at exactly *t* is decided together "
    "with the record.",
    "Law 4": "Per customer, transitions carry a sequence without a gap, and `at` never decreases.",
    "Law 5": "State, input position, timers, counts and pending transitions of a partition change together in "
    "one atomic write, or not at all. Nothing is published before it is committed; all that is "
    "committed is published at least once, in order per customer, and a repeat is identical and "
    "recognisable by `sequence`.",
    "Law 6": "A commit succeeds only onto the exact state its writer last saw. A former owner, or one whose "
    "Redis rolled back, can harm no state; it may repeat published records.",
    "Law 7": "A record that cannot be used goes, byte for byte, to the dead letters with the reason. A "
    "duplicate, a late or a future event is an outcome with a counter. A rule that cannot be evaluated "
    "exactly as written is refused.",
    "Laws 8 and 9": "In every exclusive dimension a customer is in exactly one segment at every instant from the first "
    "accepted event on. The same behaviour ends in the same segment, whichever source or device it "
    "came through.",
}
"""What each law says; the words before the colon of its point."""


Test = ast.FunctionDef | ast.AsyncFunctionDef


def nodes_in(path: Path) -> list[Test]:
    """Return the tests of one file, in the order of the file."""
    named = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, Test)]
    return [node for node in sorted(named, key=lambda node: node.lineno) if node.name.startswith("test_")]


def tests_in(path: Path) -> list[str]:
    """Return the names of the tests of one file, in the order of the file."""
    return [node.name for node in nodes_in(path)]


def told(test: Test) -> str:
    """Return the sentence that the name of a test is, with what only the nightly run does of it."""
    marks = [ast.unparse(each) for each in test.decorator_list]
    when = " (nightly)" if "pytest.mark.nightly" in marks else ""
    if not when and any("mark.nightly" in each for each in marks):
        when = " (full size nightly)"
    return test.name.removeprefix("test_").replace("_", " ") + when


def files_of(patterns: tuple[str, ...]) -> list[Path]:
    """Return the files of one point; raises ValueError for a pattern without a file, or where none has a test."""
    found = {pattern: list(ROOT.glob(pattern)) for pattern in patterns}
    if empty := [pattern for pattern, paths in found.items() if not paths]:
        raise ValueError(f"there is no {', '.join(empty)}")
    paths = sorted({path for each in found.values() for path in each})
    if not any(map(tests_in, paths)):
        raise ValueError(f"no test is in {', '.join(patterns)}")
    return paths


def shown() -> set[Path]:
    """Return every file that belongs to a point."""
    return {path for points in GROUPS.values() for patterns in points.values() for path in files_of(patterns)}


def rows(patterns: tuple[str, ...], named: set[Path]) -> Iterator[str]:
    """Yield a line for each file of a point, with its tests where they were not named before; `named` grows."""
    for path in files_of(patterns):
        tests = nodes_in(path)
        said = f"{len(tests)} named above" if path in named else "; ".join(map(told, tests))
        yield f"- `{path.relative_to(ROOT)}`: {said if tests else about(path)}\n"
        named.add(path)


def about(path: Path) -> str:
    """Return what a file says of itself, where it has its tests from another one."""
    first = (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0]
    return first[:1].lower() + first[1:].removesuffix(".")


def page() -> str:
    """Return the page; raises ValueError for a point that no test shows."""
    parts, named = [HEAD], set[Path]()
    for group, points in GROUPS.items():
        parts.append(f"## {group}\n\n")
        for point, patterns in points.items():
            parts.append(f"### {point}\n\n")
            if law := LAWS.get(point.partition(":")[0]):
                parts.append(f"{law}\n\n")
            if also := ALSO.get(point):
                parts.append(f"Beside the tests: {also}\n\n")
            parts += [*rows(patterns, named), "\n"]
    return "".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page())
