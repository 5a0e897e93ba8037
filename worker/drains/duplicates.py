"""Create calls that are looked at again: one reading of the platform's list for all that are due."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from functools import partial

import structlog

from domain.duplicates import MOST_TRIES, Dealt, DuplicateSearch, Verdict, judge
from domain.errors import Unavailable
from domain.outcomes import Retryable, Trouble
from domain.reconciliation import Reach
from domain.stages import Stage
from services import duplicates
from services.duplicates import Batch
from services.transitions import ClaimLost
from worker import metrics
from worker.context import Context
from worker.drain import Drain
from worker.heartbeat import BEATS_PER_LEASE, Heartbeat
from worker.listing import read_back
from worker.recording import record
from worker.steps.duplicates import cancel

KILLED = f"{MOST_TRIES} workers stopped while they looked"
_log = structlog.get_logger(__name__)


class Duplicates:
    """Claims, reads, cancels and records.

    The claim is renewed in the background, and before each page or cancel, which are left out if it is lost.
    """

    def __init__(self, context: Context) -> None:
        self._context = context

    async def claim(self, _limit: int) -> Sequence[Batch]:
        """Claim what is due of one account."""
        pace = self._context.pace
        async with self._context.database.transaction() as session:
            batch = await duplicates.claim(session, lease=pace.lease, checks=pace.duplicate_checks)
        return [batch] if batch is not None else []

    async def work(self, batch: Batch) -> None:
        """Read the list once, cancel what is surplus, and record it for all."""
        renewing = asyncio.create_task(self._renew_on(batch))  # a request may wait long for its turn
        try:
            await self._look(batch)
        finally:
            renewing.cancel()

    async def _renew_on(self, batch: Batch) -> None:
        while True:
            await asyncio.sleep(self._context.pace.lease.total_seconds() / BEATS_PER_LEASE)
            try:
                await self._renew(batch)
            except Unavailable as error:
                _log.warning("not renewed", error=str(error.__cause__ or error))
            except ClaimLost:
                return  # the next request finds out as well

    async def _look(self, batch: Batch) -> None:
        search = DuplicateSearch(batch.looks)
        if any(look.tries > MOST_TRIES for look in batch.looks):
            await self._record(batch, {}, dict.fromkeys(_ids(batch), KILLED))
            return
        came = await read_back(self._context, search, before_each=partial(self._renew, batch))
        if isinstance(came, Retryable) and came.trouble is not Trouble.UNAVAILABLE:
            async with self._context.database.transaction() as session:
                await duplicates.hand_back(session, batch)  # the account is parked, and with it the batch
            return
        dealt = await self._cancel_surplus(batch, search)
        await self._record(batch, dealt, _doubts(batch, search, came))

    async def _renew(self, batch: Batch) -> None:
        async with self._context.database.transaction() as session:
            await duplicates.renew(session, batch, lease=self._context.pace.lease)

    async def _cancel_surplus(self, batch: Batch, search: DuplicateSearch) -> dict[str, list[Dealt]]:
        dealt: defaultdict[str, list[Dealt]] = defaultdict(list)
        if search.found:
            async with self._context.database.transaction() as session:
                surplus = await duplicates.surplus(session, batch, search.found)
            for one in surplus:
                await self._renew(batch)
                dealt[one.look.submission_id].append(await cancel(self._context, one.job))
        return dealt

    async def _record(
        self, batch: Batch, dealt: dict[str, list[Dealt]], doubts: dict[str, str | None]
    ) -> None:
        checks = self._context.pace.duplicate_checks
        verdicts = [
            judge(look, dealt.get(look.submission_id, []), doubts[look.submission_id], checks)
            for look in batch.looks
        ]
        news = await record(
            self._context.database, lambda session: duplicates.finish(session, batch, verdicts)
        )
        for fate, number in news.items():
            metrics.DUPLICATES.labels(fate).inc(number)
        _tell(verdicts)

    async def hand_back(self, batches: Sequence[Batch]) -> None:
        """Give up batches whose work was cut short."""
        async with self._context.database.transaction() as session:
            for batch in batches:
                await duplicates.hand_back(session, batch)


def _ids(batch: Batch) -> list[str]:
    return [look.submission_id for look in batch.looks]


def _doubts(batch: Batch, search: DuplicateSearch, came: Reach | Retryable) -> dict[str, str | None]:
    if isinstance(came, Retryable):
        return dict.fromkeys(_ids(batch), came.reason)
    return {look.submission_id: search.doubt(look, came) for look in batch.looks}


def _tell(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        metrics.LATE_LOOKS.labels(verdict.end).inc()
        for dealt in verdict.dealt:
            _log.warning(
                "a second job of one create call",
                job_id=verdict.look.job_id,
                platform_job_id=dealt.platform_job_id,
                fate=dealt.fate,
                reason=dealt.reason,
            )
        if verdict.end == "given_up":
            _log.warning(
                "late duplicates cannot be looked for",
                job_id=verdict.look.job_id,
                submission_id=verdict.look.submission_id,
                reason=verdict.doubt,
            )


def drain(context: Context, _heartbeat: Heartbeat) -> Drain[Batch]:
    """Return the stage."""
    stage = Duplicates(context)
    return Drain(
        stage=Stage.DUPLICATES,
        concurrency=1,
        claim=stage.claim,
        work=stage.work,
        hand_back=stage.hand_back,
        begun=lambda _: True,
        describe=lambda batch: {"credential_id": batch.credential_id, "submissions": str(len(batch.looks))},
    )
