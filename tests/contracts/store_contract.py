"""What every `Store` must do, in memory and on real servers; subclasses provide the `rig` fixture."""

from __future__ import annotations

import asyncio
from typing import Protocol

import pytest

from stream.errors import FencedError, LayoutError, UnavailableError
from stream.ports import Commit, Store, Taken

LAYOUT = b"layout: 2 partitions"
HEADS = {0: b"start 0", 1: b"start 1"}


class StoreRig(Protocol):
    """One server, any number of workers, and the ways in which the wire between them fails."""

    def store(self) -> Store:
        """Return the store of one more worker on the same server."""
        ...

    def lose_commit(self) -> None:
        """The next commit is cut off before the server has it."""
        ...

    def lose_answer(self) -> None:
        """The next commit is done, but its answer never arrives."""
        ...

    async def go_away(self) -> None:
        """From now on the server cannot be reached."""
        ...

    async def come_back(self) -> None:
        """The server can be reached again; it forgot nothing."""
        ...


def commit(head: bytes = b"next", **changes: object) -> Commit:
    """Return a commit with a few things in it, or the named ones."""
    parts: dict[str, object] = {"profiles": {}, "timers": {}, "outbox": [], "outbox_trim": 0}
    return Commit(head=head, **{**parts, **changes})  # type: ignore[arg-type]  # named by the tests below


async def taken(rig: StoreRig) -> Store:
    """Return the store of a worker that holds partition 0."""
    store = rig.store()
    await store.initialise(LAYOUT, HEADS)
    await store.take(0)
    return store


