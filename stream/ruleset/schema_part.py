"""What every model of the rule language is: a frozen mapping that knows its words and refuses others."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

Side = Literal["key", "value"]
At = str | int | tuple[str, ...] | None  # of several keys, the one that was written last


class Part(BaseModel):
    """A mapping of the rule language; its fields are the words of the language (`not_`, `from_`, `is_`, `for_`)."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, alias_generator=lambda name: name.rstrip("_")
    )

    @classmethod
    def words(cls) -> list[str]:
        """Return the keys that this mapping may have, in the order of the documentation."""
        return [field.alias or name for name, field in cls.model_fields.items()]

    def as_written(self) -> dict[str, Any]:
        """Return the words that were written, in the order of the documentation, with their values."""
        fields, written = type(self).model_fields, self.model_fields_set
        return {fields[name].alias or name: getattr(self, name) for name in fields if name in written}

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show what was written; most words of a condition are absent."""
        yield from self.as_written().items()
        yield from (self.__pydantic_extra__ or {}).items()


def wrong(code: str, message: str, *, at: At = None, side: Side = "value", offset: int = 0) -> Exception:
    """Return the error to raise in a validator; `at` names the key or item inside the value that is to blame."""
    where = {"message": message, "at": at, "side": side, "offset": offset}
    return PydanticCustomError(code, "{message}", where)


def suggestion(word: str, words: list[str], otherwise: str) -> str:
    """Return `did you mean "…"?` for the nearest of `words`, else the text `otherwise`."""
    near = get_close_matches(word, words, n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else otherwise


def shown(value: Any) -> str:
    """Return `value` as a person would write it in a message."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    return f'"{value}"'
