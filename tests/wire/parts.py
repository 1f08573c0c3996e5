"""What profiles and standings are made of, to be compared."""

from __future__ import annotations

from stream.core.profile import Profile, Standing


def parts_of(profile: Profile) -> dict[str, object]:
    """Return everything a profile is made of, what it only derived from that left out."""
    found = {
        name: getattr(profile, name)
        for name in Profile.__struct_fields__
        if name not in {"standings", "derived", "verdicts"}
    }
    return found | {key: all_of(each) for key, each in profile.standings.items()}


def all_of(standing: Standing) -> list[object]:
    """Return everything a standing is made of."""
    past = standing.past
    return [standing.segment, standing.since, standing.until, past.came_from, past.clocks, past.entries]
