from pathlib import Path
from typing import Any

import pytest

from tests.cli.running import BUYERS, answer, event, folder, order, segments

EVENTS = "".join(
    [
        event(1, "product_viewed"),
        order(1, customer="c-2"),
        order(2, customer="c-3"),
        "{bad\n",
        order(9, customer="c-2"),
        *(event(9, "product_viewed", customer=f"d-{number}") for number in range(7)),
        order(10, customer="c-4"),
    ]
)
WIDER = BUYERS | {"audiences/buyer.yaml": BUYERS["audiences/buyer.yaml"].replace("7d", "30d")}


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    file.write_text(EVENTS)
    return file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    return folder(tmp_path / "old", BUYERS)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return folder(tmp_path / "new", WIDER)


def previewed(*arguments: str | int | Path) -> dict[str, Any]:
    code, told = answer("rules", "preview", *arguments)
    assert code == 0
    return dict(told)


def test_who_would_enter_and_leave_and_how_restless_it_was(old: Path, new: Path, events: Path) -> None:
    told = previewed(new, "--old", old, "--events", events)
    (buyer,) = told["segments"]
    assert (buyer["segment"], buyer["members_before"], buyer["members"]) == ("audiences.buyer", 2, 3)
    assert (buyer["would_enter"], buyer["entering"]) == (1, ["c-3"])
    assert (buyer["would_leave"], buyer["leaving"]) == (0, [])
    assert (buyer["enters"], buyer["leaves"]) == (3, 0)
    assert buyer["share"] == pytest.approx(3 / 11)
    assert (told["customers"], told["events"], told["bad_lines"]) == (11, 13, 1)
    assert told["transitions_per_1000_events"]["new"] == pytest.approx(1000 * 3 / 13, abs=0.1)


def test_narrower_rules_make_members_leave_and_come_back(old: Path, new: Path, events: Path) -> None:
    (buyer,) = previewed(old, "--old", new, "--events", events)["segments"]
    assert (buyer["would_enter"], buyer["would_leave"], buyer["leaving"]) == (0, 1, ["c-3"])
    assert (buyer["enters"], buyer["leaves"]) == (4, 2)
    years = previewed(old, "--old", new, "--events", events)["customer_years"]
    assert years == 0.1
    assert buyer["flaps_per_customer_year"] > 0


def test_until_lets_time_pass_beyond_the_last_record(old: Path, new: Path, events: Path) -> None:
    (buyer,) = previewed(old, "--old", new, "--events", events, "--until", "2026-02-10T00:00:00Z")["segments"]
    assert (buyer["members"], buyer["leaves"]) == (0, 4)


def test_a_segment_that_is_empty_or_holds_nearly_all_is_warned_of(tmp_path: Path, old: Path, events: Path) -> None:
    some = WIDER | {
        "audiences/empty.yaml": "title: E\nowner: o\nenter: {trait: plan, is: gold}\n",
        "audiences/all.yaml": "title: A\nowner: o\nenter: {everyone: true}\n",
    }
    rules = folder(tmp_path / "some", some)
    found = {each["segment"]: each for each in previewed(rules, "--old", old, "--events", events)["segments"]}
    assert "would hold too few to act on: 0 of 11 customers" in found["audiences.empty"]["warnings"][0]
    assert "would hold nearly all: 11 of 11 customers" in found["audiences.all"]["warnings"][0]
    assert found["audiences.buyer"]["warnings"] == []
    assert found["audiences.buyer"]["overlaps"] == [{"segment": "audiences.all", "members": 3, "of": 3, "share": 1.0}]
    result = segments("rules", "preview", rules, "--old", old, "--events", events)
    assert "warning: audiences.empty would hold too few" in result.stdout
    assert "audiences.buyer: its members are also in: audiences.all 100%" in result.stdout


