"""Write docs/meanings-tests.md anew from the named tests: `python -m scripts.meanings`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from scripts.laws import ROOT, tests_in

PAGE = ROOT / "docs" / "meanings-tests.md"
HEAD = """# Which test shows what a rule means

Made by `make fmt` from the names of the tests; a test holds it current. The numbers are those of
[meanings.md](meanings.md). Most tests play the engine beside the naive oracle; both must agree with what is expected.

"""
MEANINGS = {
    1: "spans are half-open",
    2: "no window means ever",
    3: "calendar words mean local days",
    4: "explicit dates",
    5: "as of the record's time",
    6: "time before the record",
    7: "several changes in one step",
    8: "who is known",
    9: "what includes zero",
    10: "no value",
    11: "two events, any event, unknown events",
    12: "where, any_item",
    13: "what is missing",
    14: "what is true of the missing and of unlike types",
    15: "the later value wins",
    16: "ties, first and last values, money",
    17: "refunds",
    18: "first_time",
    19: "stopped",
    20: "restarted",
    21: "regularly",
    22: "sequences",
    23: "silence at the end of a sequence",
    24: "per",
    25: "for, for_less_than",
    26: "personal gaps",
    27: "buckets",
    28: "asking and keeping",
    29: "from the top of the order",
    30: "clocks",
    31: "audiences",
    32: "the first record",
    33: "nested dimensions",
    34: "about to leave",
    35: "a new version",
    36: "taking a version",
    37: "joining two ids",
    38: "rules write nothing",
}
ELSEWHERE: dict[int, tuple[str, ...]] = {
    3: ("tests/core/test_calendar.py",),
    5: ("tests/laws/test_law_1_time_is_an_argument.py",),
    6: ("tests/laws/test_law_3_catch_up_first.py",),
    7: ("tests/core/test_structure.py",),
    12: ("tests/core/test_dated_where.py", "tests/core/test_properties_as_sent.py"),
    14: ("tests/core/test_traits.py",),
    16: ("tests/core/test_figures.py",),
    21: ("tests/core/test_habit.py",),
    23: ("tests/core/test_sequence.py",),
    24: ("tests/core/test_keyed.py",),
    27: ("tests/core/test_told.py",),
    30: ("tests/core/test_flap_control.py",),
    32: ("tests/laws/test_law_4_an_unbroken_chain.py", "tests/laws/test_laws_8_and_9.py"),
    34: ("tests/core/test_warning.py",),
    36: ("tests/ruleset/test_canonical.py",),
    37: ("tests/core/test_merge.py",),
    38: ("tests/cli/test_rules_preview.py",),
}
"""Files with more tests of a meaning; all of their tests are not named again."""
NOT_BUILT: dict[int, str] = {}
"""Meanings of which something is not there yet."""
GRAMMAR = {
    "Promises, files, values, vocabulary, points, cases": "tests/rules/meanings/test_promises.py",
    "Each word of the grammar": "tests/rules/meanings/test_grammar.py",
    "Each word with an example that is played": "tests/rules/test_readme_examples.py",
    "Each mistake, word for word": "tests/ruleset/test_errors.py",
    "Lines that are accepted and refused": "tests/ruleset/test_grammar.py",
}


class Named(NamedTuple):
    """A test of one meaning."""

    number: int
    path: Path
    sentence: str


def named_tests() -> Iterator[Named]:
    """Yield every test that is named `test_meaning_NN_…`, by file and in the order of the file."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name in tests_in(path):
            number, _, sentence = name.removeprefix("test_meaning_").partition("_")
            if name.startswith("test_meaning_"):
                yield Named(int(number), path.relative_to(ROOT), sentence.replace("_", " "))


def page() -> str:
    """Return the page; raises ValueError for a meaning that no test shows, or a file that is not there."""
    found = list(named_tests())
    parts = [HEAD]
    for number, title in MEANINGS.items():
        parts += [f"## {number}. {title}\n\n", *_lines(number, [one for one in found if one.number == number]), "\n"]
    parts.append("## The grammar\n\n")
    for title, path in GRAMMAR.items():
        parts.append(f"- {title}: `{path}`, {len(tests_in(_there(path)))} tests\n")
    return "".join(parts)


def _lines(number: int, tests: list[Named]) -> Iterator[str]:
    if not tests:
        raise ValueError(f"no test is named test_meaning_{number:02}_…")
    if number in NOT_BUILT:
        yield f"- not built: {NOT_BUILT[number]}\n"
    yield from (f"- {one.sentence} (`{one.path.as_posix()}`)\n" for one in tests)
    for path in ELSEWHERE.get(number, ()):
        yield f"- more in `{_there(path).relative_to(ROOT).as_posix()}`\n"


def _there(path: str) -> Path:
    if not (ROOT / path).is_file():
        raise ValueError(f"{path} is named by scripts/meanings.py and is not there")
    return ROOT / path


if __name__ == "__main__":
    PAGE.write_text(page())
