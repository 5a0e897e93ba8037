"""Training files that are to be looked at, one after the other: each takes the processors of this machine."""

from collections.abc import Sequence
from functools import partial
from uuid import uuid4

from domain.stages import Stage
from services import file_reports
from services.file_reports import Examination
from worker.context import Context
from worker.drain import Drain
from worker.heartbeat import Heartbeat
from worker.steps.examine import examine

CONCURRENCY = 2
"""Small files get past a large one."""


def drain(context: Context, _: Heartbeat) -> Drain[Examination]:
    """Return the stage."""
    return Drain(
        stage=Stage.EXAMINE,
        concurrency=CONCURRENCY,
        claim=partial(_claim, context),
        work=partial(examine, context),
        hand_back=partial(_hand_back, context),
        begun=lambda _: False,
        describe=lambda examination: {
            "file_id": examination.file_id,
            "project_id": examination.project_id,
        },
    )


async def _claim(context: Context, limit: int) -> Sequence[Examination]:
    async with context.database.transaction() as session:
        return await file_reports.claim(session, token=uuid4(), lease=context.pace.lease, limit=limit)


async def _hand_back(context: Context, held: Sequence[Examination]) -> None:
    async with context.database.transaction() as session:
        await file_reports.hand_back(session, held)
