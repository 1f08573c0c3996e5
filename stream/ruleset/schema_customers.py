"""Conditions on what the customer is: traits, segments, lists, consents, places, days; one model per leading word."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self, TypeAlias

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from stream.ruleset.schema_dates import DayValue
from stream.ruleset.schema_part import shown, wrong
from stream.ruleset.schema_values import HUNDRED, AboveZero, Name, Percent, Text, read_text
from stream.ruleset.schema_words import COMPARE_ADVICE, ComparedDates, Words, some_comparison
from stream.ruleset.spans import Span


class Everyone(Words):
    """Every known customer."""

    word: ClassVar[str] = "everyone"
    everyone: Literal[True] = Field(description="true")


class Held(Words):
    """Can be asked for how long it has held."""

    for_: Span | None = Field(default=None, description="has been so, without a break, for this long")
    for_less_than: Span | None = Field(default=None, description="is so, but not for this long yet")

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.for_ is not None and self.for_less_than is not None:
            message = '"for" and "for_less_than" together; keep one'
            raise wrong("rule-two-windows", message, at=("for", "for_less_than"), side="key")
        return self


class Trait(ComparedDates, Held):
    """A declared value of the customer compares so."""

    word: ClassVar[str] = "trait"
    trait: Text = Field(description="a trait of vocabulary.yaml")

    @model_validator(mode="after")
    def _some_compare(self) -> Self:
        some_comparison(self.word, self.written(self.compare_words()), COMPARE_ADVICE)
        return self


def read_segment(value: Any) -> str:
    """Return `dimension.segment`, `audiences.name` or either with `.about_to_leave`; raise [rule-value] otherwise."""
    text = read_text(value)
    if "." not in text:
        raise wrong(
            "rule-value", f'"{text}" is not dimension.segment; write it as in lifecycle.{text} or audiences.{text}'
        )
    return text


SegmentName: TypeAlias = Annotated[
    str,
    PlainValidator(read_segment),
    WithJsonSchema({"type": "string", "pattern": "\\.", "description": "dimension.segment or audiences.name"}),
]


class InSegment(Held):
    """Is a member of another segment."""

    word: ClassVar[str] = "in_segment"
    in_segment: SegmentName = Field(description="dimension.segment or audiences.name")


class InList(Words):
    """Is on a list."""

    word: ClassVar[str] = "in_list"
    in_list: Text = Field(description="a list of vocabulary.yaml")
    for_: Span | None = Field(default=None, description="has been on it, without a break, for this long")


class Consent(Words):
    """Has given this consent."""

    word: ClassVar[str] = "consent"
    consent: Text = Field(description="a consent of vocabulary.yaml")


class Bucket(Words):
    """Is in this part of all customers, by a stable hash of the name and the customer."""

    word: ClassVar[str] = "bucket"
    bucket: Name = Field(description="any name; the same name takes the same customers")
    percent: Percent = Field(description="so many of a hundred")
    starting_at: Percent = Field(default=0, description="the first of the hundred that is taken")

    @model_validator(mode="after")
    def _up_to_hundred(self) -> Self:
        if self.percent + self.starting_at > HUNDRED:
            message = f"starting_at ({self.starting_at}) and percent ({self.percent}) go over 100; make one smaller"
            raise wrong("rule-value", message, at="percent")
        return self


class Near(Words):
    """Is less than so far from a place."""

    word: ClassVar[str] = "near"
    near: Text = Field(description="a place of vocabulary.yaml")
    km: AboveZero = Field(description="kilometres")


WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Weekday: TypeAlias = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _as_weekdays(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        found = "an empty list" if value == [] else shown(value)
        raise wrong("rule-value", f"{found} where a list of weekdays belongs; write [saturday, sunday]")
    return tuple(value)


Weekdays: TypeAlias = Annotated[
    tuple[Weekday, ...], BeforeValidator(_as_weekdays, json_schema_input_type=list[Weekday])
]


class Days(Words):
    """Days of the calendar: weekdays, or all from one day to another, both included."""

    weekday: Weekdays | None = Field(default=None, description="one of these days of the week")
    from_: DayValue | None = Field(default=None, description="the first day")
    to: DayValue | None = Field(default=None, description="the last day, included")

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.weekday and (self.from_ or self.to):
            other = "from" if self.from_ else "to"
            message = f'"weekday" and "{other}" together; keep one'
            raise wrong("rule-two-windows", message, at=("weekday", other), side="key")
        if not self.weekday and not (self.from_ and self.to):
            raise wrong("rule-missing", 'days are missing; write "weekday: [saturday, sunday]", or both from and to')
        if self.from_ and self.to and self.to.date < self.from_.date:
            message = '"to" ends it before "from" begins it; nothing can be in it'
            raise wrong("rule-windows", message, at="to", side="key")
        return self


class Today(Words):
    """Today, in the zone of the customer, is one of these days."""

    word: ClassVar[str] = "today"
    today: Days = Field(description="{weekday: […]}, or {from: DATE, to: DATE}")