class StoreContract:
    """Run by tests/contracts/test_store.py on the fake and on every server."""

    # the first start

    async def test_an_empty_server_has_no_layout_and_no_heads(self, rig: StoreRig) -> None:
        store = rig.store()
        assert await store.layout() is None
        assert (await store.take(0)).head is None
        with pytest.raises(FencedError, match="did not take"):
            await store.fetch(0, [])

    async def test_the_first_start_writes_layout_and_all_heads(self, rig: StoreRig) -> None:
        store = rig.store()
        await store.initialise(LAYOUT, HEADS)
        assert await store.layout() == LAYOUT
        assert [(await store.take(n)).head for n in HEADS] == [b"start 0", b"start 1"]
        assert (await store.take(0)).outbox == []

    async def test_a_later_start_changes_nothing(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(b"later"))
        await rig.store().initialise(LAYOUT, HEADS)
        assert (await store.take(0)).head == b"later"

    async def test_another_layout_is_refused(self, rig: StoreRig) -> None:
        await taken(rig)
        with pytest.raises(LayoutError, match=r"holds .* not .*\[layout\]"):
            await rig.store().initialise(b"layout: 3 partitions", {**HEADS, 2: b""})
        assert await rig.store().layout() == LAYOUT

    async def test_heads_missing_beside_a_layout_are_refused(self, rig: StoreRig) -> None:
        await taken(rig)
        with pytest.raises(LayoutError, match="2 of 3 heads are there"):
            await rig.store().initialise(LAYOUT, {**HEADS, 2: b"start 2"})

    async def test_workers_that_start_together_agree(self, rig: StoreRig) -> None:
        await asyncio.gather(*(rig.store().initialise(LAYOUT, HEADS) for _ in range(5)))
        assert (await rig.store().take(1)).head == b"start 1"

    async def test_a_server_in_order_passes_the_check(self, rig: StoreRig) -> None:
        await rig.store().check()

    # commits

    async def test_a_commit_changes_everything_together(self, rig: StoreRig) -> None:
        store = await taken(rig)
        change = commit(
            b"one", profiles={"ann": b"\x00a", "bob": b"b"}, timers={"ann": 50, "bob": 20}, outbox=[b"x", b"y"]
        )
        await store.commit(0, change)
        assert await store.fetch(0, ["bob", "eve", "ann"]) == [b"b", None, b"\x00a"]
        assert await store.due(0, 100, 10) == [("bob", 20), ("ann", 50)]
        assert await store.take(0) == Taken(b"one", [b"x", b"y"])

    async def test_what_a_commit_removes_is_gone(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(profiles={"ann": b"a", "bob": b"b"}, timers={"ann": 50, "bob": 20}))
        await store.commit(0, commit(profiles={"ann": None, "eve": None}, timers={"ann": None, "eve": None, "bob": 30}))
        assert await store.fetch(0, ["ann", "bob"]) == [None, b"b"]
        assert await store.due(0, 100, 10) == [("bob", 30)]

    async def test_the_outbox_is_trimmed_before_it_grows(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(outbox=[b"1", b"2", b"3"]))
        await store.commit(0, commit(outbox=[b"4"], outbox_trim=2))
        assert (await store.take(0)).outbox == [b"3", b"4"]
        await store.commit(0, commit(outbox_trim=2))
        assert (await store.take(0)).outbox == []

    async def test_a_commit_of_the_head_alone(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(b""))
        assert (await store.take(0)).head == b""

    async def test_a_commit_with_and_without_a_fetch_before_it(self, rig: StoreRig) -> None:
        store = await taken(rig)
        for number in range(3):
            await store.commit(0, commit(b"%d" % number))
            assert await store.fetch(0, []) == []
            await store.fetch(0, ["ann"])
            await store.commit(0, commit(b"f%d" % number, profiles={"ann": b"%d" % number}))
        assert (await store.take(0)).head == b"f2"
        assert await store.fetch(0, ["ann"]) == [b"2"]

    async def test_a_commit_of_a_thousand_customers(self, rig: StoreRig) -> None:
        store = await taken(rig)
        profiles = {f"c-{n}": n.to_bytes(4) * 100 for n in range(1000)}
        await store.commit(0, commit(profiles=profiles, timers={name: n for n, name in enumerate(profiles)}))
        assert await store.fetch(0, list(profiles)) == list(profiles.values())
        assert [wake_up for _, wake_up in await store.due(0, 2000, 5000)] == list(range(1000))

    async def test_partitions_are_apart_and_overlap(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.take(1)
        for _ in range(5):
            await asyncio.gather(
                store.commit(0, commit(b"zero", profiles={"ann": b"0"})),
                store.commit(1, commit(b"one", timers={"bob": 1})),
            )
        assert await store.fetch(1, ["ann"]) == [None]
        assert await store.earliest(0) is None
        assert [(await store.take(n)).head for n in HEADS] == [b"zero", b"one"]

    async def test_reading_one_profile_needs_no_partition(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(profiles={"ann": b"a"}))
        outsider = rig.store()
        assert await outsider.read_profile(0, "ann") == b"a"
        assert await outsider.read_profile(0, "eve") is None
        await store.commit(0, commit())  # nobody was fenced by the look

    async def test_names_of_any_script(self, rig: StoreRig) -> None:
        store = await taken(rig)
        name = "anon:ž {0} \n\x00 顧客"
        await store.commit(0, commit(profiles={name: b"a"}, timers={name: 1}))
        assert await store.fetch(0, [name]) == [b"a"]
        assert await store.due(0, 2, 1) == [(name, 1)]

    # timers

    async def test_due_is_strictly_before(self, rig: StoreRig) -> None:
        store = await taken(rig)
        at = 1_700_000_000_123
        await store.commit(0, commit(timers={"ann": at, "bob": at + 1, "cid": at - 1}))
        assert await store.due(0, at, 10) == [("cid", at - 1)]
        assert await store.due(0, at + 1, 10) == [("cid", at - 1), ("ann", at)]
        assert await store.earliest(0) == at - 1

    async def test_due_gives_the_earliest_when_there_are_more(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.commit(0, commit(timers={f"c{n}": n for n in range(20)}))
        assert [wake_up for _, wake_up in await store.due(0, 15, 4)] == [0, 1, 2, 3]

    # one line of history

    async def test_a_second_worker_fences_the_first(self, rig: StoreRig) -> None:
        first = await taken(rig)
        second = rig.store()
        await second.take(0)
        with pytest.raises(FencedError, match=r"not the one this process wrote last"):
            await first.commit(0, commit(b"old owner", profiles={"ann": b"old"}))
        with pytest.raises(FencedError, match="take the partition again"):
            await first.fetch(0, ["ann"])
        await second.commit(0, commit(b"new owner"))
        assert await second.fetch(0, ["ann"]) == [None]

    async def test_a_worker_knows_whether_the_partition_is_still_its_own(self, rig: StoreRig) -> None:
        first = await taken(rig)
        assert await first.is_ours(0)
        await first.commit(0, commit())
        assert await first.is_ours(0)
        second = rig.store()
        assert not await second.is_ours(0), "not taken"
        await second.take(0)
        assert not await first.is_ours(0), "before any commit of it was refused"
        assert await second.is_ours(0)
        await second.release(0)
        assert not await second.is_ours(0)

    async def test_a_worker_paused_between_fetch_and_commit_harms_nothing(self, rig: StoreRig) -> None:
        first = await taken(rig)
        await first.fetch(0, ["ann"])
        second = rig.store()
        await second.take(0)
        await second.commit(0, commit(b"new", profiles={"ann": b"new"}, timers={"ann": 7}, outbox=[b"new"]))
        with pytest.raises(FencedError, match="not the one"):
            await first.commit(0, commit(b"old", profiles={"ann": b"old"}, timers={"ann": 1}, outbox=[b"old"]))
        assert await second.fetch(0, ["ann"]) == [b"new"]
        assert await second.due(0, 100, 10) == [("ann", 7)]
        assert await second.take(0) == Taken(b"new", [b"new"])

    async def test_who_was_fenced_may_take_again(self, rig: StoreRig) -> None:
        first = await taken(rig)
        await rig.store().take(0)
        with pytest.raises(FencedError, match="not the one"):
            await first.fetch(0, [])
        await first.take(0)
        await first.commit(0, commit(b"again"))
        assert (await first.take(0)).head == b"again"

    async def test_a_released_partition_cannot_be_written(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.release(0)
        await store.release(0)
        with pytest.raises(FencedError, match="did not take"):
            await store.commit(0, commit())

    # unknown outcomes

    async def test_a_commit_lost_on_the_way_is_sent_again(self, rig: StoreRig) -> None:
        store = await taken(rig)
        rig.lose_commit()
        await store.commit(0, commit(b"sent twice", outbox=[b"x"]))
        assert await store.fetch(0, []) == []
        assert await store.take(0) == Taken(b"sent twice", [b"x"])

    async def test_a_commit_whose_answer_was_lost_is_not_done_twice(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await store.fetch(0, ["ann"])
        rig.lose_answer()
        await store.commit(0, commit(b"done once", outbox=[b"x"]))
        await store.commit(0, commit(b"after it"))
        assert await store.take(0) == Taken(b"after it", [b"x"])

    async def test_away_is_said_and_the_same_commit_may_be_tried_again(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await rig.go_away()
        change = commit(b"kept", outbox=[b"x"])
        for _ in range(2):
            with pytest.raises(UnavailableError):
                await store.commit(0, change)
        await rig.come_back()
        await store.commit(0, change)
        assert await store.take(0) == Taken(b"kept", [b"x"])

    async def test_the_next_call_settles_a_pending_commit_first(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await rig.go_away()
        change = commit(b"kept", profiles={"ann": b"a"}, timers={"ann": 5}, outbox=[b"x"])
        with pytest.raises(UnavailableError):
            await store.commit(0, change)
        with pytest.raises(UnavailableError):
            await store.fetch(0, ["ann"])
        await rig.come_back()
        assert await store.due(0, 10, 10) == [("ann", 5)]
        assert await store.fetch(0, ["ann"]) == [b"a"]
        await store.commit(0, change)  # says that it was done, and does not do it again
        await store.commit(0, commit(b"after it"))
        assert await store.take(0) == Taken(b"after it", [b"x"])

    async def test_a_commit_made_without_knowing_the_one_before_is_refused(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await rig.go_away()
        with pytest.raises(UnavailableError):
            await store.commit(0, commit(b"unknown"))
        await rig.come_back()
        with pytest.raises(FencedError, match="never confirmed to its maker"):
            await store.commit(0, commit(b"another"))
        with pytest.raises(FencedError, match="take the partition again"):
            await store.fetch(0, [])

    async def test_taking_again_forgets_a_pending_commit(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await rig.go_away()
        with pytest.raises(UnavailableError):
            await store.commit(0, commit(b"forgotten"))
        await rig.come_back()
        assert (await store.take(0)).head == b"start 0"
        await store.commit(0, commit(b"fresh"))
        assert (await store.take(0)).head == b"fresh"

    async def test_every_call_says_that_the_server_is_away(self, rig: StoreRig) -> None:
        store = await taken(rig)
        await rig.go_away()
        calls = (
            store.check(),
            store.layout(),
            store.initialise(LAYOUT, HEADS),
            store.fetch(0, ["ann"]),
            store.due(0, 10, 10),
            store.earliest(0),
            store.is_ours(0),
            store.read_profile(0, "ann"),
            store.take(0),
        )
        for call in calls:
            with pytest.raises(UnavailableError, match="Redis"):
                await call
