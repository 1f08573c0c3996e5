"""One slice of work on one partition, in memory: records or due timers in, everything to commit out.

Nothing here waits or writes. A slice is either committed whole or thrown away, and may be
worked again from the same bytes with the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from stream.core.dimension import Change
from stream.core.engine import ACCEPTED, DUPLICATE, Step, catch_up, step
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.core.transition import Transition
from stream.errors import CorruptProfileError, InputError, LayoutError
from stream.ports import Record
from stream.service.members import FLAP_MS, Members, members_after
from stream.wire import membership, transition
from stream.wire.control import Origin, Tick, Use, decode_control, decode_headers
from stream.wire.event import decode_event
from stream.wire.outbox import Slice, Told
from stream.wire.placing import partition_of
from stream.wire.profile import decode_profile, encode_profile

ENGINE_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a mistake of ours in the engine looks like; the record is set aside, never the partition."""

LATEST_RECORD_MS = 32_503_680_000_000
"""A record stamped in the year 3000 or later has no time."""
TIMER_MOVES = 2_000
"""Moves at which a slice of timers ends, be it of few customers: after long silence each may have many."""
PARKED_MS = 86_400_000
"""How long the timer of a customer who cannot be read rests."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that goes to the dead letters."""

    record: Record
    stage: str
    code: str
    message: str


class Incoming(msgspec.Struct, frozen=True, gc=False):
    """One record as it was understood."""

    record: Record
    content: Event | Tick | Use | InputError
    origin: Origin | None = None
    """Where intake took it from, if it said so."""


class EngineFault(Exception):  # noqa: N818 - it names what happened, not an error to be shown
    """The engine raised on a record; carries which one."""

    def __init__(self, offset: int | None, fault: str) -> None:
        """Keep the offset of the record (None: it shows only in careful work) and what was raised."""
        super().__init__(fault)
        self.offset = offset


NO_HEADERS = decode_headers(())
"""What an event without headers says, as most are."""


def understand(record: Record, plan: Plan) -> Incoming:
    """Return the record decoded and judged; what cannot be used carries its InputError."""
    try:
        if record.fault:
            raise InputError("header", record.fault)
        if not 0 <= record.timestamp_ms < LATEST_RECORD_MS:
            raise InputError("record_time", f"the record is stamped {record.timestamp_ms} ms, which is no time")
        kind, backfill_until, origin = decode_headers(record.headers) if record.headers else NO_HEADERS
        if kind is not None:
            return Incoming(record, decode_control(kind, record.value))
        event = plan.vocabulary.accept(decode_event(record.value), record.timestamp_ms, backfill_until)
        return Incoming(record, event, origin)
    except InputError as error:
        return Incoming(record, error)


