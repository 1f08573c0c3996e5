"""The page of the live demo fits the terminal and shows what moves."""

from __future__ import annotations

import pytest

from stream.cli.demo_page import page

STATUS = ("live, 3,600 times as fast as the wall: 2026-11-25 09:27", "209 events/s, lag 21, " + "transitions " * 8)
MEMBERS = {
    "acquisition": {"direct": 4468},
    "audiences.core": {"core": 872},
    "audiences.win_back": {"win_back": 1090},
    "engagement": {"active": 12, "silent": 1300},
    "lifecycle": {"loyal": 5, "new": 70},
    **{f"more_{number}": {"a": 1, "b": 2} for number in range(40)},
}
TOLD = {
    "because of an event": [f"{number} entered new " + "because of something long " * 9 for number in range(12)],
    "because time passed": [f"{number} left new" for number in range(12)],
}


@pytest.mark.parametrize(("width", "height"), [(80, 23), (120, 39), (40, 20), (200, 60)])
def test_the_page_fits_and_tells_of_both_causes(width: int, height: int) -> None:
    lines = page(STATUS, MEMBERS, TOLD, width, height).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    for title, sentences in TOLD.items():
        newest = lines[lines.index(title) + 1]
        assert newest.startswith("  0 ")
        assert sentences[0].startswith(newest.strip()[:10])


def test_a_terminal_of_a_few_lines_shows_the_status() -> None:
    assert page(("live",), MEMBERS, TOLD, 80, 1) == "live"


def test_members_begin_with_the_lifecycle_and_leave_out_what_splits_nobody() -> None:
    lines = page(("live",), MEMBERS, {}, 80, 40).splitlines()
    assert lines[2:5] == [
        "lifecycle      new 70, loyal 5",
        "audiences      win_back 1,090, core 872",
        "engagement     silent 1,300, active 12",
    ]
    assert not any("acquisition" in line for line in lines)


def test_a_line_of_members_that_is_too_long_is_cut() -> None:
    members = {"need": {f"segment_{number}": number for number in range(10)}}
    assert page(("live",), members, {}, 30, 20).splitlines()[2] == "need           segment_9 9, s…"
