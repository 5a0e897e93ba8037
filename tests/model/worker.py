"""A worker process of the story: real drains and steps, taken one at a time so that it is repeatable."""

import asyncio
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import asyncpg

from domain.crashes import ANY
from domain.errors import Unavailable
from domain.jobs import Job
from services.transitions import ClaimLost
from worker import sweeps
from worker.context import Context
from worker.drain import Drain
from worker.drains.deliver import Claimed
from worker.motion import Motion
from worker.probe import Prober
from worker.wake import Wakes

from .gates import COMMIT, UNHURT, Died, Fate, Gated, GatedDatabase, Gates, Watch


class Worker:
    """Idle, standing still in the middle of a step, or dead."""

    def __init__(self, context: Context, watch: Watch) -> None:
        self.gates = Gates()
        # The pool and the clients are everybody's: what a process owns is its claims and its place.
        self._context: Context = replace(
            context,
            database=GatedDatabase(context.database, self.gates),
            platform=Gated(context.platform, self.gates, watch),
            sender=Gated(context.sender, self.gates, watch),
            wakes=Wakes(),
        )
        motion = Motion(self._context)
        self._heartbeat, self._prober = motion._heartbeat, Prober(self._context)
        self._heartbeat._clock = watch.passing_time
        self._drains: list[Drain[Any]] = [running._drain for running in motion._drains]
        self._task: asyncio.Task[None] | None = None
        self._row: tuple[Drain[Any], Any] | None = None
        self._turn = 0
        self.taken = 0
        """Rows it has taken since it was last told to work."""
        self._last = False
        self.dead = False
        self.frozen = False
        """It stands, and its heart did not beat: its claims may be another's by now."""

    @property
    def standing(self) -> bool:
        return self._task is not None

    def may_know(self, job_id: str) -> bool:
        """Tell whether it stands with an older picture of this job in its hands."""
        return self.standing and (self._row is None or getattr(self._row[1], "id", None) == job_id)

    async def work(self, steps: int, fate: Fate) -> None:
        """Take up to `steps` rows, each as far as it goes without waiting, until the blow falls."""
        self.gates.decree(fate)
        self._task = asyncio.create_task(self._work(steps))
        await self._until_still()
        self.gates.decree(UNHURT)

    async def go_on(self) -> None:
        """Go on where it stands still."""
        self.frozen = False
        self.gates.open()
        await self._until_still()

    async def kill(self) -> None:
        """Die where it stands; the rows are left as a SIGKILL leaves them."""
        await self._cut()
        self.dead = True

    async def stop(self) -> None:
        """Be stopped by SIGTERM: what is under way is cut short and handed back."""
        await self._cut()
        self.dead = True
        if self._row is not None:
            drain, row = self._row
            await drain.hand_back([row])

    async def wake(self, sql: asyncpg.Connection) -> None:
        """Go on, perhaps too late: of a step whose claim is another's by now nothing is kept.

        A create that was about to leave then leaves no more.
        """
        held = _held(self._row[1]) if self._row is not None else None
        if held is None or await sql.fetchval(f"SELECT claim_token FROM {held[0]}", held[1]) == held[2]:  # noqa: S608
            await self.go_on()
        elif self.gates.place in {COMMIT, "before create_job"}:
            await self.kill()
        else:
            before = await sql.fetchrow(f"SELECT * FROM {held[0]}", held[1])  # noqa: S608
            await self.go_on()
            after = await sql.fetchrow(f"SELECT * FROM {held[0]}", held[1])  # noqa: S608
            assert before == after, f"written by a worker that had lost its claim: {held[1]}"

    async def beat(self) -> None:
        """Let the heart beat once; work on what was lost stops."""
        await self._heartbeat.beat()
        await asyncio.sleep(0)
        if self._task is not None and not self.gates.halted.is_set():
            await self._until_still()

    async def sweep(self) -> None:
        """Run every sweep once."""
        for sweep in sweeps.ALL:
            await sweep.run_once(self._context)

    async def _cut(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _until_still(self) -> None:
        assert self._task is not None
        halted = asyncio.create_task(self.gates.halted.wait())
        await asyncio.wait({self._task, halted}, return_when=asyncio.FIRST_COMPLETED)
        halted.cancel()
        if not self._task.done():
            self._last = True  # it finishes its row and takes no other
            return
        task, self._task = self._task, None
        if not task.cancelled() and (broken := task.exception()) is not None:
            if not isinstance(broken, Died):
                raise broken
            self.dead = True

    async def _work(self, steps: int) -> None:
        with suppress(Unavailable):
            await self._prober.look()
        self.taken = 0
        while self.taken < steps and await self._one() and not self._last:
            pass
        self._last = False

    async def _one(self) -> bool:
        """Work one due row of the next stage that has any, a suspect last; tell whether there was one."""
        turns = self._drains[self._turn :] + self._drains[: self._turn]
        for drain in turns:
            if await self._took(drain, await self._claimed(drain.claim(1))):
                return True
        for drain in turns:
            if drain.claim_suspect and await self._took(drain, await self._claimed(drain.claim_suspect(ANY))):
                return True
        return False

    @staticmethod
    async def _claimed(claim: Awaitable[Sequence[Any]]) -> Sequence[Any]:
        with suppress(Unavailable):
            return await claim
        return []

    async def _took(self, drain: Drain[Any], rows: Sequence[Any]) -> bool:
        self.taken += len(rows)
        for row in rows:
            self._turn = (self._drains.index(drain) + 1) % len(self._drains)
            self._row = (drain, row)
            await self._row_to_its_end(drain, row)
            self._row = None
        return bool(rows)

    @staticmethod
    async def _row_to_its_end(drain: Drain[Any], row: Any) -> None:
        """Do what `RunningDrain` does with a row."""
        try:
            await drain.work(row)
        except ClaimLost:
            pass
        except Unavailable:
            with suppress(Unavailable):
                await drain.hand_back([row])


def _held(row: Any) -> tuple[str, str, Any] | None:
    """Return where a row is, its id, and the claim it was taken by."""
    match row:
        case Job():
            return "jobs WHERE id = $1", row.id, row.claim_token
        case Claimed():
            return "webhook_deliveries WHERE id = $1", row.delivery.id, row.token
        case _:
            return None
