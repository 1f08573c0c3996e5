"""What is forgotten of a state when its customer is woken: what lies before all that rules look back to."""

from __future__ import annotations

from collections.abc import Mapping

from stream.core import keyed, sequence_state
from stream.core.plan import Fade
from stream.core.profile import NEVER
from stream.ruleset.compile_sources import KEYED, SEQUENCE, Kept


def fades_of(kept: Mapping[int, Kept]) -> dict[int, Fade]:
    """Return, by key, what forgets the past of a state; once all rules have asked."""
    fading = {key: one for key, one in kept.items() if one.reach_ms <= one.span_ms < NEVER}
    by_value = {key: keyed.fade(one.span_ms) for key, one in fading.items() if one.kind in KEYED}
    steps = {key: sequence_state.fade(one.span_ms) for key, one in fading.items() if one.kind == SEQUENCE}
    return by_value | steps
