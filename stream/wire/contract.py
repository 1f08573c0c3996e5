"""The canonical event as people read it: one pydantic model, the JSON Schema made from it, and its judgement.

`stream.wire.event` reads the same shape at speed and never takes what this refuses.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from stream.wire.event import ANONYMOUS, LONGEST_ID

Id = Annotated[str, Field(max_length=LONGEST_ID)]

TITLE = "Canonical event"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class CanonicalEventModel(BaseModel):
    """One thing that a customer did, or that became known of them.

    Behaviour has a `name`. A record may carry traits, consents and list changes beside it, or nothing else.
    """

    model_config = ConfigDict(title=TITLE, strict=True, extra="ignore")

    event_id: Annotated[Id, Field(min_length=1)] = Field(
        description="Names this event for ever. The same id of the same customer counts once, however often it is sent."
    )
    customer_id: Id | None = Field(
        None,
        description="Who did it: the id that all your systems share, also the key of the record. "
        f"It may not begin with {ANONYMOUS!r}.",
    )
    anonymous_id: str | None = Field(
        None,
        description="Who did it, where nobody has said who they are: a cookie or device. Read without customer_id.",
    )
    source: Id = Field("", description="Which system tells us: shop, till, app. It decides nothing.")
    name: str = Field(
        "", description="What was done, by its name or another one in the vocabulary: order_placed. Empty: nothing."
    )
    occurred_at: Annotated[AwareDatetime, Field(strict=False)] | None = Field(
        None, description="When it was done: RFC 3339 with a zone. Left out: the time of the record itself."
    )
    properties: dict[str, Any] = Field(
        default_factory=dict,
        description="What belongs to it, as the vocabulary names it. The service itself reads amount (decimal text or "
        "number, with currency), order_id and items (each with price and quantity).",
    )
    traits: dict[str, Any] = Field(
        default_factory=dict, description="What is now known of the customer. Null takes a trait away."
    )
    consents: dict[str, Literal["given", "not_given"]] = Field(
        default_factory=dict, description="Consents by name, as they stand from now on."
    )
    lists: dict[str, Literal["added", "removed"]] = Field(
        default_factory=dict, description="Lists by name that the customer was put on or taken off."
    )
    version: int = Field(1, description="Version of this shape.")

    @model_validator(mode="after")
    def _has_a_customer(self) -> CanonicalEventModel:
        if not (self.customer_id or self.anonymous_id):
            raise ValueError("neither customer_id nor anonymous_id; send one of them")
        if self.customer_id and self.customer_id.startswith(ANONYMOUS):
            raise ValueError(f"a customer_id begins with {ANONYMOUS}; send it without as anonymous_id")
        if not self.customer_id and len(ANONYMOUS) + len(self.anonymous_id or "") > LONGEST_ID:
            raise ValueError("the anonymous_id is too long")
        return self


def event_schema() -> dict[str, Any]:
    """Return the JSON Schema of the canonical event."""
    schema = CanonicalEventModel.model_json_schema()
    one_of_both = [
        {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}}
        for name in ("customer_id", "anonymous_id")
    ]
    return {"$schema": DIALECT, **schema, "anyOf": one_of_both}
