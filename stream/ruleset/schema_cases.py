"""What stands in a test file: cases, each a history and the list of what it must cause."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal, Self, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    PlainValidator,
    Tag,
    WithJsonSchema,
    model_validator,
)

from stream.ruleset.schema_dates import MomentValue
from stream.ruleset.schema_part import Part, shown, wrong
from stream.ruleset.schema_values import (
    Name,
    Percent,
    PlainNumber,
    Text,
    read_number,
)
from stream.ruleset.spans import Span, SpanFromZero

DEFAULT_START = "2026-01-05T00:00"  # a Monday, in the vocabulary's zone


def _plain(value: Any) -> Any:
    """Return any value; it is judged where the type of its property or trait is known."""
    return value


def _score(value: Any) -> int | Decimal | None:
    """Return a number, or null: no score any more; raise [rule-value] otherwise."""
    return None if value is None else read_number(value)


AnyValue: TypeAlias = Annotated[Any, PlainValidator(_plain), WithJsonSchema({})]
ScoreValue: TypeAlias = Annotated[
    int | Decimal | None,
    PlainValidator(_score),
    WithJsonSchema({"type": ["number", "string", "null"]}),
]
ListChange: TypeAlias = Literal["added", "removed"]
ConsentChange: TypeAlias = Literal["given", "not_given"]


class Given(Part):
    """What is true before the first event."""

    traits: dict[Text, AnyValue] = Field(default={}, description="values of traits")
    lists: dict[Text, ListChange] = Field(default={}, description="added or removed, by list")
    consents: dict[Text, ConsentChange] = Field(default={}, description="given or not_given, by consent")
    scores: dict[Text, PlainNumber] = Field(default={}, description="values of scores")
    bars: dict[Text, PlainNumber] = Field(default={}, description="values of published cut points")
    bucket: dict[Name, Percent] = Field(default={}, description="0 to 99: where in the hundred the customer is")


class DidEvent(Part):
    """The customer did something: `at` when it reaches us, `occurred` when it was done; properties are the rest."""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, AnyValue]
    at: SpanFromZero = Field(description="when it reaches us, since the start")
    did: Name = Field(description="an event of vocabulary.yaml")
    occurred: SpanFromZero | None = Field(default=None, description="when it was done, since the start")

    @property
    def properties(self) -> dict[str, Any]:
        """Return the properties of the event, as written."""
        return dict(self.__pydantic_extra__)

    @model_validator(mode="after")
    def _done_before_it_comes(self) -> Self:
        if self.occurred is not None and self.occurred > self.at:
            raise wrong(
                "test-time", '"occurred" is later than "at"; nothing reaches us before it is done', at="occurred"
            )
        return self


class TraitsEvent(Part):
    """Traits are set (or cleared with null)."""

    at: SpanFromZero = Field(description="when it reaches us, since the start")
    traits: dict[Text, AnyValue] = Field(description="values of traits")
    occurred: SpanFromZero | None = Field(default=None, description="when it was said, since the start")


class ConsentsEvent(Part):
    """Consents are given or withdrawn."""

    at: SpanFromZero = Field(description="when it reaches us, since the start")
    consents: dict[Text, ConsentChange] = Field(description="given or not_given, by consent")
    occurred: SpanFromZero | None = Field(default=None, description="when it was said, since the start")


class ListsEvent(Part):
    """The customer is put on lists or taken off."""

    at: SpanFromZero = Field(description="when it reaches us, since the start")
    lists: dict[Text, ListChange] = Field(description="added or removed, by list")
    occurred: SpanFromZero | None = Field(default=None, description="when it was done, since the start")


class ScoresEvent(Part):
    """New scores of the models (or none any more, with null)."""

    at: SpanFromZero = Field(description="when it reaches us, since the start")
    scores: dict[Text, ScoreValue] = Field(description="values of scores; null for none any more")


def _which_event(value: Any) -> str | None:
    if not isinstance(value, dict):
        return None
    if "did" in value:
        return "<did>"
    words = [word for word in ("traits", "consents", "lists", "scores") if word in value]
    return f"<{words[0]}>" if len(words) == 1 else None


CaseEvent: TypeAlias = Annotated[
    Annotated[DidEvent, Tag("<did>")]
    | Annotated[TraitsEvent, Tag("<traits>")]
    | Annotated[ConsentsEvent, Tag("<consents>")]
    | Annotated[ListsEvent, Tag("<lists>")]
    | Annotated[ScoresEvent, Tag("<scores>")],
    Discriminator(
        _which_event,
        custom_error_type="test-event",
        custom_error_message="an event of a case has one of: did, traits, consents, lists, scores",
    ),
]


class Expected(Part):
    """One change that must happen, at this instant since the start."""

    at: SpanFromZero = Field(description="when, since the start")
    enters: Text | None = Field(default=None, description="the segment that is entered")
    leaves: Text | None = Field(default=None, description="the segment that is left")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.enters is None and self.leaves is None:
            raise wrong("rule-missing", '"enters" or "leaves" is missing; write "enters: SEGMENT"')
        return self


def _as_list(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong("rule-value", f"{shown(value)} where a list belongs; write [] for none")
    return tuple(value)


class Case(Part):
    """One case: what happens, and everything that it must cause in this dimension. Spans are ms since the start."""

    name: Text = Field(description="what the case shows, as a sentence")
    starts: MomentValue | None = Field(default=None, description="default: Monday 2026-01-05T00:00 in the zone")
    given: Given | None = Field(default=None, description="what is true before the first event")
    events: Annotated[tuple[CaseEvent, ...], BeforeValidator(_as_list, json_schema_input_type=list[CaseEvent])] = Field(
        description="what happens, in the order in which it reaches us"
    )
    until: Span | None = Field(default=None, description="let time pass up to here")
    expect: Annotated[tuple[Expected, ...], BeforeValidator(_as_list, json_schema_input_type=list[Expected])] = Field(
        description="the full list of changes; [] means none"
    )


class CasesFile(Part):
    """The cases of one segment or audience."""

    tests: Annotated[tuple[Case, ...], BeforeValidator(_as_list, json_schema_input_type=list[Case])] = Field(
        description="the cases"
    )
