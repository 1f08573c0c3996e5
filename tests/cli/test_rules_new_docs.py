import json
from pathlib import Path

import pytest

from tests.cli.running import BUYERS, answer, folder, order, segments


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return folder(tmp_path / "rules", BUYERS)


def test_a_new_segment_is_written_with_blanks_that_check_names(rules: Path) -> None:
    result = segments("rules", "new", "audiences/fresh", "--rules", rules)
    assert result.exit_code == 0
    assert f"wrote {rules}/audiences/fresh.yaml" in result.stdout
    code, told = answer("rules", "check", rules / "audiences" / "fresh.yaml")
    assert code == 1
    blanks = {each["message"].split(" ")[0] for each in told["problems"] if "is empty" in each["message"]}
    assert blanks == {'"title"', '"description"', '"owner"', '"next_action"', '"did"', '"at"'}
    assert told["problems_elsewhere"] == 0


def test_a_new_segment_tells_editors_where_its_schema_is(rules: Path) -> None:
    (rules / ".schema").mkdir()
    (rules / ".schema" / "segment.json").write_text("of an older version")
    assert segments("rules", "new", "color/red", "--rules", rules).exit_code == 0
    kinds = {"red.yaml": "segment", "red.test.yaml": "cases", "dimension.yaml": "dimension", "others.yaml": "segment"}
    for file, kind in kinds.items():
        first = (rules / "color" / file).read_text().partition("\n")[0]
        assert first == f"# yaml-language-server: $schema=../.schema/{kind}.json"
        schema = json.loads((rules / "color" / first.partition("=")[2]).read_text())
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_filled_blanks_pass(rules: Path) -> None:
    assert segments("rules", "new", "audiences/fresh", "--rules", rules).exit_code == 0
    for file in ("fresh.yaml", "fresh.test.yaml"):
        path = rules / "audiences" / file
        text = path.read_text().replace("did: }", "did: order_placed}", 1).replace("did: }", "did: product_viewed}")
        text = text.replace("at: ,", "at: 0d,").replace("- did:  ", "- did: order_placed  ")
        for word in ("title:", "description:", "owner:", "next_action:"):
            text = text.replace(f"{word}  ", f"{word} filled  ")
        leaves = "      - {at: 30d, leaves: fresh}\n  - name: fresh must not"
        path.write_text(text.replace("  - name: fresh must not", leaves))
    assert answer("rules", "check", rules)[1]["problems"] == []
    assert answer("rules", "test", rules / "audiences" / "fresh.yaml")[1]["passed"] == 2


def test_a_new_dimension_comes_with_its_own_file_and_everyone_else(rules: Path) -> None:
    code, told = answer("rules", "new", "color.red", "--rules", rules)
    assert code == 0
    assert [Path(each).name for each in told["files"]] == ["dimension.yaml", "others.yaml", "red.test.yaml", "red.yaml"]
    again = segments("rules", "new", "color/blue", "--rules", rules)
    assert f'put "blue" into its place in "order" of {rules}/color/dimension.yaml' in again.stdout


def test_a_dimension_may_begin_with_everyone_else(rules: Path) -> None:
    _, told = answer("rules", "new", "color/others", "--rules", rules)
    assert [Path(each).name for each in told["files"]] == ["dimension.yaml", "others.test.yaml", "others.yaml"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("audiences/buyer", "is there already"),
        ("Buyer", "cannot be a segment"),
        ("audiences/Big", "cannot be a segment"),
        ("points/p", "cannot be a segment"),
        ("a/b/c", "cannot be a segment"),
        ("lifecycle/dimension", "cannot be a segment"),
    ],
)
def test_names_that_cannot_be_are_refused_and_nothing_is_written(rules: Path, name: str, message: str) -> None:
    before = sorted(rules.rglob("*"))
    result = segments("rules", "new", name, "--rules", rules)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())
    assert sorted(rules.rglob("*")) == before


def test_without_a_folder_of_rules_nothing_is_written(tmp_path: Path) -> None:
    result = segments("rules", "new", "audiences/fresh", "--rules", tmp_path / "none")
    assert result.exit_code == 2
    assert not (tmp_path / "none").exists()


def test_the_page_tells_meaning_owner_cases_and_size(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + order(2, customer="c-2"))
    result = segments("rules", "docs", rules, "--events", file)
    assert result.exit_code == 0
    for line in (
        "### Buyer (`audiences.buyer`)",
        "- Owner: growth",
        "- Members: 2",
        "  did order_placed, within 7d",
        "- an order of the last week",
    ):
        assert line in result.stdout.splitlines()


def test_the_size_of_one_segment_is_what_it_is_among_all(tmp_path: Path, rules: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text(order(1) + order(2, customer="c-2"))
    page = segments("rules", "docs", rules / "audiences" / "buyer.yaml", "--events", file).stdout
    assert page.count("### ") == 1
    assert "- Members: 2" in page.splitlines()


def test_the_page_of_the_shipped_rules_names_every_segment(tmp_path: Path) -> None:
    page = tmp_path / "catalogue.md"
    assert segments("rules", "docs", "--out", page).stdout == ""
    text = page.read_text()
    assert "## Lifecycle" in text
    assert "did not order_placed, within 2 personal gaps (at least 14d)" in text
    assert "Everyone whom no segment above takes." in text
    assert answer("rules", "docs")[1]["page"] == text
