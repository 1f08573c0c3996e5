"""What looks at what: dimensions, audiences and points must not look in a circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from stream.ruleset.findings import Findings
from stream.ruleset.layout import AUDIENCES, POINTS
from stream.ruleset.names import ABOUT_TO_LEAVE
from stream.ruleset.source import Path


@dataclass(frozen=True, slots=True)
class Look:
    """Somebody (`by`: a segment, points or a dimension) looks at somebody else (`at`), at a place in a file."""

    by: str
    at: str
    findings: Findings
    path: Path


def node(name: str) -> str:
    """Return what is decided as a whole: the dimension of a segment, an audience or points by itself."""
    name = name.removesuffix(ABOUT_TO_LEAVE)
    folder = name.partition(".")[0]
    return name if folder in {AUDIENCES, POINTS} else folder


def check_circles(looks: Sequence[Look]) -> None:
    """Find every circle, one problem for each, at the place where one of it looks at the next."""
    first: dict[tuple[str, str], Look] = {}
    for look in looks:
        first.setdefault((node(look.by), node(look.at)), look)
    edges = dict(first)
    while circle := _circle(list(edges)):
        start = min(
            range(len(circle)), key=lambda index: (circle[index][0].startswith((AUDIENCES, POINTS)), circle[index])
        )
        around = [first[edge] for edge in circle[start:] + circle[:start]]
        around[0].findings.add(around[0].path, _sentence(around), "rule-circle", key=True)
        for edge in circle:
            edges.pop(edge)


def _circle(edges: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the edges of one circle in the order of looking, or nothing."""
    graph: dict[str, list[str]] = {}
    for by, at in edges:
        graph.setdefault(by, []).append(at)
        if by == at:
            return [(by, at)]
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        nodes = list(reversed(error.args[1]))  # graphlib names each before the one that looks at it
        return list(pairwise(nodes))
    return []


def _sentence(around: Sequence[Look]) -> str:
    ends = ", which looks at ".join(look.at for look in around)
    closes = around[-1].at.removesuffix(ABOUT_TO_LEAVE)
    same = "" if closes == around[0].by else f", of the same dimension as {around[0].by}"
    return f"circle: {around[0].by} looks at {ends}{same}"
