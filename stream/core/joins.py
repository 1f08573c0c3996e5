"""Which ids are one customer: joins in any order, and again, make the same of them.

A join says that one id goes into another. Of all ids that joins connect one stays: the one that goes nowhere; of
several such, and where joins go in a circle, the smallest of them.
"""

from __future__ import annotations


class Joins:
    """The ids that were joined, and who stays of them."""

    def __init__(self) -> None:
        """Start with every id as a customer of its own."""
        self._into: dict[str, set[str]] = {}
        """By id: the ids it goes into."""
        self._together: dict[str, set[str]] = {}
        """By id: all ids that are one customer with it."""
        self._stays: dict[str, str] = {}

    def stays(self, customer_id: str) -> str:
        """Return the id that stands for this one."""
        return self._stays.get(customer_id, customer_id)

    def join(self, stays: str, goes: str) -> tuple[str, list[str]]:
        """Join one id into another, and return who stays, and those who stood for themselves until now and go."""
        before = {self.stays(stays), self.stays(goes)}
        self._into.setdefault(goes, set()).add(stays)
        together = self._together.get(stays, {stays}) | self._together.get(goes, {goes})
        found = min(self._last(together))
        for one in together:
            self._together[one] = together
            self._stays[one] = found
        return found, sorted(before - {found})

    def _last(self, together: set[str]) -> set[str]:
        """Return the ids that go nowhere, or only in a circle of such."""
        reached = {one: self._reached(one) for one in together}
        return {one for one in together if all(one in reached[other] for other in reached[one])}

    def _reached(self, one: str) -> set[str]:
        """Return the id and all that it goes into, however far."""
        found, ahead = {one}, [one]
        while ahead:
            for other in self._into.get(ahead.pop(), ()):
                if other not in found:
                    found.add(other)
                    ahead.append(other)
        return found
