"""What is published, as people and schema registries read it: models of the bodies and of a dead letter's headers.

The bodies themselves are written at speed elsewhere in this room; tests hold every one against these models. Inside a
`.v1` fields may be added, so readers leave alone what they do not know.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from stream.wire.contract import DIALECT, event_schema

_INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
Instant = Annotated[str, Field(pattern=_INSTANT, json_schema_extra={"format": "date-time"})]
Count = Annotated[int, Field(ge=0)]
Scalar = str | int | float | bool | None
Value = Scalar | list[Scalar]


class _Published(BaseModel):
    """What all of them have: a title, and no reading between the lines."""

    model_config = ConfigDict(strict=True, extra="ignore")


class EventCause(_Published):
    """A record of the customer moved them."""

    kind: Literal["event"] = Field(description="A record of the customer.")
    event_id: str = Field(description="The event's own id.")
    name: str | None = Field(description="What was done; null where something became known instead.")
    source: str | None = Field(description="Which system told of it; null where it did not say.")
    late: bool = Field(description="It happened before the time of its record by more than the tolerance.")


class TimeCause(_Published):
    """Silence moved them: a condition or a clock of the segment ran out."""

    kind: Literal["time"] = Field(description="Nothing happened; time passed.")
    condition: str | None = Field(description="The condition or clock that ran out.")


class StepCause(_Published):
    """Other rules moved them, history that was not there when these came into use, or another id that is theirs."""

    kind: Literal["rule_changed", "backfill", "merge"] = Field(
        description="Another version of the rules; its history came in; two ids became one customer."
    )


class EvidenceModel(_Published):
    """One condition that decided."""

    condition: str = Field(description="The condition in words.")
    value: Value = Field(description="What it had; money in minor units of `unit`, instants in RFC 3339.")
    test: str | None = Field(description="How value and bar are compared: at least, exactly; null where nothing is.")
    bar: Value = Field(description="What the value is compared with; a list where there are more.")
    holds: bool = Field(description="Whether the condition holds.")
    of: str | None = Field(description="The segment that asks it: the one that was left or the one that was entered.")
    part: Literal["enter", "stay_while", "inside"] = Field(description="Which part of the segment asks it.")
    negated: bool = Field(False, description="It stands under `not`; left out where it does not.")
    unit: str = Field("", description="Currency or unit of value and bar; left out where there is none.")


class TransitionModel(_Published):
    """One change of segment of one customer. Drop what has a `sequence` not above the last one you saw of them."""

    model_config = ConfigDict(title="Transition")

    id: str = Field(description="The same for every repeat, different for everything else.", pattern="^[0-9a-f]{32}$")
    customer_id: str = Field(description="Who; also the key of the record.")
    sequence: Annotated[int, Field(ge=1)] = Field(description="Number of this customer's transitions, without a gap.")
    dimension: str = Field(description="Which question is answered anew; `audiences.NAME` for an audience.")
    left: str | None = Field(description="The segment left; null for outside an audience and for an announced first.")
    entered: str | None = Field(description="The segment entered; null for outside an audience.")
    at: Instant = Field(description="When it became true; never earlier than that of the one before.")
    cause: EventCause | TimeCause | StepCause = Field(description="What made it so.", discriminator="kind")
    act: bool = Field(description="Whether campaigns should act: not in loaded history, not in a control group.")
    evidence: list[EvidenceModel] = Field(description="The conditions that decided.")
    dwell_ms: Count = Field(description="How long the customer was in the segment left, in milliseconds.")
    entry_count: Count = Field(description="How many times they have entered this segment so far.")
    holds_until: Instant | None = Field(description="When silence alone changes this dimension next; null for never.")
    holds_until_is_exact: bool = Field(description="False where that lies beyond what was looked at.")
    rules_version: str = Field(description="Version of the rules that decided.")
    model_version: str | None = Field(description="Version of the model that decided; null without one.")
    owner: str | None = Field(description="Who answers for the segment entered.")
    next_action: str | None = Field(description="What to do with who is in it.")
    holdout: bool = Field(description="The customer is in the segment's control group.")


class MemberOf(_Published):
    """One segment that the customer is in."""

    segment: str = Field(description="Its name.")
    since: Instant = Field(description="Since when.")
    holdout: bool = Field(False, description="In its control group; left out where not.")


class MembershipModel(_Published):
    """All that one customer is in now; the newest record of a key is the truth, none at all an erased customer."""

    model_config = ConfigDict(title="Membership")

    customer_id: str = Field(description="Who; also the key of the record.")
    sequence: Count = Field(description="That of the last transition which this includes.")
    memberships: dict[str, MemberOf] = Field(description="By dimension; an audience is there while they are in it.")
    consents: dict[str, str] = Field(description="Consents by name, as they stand.")
    rules_version: str = Field(description="Version of the rules that decided.")


_ERRORS: Final = "segments.errors."


class LetterHeaders(_Published):
    """Headers that a dead letter has beside those of its record; key and value are the record's, byte for byte."""

    model_config = ConfigDict(title="Headers of a dead letter", serialize_by_alias=True)

    stage: Literal["worker", "engine", "state"] = Field(
        alias=f"{_ERRORS}stage", description="Where it could not be used."
    )
    code: str = Field(alias=f"{_ERRORS}code", description="Why, as a word for programs.")
    message: str = Field(alias=f"{_ERRORS}message", description="Why, as a sentence.")
    topic: str = Field(alias=f"{_ERRORS}topic", description="The topic it came from.")
    partition: str = Field(alias=f"{_ERRORS}partition", description="Its partition there.", pattern="^[0-9]+$")
    offset: str = Field(alias=f"{_ERRORS}offset", description="Its offset there.", pattern="^[0-9]+$")
    at: Instant = Field(alias=f"{_ERRORS}at", description="The time of the record.")
    left_out_bytes: str = Field(
        "",
        alias=f"{_ERRORS}left_out_bytes",
        pattern="^[0-9]*$",
        description="Only where key, value and headers were too large for any letter: their size; they are left out.",
    )


MODELS: Final[dict[str, type[BaseModel]]] = {
    "transitions": TransitionModel,
    "membership": MembershipModel,
    "dead-letters": LetterHeaders,
}


def schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schema (draft 2020-12) of what each topic holds; of dead letters, that of their headers."""
    made = {name: {"$schema": DIALECT, **model.model_json_schema()} for name, model in MODELS.items()}
    return {"events": event_schema(), **made}
