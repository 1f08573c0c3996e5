"""Conditions on what the customer did: one model per leading word."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, ClassVar, Final, Self, TypeAlias

from pydantic import BeforeValidator, Field, model_validator

from stream.core.keyed import CAP
from stream.ruleset.reach import check_count, check_count_per, check_share, most_days
from stream.ruleset.schema_part import shown, wrong
from stream.ruleset.schema_parts import Step, StepDidNot, Where
from stream.ruleset.schema_values import CountFromOne, Event, FieldValue, Name, SpanOrPersonal, Text
from stream.ruleset.schema_words import (
    COMPARE_ADVICE,
    Compared,
    Counted,
    CountedAlways,
    Windowed,
    Words,
    check_shorter,
    floor_ms,
    some_comparison,
)
from stream.ruleset.spans import Span, span_text

FEWEST_STEPS: Final = 2
_PERCENT, _WHOLE = 2, 100  # a number from the one to the other was meant as percent
Filter: TypeAlias = Annotated[Where | None, Field(description="tests on the properties of the event; all must hold")]


class Did(Counted, Windowed):
    """Did it, so many times (once or more without a count)."""

    word: ClassVar[str] = "did"
    did: Event = Field(description="the event")
    where: Filter = None
    per: Text | None = Field(default=None, description="count for each value of this property by itself")

    @model_validator(mode="after")
    def _some_can(self) -> Self:
        (check_count if self.per is None else check_count_per)(self.count)
        return self


class DidOnDays(CountedAlways, Windowed):
    """Did it on so many different days of the zone."""

    word: ClassVar[str] = "did_on_days"
    did_on_days: Event = Field(description="the event")
    where: Filter = None

    @model_validator(mode="after")
    def _some_can(self) -> Self:
        most = most_days(self.window)
        check_count(self.count, most, f"the window has {most} {'day' if most == 1 else 'days'} at most")
        return self


class DidNot(Windowed):
    """Did not do it: the same as did, exactly 0."""

    word: ClassVar[str] = "did_not"
    did_not: Event = Field(description="the event")
    where: Filter = None


class FirstTime(Words):
    """Did it for the first time in life, at most so long ago."""

    word: ClassVar[str] = "first_time"
    first_time: Event = Field(description="the event")
    where: Filter = None
    within: SpanOrPersonal = Field(description="looks back so far from now")


class LastEvent(Windowed):
    """The last such event has these properties."""

    word: ClassVar[str] = "last_event"
    last_event: Event = Field(description="the event")
    where: Filter = None
    has: Where = Field(description="what the last one must have")


def _as_steps(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong("rule-value", f"{shown(value)} where a list of steps belongs")
    if len(value) < FEWEST_STEPS:
        raise wrong("rule-step", "a sequence has at least 2 steps; for one event write did")
    for number, step in enumerate(value):
        if isinstance(step, dict) and "did_not" in step and number < len(value) - 1:
            raise wrong("rule-step", '"did_not" can only be the last step of a sequence', at=number)
    if isinstance(value[0], dict) and "max_gap" in value[0]:
        raise wrong("rule-step", '"max_gap" on the first step: nothing comes before it; remove it', at=0)
    return tuple(value)


class Sequence(Words):
    """First this, then that; others may lie between."""

    word: ClassVar[str] = "sequence"
    sequence: Annotated[tuple[Step, ...], BeforeValidator(_as_steps, json_schema_input_type=list[Step])] = Field(
        description="the steps, the earliest first"
    )
    within: Span | None = Field(default=None, description="all steps lie so far back at most")
    per: Text | None = Field(default=None, description="each value of this property is followed by itself")

    @model_validator(mode="after")
    def _room_for_silence(self) -> Self:
        last = self.sequence[-1]
        if isinstance(last, StepDidNot) and self.within is not None and last.for_ >= self.within:
            spans = f'"for" ({span_text(last.for_)}) must be shorter than within ({span_text(self.within)})'
            raise wrong("rule-windows", f"{spans}, or nothing can be in it", at="within", side="key")
        return self


class Regularly(Words):
    """Did it so often in enough of the last periods, counted back from now."""

    word: ClassVar[str] = "regularly"
    regularly: Event = Field(description="the event")
    where: Filter = None
    at_least: CountFromOne = Field(description="so many in one period")
    every: Span = Field(description="the length of a period")
    in_at_least: CountFromOne = Field(description="in so many of the periods")
    of_last: CountFromOne = Field(description="of so many periods back from now")

    @model_validator(mode="after")
    def _enough_periods(self) -> Self:
        if self.in_at_least > self.of_last:
            message = f"in_at_least ({self.in_at_least}) is more than of_last ({self.of_last}); nobody can be in it"
            raise wrong("rule-windows", message, at="in_at_least", side="key")
        return self


class Stopped(Words):
    """Did it not so long ago, but has been quiet for a while."""

    word: ClassVar[str] = "stopped"
    stopped: Event = Field(description="the event")
    where: Filter = None
    did_within: SpanOrPersonal = Field(description="the newest is less than this ago")
    quiet_for: SpanOrPersonal = Field(description="and at least this ago")

    @model_validator(mode="after")
    def _quiet_inside(self) -> Self:
        short, long = floor_ms(self.quiet_for), floor_ms(self.did_within)
        check_shorter("quiet_for", short, "did_within", long, "nobody can be in it")
        return self


class Restarted(Words):
    """Was quiet, and did it again."""

    word: ClassVar[str] = "restarted"
    restarted: Event = Field(description="the event")
    where: Filter = None
    quiet_for: SpanOrPersonal = Field(description="the one before lies at least so far before it")
    again_within: Span = Field(description="again at most so long ago")

    @model_validator(mode="after")
    def _again_inside(self) -> Self:
        quiet = floor_ms(self.quiet_for)
        if self.again_within > quiet:
            spans = (
                f"again_within ({span_text(self.again_within)}) must not be longer than quiet_for ({span_text(quiet)})"
            )
            message = f"{spans}, or a customer could be restarted and quiet again at once"
            raise wrong("rule-windows", message, at="again_within", side="key")
        return self


class Sum(CountedAlways, Windowed):
    """The sum of a number over the events; of nothing it is no value."""

    word: ClassVar[str] = "sum"
    sum: FieldValue = Field(description="EVENT.property")
    where: Filter = None


class Average(CountedAlways, Windowed):
    """The average of a number over the events; of nothing it is no value."""

    word: ClassVar[str] = "average"
    average: FieldValue = Field(description="EVENT.property")
    where: Filter = None


class Smallest(CountedAlways, Windowed):
    """The smallest of a number over the events; of nothing it is no value."""

    word: ClassVar[str] = "smallest"
    smallest: FieldValue = Field(description="EVENT.property")
    where: Filter = None


class Largest(CountedAlways, Windowed):
    """The largest of a number over the events; of nothing it is no value."""

    word: ClassVar[str] = "largest"
    largest: FieldValue = Field(description="EVENT.property")
    where: Filter = None


class Distinct(CountedAlways, Windowed):
    """How many different values a property had; of nothing it is 0."""

    word: ClassVar[str] = "distinct"
    distinct: FieldValue = Field(description="EVENT.property")
    where: Filter = None

    @model_validator(mode="after")
    def _some_can(self) -> Self:
        check_count(self.count, CAP, f"{CAP} values are kept apart at most")
        return self


class ValueOfEvents(Compared, Windowed):
    """A value taken from the events and compared; `within`, `from` and the like are its window."""

    where: Filter = None

    @model_validator(mode="after")
    def _some_compare(self) -> Self:
        some_comparison(self.word, self.written(self.compare_words()), COMPARE_ADVICE)
        return self


class FirstValue(ValueOfEvents):
    """The value of a property on the first such event."""

    word: ClassVar[str] = "first_value"
    first_value: FieldValue = Field(description="EVENT.property")


class LastValue(ValueOfEvents):
    """The value of a property on the last such event."""

    word: ClassVar[str] = "last_value"
    last_value: FieldValue = Field(description="EVENT.property")


class MostFrequent(ValueOfEvents):
    """The value that a property had most often; of several the one seen last."""

    word: ClassVar[str] = "most_frequent"
    most_frequent: FieldValue = Field(description="EVENT.property")


class Share(CountedAlways, Windowed):
    """The share of the events on which `where` holds, from 0 to 1; of nothing it is no value."""

    word: ClassVar[str] = "share"
    share: Event = Field(description="the event")
    where: Where = Field(description="the tests whose share is taken")
    of_at_least: CountFromOne | None = Field(default=None, description="no value with fewer events than this")

    @model_validator(mode="after")
    def _from_0_to_1(self) -> Self:
        """Refuse 60 where 60 % is meant: a share is never so large, so nobody would be in it, or everybody."""
        count = self.count
        for number in (count.value, count.high) if count else ():
            if isinstance(number, int | Decimal) and not 0 <= number <= 1:
                percent = f"; write {number / Decimal(100)} for {number} %" if _PERCENT <= number <= _WHOLE else ""
                assert count is not None
                raise wrong("rule-value", f'"{number}" is no share; a share lies from 0 to 1{percent}', at=count.op)
        check_share(count)
        return self


class Points(CountedAlways):
    """The points of the customer, as points/NAME.yaml gives them."""

    word: ClassVar[str] = "points"
    points: Name = Field(description="a file in points/")


class Score(CountedAlways):
    """A score of the published models; of nothing it is no value."""

    word: ClassVar[str] = "score"
    score: Text = Field(description="the name of a score")
