"""What an event of one name does to a profile, written out as source and compiled: the closures, without the loops.

The text is made of the folds of the event's route and of the gauges that they can turn. Keys, bits, depths and spans
stand in it as numbers; counts are worked out in place, everything else is called by name. It does exactly what
`fold_and_turn` does, which is the reference: a test holds one to the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from stream.core.condition import Counted, Judged, holds_in_place, is_in_place
from stream.core.event import Event
from stream.core.fold import Fold, Latest, Newest
from stream.core.gauge import ANYTHING, Gauge, Reach, ends_sooner, turned
from stream.core.profile import NEVER, Profile
from stream.core.running import Running
from stream.core.source import compiled, indented
from stream.core.window import keep_newest

Written = Callable[[Profile, Event, int], int]
"""From a profile, an event and the bits of the dimensions to decide already: those bits and what it touched."""
Folds = Sequence[tuple[Fold, Reach]]
MANY_SLOTS = 8
"""From so many verdicts on they are dropped by going through those that are there."""


def fold_and_turn(folds: Folds) -> Written:
    """Return what an event does, as closures."""

    def run(profile: Profile, event: Event, touched: int) -> int:
        asked: list[tuple[Gauge, int]] = []
        for fold, (gauges, always, slots) in folds:
            if fold(profile, event):
                touched |= always
                asked += gauges
                for slot in slots:
                    profile.verdicts.pop(slot, None)
        return turned(asked, touched, profile, profile.as_of)

    return run


def written_out(name: str, folds: Folds) -> Written:
    """Return what an event of a name does, as one function that tracebacks show."""
    text, names = source_of(folds)
    made: Written = compiled(f"events of {name or 'other names'}", text, names)["run"]
    return made


def source_of(folds: Folds) -> tuple[str, dict[str, Any]]:
    """Return the source of a function `run`, and what it calls by name."""
    text = _Text(folds)
    head = ["def run(profile, event, touched):"]
    lines = [*text.setting(), *text.folding(), *text.dropping(), *text.turning(), "return touched"]
    return "\n".join([*head, *(f"    {line}" for line in lines), ""]), text.names


class _Text:
    """The lines of one function, in their order, and the names that they use."""

    def __init__(self, folds: Folds) -> None:
        """Take the folds of one event name."""
        self._folds = folds
        self._usual = [_usual(fold) for fold, _ in folds]
        self._asked = _asked(folds)
        self.names: dict[str, Any] = {"keep_newest": keep_newest, "ends_sooner": ends_sooner}

    def _named(self, name: str, thing: Any) -> str:
        self.names[name] = thing
        return name

    def setting(self) -> Iterator[str]:
        """Yield what everything else reads."""
        yield "states, signs, now = profile.states, profile.signs, profile.as_of"
        yield "at, properties = event.occurred_at, event.properties"

    def folding(self) -> Iterator[str]:
        """Yield the folds: `did_n` says whether number n changed what is read."""
        for number, (fold, reach) in enumerate(self._folds):
            if not isinstance(fold, Newest):
                yield from self._called(number, fold)
            elif fold.matches is None:
                yield from _keeping(number, fold)
            else:
                yield f"did_{number} = {self._named(f'matches_{number}', fold.matches)}(properties)"
                yield f"if did_{number}:"
                yield from indented(_keeping(number, fold))
            if reach.always:
                yield from self._if_done([number], [f"touched |= {reach.always}"])

    def _called(self, number: int, fold: Fold) -> Iterator[str]:
        """Yield a fold that is called by name; what it does to most events and states stands in place before that.

        A number that stands in place is compared with its bars at once.
        """
        usual, did = self._usual[number], f"did_{number}"
        call = f"{did} = {self._named(f'fold_{number}', fold)}(profile, event)"
        if usual is None:
            yield call
            return
        at_once = [gauge for gauge, _, numbers in self._asked if self._is_at_once(gauge, numbers) and number in numbers]
        yield f"state, got = states.get({usual.key}), properties.get({usual.path!r})"
        yield f"if state is not None and type(got) is int and {usual.test}:"
        yield from indented([f"{did} = True", *usual.lines, *_compared(at_once, usual.number)])
        yield "else:"
        yield f"    {call}"
        for gauge in at_once:
            yield from indented(self._if_done([number], list(self._turn(gauge, ANYTHING))))

    def _is_at_once(self, gauge: Gauge, numbers: Sequence[int]) -> bool:
        """Tell whether a gauge compares a number that a fold has in place, and only that."""
        sketch, usual = gauge.sketch, self._usual[numbers[0]]
        if usual is None or len(numbers) > 1 or not isinstance(sketch, Judged):
            return False
        return sketch.least is not None and sketch.key == usual.key

    def dropping(self) -> Iterator[str]:
        """Yield what forgets the verdicts that depend on what changed."""
        lines: list[str] = []
        for number, (_, reach) in enumerate(self._folds):
            if len(reach.slots) < MANY_SLOTS:
                drops = [f"verdicts.pop({slot}, None)" for slot in reach.slots]
            else:
                slots = self._named(f"slots_{number}", frozenset(reach.slots))
                drops = [f"for slot in verdicts.keys() & {slots}:", "    del verdicts[slot]"]
            lines += self._if_done([number], drops)
        if lines:
            yield "verdicts = profile.verdicts"
            yield "if verdicts:"
            yield from indented(lines)

    def turning(self) -> Iterator[str]:
        """Yield the gauges, each once, with the folds that can turn it."""
        for gauge, settled, numbers in self._asked:
            if not self._is_at_once(gauge, numbers):
                yield from self._if_done(numbers, list(self._turn(gauge, settled)))

    def _is_sure(self, number: int) -> bool:
        """Tell whether a fold always changes something."""
        fold = self._folds[number][0]
        return isinstance(fold, Newest) and fold.matches is None

    def _if_done(self, numbers: Sequence[int], lines: Sequence[str]) -> Iterator[str]:
        """Yield lines that count only where one of some folds changed something."""
        if not lines or any(map(self._is_sure, numbers)):
            yield from lines
        else:
            yield f"if {' or '.join(f'did_{number}' for number in numbers)}:"
            yield from indented(lines)

    def _turn(self, gauge: Gauge, settled: int) -> Iterator[str]:
        """Yield what touches the readers of a gauge if it turned."""
        sketch, sign = gauge.sketch, f"signs & {gauge.bit}"
        touch = f"    touched |= {gauge.readers}"
        if isinstance(sketch, Counted) and settled != ANYTHING:
            bar = sketch.low if settled else sketch.high + 1
            yield f"if {f'not {sign}' if settled else sign} and {_reaches(sketch, bar)}:"
            yield touch
        elif isinstance(sketch, Judged):
            yield f"state = states[{sketch.key}]"
            holds = holds_in_place(sketch, self._named(f"judge_{gauge.slot}", sketch.judge))
            yield f"if ({holds}) is ({sign} == 0):"
            yield touch
        else:
            yield from self._read(gauge, settled, sign, touch)

    def _read(self, gauge: Gauge, settled: int, sign: str, touch: str) -> Iterator[str]:
        read = self._named(f"read_{gauge.slot}", gauge.anew or gauge.read)
        it = self._named(f"gauge_{gauge.slot}", gauge)
        wanted = {ANYTHING: "", 0: f"{sign} and "}.get(settled, f"not {sign} and ")
        yield f"if {wanted}{gauge.readers} & ~touched:"
        kept = "" if is_in_place(gauge.sketch) else f"profile.verdicts[{gauge.slot}] = "
        yield f"    verdict = {kept}{read}(profile, now)"
        yield f"    if (verdict > 0) is ({sign} == 0) or ends_sooner({it}, profile, verdict):"
        yield f"    {touch}"


class _Usual(NamedTuple):
    """What a fold of whole numbers does where a state and a property are as they usually are."""

    key: int
    path: str
    test: str
    """Of a `state` that is there and a whole number that was `got`."""
    lines: list[str]
    number: str
    """What stands in the state then."""


def _usual(fold: Fold) -> _Usual | None:
    """Return what a fold does in place; None where it is called always."""
    if isinstance(fold, Running) and fold.matches is None and "." not in fold.path:
        test = f"type(total := state[1]) is int and {-NEVER} < (total := total + got) < {NEVER}"
        return _Usual(fold.key, fold.path, test, ["state[0] += 1", "state[1] = total"], "total")
    if isinstance(fold, Latest) and fold.matches is None and not fold.columns:
        test = "state[0] and at >= (row := state[0][0])[0]"
        return _Usual(fold.key, "amount", test, ["row[0], row[2] = at, got"], "got")
    return None


def _asked(folds: Folds) -> list[tuple[Gauge, int, list[int]]]:
    """Return the gauges, each once with what it is settled by and the folds that can turn it."""
    asked: dict[tuple[int, int], tuple[Gauge, int, list[int]]] = {}
    for number, (_, reach) in enumerate(folds):
        for gauge, settled in reach.asked:
            asked.setdefault((gauge.bit, settled), (gauge, settled, []))[2].append(number)
    return list(asked.values())


def _compared(gauges: Sequence[Gauge], number: str) -> Iterator[str]:
    """Yield what touches the readers of gauges that turned, of which each is whether a number reaches its bar."""
    for gauge in gauges:
        assert isinstance(gauge.sketch, Judged)
        bar = gauge.sketch.least
        yield f"if {number} < {bar} if signs & {gauge.bit} else {number} >= {bar}:"
        yield f"    touched |= {gauge.readers}"


def _keeping(number: int, fold: Newest) -> Iterator[str]:
    """Yield what puts the instant among the newest."""
    kept = f"kept_{number}"
    yield f"{kept} = states.get({fold.key})"
    yield f"if {kept} is None:"
    yield f"    states[{fold.key}] = [at]"
    yield f"elif at >= {kept}[-1]:"
    yield f"    {kept}.append(at)"
    yield f"    if len({kept}) > {fold.depth}:"
    yield f"        del {kept}[0]"
    yield "else:"
    yield f"    keep_newest({kept}, at, {fold.depth})"


def _reaches(sketch: Counted, bar: int) -> str:
    """Return whether there are so many instants, and the one that makes them so many is in the window."""
    instants = f"states[{sketch.key}]"
    reached = [f"len({instants}) >= {bar}"] if bar > 1 else []  # one is there since just now
    if sketch.within_ms < NEVER:
        reached.append(f"{instants}[-{bar}] + {sketch.within_ms} > now")
    return " and ".join(reached) or "True"
