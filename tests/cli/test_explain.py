from pathlib import Path
from typing import Any

import pytest

from stream.wire.replay import encode_line
from tests.cli.running import BUYERS, VOCABULARY, answer, event, folder, order, segments

STAGE = {
    "vocabulary.yaml": VOCABULARY,
    "stage/dimension.yaml": "title: S\nowner: o\nquestion: Where?\norder: [gone, active]\notherwise: new\n",
    "stage/new.yaml": "title: New\nowner: o\n",
    "stage/active.yaml": "title: Active\nowner: o\nenter:\n  did: order_placed\nstay_at_least: 2d\n",
    "stage/gone.yaml": """\
title: Gone
owner: o
enter:
  all:
    - {did: order_placed}
    - not: {did: order_placed, within: 7d}
    - any: [{trait: plan, is: basic}, {everyone: true}]
cooldown: 30d
""",
    "audiences/later.yaml": """\
title: Later
owner: o
wait: 3d
enter: {in_segment: stage.gone, for: 1d}
stay_at_most: 5d
""",
}


@pytest.fixture
def events(tmp_path: Path) -> Path:
    file = tmp_path / "events.jsonl"
    lines = [
        event(1, "product_viewed"),
        order(2, customer="c-2"),
        order(3),
        "{bad\n",
        order(5),
        order(9, customer="c-2"),
    ]
    file.write_text("".join(lines))
    return file


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return folder(tmp_path / "rules", STAGE)


def told(events: Path, rules: Path, *arguments: str) -> dict[str, Any]:
    code, found = answer("explain", "c-1", *arguments, "--events", events, "--rules", rules)
    assert code == 0
    return dict(found)


def only(found: dict[str, Any]) -> dict[str, Any]:
    (dimension,) = found["dimensions"]
    (segment,) = dimension["segments"]
    return dict(segment)


def test_each_condition_has_its_value_since_when_and_when_it_changes(events: Path, rules: Path) -> None:
    segment = only(told(events, rules, "stage.gone"))
    shape = [(line["depth"], line["word"] or line["condition"], line["holds"]) for line in segment["enter"]]
    assert shape == [
        (0, "all", False),
        (1, "order_placed", True),
        (1, "not", False),
        (2, "order_placed within 7d", True),
        (1, "any", True),
        (2, "trait plan", False),
        (2, "everyone", True),
    ]
    within = segment["enter"][3]
    assert (within["value"], within["bar"], within["test"]) == (2, 1, "at least")
    assert within["since"] == "2026-01-03T10:00:00.000Z"
    assert within["changes_at"] == "2026-01-12T10:00:00.000Z"
    assert segment["enter"][1]["changes_at"] is None


def test_where_silence_leads_is_told_for_each_dimension(events: Path, rules: Path) -> None:
    found = {each["name"]: each for each in told(events, rules)["dimensions"]}
    assert (found["stage"]["segment"], found["stage"]["since"]) == ("active", "2026-01-03T10:00:00.000Z")
    assert (found["stage"]["next_segment"], found["stage"]["next_at"]) == ("gone", "2026-01-12T10:00:00.000Z")
    later = found["audiences.later"]
    assert (later["segment"], later["next_segment"], later["next_at"]) == ("", "later", "2026-01-16T10:00:00.000Z")


def test_a_condition_on_another_segment_is_followed_through_silence(events: Path, rules: Path) -> None:
    (line,) = only(told(events, rules, "later"))["enter"]
    assert (line["holds"], line["changes_at"]) == (False, "2026-01-13T10:00:00.000Z")
    (line,) = only(told(events, rules, "later", "--at", "2026-01-14T00:00:00Z"))["enter"]
    assert (line["holds"], line["since"]) == (True, "2026-01-13T10:00:00.000Z")


def test_what_holds_now_began_after_the_last_event_if_time_brought_it(events: Path, rules: Path) -> None:
    segment = only(told(events, rules, "gone", "--at", "2026-01-12T10:00:00Z"))
    assert segment["is_member"] is True
    assert (segment["enter"][2]["holds"], segment["enter"][3]["since"]) == (True, "2026-01-12T10:00:00.000Z")
    before = only(told(events, rules, "gone", "--at", "2026-01-12T09:59:59.999Z"))
    assert before["is_member"] is False


