"""The canonical event as bytes: JSON in, a judged shape out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import msgspec

from stream.errors import InputError

LARGEST_BYTES = 1 << 20
"""A record beyond 1 MiB is refused."""

LONGEST_ID = 512
"""Characters of an id and of a source: transitions tell them, and must fit into the log."""
ANONYMOUS = "anon:"
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)
CONSENTS = frozenset({"given", "not_given"})
LISTED = frozenset({"added", "removed"})


class CanonicalEvent(msgspec.Struct, gc=False):
    """One thing that a customer did, or that became known of them, in the one shape that the service reads."""

    event_id: str
    customer_id: str | None = None
    anonymous_id: str | None = None
    source: str = ""
    name: str = ""
    occurred_at: dt.datetime | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    consents: dict[str, str] = {}
    lists: dict[str, str] = {}
    version: int = 1

    @property
    def customer(self) -> str:
        """Return the customer id; an anonymous id lives in a key space of its own."""
        return self.customer_id or f"{ANONYMOUS}{self.anonymous_id}"

    @property
    def occurred_ms(self) -> int | None:
        """Return `occurred_at` in ms since 1970, None where the event does not say."""
        return None if self.occurred_at is None else (self.occurred_at - EPOCH) // MILLISECOND


_decoder = msgspec.json.Decoder(CanonicalEvent)


def decode_event(value: bytes | None) -> CanonicalEvent:
    """Return the canonical event in these bytes.

    Raises InputError with code `empty`, `too_large`, `json`, `type`, `customer_id`, `event_id`, `source`,
    `time_zone`, `consent` or `list`.
    """
    if value is None:
        raise InputError("empty", "the record has no value; send a canonical event as JSON")
    if len(value) > LARGEST_BYTES:
        raise InputError("too_large", f"the record has {len(value)} bytes; at most {LARGEST_BYTES} are read")
    try:
        event = _decoder.decode(value)
    except msgspec.ValidationError as error:
        raise InputError("type", f"not a canonical event: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InputError("json", f"not JSON: {error}") from error
    customer_id, at = event.customer_id, event.occurred_at
    is_usual = (
        customer_id
        and not customer_id.startswith(ANONYMOUS)
        and len(customer_id) <= LONGEST_ID
        and 0 < len(event.event_id) <= LONGEST_ID
        and len(event.source) <= LONGEST_ID
        and (at is None or at.tzinfo is not None)
        and not event.consents
        and not event.lists
    )
    if not is_usual:
        _judge(event)
    return event


def _judge(event: CanonicalEvent) -> None:
    if not (event.customer_id or event.anonymous_id):
        raise InputError("customer_id", "neither customer_id nor anonymous_id; send one of them")
    if event.customer_id and event.customer_id.startswith(ANONYMOUS):
        raise InputError(
            "customer_id",
            f"customer id {event.customer_id!r} begins as those of the unknown do; send it without "
            f"{ANONYMOUS} as anonymous_id",
        )
    if len(event.customer) > LONGEST_ID:
        raise InputError(
            "customer_id", f"a customer id of {len(event.customer)} characters; at most {LONGEST_ID} are kept"
        )
    if not 0 < len(event.event_id) <= LONGEST_ID:
        raise InputError("event_id", f"event_id has {len(event.event_id)} characters; send 1 to {LONGEST_ID}")
    if len(event.source) > LONGEST_ID:
        raise InputError("source", f"source has {len(event.source)} characters; send at most {LONGEST_ID}")
    if event.occurred_at is not None and event.occurred_at.tzinfo is None:
        raise InputError("time_zone", f"occurred_at {event.occurred_at.isoformat()} has no zone; add Z or an offset")
    _judge_words("consent", event.consents, CONSENTS)
    _judge_words("list", event.lists, LISTED)


def _judge_words(code: str, told: Mapping[str, str], words: frozenset[str]) -> None:
    for name, word in told.items():
        if word not in words:
            raise InputError(code, f"{code} {name!r} is {word!r}; send one of {', '.join(sorted(words))}")