def test_people_see_a_table_samples_and_the_rates(old: Path, new: Path, events: Path) -> None:
    result = segments("rules", "preview", new, "--old", old, "--events", events)
    assert result.exit_code == 0
    assert "audiences.buyer: would enter: c-3" in result.stdout
    assert "13 events of 11 customers" in result.stdout
    assert "transitions of audiences.buyer per 1,000 events: 230.8 (old rules: 461.5)" in result.stdout
    assert "µs of one core per event for audiences.buyer\n" in result.stdout
    assert "1 lines could not be used" in result.stderr


def test_one_file_is_previewed_alone_and_equal_rules_show_everything(old: Path, new: Path, events: Path) -> None:
    assert len(previewed(new / "audiences" / "buyer.yaml", "--old", new, "--events", events)["segments"]) == 1
    told = previewed(new, "--old", new, "--events", events)["segments"]
    assert [(each["segment"], each["would_enter"]) for each in told] == [("audiences.buyer", 0)]


def test_events_that_cannot_be_read_twice_are_refused(old: Path, new: Path) -> None:
    result = segments("rules", "preview", new, "--old", old, "--events", "-")
    assert result.exit_code == 2
    assert "not on standard input" in result.stderr


def test_a_file_without_one_event_is_refused(old: Path, new: Path, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("customer,order\n1,2\n")
    result = segments("rules", "preview", new, "--old", old, "--events", tmp_path / "orders.csv")
    assert result.exit_code == 2
    assert "orders.csv: none of its 2 lines is an event of these rules; write one event a line" in result.stderr


SEVERAL = WIDER | {
    "audiences/all.yaml": "title: A\nowner: o\nenter: {everyone: true}\n",
    "audiences/eager.yaml": "title: E\nowner: o\nenter: {in_segment: audiences.buyer}\n",
    "stage/dimension.yaml": "title: S\nowner: o\nquestion: q\norder: [one]\notherwise: rest\n",
    "stage/one.yaml": "title: One\nowner: o\nenter: {did: product_viewed}\n",
    "stage/rest.yaml": "title: R\nowner: o\n",
}


def test_only_what_is_asked_is_played_for_all_and_others_are_looked_at_for_some_members(
    tmp_path: Path, events: Path
) -> None:
    """The segment that takes everyone else is no news, and neither is the segment itself."""
    rules = folder(tmp_path / "several", SEVERAL)
    path = rules / "audiences" / "eager.yaml"
    told = previewed(path, "--old", rules, "--events", events)
    assert told["played"] == {"dimensions": ["audiences.eager"], "looked_at": ["audiences.buyer"]}
    (eager,) = told["segments"]
    both = [{"segment": name, "members": 3, "of": 3, "share": 1.0} for name in ("audiences.all", "audiences.buyer")]
    assert eager["overlaps"] == both
    (some,) = previewed(path, "--old", rules, "--events", events, "--overlaps", 0)["segments"]
    assert some["overlaps"] == []
    result = segments("rules", "preview", path, "--old", rules, "--events", events)
    assert "per event for audiences.eager, which looks at audiences.buyer\n" in result.stdout


def test_of_many_members_some_are_looked_at(tmp_path: Path) -> None:
    rules = folder(tmp_path / "several", SEVERAL)
    events = tmp_path / "many.jsonl"
    events.write_text("".join(event(1, "product_viewed", customer=f"c-{number}") for number in range(40)))
    arguments = (rules / "audiences" / "all.yaml", "--old", rules, "--events", events, "--overlaps", 30)
    (every,) = previewed(*arguments)["segments"]
    assert every["overlaps"] == [{"segment": "stage.one", "members": 30, "of": 30, "share": 1.0}]
    assert "stage.one 100% (30 of 40 looked at)" in segments("rules", "preview", *arguments).stdout


def test_problems_are_told_with_the_folder_they_are_in(old: Path, new: Path, events: Path) -> None:
    (old / "audiences" / "bad.yaml").write_text("title: Bad\n")
    result = segments("rules", "preview", new, "--old", old, "--events", events)
    assert result.exit_code == 1
    assert f"{old}/audiences/bad.yaml:1:1:" in result.stderr


def test_diff_tells_meaning_and_membership(old: Path, new: Path, events: Path) -> None:
    result = segments("rules", "diff", old, new, "--events", events)
    assert result.exit_code == 0
    assert "audiences.buyer means something else (audiences/buyer.yaml)" in result.stdout
    assert "-   did order_placed, within 7d" in result.stdout
    assert "+   did order_placed, within 30d" in result.stdout
    assert "would enter" in result.stdout
    code, told = answer("rules", "diff", old, new, "--events", events)
    assert (code, [each["kind"] for each in told["changed"]]) == (0, ["meaning"])
    assert told["membership"]["segments"][0]["would_enter"] == 1


def test_diff_tells_new_gone_words_and_vocabulary_apart(tmp_path: Path, old: Path) -> None:
    other = {
        "vocabulary.yaml": BUYERS["vocabulary.yaml"].replace("Europe/London", "UTC"),
        "audiences/buyer.yaml": BUYERS["audiences/buyer.yaml"].replace("growth", "sales"),
        "audiences/more.yaml": "title: M\nowner: o\nenter: {everyone: true}\n",
        "points/p.yaml": "title: P\nowner: o\nadd:\n  - {give: 5, when: {did: order_placed}}\n",
    }
    rules = folder(tmp_path / "other", other)
    _, told = answer("rules", "diff", old, rules)
    changed = {each["id"]: (each["kind"], each["lines"]) for each in told["changed"]}
    assert changed["audiences.buyer"] == ("words", ["- owner: growth", "+ owner: sales"])
    assert changed["audiences.more"] == ("added", ["+ enter:", "+   everyone"])
    assert changed["points.p"] == ("added", ["+ 5 points when", "+   did order_placed"])
    assert changed["vocabulary"][0] == "meaning"
    assert "+ zone: UTC" in changed["vocabulary"][1]
    _, back = answer("rules", "diff", rules, old)
    assert {each["id"]: each["kind"] for each in back["changed"]}["audiences.more"] == "removed"


def test_diff_of_equal_rules_says_so(old: Path, events: Path) -> None:
    result = segments("rules", "diff", old, old, "--events", events)
    assert result.stdout == "nothing differs\nnobody of 11 customers would be elsewhere\n"


def test_an_audience_written_into_the_shipped_rules_is_compared_with_those_without_it(
    new: Path, events: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.adapters.files.shipped_rules", lambda: new)
    told = previewed(new / "audiences" / "buyer.yaml", "--events", events)
    (buyer,) = told["segments"]
    assert (buyer["members_before"], buyer["would_enter"]) == (0, buyer["members"])
    assert buyer["members"] == 3


@pytest.mark.parametrize(
    ("enter", "why"),
    [
        ("{did: order_refunded}", "order_refunded never came in these events"),
        (
            "{all: [{did: order_placed, where: {category: garden}}, {did: 'order_r*', where: {amount: {above: 3}}}]}",
            "order_placed.category, order_r* never came in these events",
        ),
        ("{sequence: [product_viewed, {did_not: order_refunded, for: 90d}], within: 99d}", "is a bar too high?"),
        ("{most_frequent: order_placed.category, is: a}", "order_placed.category never came in these events"),
        ("{all: [{did: order_placed, at_least: 99}, {not: {did: order_refunded}}]}", "is a bar too high?"),
        ("{did: order_placed, where: {amount: {above: 9000}}}", "is a bar too high?"),
    ],
)
def test_what_never_came_is_named_where_nobody_is_in_it(
    tmp_path: Path, old: Path, events: Path, enter: str, why: str
) -> None:
    rules = folder(tmp_path / "few", WIDER | {"audiences/few.yaml": f"title: F\nowner: o\nenter: {enter}\n"})
    (few,) = previewed(rules / "audiences" / "few.yaml", "--old", old, "--events", events)["segments"]
    assert few["warnings"] == [f"would hold too few to act on: 0 of 11 customers; {why}"]
