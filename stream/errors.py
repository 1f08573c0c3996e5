"""Every error of the program, drawn as a tree and grouped by whose fault it is.

StreamError
├── InputError              this record: dead letter, go on
├── RuleError               these rule files: keep the live ones
├── SettingsError           the operator: exit before touching the network
├── StateError              what we stored
│   ├── FencedError           somebody else wrote: drop the partition, take it again if it is still ours
│   ├── CorruptProfileError   one customer cannot be read: park the customer, alert
│   └── LayoutError           log and state do not belong together: refuse to start
└── UnavailableError        a neighbour is away: back off, pause
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake in a rule file: where it is, what is wrong and what to write instead."""

    file: str
    line: int
    column: int
    message: str
    code: str

    def __str__(self) -> str:
        """Return `file:line:column: message [code]`."""
        return f"{self.file}:{self.line}:{self.column}: {self.message} [{self.code}]"


class StreamError(Exception):
    """Anything this program raises on purpose."""


class InputError(StreamError):
    """One record cannot be used; it goes to the dead letters with `code` and the message."""

    def __init__(self, code: str, message: str) -> None:
        """Keep `code`, the machine-readable reason, beside the sentence for people."""
        super().__init__(message)
        self.code = code


class RuleError(StreamError):
    """Rule files that must not go live; carries every problem found in them."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Keep all problems, sorted by place."""
        self.problems = tuple(sorted(problems))
        super().__init__("\n".join(map(str, self.problems)))


class SettingsError(StreamError):
    """Settings that make no sense; carries every bad one."""

    def __init__(self, problems: Sequence[str]) -> None:
        """Keep one sentence for each bad setting."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class StateError(StreamError):
    """What we stored is not what we need."""


class FencedError(StateError):
    """The stored head is not the one this process wrote last; nothing was changed by us."""


class CorruptProfileError(StateError):
    """The stored bytes of one customer cannot be read."""

    def __init__(self, customer: str, message: str) -> None:
        """Keep which customer is to be parked."""
        super().__init__(f"customer {customer!r}: {message}")
        self.customer = customer


class LayoutError(StateError):
    """Log and state do not belong together; starting would count twice or lose."""


class UnavailableError(StreamError):
    """A neighbour (Kafka, Redis) did not do its part; trying again later is safe."""
