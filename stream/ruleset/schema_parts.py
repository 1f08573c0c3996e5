"""WHERE and STEP: the parts of conditions that are mappings of their own."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Self, TypeAlias

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from stream.ruleset.schema_forms import Compare, Count, DateRange, Window
from stream.ruleset.schema_part import Part, wrong
from stream.ruleset.schema_values import Bar, Event, Scalar
from stream.ruleset.schema_words import COMPARE_ADVICE, ComparedDates
from stream.ruleset.spans import Span

__all__ = ["Compare", "Count", "DateRange", "ItemWhere", "StepDid", "StepDidNot", "Where", "Window"]


class Comparison(ComparedDates):
    """A COMPARE as it stands in `where`: exactly one comparison."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if not self.model_fields_set:
            raise wrong("rule-missing", f"a comparison is missing; write {COMPARE_ADVICE}")
        return self


def _expand(value: Any) -> Any:
    """Return the long form of a value in `where`: one value is `is`, a list is `one_of`, a bar is `is`."""
    if isinstance(value, list):
        return {"one_of": value}
    if isinstance(value, dict) and "bar" not in value:
        return value
    return {"is": value}


ComparisonValue: TypeAlias = Annotated[
    Comparison, BeforeValidator(_expand, json_schema_input_type=Scalar | list[Scalar] | Bar | Comparison)
]


class ItemWhere(Part):
    """Tests on the properties of one thing: all must hold."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, ComparisonValue]

    @property
    def properties(self) -> tuple[tuple[str, Compare], ...]:
        """Return the tests by property, sorted by name."""
        return tuple((name, comparison.compare) for name, comparison in sorted(self.__pydantic_extra__.items()))

    @model_validator(mode="after")
    def _some_test(self) -> Self:
        if not self.model_fields_set and not self.__pydantic_extra__:
            raise wrong("rule-value", "no test here; name a property, or leave it out")
        return self


class Where(ItemWhere):
    """WHERE: tests on the properties of one event, and `any_item`: tests on one and the same of its items."""

    any_item: ItemWhere | None = Field(default=None, description="there is one item on which all of it holds")


class StepDid(Part):
    """A step of a sequence: this happened, less than `max_gap` after the step before."""

    did: Event = Field(description="the event of this step")
    where: Where | None = Field(default=None, description="tests on its properties")
    max_gap: Span | None = Field(default=None, description="less than this after the step before")


class StepDidNot(Part):
    """The last step of a sequence: silence, for so long after the step before."""

    did_not: Event = Field(description="the event that does not come")
    where: Where | None = Field(default=None, description="tests on its properties")
    for_: Span = Field(description="the length of the silence")


def _which_step(value: Any) -> str | None:
    """Return the tag of a step, or None if it is not one."""
    words = {"did", "did_not"} & value.keys() if isinstance(value, dict) else set()
    return f"<{words.pop()}>" if len(words) == 1 else None


def _expand_step(value: Any) -> Any:
    return {"did": value} if isinstance(value, str) else value


Step: TypeAlias = Annotated[
    Annotated[
        Annotated[StepDid, Tag("<did>")] | Annotated[StepDidNot, Tag("<did_not>")],
        Discriminator(
            _which_step,
            custom_error_type="rule-step",
            custom_error_message="a step is an event, a mapping with did, or one with did_not and for",
        ),
    ],
    BeforeValidator(_expand_step, json_schema_input_type=str | StepDid | StepDidNot),
]
