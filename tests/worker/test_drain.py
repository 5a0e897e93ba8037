"""The drain alone, over rows in memory: what it promises to every stage."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from domain.errors import Unavailable
from domain.stages import Stage
from services.transitions import ClaimLost
from worker.drain import HANDING_BACK, Drain, NotBegun, RunningDrain
from worker.wake import Wakes

SOON, LATE = timedelta(milliseconds=10), timedelta(hours=1)


class Rows:
    """Due rows; `work` notes what happened to them."""

    def __init__(self, count: int, *, concurrency: int = 4) -> None:
        self.due = list(range(count))
        self.done: list[int] = []
        self.handed_back: list[int] = []
        self.at_once = self.most_at_once = self.claims = self.hand_backs = 0
        self.claim_fails: list[Exception] = []
        self.work_fails: dict[int, Exception] = {}
        self.open = asyncio.Event()
        self.open.set()
        self.hand_back_fails = self.hand_back_hangs = False
        self.hand_back_refusals = 0
        self.claim_waits = asyncio.Event()
        self.claim_waits.set()
        self.has_begun = True
        self.grace = timedelta(0)
        self.wakes = Wakes()
        self.concurrency = concurrency

    async def claim(self, limit: int) -> Sequence[int]:
        self.claims += 1
        if self.claim_fails:
            raise self.claim_fails.pop(0)
        await self.claim_waits.wait()
        taken, self.due = self.due[:limit], self.due[limit:]
        return taken

    async def work(self, row: int) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.open.wait()
            await asyncio.sleep(0)
            if row in self.work_fails:
                raise self.work_fails[row]
            self.done.append(row)
        finally:
            self.at_once -= 1

    async def hand_back(self, rows: Sequence[int]) -> None:
        self.hand_backs += 1
        if self.hand_back_hangs:
            await self.open.wait()
        self.hand_back_refusals -= 1
        if self.hand_back_fails or self.hand_back_refusals >= 0:
            raise Unavailable
        self.handed_back += rows

    @asynccontextmanager
    async def drained(self, interval: timedelta) -> AsyncIterator[RunningDrain[int]]:
        running = RunningDrain(
            Drain(
                stage=Stage.ADVANCE,
                concurrency=self.concurrency,
                claim=self.claim,
                work=self.work,
                hand_back=self.hand_back,
                begun=lambda _: self.has_begun,
                describe=lambda row: {"row": str(row)},
            ),
            self.wakes,
            interval,
        )
        running.start()
        try:
            yield running
        finally:
            await running.finish(self.grace)

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.done) < count:  # noqa: ASYNC110 - the condition is a list's length
                await asyncio.sleep(0.001)


async def test_one_wake_drains_everything_that_is_due_within_the_limit_of_concurrency() -> None:
    rows = Rows(50)
    async with rows.drained(LATE):
        rows.wakes.wake(Stage.ADVANCE)
        await rows.until(50)
    assert sorted(rows.done) == list(range(50))
    assert rows.most_at_once == 4


async def test_without_a_wake_the_timer_does() -> None:
    rows = Rows(3)
    async with rows.drained(SOON):
        await rows.until(3)


async def test_a_wake_that_comes_during_the_work_is_not_lost() -> None:
    rows = Rows(1)
    rows.open.clear()
    async with rows.drained(LATE):
        rows.wakes.wake(Stage.ADVANCE)
        while not rows.at_once:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
        rows.due = [7]
        rows.wakes.wake(Stage.ADVANCE)
        rows.open.set()
        await rows.until(2)


@pytest.mark.parametrize("fault", [Unavailable(), RuntimeError("a bug")])
async def test_a_claim_that_fails_is_tried_again(fault: Exception) -> None:
    rows = Rows(2)
    rows.claim_fails = [fault, fault]
    async with rows.drained(SOON):
        await rows.until(2)
    assert rows.claims >= 3


@pytest.mark.parametrize("fault", [ClaimLost("x"), Unavailable(), RuntimeError("a bug")])
async def test_one_row_that_breaks_leaves_the_others_alone(fault: Exception) -> None:
    rows = Rows(10)
    rows.work_fails = {2: fault}
    async with rows.drained(SOON):
        await rows.until(9)
    assert 2 not in rows.done
    # The process lives: what a part's absence cut short is no crash. A bug is, or it would go on for ever.
    assert rows.handed_back == ([2] if isinstance(fault, Unavailable) else [])


async def test_what_is_cut_short_is_handed_back_and_what_was_not_begun_is_not_claimed() -> None:
    rows = Rows(10)
    rows.open.clear()
    async with rows.drained(SOON):
        while rows.at_once < 4:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert sorted(rows.handed_back) == [0, 1, 2, 3]
    assert rows.due == [4, 5, 6, 7, 8, 9]
    assert rows.done == []


async def test_a_stop_while_the_database_is_away_ends_all_the_same() -> None:
    rows = Rows(2)
    rows.open.clear()
    rows.hand_back_fails = True
    async with rows.drained(SOON):
        while rows.at_once < 2:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert rows.at_once == 0


async def test_what_the_databases_absence_cut_short_is_handed_back_before_anything_is_claimed() -> None:
    rows = Rows(1)
    rows.work_fails = {0: Unavailable()}
    rows.hand_back_fails = True
    async with rows.drained(SOON):
        async with asyncio.timeout(10):
            while rows.hand_backs < 3:  # noqa: ASYNC110 - the condition is a number
                await asyncio.sleep(0.001)
            claims = rows.claims
            rows.due, rows.hand_back_fails = [1], False
            await rows.until(1)
    assert claims == 1
    assert rows.handed_back == [0]


async def test_what_has_not_begun_at_a_stop_is_handed_back_before_what_is_under_way_has_ended() -> None:
    rows = Rows(4)
    rows.open.clear()
    rows.has_begun, rows.grace = False, LATE
    async with rows.drained(SOON):
        while rows.at_once < 4:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert sorted(rows.handed_back) == [0, 1, 2, 3]


async def test_what_stops_before_its_next_call_is_handed_back_at_once_and_the_rest_finished() -> None:
    rows = Rows(4)
    rows.open.clear()
    rows.grace = LATE
    rows.work_fails = {2: NotBegun()}
    async with rows.drained(SOON):
        while rows.at_once < 4:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
        rows.open.set()
    assert rows.handed_back == [2]
    assert sorted(rows.done) == [0, 1, 3]


async def test_rows_whose_claim_was_under_way_at_a_stop_are_handed_back_unseen() -> None:
    rows = Rows(3)
    rows.claim_waits = asyncio.Event()
    rows.grace = LATE
    async with rows.drained(SOON):
        while not rows.claims:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0.001)
        asyncio.get_running_loop().call_later(0.05, rows.claim_waits.set)
    assert (rows.handed_back, rows.done) == ([0, 1, 2], [])


async def test_a_database_that_hangs_keeps_nobody_longer_than_its_time() -> None:
    rows = Rows(2)
    rows.open.clear()
    rows.hand_back_hangs = True
    began = time.monotonic()
    async with rows.drained(SOON):
        while rows.at_once < 2:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert time.monotonic() - began < HANDING_BACK.total_seconds() + 5
    rows.open.set()


async def test_a_hand_back_that_the_database_did_not_take_is_tried_again() -> None:
    rows = Rows(2)
    rows.open.clear()
    rows.hand_back_refusals = 2
    async with rows.drained(SOON):
        while rows.at_once < 2:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert sorted(rows.handed_back) == [0, 1]


async def test_a_hand_back_that_breaks_leaves_the_end_of_the_worker_whole() -> None:
    async def broken(_: Sequence[int]) -> None:
        raise RuntimeError

    rows = Rows(1)
    rows.open.clear()
    rows.hand_back = broken  # type: ignore[method-assign]
    async with rows.drained(SOON):
        while rows.at_once < 1:  # noqa: ASYNC110 - the condition is a number
            await asyncio.sleep(0)
    assert rows.at_once == 0
