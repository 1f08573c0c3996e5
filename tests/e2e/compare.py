"""Live against replay: what the topics and the store hold, compared with what the log means."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from stream.adapters.files import read_rules
from stream.app import rules_of
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.service.replay import Replay
from stream.wire import membership, transition
from stream.wire.profile import decode_profile, encode_profile
from tests.e2e.site import Site, rules_folder
from tests.fake_log import FakeLog
from tests.town import TOPICS, Bodies, Consumed, consumed, lines_of, without_ids


@cache
def shipped() -> Plan:
    """Return the plan that the workers make."""
    return rules_of(read_rules(rules_folder())).plan


def shipped_without_ids() -> Plan:
    """Return the same without the memory of event ids."""
    return without_ids(shipped())


@dataclass
class Meaning:
    """What a log means: the transitions of every customer, their profiles, and the counts of each partition."""

    bodies: Bodies = field(default_factory=dict)
    profiles: dict[str, Profile] = field(default_factory=dict)
    members: dict[int, dict[str, dict[str, int]]] = field(default_factory=dict)


def meaning(log: FakeLog, plan: Plan) -> Meaning:
    """Replay every partition of the events topic."""
    meant = Meaning()
    for (topic, number), records in sorted(log.logs.items()):
        if topic == TOPICS.events:
            replay = Replay(plan)
            for each in replay.lines(lines_of(records, plan)):
                meant.bodies.setdefault(each.customer_id, []).append(transition.body(each))
            meant.profiles |= replay.timeline.profiles
            meant.members[number] = {name: counts for name, counts in replay.members().items() if counts}
    return meant


def check(site: Site, plan: Plan) -> Consumed:
    """Compare transitions, memberships, state and counts with the replay of the log; fails, naming the broken law.

    The last membership of a customer must be the newest: a compacted topic keeps nothing else.
    """
    log = site.dump()
    meant = meaning(log, plan)
    found = consumed(log, site.topics.source)
    differs("law 2: transitions are not those of the replay", found.bodies, meant.bodies)
    wanted = {name: membership.body(each, plan) for name, each in meant.profiles.items()}
    differs("law 5: the newest membership is not that of the replay", last(log), wanted)
    state = {name: plain(decode_profile(name, packed)) for name, packed in site.profiles().items()}
    differs("law 5: the state is not that of the replay", state, {k: plain(v) for k, v in meant.profiles.items()})
    for number, head in enumerate(site.heads()):
        counted = {name: {k: n for k, n in counts.items() if n} for name, counts in head.members.items()}
        counted = {name: dict(sorted(counts.items())) for name, counts in counted.items() if counts}
        assert counted == meant.members[number], f"law 5: the counts of partition {number} are wrong"
    return found


def last(log: FakeLog) -> dict[str, bytes]:
    """Return the last membership of every customer: what compaction keeps."""
    records = log.all(TOPICS.membership)
    return {each.key.decode(): each.value for each in records if each.key is not None and each.value is not None}


def plain(profile: Profile) -> bytes:
    """Return a profile as bytes, without what only says when its timer is looked at."""
    profile.indexed = NEVER
    return encode_profile(profile)


def differs(what: str, found: dict[str, object] | object, wanted: object) -> None:
    """Fail, with the first customer who differs, unless both are equal."""
    assert isinstance(found, dict)
    assert isinstance(wanted, dict)
    unequal = sorted(each for each in found.keys() | wanted.keys() if found.get(each) != wanted.get(each))
    if unequal:
        name = unequal[0]
        how = apart(found.get(name), wanted.get(name))
        raise AssertionError(f"{what}: {len(unequal)} of {len(wanted)} customers, {name!r} first{how}")


def apart(found: object, wanted: object) -> str:
    """Return where two parts begin to differ."""
    if not isinstance(found, list) or not isinstance(wanted, list):
        return f"\nfound  {found!r}\nwanted {wanted!r}"
    same = next((i for i, pair in enumerate(zip(found, wanted, strict=False)) if pair[0] != pair[1]), len(found))
    first, second = found[same : same + 1], wanted[same : same + 1]
    return f" at number {same + 1} of {len(wanted)} (found {len(found)})\nfound  {first}\nwanted {second}"
