"""The words of WINDOW, COUNT and COMPARE as conditions carry them: each word with its place, its message, its meaning.

`window`, `count` and `compare` give the same thing as one value (`stream.ruleset.schema_forms`).
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final, Self, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from stream.ruleset.schema_dates import Day, DayOrMoment, DayValue, Moment, PeriodValue, ToDay
from stream.ruleset.schema_forms import Compare, Count, DateRange, Window
from stream.ruleset.schema_part import Part, shown, wrong
from stream.ruleset.schema_values import (
    Bar,
    Flag,
    Number,
    Pattern,
    Personal,
    ScalarOrBar,
    ScalarValue,
    SpanOrPersonal,
    Text,
)
from stream.ruleset.spans import Span, span_text

PAIR: Final = 2
COUNT_WORDS: Final = ("at_least", "at_most", "above", "below", "exactly", "between")
TEXT_WORDS: Final = ("starts_with", "ends_with", "contains", "matches")
LIST_WORDS: Final = ("has_any", "has_all", "has_none")
SAME_WORDS: Final = ("is", "is_not", "one_of", "none_of")
DATE_WORDS: Final = ("within", "within_next", "older_than", "falls", "anniversary", "on_day", "from", "to", "before")
COMPARE_WORDS: Final = (*COUNT_WORDS, *SAME_WORDS, *TEXT_WORDS, *LIST_WORDS, "exists", *DATE_WORDS)
_LOW = frozenset({"at_least", "above"})
_HIGH = frozenset({"at_most", "below"})


def _as_tuple(value: Any) -> Any:
    if not isinstance(value, list):
        raise wrong("rule-value", f"{shown(value)} where a list belongs; write [{shown(value)}]")
    if not value:
        raise wrong("rule-value", "the list is empty; name at least one value")
    return tuple(value)


def _as_pair(value: Any) -> Any:
    if not isinstance(value, list) or len(value) != PAIR:
        raise wrong("rule-value", f"{shown(value)} is not a pair; write [LOW, HIGH]")
    return tuple(value)


Scalars: TypeAlias = Annotated[
    tuple[ScalarValue, ...],
    BeforeValidator(_as_tuple),
    WithJsonSchema({"type": "array", "minItems": 1, "items": {"type": ["string", "number", "boolean"]}}),
]
Pair: TypeAlias = Annotated[tuple[Number, Number], BeforeValidator(_as_pair)]


def one_comparison(written: list[str], pairs: tuple[tuple[str, ...], ...] = ()) -> None:
    """Raise [rule-two-comparisons], at the later key, unless at most one word (or one of `pairs`) was written."""
    if len(written) <= 1 or tuple(sorted(written)) in pairs:
        return
    first, second = written[0], written[1]
    bounds = {first, second}
    advice = 'write "between: [LOW, HIGH]"' if bounds & _LOW and bounds & _HIGH else "keep one"
    raise wrong("rule-two-comparisons", f'"{first}" and "{second}" together; {advice}', at=(first, second), side="key")


def some_comparison(leading: str, written: list[str], advice: str) -> None:
    """Raise [rule-missing], at the leading key, if no comparison was written."""
    if not written:
        raise wrong("rule-missing", f'"{leading}" needs a comparison; write {advice}', at=leading, side="key")


def check_shorter(short: str, short_ms: int, long: str, long_ms: int, result: str) -> None:
    """Raise [rule-windows], at the key `short`, unless the one span is shorter than the other."""
    if short_ms >= long_ms:
        message = f"{short} ({span_text(short_ms)}) must be shorter than {long} ({span_text(long_ms)}), or {result}"
        raise wrong("rule-windows", message, at=short, side="key")


def floor_ms(span: int | Personal) -> int:
    """Return the shortest a span can be, in ms: a personal one never falls below its floor."""
    return span.at_least if isinstance(span, Personal) else span


class Words(Part):
    """A mapping with words of which only some go together; `word` is its leading word, if it has one."""

    word: ClassVar[str] = ""

    def written(self, words: tuple[str, ...]) -> list[str]:
        """Return those of `words` that were written, in the order of `words`."""
        given = self.model_fields_set
        return [word for word in words if word in given or f"{word}_" in given]

    def value_of(self, word: str) -> Any:
        """Return the value of a word; keywords of Python have fields with `_` at the end."""
        return getattr(self, word if word in type(self).model_fields else f"{word}_")


class Windowed(Words):
    """Has a WINDOW; none of its words means ever."""

    within: SpanOrPersonal | None = Field(default=None, description="looks back so far from now")
    older_than: Span | None = Field(default=None, description="only what is at least so long ago")
    during: PeriodValue | None = Field(default=None, description="whole local days: this_month, {last_days: 7}")
    from_: DayOrMoment | None = Field(default=None, description="from this day or moment on, included")
    to: ToDay | None = Field(default=None, description="up to this day, the whole day included")
    before: DayOrMoment | None = Field(default=None, description="before this day or moment, not included")

    @model_validator(mode="after")
    def _one_window(self) -> Self:
        words = self.written(("within", "older_than", "during", "from", "to", "before"))
        if len(words) > 1:
            for other in words[1:]:
                if (words[0], other) not in _TOGETHER:
                    message = f'"{words[0]}" and "{other}" together; keep one'
                    raise wrong("rule-two-windows", message, at=(words[0], other), side="key")
            if "to" in words and "before" in words:
                raise wrong("rule-two-windows", '"to" and "before" together; keep one', at=("to", "before"), side="key")
            _check_span_window(self.within, self.older_than)
            _check_dates(self.from_, self.to or self.before, "to" if self.to else "before")
        return self

    @property
    def window(self) -> Window:
        """Return the WINDOW as one value."""
        if self.within is not None or self.older_than is not None:
            return Window("span", within=self.within, older_than=self.older_than)
        if self.during is not None:
            return Window("during", during=self.during)
        if self.from_ or self.to or self.before:
            return Window("dates", from_=self.from_, to=self.to, before=self.before)
        return Window("ever")


_TOGETHER = frozenset({("within", "older_than"), ("from", "to"), ("from", "before"), ("to", "before")})


def _check_span_window(within: int | Personal | None, older_than: int | None) -> None:
    if within is not None and older_than is not None:
        check_shorter("older_than", older_than, "within", floor_ms(within), "nothing can be in it")


def _check_dates(start: Day | Moment | None, end: Day | Moment | None, word: str) -> None:
    """Raise [rule-windows] if days end before they start; a day and a moment are compared by their instants later."""
    is_empty = False
    if isinstance(start, Day) and isinstance(end, Day):
        is_empty = end.date < start.date or (word == "before" and end.date == start.date)
    elif isinstance(start, Moment) and isinstance(end, Moment):
        is_empty = end.at_ms <= start.at_ms
    if is_empty:
        raise wrong(
            "rule-windows", f'"{word}" ends it before "from" begins it; nothing can be in it', at=word, side="key"
        )


class CompareCounts(Words):
    """The comparisons with numbers that stand everywhere."""

    at_least: Number | None = Field(default=None, description="this number or more")
    at_most: Number | None = Field(default=None, description="this number or less, also none")
    above: Number | None = Field(default=None, description="more than this number")
    below: Number | None = Field(default=None, description="less than this number, also none")
    between: Pair | None = Field(default=None, description="[LOW, HIGH], both included")

    @model_validator(mode="after")
    def _low_before_high(self) -> Self:
        if self.between and not isinstance(self.between[0], Bar) and not isinstance(self.between[1], Bar):
            low, high = self.between
            if low > high:  # type: ignore[operator]  # bars are gone
                raise wrong(
                    "rule-value", f"between [{low}, {high}] is nothing; write the lower one first", at="between"
                )
        return self


class Counted(CompareCounts):
    """Has a COUNT."""

    exactly: Number | None = Field(default=None, description="this number and no other")

    @model_validator(mode="after")
    def _one_count(self) -> Self:
        one_comparison(self.written(COUNT_WORDS))
        return self

    @property
    def count(self) -> Count | None:
        """Return the COUNT as one value, or None where none was written."""
        for word in self.written(COUNT_WORDS):
            value = self.value_of(word)
            if word == "between":
                return Count("between", value[0], value[1])
            return Count(word, value)  # type: ignore[arg-type]  # one of COUNT_WORDS
        return None


class CountedAlways(Counted):
    """Has a COUNT and cannot do without."""

    @model_validator(mode="after")
    def _some_count(self) -> Self:
        some_comparison(
            type(self).word, self.written(COUNT_WORDS), "at_least, at_most, above, below, exactly or between"
        )
        return self


class Compared(CompareCounts):
    """Has a COMPARE, but for the words of dates that other conditions use for their window."""

    is_: ScalarOrBar | None = Field(default=None, description="this value")
    is_not: ScalarOrBar | None = Field(default=None, description="another value, or missing")
    one_of: Scalars | None = Field(default=None, description="one of these values")
    none_of: Scalars | None = Field(default=None, description="none of these values, or missing")
    starts_with: Text | None = Field(default=None, description="the text begins so")
    ends_with: Text | None = Field(default=None, description="the text ends so")
    contains: Text | None = Field(default=None, description="the text has this in it")
    matches: Pattern | None = Field(default=None, description="the whole text fits this pattern")
    has_any: Scalars | None = Field(default=None, description="the list has at least one of these")
    has_all: Scalars | None = Field(default=None, description="the list has all of these")
    has_none: Scalars | None = Field(default=None, description="the list has none of these, or is missing")
    exists: Flag | None = Field(default=None, description="true: there is a value; false: there is none")
    within_next: Span | None = Field(default=None, description="the date comes within this span")
    falls: PeriodValue | None = Field(default=None, description="the date is in this period")
    anniversary: PeriodValue | None = Field(default=None, description="the day of the year is in this period")
    on_day: DayValue | None = Field(default=None, description="the date is this day")

    def compare_words(self) -> tuple[str, ...]:
        """Return the words that compare here."""
        return _COMPARE_NO_WINDOW

    @model_validator(mode="after")
    def _one_compare(self) -> Self:
        one_comparison(self.written(self.compare_words()), (("from", "to"), ("before", "from")))
        return self

    @property
    def compare(self) -> Compare:
        """Return the COMPARE as one value."""
        words = self.written(self.compare_words())
        if words[0] in {"from", "to"}:
            return Compare("from_to", DateRange(*(self.value_of(word) for word in ("from", "to", "before"))))
        return Compare(words[0], self.value_of(words[0]))


_COMPARE_NO_WINDOW: Final = tuple(
    word for word in COMPARE_WORDS if word not in {"exactly", "within", "older_than", "from", "to", "before"}
)
_COMPARE_ALL: Final = tuple(word for word in COMPARE_WORDS if word != "exactly")
COMPARE_ADVICE: Final = "is, one_of, at_least, exists, or another"


class ComparedDates(Compared):
    """Has a COMPARE with all its words: here `within` and the others speak of the date that is compared."""

    within: Span | None = Field(default=None, description="the date is at most so long ago")
    older_than: Span | None = Field(default=None, description="the date is at least so long ago")
    from_: DayOrMoment | None = Field(default=None, description="the date is this one or later")
    to: ToDay | None = Field(default=None, description="the date is this day or earlier")
    before: DayOrMoment | None = Field(default=None, description="the date is earlier")

    def compare_words(self) -> tuple[str, ...]:
        """Return the words that compare here."""
        return _COMPARE_ALL

    @model_validator(mode="after")
    def _dates_in_order(self) -> Self:
        _check_dates(self.from_, self.to or self.before, "to" if self.to else "before")
        return self
