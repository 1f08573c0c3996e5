from pathlib import Path

import pytest

from tests.cli.running import BUYER, BUYERS, answer, folder, segments

MISTAKES = {
    "audiences/a.yaml": "title: A\nowner: o\nenter:\n  did: order_payed\n",
    "audiences/b.yaml": "title: B\nowner: o\nenter:\n  did: order_placed\n  atleast: 2\n",
    "audiences/c.yaml": "title: C\nowner: o\nenter:\n  did: order_placed\n  within: 10m\n",
    "audiences/d.yaml": "title: D\nowner: o\nenter:\n  all: []\n",
    "audiences/e.yaml": "title: E\nowner: o\ntitle: E again\nenter: {everyone: true}\n",
    "audiences/f.yaml": "title: F\nenter: {everyone: true}\n",
    "audiences/g.yaml": "title: G\nowner: o\nenter:\n  sum: order_placed.ammount\n  at_least: 4\n",
    "audiences/h.yaml": "title: H\nowner: o\nenter:\n  trait: plan\n  above: 3\n",
    "audiences/i.yaml": "title: I\nowner: o\nstay_at_least: 30d\nstay_at_most: 20d\nenter: {everyone: true}\n",
    "audiences/j.yaml": "title: J\nowner: o\nenter: {did: order_placed\n",
}
CODES = {
    "a": "rule-name",
    "b": "rule-key",
    "c": "rule-span",
    "d": "rule-empty-group",
    "e": "yaml-duplicate",
    "f": "rule-missing",
    "g": "rule-property",
    "h": "rule-type",
    "i": "rule-stay",
    "j": "yaml-syntax",
}


def test_the_shipped_rules_have_no_problems() -> None:
    code, told = answer("rules", "check")
    assert (code, told["ok"], told["problems"]) == (0, True, [])
    assert told["files"] > 30


def test_ten_different_mistakes_are_all_reported_at_once(tmp_path: Path) -> None:
    code, told = answer("rules", "check", folder(tmp_path, BUYERS | MISTAKES))
    assert code == 1
    found = {(Path(each["file"]).stem, each["code"]) for each in told["problems"]}
    assert set(CODES.items()) <= found


def test_a_problem_is_one_line_with_file_line_column_and_code(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/b.yaml": MISTAKES["audiences/b.yaml"]})
    result = segments("rules", "check", rules)
    assert result.exit_code == 1
    assert f'{rules}/audiences/b.yaml:5:3: unknown key "atleast"; did you mean "at_least"? [rule-key]' in result.stdout


def test_one_file_is_checked_with_the_others_around_it(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | MISTAKES)
    code, told = answer("rules", "check", rules / "audiences" / "buyer.yaml")
    assert (code, told["problems"]) == (0, [])
    assert told["problems_elsewhere"] >= 10
    code, told = answer("rules", "check", rules / "audiences" / "b.yaml")
    assert code == 1
    assert "rule-key" in {each["code"] for each in told["problems"]}


def test_a_segment_without_cases_is_a_problem(tmp_path: Path) -> None:
    rules = folder(tmp_path, {name: text for name, text in BUYERS.items() if "test" not in name})
    result = segments("rules", "check", rules)
    assert result.exit_code == 1
    assert "no case in which a customer enters; no case in which one must not [test-missing]" in result.stdout


def test_a_review_that_is_due_is_a_warning_and_fails_nothing(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/buyer.yaml": BUYER + "review_by: 2020-01-01\n"})
    result = segments("rules", "check", rules)
    assert result.exit_code == 0
    assert "warning: " in result.stdout
    assert "[warn-review]" in result.stdout
    assert result.stdout.endswith("3 files: 1 warning\n")


def test_annotations_for_github_carry_the_place(tmp_path: Path) -> None:
    rules = folder(tmp_path, BUYERS | {"audiences/c.yaml": MISTAKES["audiences/c.yaml"]})
    result = segments("rules", "check", rules, "--format", "github")
    assert result.exit_code == 1
    assert f"::error file={rules}/audiences/c.yaml,line=5,col=11::" in result.stdout


@pytest.mark.parametrize("text", [b"\xff\xfe", b"title: caf\xe9"])
def test_a_file_that_is_not_utf_8_is_a_problem_with_its_name(tmp_path: Path, text: bytes) -> None:
    rules = folder(tmp_path, BUYERS)
    (rules / "audiences" / "z.yaml").write_bytes(text)
    result = segments("rules", "check", rules)
    assert result.exit_code == 1
    assert "audiences/z.yaml:1:1: byte" in result.stderr
    assert "[file-unreadable]" in result.stderr


def test_a_path_outside_of_any_rules_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "alone.yaml").write_text("title: Alone\n")
    result = segments("rules", "check", tmp_path / "alone.yaml")
    assert result.exit_code == 2
    assert "is in no folder of rules" in result.stderr


def test_a_folder_without_vocabulary_says_what_is_missing(tmp_path: Path) -> None:
    result = segments("rules", "check", folder(tmp_path, {"audiences/buyer.yaml": BUYER}))
    assert result.exit_code == 1
    assert "vocabulary.yaml:1:1: the file is missing" in result.stdout
