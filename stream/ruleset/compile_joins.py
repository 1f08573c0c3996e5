"""What joins the states of two customers who are one, for each state that rules ask for."""

from __future__ import annotations

from collections.abc import Mapping

from stream.core import fold, keyed, ledger, running, sequence_state, window
from stream.core.plan import Join
from stream.ruleset.compile_sources import KEYED, SEQUENCE, TOTAL, Kept
from stream.ruleset.compile_states import thin_of


def joins_of(kept: Mapping[int, Kept]) -> dict[int, Join]:
    """Return, by key, what makes one state of two; once all rules have asked."""
    return {key: _join(one) for key, one in kept.items()}


def _join(kept: Kept) -> Join:
    newest, oldest = window.newest_of_both(kept.depth), window.oldest_of_both(kept.depth)
    if kept.kind in KEYED:
        return keyed.apart_of_both(newest if kept.kind == "newest_each" else oldest)
    if kept.kind == "last":
        return ledger.of_both(kept.span_ms, fold.only_last)
    found: dict[str, Join] = {
        "newest": newest,
        "oldest": oldest,
        "spread": window.apart_of_both(kept.gap_ms, kept.depth),
        TOTAL: running.of_both,
        SEQUENCE: sequence_state.of_both,
    }
    return found.get(kept.kind) or ledger.of_both(kept.span_ms, thin_of(kept))
