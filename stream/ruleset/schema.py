"""Every condition of the rule language: one frozen model per leading word, tagged by that word.

The fields of a model are the words of the language (`not_`, `from_`, `is_` and `for_` end in `_`, because Python owns
the bare words). Spans are integer milliseconds, numbers are int or Decimal exactly as
written (make floats of them only to compare with floats), lists are tuples, events are names, `prefix*` or `any_event`.
WINDOW, COUNT and COMPARE stand as separate words and are also given as one value: `.window`, `.count`, `.compare`.

Equal models mean the same, with one trap of Python: `is: true` and `is: 1` compare as equal; to share state between
equal conditions use `stream.ruleset.canonical.meaning_of`, whose bytes tell them apart.

    class          leading field: type          other fields
    All            all: (Condition, …)
    AnyOf          any: (Condition, …)
    Not            not_: Condition
    Everyone       everyone: True
    Did            did: str                     where, .window, .count (None: at_least 1), per: str
    DidOnDays      did_on_days: str             where, .window, .count
    DidNot         did_not: str                 where, .window
    FirstTime      first_time: str              where, within: ms | Personal
    LastEvent      last_event: str              where, .window, has: Where
    Sequence       sequence: (step, …)          within: ms | None, per: str | None
    Regularly      regularly: str               where, at_least: int, every: ms, in_at_least: int, of_last: int
    Stopped        stopped: str                 where, did_within, quiet_for: ms | Personal
    Restarted      restarted: str               where, quiet_for: ms | Personal, again_within: ms
    Sum Average Smallest Largest Distinct       where, .window, .count      (leading field: EventField)
    FirstValue LastValue MostFrequent           where, .window, .compare    (leading field: EventField)
    Share          share: str                   where: Where, .window, .count, of_at_least: int | None
    Trait          trait: str                   .compare, for_, for_less_than: ms | None
    InSegment      in_segment: str              for_, for_less_than: ms | None
    InList         in_list: str                 for_: ms | None
    Consent        consent: str
    Bucket         bucket: str                  percent: int, starting_at: int
    Score          score: str                   .count
    Points         points: str                  .count
    Near           near: str                    km: int | Decimal
    Today          today: Days                  Days: weekday: (str, …) | None, or from_: Day and to: Day

    EventField     event: str, property: str (nested with dots)
    Where          .properties: ((name, Compare), …), any_item: ItemWhere (.properties) | None
    StepDid        did: str, where, max_gap: ms | None          StepDidNot   did_not: str, where, for_: ms
    Window         kind: ever | span | during | dates; within: ms | Personal, older_than: ms, during: Period,
                   from_, before: Day | Moment, to: Day
    Count          op: at_least | at_most | above | below | exactly | between; value, high: int | Decimal | Bar
    Compare        op: a word of COMPARE, or from_to; value: text, number, bool, Bar; tuple for one_of, none_of, has_*,
                   between; ms for within, within_next, older_than; Period for falls, anniversary; Day for on_day;
                   Day | Moment for before; DateRange(from_, to) for from_to
    Personal       personal_gaps: int | Decimal, at_least: ms
    Bar            bar: str, percent: int | Decimal (100)
    Day            date: datetime.date            Moment   at_ms: int, text: str
    Period         word: this_week … or last_days, days_ago, days_ahead with days: int
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Final, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag, TypeAdapter

from stream.ruleset.schema_customers import Bucket, Consent, Everyone, InList, InSegment, Near, Today, Trait
from stream.ruleset.schema_events import (
    Average,
    Did,
    DidNot,
    DidOnDays,
    Distinct,
    FirstTime,
    FirstValue,
    Largest,
    LastEvent,
    LastValue,
    MostFrequent,
    Points,
    Regularly,
    Restarted,
    Score,
    Sequence,
    Share,
    Smallest,
    Stopped,
    Sum,
)
from stream.ruleset.schema_part import shown, wrong
from stream.ruleset.schema_words import Words
from stream.ruleset.source import Path


def _conditions(word: str) -> BeforeValidator:
    """Return the reader of the list under `all` or `any`."""

    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise wrong("rule-value", f"{shown(value)} where a list of conditions belongs; put a dash before each")
        if not value:
            raise wrong("rule-empty-group", f'"{word}" is empty; a rule for every customer is "everyone: true"')
        return tuple(value)

    return BeforeValidator(read, json_schema_input_type=list["Condition"])


class All(Words):
    """All of these conditions hold."""

    word: ClassVar[str] = "all"
    all: Annotated[tuple[Condition, ...], _conditions("all")] = Field(description="the conditions")


class AnyOf(Words):
    """At least one of these conditions holds."""

    word: ClassVar[str] = "any"
    any: Annotated[tuple[Condition, ...], _conditions("any")] = Field(description="the conditions")


class Not(Words):
    """The condition does not hold."""

    word: ClassVar[str] = "not"
    not_: Condition = Field(description="the condition")


Leaf: TypeAlias = (
    Everyone | Did | DidOnDays | DidNot | FirstTime | LastEvent | Sequence | Regularly | Stopped | Restarted
    | Sum | Average | Smallest | Largest | Distinct | FirstValue | LastValue | MostFrequent | Share
    | Trait | InSegment | InList | Consent | Bucket | Score | Points | Near | Today
)  # fmt: skip
MODELS: Final[tuple[type[Words], ...]] = (
    All, AnyOf, Not, Everyone, Did, DidOnDays, DidNot, FirstTime, LastEvent, Sequence, Regularly, Stopped, Restarted,
    Sum, Average, Smallest, Largest, Distinct, FirstValue, LastValue, MostFrequent, Share,
    Trait, InSegment, InList, Consent, Bucket, Score, Points, Near, Today,
)  # fmt: skip
LEADING_WORDS: Final[dict[str, type[Words]]] = {model.word: model for model in MODELS}


def leading_words(value: Any) -> list[str]:
    """Return the leading words of a mapping that is meant to be a condition, in the order of the file."""
    return [word for word in value if word in LEADING_WORDS] if isinstance(value, dict) else []


def _tag(value: Any) -> str | None:
    words = leading_words(value)
    return f"<{words[0]}>" if len(words) == 1 else None


Condition: TypeAlias = Annotated[
    Annotated[All, Tag("<all>")]
    | Annotated[AnyOf, Tag("<any>")]
    | Annotated[Not, Tag("<not>")]
    | Annotated[Everyone, Tag("<everyone>")]
    | Annotated[Did, Tag("<did>")]
    | Annotated[DidOnDays, Tag("<did_on_days>")]
    | Annotated[DidNot, Tag("<did_not>")]
    | Annotated[FirstTime, Tag("<first_time>")]
    | Annotated[LastEvent, Tag("<last_event>")]
    | Annotated[Sequence, Tag("<sequence>")]
    | Annotated[Regularly, Tag("<regularly>")]
    | Annotated[Stopped, Tag("<stopped>")]
    | Annotated[Restarted, Tag("<restarted>")]
    | Annotated[Sum, Tag("<sum>")]
    | Annotated[Average, Tag("<average>")]
    | Annotated[Smallest, Tag("<smallest>")]
    | Annotated[Largest, Tag("<largest>")]
    | Annotated[Distinct, Tag("<distinct>")]
    | Annotated[FirstValue, Tag("<first_value>")]
    | Annotated[LastValue, Tag("<last_value>")]
    | Annotated[MostFrequent, Tag("<most_frequent>")]
    | Annotated[Share, Tag("<share>")]
    | Annotated[Trait, Tag("<trait>")]
    | Annotated[InSegment, Tag("<in_segment>")]
    | Annotated[InList, Tag("<in_list>")]
    | Annotated[Consent, Tag("<consent>")]
    | Annotated[Bucket, Tag("<bucket>")]
    | Annotated[Score, Tag("<score>")]
    | Annotated[Points, Tag("<points>")]
    | Annotated[Near, Tag("<near>")]
    | Annotated[Today, Tag("<today>")],
    Discriminator(_tag),
]
for _group in (All, AnyOf, Not):
    _group.model_rebuild()
CONDITION: Final[TypeAdapter[Condition]] = TypeAdapter(Condition)


def condition_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a condition, with a description for every word."""
    return CONDITION.json_schema(mode="validation", by_alias=True)


def walk(condition: Condition, path: Path = ()) -> Iterator[tuple[Path, Condition]]:
    """Yield the condition and everything in it, outermost first, each with its path in the file (below `path`)."""
    yield path, condition
    match condition:
        case All(all=inner):
            for index, child in enumerate(inner):
                yield from walk(child, (*path, "all", index))
        case AnyOf(any=inner):
            for index, child in enumerate(inner):
                yield from walk(child, (*path, "any", index))
        case Not(not_=child):
            yield from walk(child, (*path, "not"))
        case _:
            return
