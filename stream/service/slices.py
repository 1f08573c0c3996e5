"""One slice of work on one partition, in memory: records or due timers in, everything to commit out.

Nothing here waits or writes. A slice is either committed whole or thrown away, and may be
worked again from the same bytes with the same result.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from stream.core.dimension import Change
from stream.core.engine import ACCEPTED, DUPLICATE, Step, catch_up, step
from stream.core.event import Event
from stream.core.plan import Plan
from stream.core.profile import NEVER, Profile
from stream.errors import CorruptProfileError, InputError
from stream.ports import Record
from stream.wire import membership, transition
from stream.wire.control import BACKFILL_UNTIL, KIND, SOURCE, Tick, Use, decode_control
from stream.wire.event import decode_event
from stream.wire.outbox import Slice, Told
from stream.wire.placing import partition_of
from stream.wire.profile import decode_profile, encode_profile

ENGINE_FAULTS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What a mistake of ours in the engine looks like; the record is set aside, never the partition."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that goes to the dead letters."""

    record: Record
    stage: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Incoming:
    """One record as it was understood."""

    record: Record
    content: Event | Tick | Use | InputError
    origin: tuple[str, int] | None = None
    """Generation and source partition, and the offset there, if intake said so."""


class EngineFault(Exception):  # noqa: N818 - it names what happened, not an error to be shown
    """The engine raised on a record; carries which one."""

    def __init__(self, offset: int, fault: str) -> None:
        """Keep the offset of the record and what was raised."""
        super().__init__(fault)
        self.offset = offset


def understand(record: Record, plan: Plan) -> Incoming:
    """Return the record decoded and judged; what cannot be used carries its InputError."""
    headers = dict(record.headers) if record.headers else {}
    try:
        kind = headers.get(KIND)
        if kind is not None:
            return Incoming(record, decode_control(kind.decode(errors="replace"), record.value))
        until = headers.get(BACKFILL_UNTIL)
        backfill_until = _whole_number(until, BACKFILL_UNTIL) if until is not None else -1
        event = plan.vocabulary.accept(decode_event(record.value), record.timestamp_ms, backfill_until)
        return Incoming(record, event, _origin(headers.get(SOURCE)))
    except InputError as error:
        return Incoming(record, error)


def _whole_number(text: bytes, name: str) -> int:
    if not text.isdigit():
        raise InputError("header", f"header {name} is {text!r}, not a whole number")
    return int(text)


def _origin(text: bytes | None) -> tuple[str, int] | None:
    if text is None:
        return None
    lane, _, offset = text.decode(errors="replace").rpartition("/")
    if not lane or not offset.isdigit():
        raise InputError("header", f"header {SOURCE} is {text!r}; it reads generation/partition/offset")
    return lane, int(offset)


@dataclass(slots=True)
class Work:
    """What a slice changes: profiles, timers, what to publish, what to set aside, and the counts."""

    plan: Plan
    partition: int
    partitions: int
    tick_ms: int
    intake: dict[str, int]
    read: Callable[[str], bytes | None]
    profiles: dict[str, Profile] = field(default_factory=dict)
    changed: dict[str, Profile] = field(default_factory=dict)
    parked: dict[str, str] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    moves: list[Change] = field(default_factory=list)
    moved: dict[str, None] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
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
            self.outcomes["use"] += 1
        else:
            self.refuse(incoming.record, "worker", content.code, str(content))

    def refuse(self, record: Record, stage: str, code: str, message: str) -> None:
        """Set a record aside for the dead letters."""
        self.refused.append(Refused(record, stage, code, message))
        self.outcomes["dead_letter"] += 1

    def _event(self, incoming: Incoming, event: Event) -> None:
        if self._is_taken_in(incoming.origin):
            self.outcomes[DUPLICATE] += 1
            return
        profile = self._profile(event.customer_id)
        if profile is None:
            self.refuse(incoming.record, "state", "corrupt", self.parked[event.customer_id])
            return
        is_new = profile.is_new
        if is_new and partition_of(event.customer_id, self.partitions) != self.partition:
            self.refuse(incoming.record, "worker", "misrouted", self._misrouted(event.customer_id))
            return
        try:
            done = step(profile, event, self.tick_ms, self.plan)
        except ENGINE_FAULTS as fault:
            raise EngineFault(incoming.record.offset, f"{type(fault).__name__}: {fault}") from fault
        except CorruptProfileError as fault:
            raise EngineFault(incoming.record.offset, str(fault)) from fault
        self.outcomes[done.outcome] += 1
        self.newcomers += is_new and not profile.is_new
        if done.outcome == ACCEPTED:
            self.late += event.record_time - event.occurred_at > self.plan.lateness_ms
            self._keep(profile, done, event.record_time)

    def _misrouted(self, customer_id: str) -> str:
        home = partition_of(customer_id, self.partitions)
        here = self.partition
        return f"customer {customer_id!r} belongs to partition {home}, not {here}; key by customer_id with murmur2"

    def _is_taken_in(self, origin: tuple[str, int] | None) -> bool:
        if origin is None:
            return False
        lane, offset = origin
        if offset <= self.intake.get(lane, -1):
            return True
        self.intake[lane] = offset
        return False

    def wake(self, customer_id: str) -> None:
        """Fire what is due of one customer, and set their timer anew."""
        profile = self._profile(customer_id)
        if profile is None:
            return
        try:
            self._keep(profile, catch_up(profile, self.tick_ms, self.plan), None)
        except (*ENGINE_FAULTS, CorruptProfileError) as fault:
            self.park(customer_id, f"{type(fault).__name__}: {fault}")
            return
        profile.indexed = NEVER

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
        customer_id = profile.customer_id
        self.changed[customer_id] = profile
        if done.moves:
            self.moves += done.moves
            self.flaps.update(
                each.dimension.name for each in done.moves if each.is_return and each.at - each.left_since < FLAP_MS
            )
            self.moved[customer_id] = None
        for each in done.transitions:
            is_timed = each.cause.kind == "time"
            since = each.at if is_timed or record_time is None else record_time
            self.told_by_kind[each.dimension, each.entered, each.cause.kind] += 1
            self.told.append(Told(customer_id, each.id, each.at, is_timed, since, transition.body(each)))

    # -- what the slice comes to ----------------------------------------------------------

    def packed(self) -> dict[str, bytes]:
        """Return the changed profiles as bytes. Call after `timers`, which says what the index holds."""
        return {customer_id: encode_profile(profile) for customer_id, profile in self.changed.items()}

    def timers(self, fired: Sequence[str] = ()) -> dict[str, int | None]:
        """Return the index entries to write: those that come earlier, and anew those that fired."""
        entries: dict[str, int | None] = dict.fromkeys(fired)
        for customer_id, profile in self.changed.items():
            if profile.wake < profile.indexed:
                entries[customer_id] = profile.indexed = profile.wake
        return entries

    def slice(self) -> Slice | None:
        """Return what is to be published, None for nothing."""
        if not self.moved:
            return None
        memberships = [(each, membership.body(self.changed[each], self.plan)) for each in self.moved]
        return Slice(memberships, self.told)

    def members(self, before: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
        """Return the members by dimension and segment after the moves of this slice."""
        after = {dimension: dict(counts) for dimension, counts in before.items()}
        for move in self.moves:
            counts = after.setdefault(move.dimension.name, {})
            if move.left and not move.is_first:
                counts[move.left] = counts.get(move.left, 0) - 1
            if move.entered:
                counts[move.entered] = counts.get(move.entered, 0) + 1
        return after


FLAP_MS = 30 * 86_400_000
"""A return within this time after leaving counts as a flap."""