def test_clocks_that_still_run_are_told(events: Path, rules: Path) -> None:
    active = only(told(events, rules, "active", "--at", "2026-01-04T00:00:00Z"))
    assert active["clocks"] == [{"word": "stay_at_least", "until": "2026-01-05T10:00:00.000Z"}]
    later = only(told(events, rules, "later", "--at", "2026-01-14T00:00:00Z"))
    assert later["clocks"] == [{"word": "wait", "until": "2026-01-16T10:00:00.000Z"}]
    later = only(told(events, rules, "later", "--at", "2026-01-17T00:00:00Z"))
    assert later["clocks"] == [{"word": "stay_at_most", "until": "2026-01-21T10:00:00.000Z"}]


def test_a_person_reads_a_table_in_the_zone_of_the_rules(events: Path, rules: Path) -> None:
    result = segments("explain", "c-1", "gone", "--events", events, "--rules", rules, "--at", "2026-07-01T00:00:00Z")
    assert result.exit_code == 0
    assert "customer c-1 as of 2026-07-01 01:00 (Europe/London)" in result.stdout
    assert "stage.gone (Gone): a member" in result.stdout
    assert "0, asked for at least 1" in result.stdout


def test_the_segment_of_everyone_else_and_one_that_is_off_say_so(events: Path, rules: Path) -> None:
    (rules / "stage" / "gone.yaml").write_text(STAGE["stage/gone.yaml"] + "enabled: false\n")
    (rules / "audiences" / "later.yaml").unlink()
    at = ("--at", "2026-01-02T00:00:00Z")
    result = segments("explain", "c-1", "--events", events, "--rules", rules, *at)
    assert "takes everyone whom no segment above takes" in result.stdout
    assert "stays" in result.stdout


def test_a_customer_of_whom_nothing_is_known_is_a_sentence_and_exit_1(events: Path, rules: Path) -> None:
    result = segments("explain", "c-9", "--events", events, "--rules", rules)
    assert result.exit_code == 1
    assert "no record of customer 'c-9'" in result.stderr
    early = segments("explain", "c-1", "--events", events, "--rules", rules, "--at", "2025-12-31T00:00:00Z")
    assert early.exit_code == 1


def test_a_segment_that_is_none_is_wrong_usage_with_a_suggestion(events: Path, rules: Path) -> None:
    result = segments("explain", "c-1", "activ", "--events", events, "--rules", rules)
    assert result.exit_code == 2
    assert 'did you mean "active"?' in " ".join(result.stderr.replace("│", " ").split())


def test_ticks_move_time_for_what_comes_after_them(tmp_path: Path) -> None:
    rules, file = folder(tmp_path / "rules", BUYERS), tmp_path / "events.jsonl"
    tick = encode_line(1_768_995_000_000, "tick", b'{"before": 1768990000000}')
    late = encode_line(1_768_900_000_000, "event", event(20, "product_viewed").strip().encode())
    file.write_bytes(order(10).encode() + tick + b"\n" + late + b"\n")
    segment = only(told(file, rules, "buyer", "--at", "2026-01-21T12:00:00Z"))
    assert segment["is_member"] is False
    assert segment["enter"][0]["since"] == "2026-01-17T10:00:00.000Z"


def test_a_cooldown_and_a_doubled_event_are_seen(events: Path, rules: Path) -> None:
    with events.open("a") as file:
        file.write(order(13) + order(13))
    found = told(events, rules, "gone", "--at", "2026-01-25T00:00:00Z")
    over = {"word": "cooldown", "until": "2026-02-12T10:00:00.000Z"}
    assert only(found)["clocks"] == [over]
    assert only(told(events, rules, "gone", "--at", "2026-01-15T00:00:00Z"))["clocks"] == [over]


WARNED = STAGE | {
    "audiences/fresh.yaml": """\
title: Fresh
owner: o
enter: {all: [{did: order_placed, within: 7d}, {did: product_viewed}]}
stay_while: {did: order_placed, within: 9d}
warn_before: 2d
""",
    "audiences/buyer.yaml": "title: Buyer\nowner: o\nwarn_before: 2d\nenter: {did: order_placed}\n",
}


@pytest.fixture
def warned(tmp_path: Path) -> Path:
    return folder(tmp_path / "rules", WARNED)


def test_who_is_about_to_leave_is_told_when_why_and_from_when_they_are_warned(events: Path, warned: Path) -> None:
    segment = only(told(events, warned, "fresh.about_to_leave"))
    assert (segment["id"], segment["is_member"]) == ("audiences.fresh.about_to_leave", False)
    assert segment["leaving"] == {
        "segment": "audiences.fresh",
        "is_in": True,
        "leaves_at": "2026-01-14T10:00:00.000Z",
        "is_exact": True,
        "condition": "order_placed within 9d",
        "warn_before_ms": 172_800_000,
    }
    assert [line["condition"] for line in segment["enter"][1:]] == ["order_placed within 7d", "product_viewed"]
    assert [line["condition"] for line in segment["stay_while"]] == ["order_placed within 9d"]
    later = only(told(events, warned, "audiences.fresh.about_to_leave", "--at", "2026-01-12T10:00:00Z"))
    assert later["is_member"] is True


