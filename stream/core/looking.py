"""One look at a dimension, written out as source and compiled: its gauges as numbers, its segments from the top.

The verdicts of all gauges are read first, for a decision must remember which of them hold; what segments ask is then
the least and the greatest of numbers that are there. It does exactly what `by_closures` does, which is the
reference: a test holds one to the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from stream.core.condition import Counted, Either, Every, Judged, Negation, Read, Sketch, holds_in_place, is_in_place
from stream.core.deciding import Clocks, Look, closures
from stream.core.dimension import Dimension, Segment
from stream.core.gauge import Gauge, Untouched, remember
from stream.core.profile import NEVER, Profile
from stream.core.source import compiled, indented

Untouches = Mapping[int, Untouched]
NOTHING: Untouches = {}
HEAD = "def look(profile, own, since, clocks, now):"


def by_closures(dimension: Dimension, gauges: Sequence[Gauge], untouched: Untouches = NOTHING) -> Look:
    """Return the look that remembers which gauges hold and then asks the segments, as closures."""
    asks = closures(dimension)

    def look(profile: Profile, own: str, since: int, clocks: Clocks, now: int) -> tuple[str, int]:
        remember(gauges, profile, now)
        return asks(profile, own, since, clocks, now)

    return look


def written_look(dimension: Dimension, gauges: Sequence[Gauge], untouched: Untouches = NOTHING) -> Look:
    """Return the same look as one function that tracebacks show; `untouched` is known by slot without reading."""
    text, names = source_of(dimension, gauges, untouched)
    made: Look = compiled(f"look at {dimension.name}", text, names)["look"]
    return made


def source_of(
    dimension: Dimension, gauges: Sequence[Gauge], untouched: Untouches = NOTHING
) -> tuple[str, dict[str, Any]]:
    """Return the source of a function `look`, and what it calls by name."""
    text = _Text(gauges, untouched)
    lines = [*text.remembering(), f"until = {NEVER}"]
    for segment in dimension.clocked:
        lines += text.ticking(segment)
    for segment in dimension.order:
        lines += text.asking(segment)
    lines.append(f"return {dimension.otherwise.name!r}, until")
    return "\n".join([HEAD, *indented(lines), ""]), text.names


class _Text:
    """The lines of one look, and the names that they use."""

    def __init__(self, gauges: Sequence[Gauge], untouched: Untouches) -> None:
        """Take the gauges of the dimension, and what is known of who has none of their states."""
        self._gauges = gauges
        self._untouched = untouched
        self._verdicts = {id(gauge.read): f"verdict_{gauge.slot}" for gauge in gauges}
        self._ticked: dict[str, str] = {}
        self.names: dict[str, Any] = {}

    def remembering(self) -> Iterator[str]:
        """Yield what reads all gauges and remembers which of them hold, as bits from that of the first on."""
        if not self._gauges:
            return
        first = min(gauge.bit for gauge in self._gauges).bit_length() - 1
        yield "verdicts, states, held = profile.verdicts, profile.states, 0"
        yield "known = verdicts.get"
        for keys, gauges in self._by_states():
            lines = [line for gauge in gauges for line in self._reading(gauge, f"held |= {gauge.bit >> first}")]
            if not keys:
                yield from lines
                continue
            yield f"if {' or '.join(f'{key} in states' for key in keys)}:"
            yield from indented(lines)
            yield "else:"
            yield from indented(self._known(gauges, first))
        yield f"profile.signs = profile.signs & {~sum(gauge.bit for gauge in self._gauges)} | held << {first}"

    def _by_states(self) -> list[tuple[tuple[int, ...], list[Gauge]]]:
        """Return the gauges together that are known of who has none of the same states; without keys the others."""
        found: dict[tuple[int, ...], list[Gauge]] = {}
        for gauge in self._gauges:
            known = self._untouched.get(gauge.slot)
            found.setdefault(known.keys if known is not None else (), []).append(gauge)
        return list(found.items())

    def _known(self, gauges: Sequence[Gauge], first: int) -> Iterator[str]:
        """Yield the verdicts on who has none of the states of some gauges."""
        hold = [gauge for gauge in gauges if self._untouched[gauge.slot].verdict > 0]
        fail = [gauge for gauge in gauges if self._untouched[gauge.slot].verdict < 0]
        for some, verdict in ((hold, NEVER), (fail, -NEVER)):
            if some:
                yield f"{' = '.join(self._verdicts[id(gauge.read)] for gauge in some)} = {verdict}"
        if hold:
            yield f"held |= {sum(gauge.bit for gauge in hold) >> first}"

    def _reading(self, gauge: Gauge, hold: str) -> Iterator[str]:
        """Yield what works a verdict out, or reads it where it is kept, and what is done where it holds."""
        verdict = self._verdicts[id(gauge.read)]
        if is_in_place(gauge.sketch):
            yield from self._in_place(gauge.sketch, verdict, hold)
            return
        yield f"{verdict} = known({gauge.slot}, 0)"
        yield f"if -now <= {verdict} <= now:"
        yield f"    {verdict} = verdicts[{gauge.slot}] = {self._named(gauge.anew or gauge.read)}(profile, now)"
        yield f"if {verdict} > 0:"
        yield f"    {hold}"

    def _in_place(self, sketch: Sketch | None, verdict: str, hold: str) -> Iterator[str]:
        """Yield what works a simple verdict out."""
        holds, fails, test = [f"{verdict} = {NEVER}", hold], [f"{verdict} = {-NEVER}"], ""
        if isinstance(sketch, Judged):
            yield f"state = states.get({sketch.key})"
            test = f"state is not None and ({holds_in_place(sketch, self._named(sketch.judge))})"
        elif isinstance(sketch, Counted) and sketch.within_ms == NEVER:
            most = "" if sketch.high == NEVER else f" <= {sketch.high}"
            test = f"{sketch.low} <= len(states.get({sketch.key}, ())){most}"
        elif isinstance(sketch, Counted):
            yield f"kept = states.get({sketch.key}, ())"
            nth = sketch.low or sketch.high + 1  # silence takes the one that makes them enough, or too many
            yield f"{verdict} = kept[-{nth}] + {sketch.within_ms} if len(kept) >= {nth} else {-NEVER}"
            test = f"{verdict} > now"
            holds, fails = ([hold], fails) if sketch.low else ([f"{verdict} = -{verdict}"], holds)
        yield f"if {test}:"
        yield from indented(holds)
        yield "else:"
        yield from indented(fails)

    def ticking(self, segment: Segment) -> list[str]:
        """Return what lets the clock of a segment know whether `enter` holds."""
        lines, enter = self._read(segment.enter)
        self._ticked[segment.name] = enter
        name = repr(segment.name)
        return [
            *lines,
            f"clock = clocks.get({name})",
            f"if {enter} > 0:",
            *indented(_bounded(enter)),
            "    if clock is None:",
            f"        clocks[{name}] = [now, -1, 0]",
            "    elif clock[0] < 0:",
            "        clock[0] = now",
            "else:",
            *indented(_bounded(f"-{enter}")),
            "    if clock is not None:",
            "        clock[0], clock[2] = -1, 0",
            "        if clock[1] < 0:",
            f"            del clocks[{name}]",
        ]

    def asking(self, segment: Segment) -> list[str]:
        """Return what returns a segment that has the customer: the own one that keeps, another where they may come."""
        if _is_the_same_for_all(segment):
            return self._returned_if(segment.enter, segment.name)
        own, comes = f"if own == {segment.name!r}:", "else:"
        if segment.only_from is not None:
            comes = f"elif own in {self._named(segment.only_from)}:"
        return [own, *indented(self._keeping(segment)), comes, *indented(self._coming(segment))]

    def _keeping(self, segment: Segment) -> list[str]:
        """Return what returns the customer's own segment: while it keeps, or may not be left downwards."""
        if not segment.has_clock:
            lines = self._returned_if(segment.keep, segment.name)
        else:
            lines = [f"if {self._ticked[segment.name]} > 0:", "    return own, until"]
            lines += self._returned_if(segment.stay, segment.name) if segment.stay is not None else []
        if segment.stay_at_most_ms:
            lines = [f"if now < since + {segment.stay_at_most_ms}:", *indented(lines)]
        if segment.stay_at_least_ms:
            lines += [f"if now < since + {segment.stay_at_least_ms}:", "    return own, until"]
        return lines

    def _coming(self, segment: Segment) -> list[str]:
        """Return what returns a segment that asks for the customer; whoever comes stays as long as it keeps."""
        name = repr(segment.name)
        if segment.has_clock:
            has_waited = f"now >= true_since + {segment.wait_ms} and not spent"
            return [
                f"if {self._ticked[segment.name]} > 0:",
                f"    true_since, left_at, spent = clocks[{name}]",
                f"    if {has_waited} and (left_at < 0 or now >= left_at + {segment.cooldown_ms}):",
                f"        return {name}, until",
            ]
        if segment.stay is None:
            return self._returned_if(segment.enter, segment.name)
        lines, enter = self._read(segment.enter)
        asked, stays = self._read(segment.stay)
        kept = f"{enter} if {enter} > {stays} else {stays}"
        has = [*asked, f"until = min(until, {kept})", f"return {name}, until"]
        return [*lines, f"if {enter} > 0:", *indented(has), *_bounded(f"-{enter}")]

    def _returned_if(self, read: Read, name: str) -> list[str]:
        """Return what returns a segment if a verdict holds, and keeps in mind until when it does not."""
        lines, verdict = self._read(read)
        has = f"    return {name!r}, {verdict} if {verdict} < until else until"
        return [*lines, f"if {verdict} > 0:", has, *_bounded(f"-{verdict}")]

    def _read(self, read: Read) -> tuple[list[str], str]:
        """Return what works a verdict out, and the name that it has then."""
        known = self._verdicts.get(id(read))
        if known is not None:
            return [], known
        made = f"joined_{len(self.names)}"
        self.names[made] = None
        match read:
            case Negation(read=inner):
                lines, verdict = self._read(inner)
                return [*lines, f"{made} = -{verdict}"], made
            case Every(reads=reads):
                return self._joined(made, reads, "<"), made
            case Either(reads=reads):
                return self._joined(made, reads, ">"), made
        return [f"{made} = {self._named(read)}(profile, now)"], made

    def _joined(self, made: str, reads: Sequence[Read], sign: str) -> list[str]:
        """Return what works the least (`<`) or the greatest (`>`) of some verdicts out."""
        found = [self._read(read) for read in reads]
        lines = [line for each, _ in found for line in each]
        lines.append(f"{made} = {found[0][1]}")
        for _, verdict in found[1:]:
            lines += [f"if {verdict} {sign} {made}:", f"    {made} = {verdict}"]
        return lines

    def _named(self, thing: Any) -> str:
        name = f"name_{len(self.names)}"
        self.names[name] = thing
        return name


def _is_the_same_for_all(segment: Segment) -> bool:
    """Tell whether a segment keeps just whom it asks for."""
    is_free = segment.stay is None and segment.only_from is None
    return is_free and not (segment.has_clock or segment.stay_at_least_ms)


def _bounded(verdict: str) -> list[str]:
    """Return what keeps the earliest end in mind."""
    return [f"if {verdict} < until:", f"    until = {verdict}"]
