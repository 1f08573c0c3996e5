"""The page of the live demo: as many lines as the terminal has, what moves first; pure text."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

Members = Mapping[str, Mapping[str, int]]
"""How many are in each segment of each dimension."""

FIRST = "lifecycle"
AUDIENCES = "audiences"
NAME_WIDTH = 14
MEMBERS_SHARE = 4
"""The members take at most one line in so many: the sentences are what there is to watch."""
SENTENCE_LINES = 2
"""Most lines of one sentence; a longer one is cut."""


def page(status: Sequence[str], members: Members, told: Mapping[str, Sequence[str]], width: int, height: int) -> str:
    """Return at most `height` lines of at most `width`: status, members, and under each title of `told` its sentences.

    Each title gets the same share of the lines, the newest sentences first.
    """
    lines = [line for each in status for line in textwrap.wrap(each, width)]
    lines += ["", *_member_lines(members, width, height // MEMBERS_SHARE)]
    room = (height - len(lines)) // max(len(told), 1)
    for title, sentences in told.items():
        lines += ["", title, *_sentence_lines(sentences, width, room - 2)]
    return "\n".join(lines[:height])


def _member_lines(members: Members, width: int, most: int) -> list[str]:
    """Return a line for each dimension that splits the customers, the lifecycle first; audiences share one."""
    split: dict[str, dict[str, int]] = {FIRST: {}, AUDIENCES: {}}
    for dimension, segments in members.items():
        if dimension.startswith(f"{AUDIENCES}."):
            split[AUDIENCES].update(segments)
        elif len(segments) > 1:
            split[dimension] = dict(segments)
    return [_member_line(name, segments, width) for name, segments in split.items() if segments][:most]


def _member_line(name: str, segments: Mapping[str, int], width: int) -> str:
    ordered = sorted(segments.items(), key=lambda each: -each[1])
    counts = ", ".join(f"{segment} {count:,}" for segment, count in ordered)
    return _cut(f"{name:{NAME_WIDTH}} {counts}", width)


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"


def _sentence_lines(sentences: Sequence[str], width: int, most: int) -> list[str]:
    lines: list[str] = []
    for each in sentences:
        room = min(SENTENCE_LINES, most - len(lines))
        if room < 1:
            break
        lines += textwrap.wrap(
            each, width, initial_indent="  ", subsequent_indent="    ", max_lines=room, placeholder=" …"
        )
    return lines
