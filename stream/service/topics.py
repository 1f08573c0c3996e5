"""The names of the topics, all made from one prefix."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topics:
    """Topic names of one deployment, and what its messages say of where they come from."""

    prefix: str = "segments"

    @property
    def events(self) -> str:
        """Return the topic of canonical events and control records."""
        return f"{self.prefix}.events.v1"

    @property
    def transitions(self) -> str:
        """Return the topic of transitions."""
        return f"{self.prefix}.transitions.v1"

    @property
    def membership(self) -> str:
        """Return the compacted topic of memberships."""
        return f"{self.prefix}.membership.v1"

    @property
    def dead_letters(self) -> str:
        """Return the topic of records that could not be used."""
        return f"{self.events}.dlq"

    @property
    def source(self) -> str:
        """Return the CloudEvents source of what is published."""
        return f"/{self.prefix}"

    @property
    def membership_headers(self) -> list[tuple[str, bytes]]:
        """Return the CloudEvents headers that every membership has."""
        return [
            ("ce_specversion", b"1.0"),
            ("ce_type", b"segments.membership.v1"),
            ("ce_source", self.source.encode()),
            ("content-type", b"application/json"),
        ]
