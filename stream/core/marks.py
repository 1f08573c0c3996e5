"""Whether a customer did more than a state keeps, so that what is read from it may be wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from stream.core import ledger as books
from stream.core.keyed import INEXACT
from stream.core.profile import Profile

Mark = Callable[[Profile], bool]


def marked(ledgers: Iterable[int], apart: Iterable[int]) -> Mark:
    """Return whether one of these ledgers, or of these states of values apart, is marked inexact."""
    found = [*ledgers], [*apart]

    def is_marked(profile: Profile) -> bool:
        rows = [state for key in found[0] if (state := profile.states.get(key)) is not None]
        groups = [state for key in found[1] if (state := profile.states.get(key)) is not None]
        return any(books.is_inexact(state) for state in rows) or any(bool(state[INEXACT]) for state in groups)

    return is_marked
