"""What stands in each kind of rule file: the vocabulary, a dimension, a segment or audience, points."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema, model_validator

from stream.ruleset.schema import Condition
from stream.ruleset.schema_customers import SegmentName
from stream.ruleset.schema_dates import DayValue
from stream.ruleset.schema_part import Part, shown, wrong
from stream.ruleset.schema_values import (
    Flag,
    Name,
    Percent,
    PlainNumber,
    Text,
    TypeName,
    read_number,
    read_text,
)
from stream.ruleset.spans import Span, span_text


def _as_list(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong("rule-value", f"{shown(value)} where a list belongs; write [{str(shown(value)).strip(chr(34))}]")
    return tuple(value)


def read_zone(value: Any) -> str:
    """Return the name of a time zone; raise [rule-value] for one that does not exist."""
    name = read_text(value)
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise wrong("rule-value", f'"{name}" is not a time zone; write one as in Europe/Lisbon or UTC') from None
    return name


def read_currency(value: Any) -> str:
    """Return a currency code of three capitals; raise [rule-value] otherwise."""
    code = read_text(value)
    if not re.fullmatch("[A-Z]{3}", code):
        raise wrong("rule-value", f'"{code}" is not a currency code; write three capitals, as in EUR')
    return code


def _degrees(limit: int) -> PlainValidator:
    def read(value: Any) -> float:
        degrees = read_number(value)
        if not -limit <= degrees <= limit:
            raise wrong("rule-value", f"{shown(value)} is not from -{limit} to {limit} degrees")
        return float(degrees)

    return PlainValidator(read, json_schema_input_type=float)


Names: TypeAlias = Annotated[tuple[Name, ...], BeforeValidator(_as_list, json_schema_input_type=list[Name])]
Texts: TypeAlias = Annotated[tuple[Text, ...], BeforeValidator(_as_list, json_schema_input_type=list[Text])]
Zone: TypeAlias = Annotated[str, PlainValidator(read_zone), WithJsonSchema({"type": "string"})]
Currency: TypeAlias = Annotated[
    str, PlainValidator(read_currency), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$"})
]


class EventDefinition(Part):
    """One event that we receive."""

    title: Text = Field(description="what happened, for people")
    aliases: Texts = Field(default=(), description="other names that sources send")
    sent: Flag = Field(default=True, description="false: this shop does not send it; rules that need it are off")
    reverses: Name | None = Field(default=None, description="the event that this one takes back, by its order id")
    properties: dict[Text, TypeName] = Field(default={}, description="the properties and their types")


class TraitDefinition(Part):
    """One declared value of a customer."""

    title: Text = Field(description="what it says, for people")
    type: TypeName = Field(description="the type of its value")
    path: Texts | None = Field(default=None, description="where it stands in nested traits, key by key")
    sent: Flag = Field(default=True, description="false: this shop does not send it; rules that need it are off")


class ListDefinition(Part):
    """One list that customers are put on."""

    title: Text = Field(description="who is on it, for people")


class ConsentDefinition(Part):
    """One consent that customers give."""

    title: Text = Field(description="what they agree to, for people")
    unless_told: Literal["given", "not_given"] = Field(description="what counts while nothing was said")


class PlaceDefinition(Part):
    """One place, in degrees."""

    lat: Annotated[float, _degrees(90)] = Field(description="degrees north")
    lon: Annotated[float, _degrees(180)] = Field(description="degrees east")


class Vocabulary(Part):
    """What we receive: events, traits, lists, consents, places; zone and currency. Spans are ms."""

    zone: Zone = Field(description="the time zone of the shop, as Europe/Lisbon")
    currency: Currency = Field(description="the base currency, as EUR")
    known_events_only: Flag = Field(default=True, description="false: events not named here are kept for any_event")
    history_since: DayValue | None = Field(default=None, description="what is older goes to the dead letters")
    future_tolerance: Span | None = Field(default=None, description="so far ahead of us a stamp may be")
    personal_gap_mean: Span | None = Field(default=None, description="the usual gap between orders of all customers")
    events: dict[Name, EventDefinition] = Field(default={}, description="the events, by name")
    traits: dict[Text, TraitDefinition] = Field(default={}, description="the traits, by name")
    lists: dict[Name, ListDefinition] = Field(default={}, description="the lists, by name")
    consents: dict[Name, ConsentDefinition] = Field(default={}, description="the consents, by name")
    places: dict[Name, PlaceDefinition] = Field(default={}, description="the places, by name")


class DimensionFile(Part):
    """One question that has one answer for each customer. Spans are ms."""

    title: Text = Field(description="the name of the dimension, for people")
    owner: Text = Field(description="who decides about it")
    question: Text = Field(description="the question that its segments answer")
    order: Names | None = Field(default=None, description="the segments, the one that wins first")
    otherwise: Name | None = Field(default=None, description="the segment of everyone nobody above takes")
    inside: SegmentName | None = Field(default=None, description="only members of this segment have an answer here")
    stay_at_least: Span | None = Field(default=None, description="default for its segments: not left earlier")
    wait: Span | None = Field(default=None, description="default for its segments: enter must have held so long")
    cooldown: Span | None = Field(default=None, description="default for its segments: no way back in for so long")
    announce_first: Flag = Field(default=False, description="a new customer in `otherwise` is a transition, too")
    model: Name | None = Field(default=None, description="segments come from the published bundle of this name")
    description: Text | None = Field(default=None, description="more about it")

    @model_validator(mode="after")
    def _order_or_model(self) -> Self:
        if self.model and (self.order is not None or self.otherwise):
            other = "order" if self.order is not None else "otherwise"
            raise wrong("dimension-order", f'"model" and "{other}" together; keep one', at=("model", other), side="key")
        if not self.model and self.order is None:
            raise wrong("rule-missing", '"order" is missing; write "order: [SEGMENT, …]", or "model: NAME"')
        if not self.model and not self.otherwise:
            raise wrong("rule-missing", '"otherwise" is missing; name the segment of everyone nobody above takes')
        return self


class SegmentFile(Part):
    """One segment or audience: who is in it, and how calmly they come and go. Spans are ms."""

    title: Text = Field(description="the name of the segment, for people")
    description: Text | None = Field(default=None, description="more about it")
    owner: Text = Field(description="who decides about it")
    next_action: Text | None = Field(default=None, description="what to do with its members")
    enabled: Flag = Field(default=True, description="false: nobody is in it")
    enter: Condition | None = Field(default=None, description="who comes in")
    stay_while: Condition | None = Field(default=None, description="a member stays while this or enter holds")
    only_from: Names | None = Field(default=None, description="the segments of this dimension one may come from")
    wait: Span | None = Field(default=None, description="enter must have held so long, without a break")
    stay_at_least: Span | None = Field(default=None, description="not left earlier, unless for a higher segment")
    stay_at_most: Span | None = Field(default=None, description="left after so long, whatever holds")
    cooldown: Span | None = Field(default=None, description="so long after leaving there is no way back in")
    warn_before: Span | None = Field(default=None, description="makes the audience SEGMENT.about_to_leave")
    holdout_percent: Percent = Field(default=0, description="so many of a hundred are marked as control group")
    on_rule_change: Literal["silent", "announce"] = Field(
        default="silent", description="announce: transitions that a new version causes are acted on"
    )
    review_by: DayValue | None = Field(default=None, description="look at this rule again until then")

    @model_validator(mode="after")
    def _stay_in_order(self) -> Self:
        least, most = self.stay_at_least, self.stay_at_most
        if least is not None and most is not None and most < least:
            message = f"stay_at_most ({span_text(most)}) is shorter than stay_at_least ({span_text(least)})"
            raise wrong("rule-stay", message, at="stay_at_most", side="key")
        return self


class PointsLine(Part):
    """So many points when a condition holds."""

    give: PlainNumber = Field(description="the points; below zero takes some away")
    when: Condition = Field(description="the condition")


def _lines(value: Any) -> Any:
    if not isinstance(value, list) or not value:
        found = "an empty list" if value == [] else shown(value)
        raise wrong("rule-value", f"{found} where lines belong; write a list of {{give: NUMBER, when: CONDITION}}")
    return tuple(value)


class PointsFile(Part):
    """Weighted conditions: the points of a customer are the sum of those that hold."""

    title: Text = Field(description="the name of the points, for people")
    owner: Text = Field(description="who decides about it")
    description: Text | None = Field(default=None, description="more about it")
    add: Annotated[tuple[PointsLine, ...], BeforeValidator(_lines, json_schema_input_type=list[PointsLine])] = Field(
        description="the lines that are added up"
    )