def test_a_person_reads_when_they_leave_and_what_ends_then(events: Path, warned: Path) -> None:
    arguments = ("--events", events, "--rules", warned)
    shown = segments("explain", "c-1", "fresh.about_to_leave", *arguments).stdout
    assert (
        "  leaves audiences.fresh on 2026-01-14 10:00 because of: order_placed within 9d; warned 2d before, "
        "from 2026-01-12 10:00" in shown
    )
    assert "outside on 2026-01-14 10:00" in segments("explain", "c-1", "fresh", *arguments).stdout
    stays = segments("explain", "c-1", "buyer.about_to_leave", *arguments).stdout
    assert "stays in audiences.buyer if nothing is heard" in stays
    outside = segments("explain", "c-1", "fresh.about_to_leave", *arguments, "--at", "2026-02-01T00:00:00Z").stdout
    assert "not in audiences.fresh, so there is nothing to leave; members are warned 2d before" in outside


def test_what_was_not_looked_through_is_a_lower_bound_of_leaving(
    events: Path, warned: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stream.ruleset.explain.FARTHEST", 1)
    shown = segments("explain", "c-1", "fresh.about_to_leave", "--events", events, "--rules", warned).stdout
    assert "leaves audiences.fresh not before 2026-01-" in shown


def test_a_segment_that_warns_of_nothing_has_nobody_about_to_leave(events: Path, warned: Path) -> None:
    result = segments("explain", "c-1", "active.about_to_leave", "--events", events, "--rules", warned)
    assert result.exit_code == 2


def test_where_silence_leads_says_what_ends_then(events: Path, rules: Path) -> None:
    found = {each["name"]: each for each in told(events, rules)["dimensions"]}
    assert found["stage"]["next_condition"] == "order_placed within 7d"
    assert found["audiences.later"]["next_condition"] == "wait"


NESTED = STAGE | {
    "gift/dimension.yaml": "title: G\nowner: o\nquestion: q\ninside: stage.gone\norder: [giver]\notherwise: rest\n",
    "gift/rest.yaml": "title: R\nowner: o\n",
    "gift/giver.yaml": "title: G\nowner: o\nenter: {did: order_placed}\n",
    "back/dimension.yaml": "title: B\nowner: o\nquestion: q\norder: [back, late, early]\notherwise: rest\n",
    "back/rest.yaml": "title: R\nowner: o\n",
    "back/back.yaml": "title: B\nowner: o\nonly_from: [late]\nenter: {did: order_placed}\n",
    "back/late.yaml": "title: L\nowner: o\nenter: {did: order_placed, at_least: 2}\n",
    "back/early.yaml": "title: E\nowner: o\nenter: {did: order_placed}\n",
    "audiences/guest.yaml": "title: G\nowner: o\nenter: {did: order_placed}\nstay_at_most: 2d\n",
}


@pytest.mark.parametrize(
    ("about", "day", "note"),
    [
        ("gift.giver", 4, "gift is inside stage.gone, where the customer is not"),
        ("back.back", 4, "only_from late, and the customer is in early"),
        ("audiences.guest", 6, "stay_at_most was used up; `enter` must be false once"),
    ],
)
def test_who_is_kept_out_though_every_condition_holds_reads_why(
    events: Path, tmp_path: Path, about: str, day: int, note: str
) -> None:
    rules = folder(tmp_path / "nested", NESTED)
    at = ("--at", f"2026-01-0{day}T12:00:00Z")
    segment = only(told(events, rules, about, *at))
    assert (segment["is_member"], [line["holds"] for line in segment["enter"]]) == (False, [True])
    assert (segment["clocks"], segment["notes"]) == ([], [note])
    assert f"  {note}\n" in segments("explain", "c-1", about, "--events", events, "--rules", rules, *at).stdout


def test_who_is_higher_in_the_order_reads_so_and_a_member_reads_nothing(events: Path, tmp_path: Path) -> None:
    rules = folder(tmp_path / "nested", NESTED | {"back/back.yaml": "title: B\nowner: o\nenabled: false\n"})
    assert only(told(events, rules, "back.early"))["notes"] == ["late is higher in the order"]
    assert only(told(events, rules, "back.late"))["notes"] == []