@dataclass(slots=True)
class Work:
    """What a slice changes: profiles, timers, what to publish, what to set aside, and the counts."""

    plan: Plan
    partition: int
    partitions: int
    tick_ms: int
    intake: dict[str, int]
    read: Callable[[str], bytes | None]
    rules: tuple[int, str] = (0, "")
    """Number and hash of the rules that decide here."""
    is_careful: bool = False
    """Whether every profile is turned into bytes at once, to find the record that made it unfit for that."""
    profiles: dict[str, Profile] = field(default_factory=dict)
    changed: dict[str, Profile] = field(default_factory=dict)
    parked: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    moves: list[Change] = field(default_factory=list)
    rested: Counter[int] = field(default_factory=Counter)
    """New customers by the dimensions (bits) in which they rest without a move."""
    moved: dict[str, None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    woken: list[str] = field(default_factory=list)
    """Whose timers fired."""
    newcomers: int = 0
    late: int = 0
    flaps: Counter[str] = field(default_factory=Counter)
    told_by_kind: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Transitions by dimension, entered segment and kind of cause."""

    def apply(self, incoming: Incoming) -> None:
        """Apply one record; EngineFault names it if the engine raises."""
        content = incoming.content
        if isinstance(content, Event):
            self._event(incoming, content)
        elif isinstance(content, Tick):
            self.tick_ms = max(self.tick_ms, min(content.before, incoming.record.timestamp_ms))
            self.outcomes["tick"] += 1
        elif isinstance(content, Use):
            self._use(content)
        else:
            self.refuse(incoming.record, "worker", content.code, str(content))

    def refuse(self, record: Record, stage: str, code: str, message: str) -> None:
        """Set a record aside for the dead letters."""
        self.refused.append(Refused(record, stage, code, message))
        self.outcomes["dead_letter"] += 1

    def _use(self, use: Use) -> None:
        number, hash_ = self.rules
        if use.kind == "rules" and use.number > number and use.hash != hash_:
            raise LayoutError(
                f"partition {self.partition}: from here on the log asks for rules {use.hash[:12]}, this worker has "
                f"{hash_[:12]}; start it with the rules that were published"
            )
        self.outcomes["use"] += 1

    def _event(self, incoming: Incoming, event: Event) -> None:
        origin = incoming.origin
        if origin is not None and origin.offset <= self.intake.get(origin.lane, -1):
            self.outcomes[DUPLICATE] += 1
            return
        profile = self.profiles.get(event.customer_id) or self._profile(event.customer_id)
        if profile is None:
            self.refuse(incoming.record, "state", "corrupt", self.parked[event.customer_id])
            return
        is_new = not profile.as_of and profile.is_new
        if is_new and partition_of(event.customer_id, self.partitions) != self.partition:
            self.refuse(incoming.record, "worker", "misrouted", self._misrouted(event.customer_id))
            return
        if origin is not None:  # noted for what is used only: what is set aside was not taken in
            self.intake[origin.lane] = origin.offset
        try:
            done = step(profile, event, self.tick_ms, self.plan)
            self._keep(profile, done, event.record_time)
        except (*ENGINE_FAULTS, CorruptProfileError) as fault:
            raise EngineFault(incoming.record.offset, f"{type(fault).__name__}: {fault}") from fault
        self.outcomes[done.outcome] += 1
        if done.outcome == ACCEPTED:
            self.newcomers += is_new
            self.late += event.record_time - event.occurred_at > self.plan.lateness_ms
            if event.consents:
                self.moved[event.customer_id] = None  # subscribers read consents from the memberships

    def _misrouted(self, customer_id: str) -> str:
        home = partition_of(customer_id, self.partitions)
        here = self.partition
        return f"customer {customer_id!r} belongs to partition {home}, not {here}; key by customer_id with murmur2"

    def wake_all(self, customers: Sequence[str], most_moves: int = TIMER_MOVES) -> None:
        """Fire what is due of these customers; those beyond so many moves stay due, for the next slice."""
        for customer_id in customers:
            if len(self.moves) >= most_moves:
                break
            self.wake(customer_id)

    def wake(self, customer_id: str) -> None:
        """Fire what is due of one customer, and set their timer anew."""
        self.woken.append(customer_id)
        profile = self._profile(customer_id)
        if profile is None:
            return
        profile.indexed = NEVER
        try:
            self._keep(profile, catch_up(profile, self.tick_ms, self.plan), None)
        except (*ENGINE_FAULTS, CorruptProfileError) as fault:
            self.park(customer_id, f"{type(fault).__name__}: {fault}")

    def park(self, customer_id: str, reason: str) -> None:
        """Serve this customer no more: the stored bytes stay as they are, the records go to the dead letters."""
        self.parked[customer_id] = reason
        self.profiles.pop(customer_id, None)
        self.changed.pop(customer_id, None)
        self.moved.pop(customer_id, None)

    def _profile(self, customer_id: str) -> Profile | None:
        profile = self.profiles.get(customer_id)
        if profile is None and customer_id not in self.parked:
            try:
                profile = self.profiles[customer_id] = decode_profile(customer_id, self.read(customer_id))
            except CorruptProfileError as error:
                self.parked[customer_id] = str(error)
        return profile

    def _keep(self, profile: Profile, done: Step, record_time: int | None) -> None:
        """Keep what a step did, all of it or, where it cannot be told as bytes, nothing."""
        if done.outcome != ACCEPTED:
            return
        told = [_told(each, record_time) for each in done.transitions] if done.transitions else []
        if self.is_careful:
            encode_profile(profile)
        self.changed[profile.customer_id] = profile
        if done.moves or done.rested:
            self.moved[profile.customer_id] = None
            self.told += told
            self._count(done)

    def _count(self, done: Step) -> None:
        self.moves += done.moves
        for each in done.transitions:
            self.told_by_kind[each.dimension, each.entered, each.cause.kind] += 1
        for move in done.moves:
            if move.is_return and move.at - move.left_since < FLAP_MS:
                self.flaps[move.dimension.name] += 1
        if done.rested:
            self.rested[done.rested] += 1

    # -- what the slice comes to ----------------------------------------------------------

    @property
    def has_moved(self) -> bool:
        """Tell whether the number of members of a segment may have changed."""
        return bool(self.moves or self.rested)

    def finish(self) -> Changes:
        """Return everything to write.

        EngineFault without an offset where a profile cannot be bytes: careful work finds the record.
        """
        timers = self._timers()
        try:
            profiles = {customer_id: encode_profile(profile) for customer_id, profile in self.changed.items()}
        except ENGINE_FAULTS as fault:
            raise EngineFault(None, f"{type(fault).__name__}: {fault}") from fault
        memberships = [(each, membership.body(self.changed[each], self.plan)) for each in self.moved]
        return Changes(timers, profiles, Slice(memberships, self.told) if memberships else None)

    def _timers(self) -> dict[str, int | None]:
        """Return the index entries to write: those that come earlier, and anew those that fired."""
        entries: dict[str, int | None] = {
            customer_id: self.tick_ms + PARKED_MS if customer_id in self.parked else None for customer_id in self.woken
        }
        for customer_id, profile in self.changed.items():
            if profile.wake < profile.indexed:
                entries[customer_id] = profile.indexed = profile.wake
        return entries

    def members(self, before: Mapping[str, Mapping[str, int]]) -> Members:
        """Return the members by dimension and segment after the moves of this slice."""
        return members_after(before, self.moves, self.rested, self.plan)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a slice of work writes."""

    timers: dict[str, int | None]
    profiles: dict[str, bytes]
    told: Slice | None
    """What is to be published, None for nothing."""


def _told(each: Transition, record_time: int | None) -> Told:
    is_timed = each.cause.kind == "time"
    since = each.at if is_timed or record_time is None else record_time
    id_ = each.id
    return Told(each.customer_id, id_, each.at, is_timed, since, transition.body(each, id_))
