"""SUBMITTING with an open submission: read the platform's list until it tells, or cannot."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from crash_points import CrashPoint, reach
from db.session import Session
from domain.duplicates import Dealt, Fate
from domain.jobs import Job
from domain.outcomes import Retryable
from domain.platform import PlatformJob
from domain.reconciliation import Reach, Search, earliest
from services import duplicates
from services.job_steps import reconciling
from services.job_steps.reconciling import ReconcilePlan
from worker import metrics
from worker.context import Context, Pace
from worker.listing import read_back
from worker.recording import record, record_job
from worker.steps.duplicates import cancel


async def reconcile(context: Context, job: Job) -> None:
    """Adopt the job if it is there; allow another create only if it certainly is not."""
    async with context.database.transaction() as session:
        plan = await reconciling.begin_reconcile(session, job)
    search = Search(plan.sought)
    finding = await read_back(context, search)
    reach(CrashPoint.LIST_READ)
    if search.found and (found := await _nobodys(context, plan, search.found)):
        await _adopt(context, plan, found)
        return
    await record_job(
        context.database, job, lambda session: _not_found(context, session, plan, search, finding)
    )


async def _not_found(
    context: Context, session: Session, plan: ReconcilePlan, search: Search, finding: Reach | Retryable
) -> None:
    if isinstance(finding, Retryable):
        await reconciling.finish_unreachable(session, plan, finding)
    elif (doubt := search.doubt(finding)) is not None:
        await reconciling.finish_unknown(session, plan, doubt)
    else:
        await reconciling.finish_absent(session, plan, settle=_settle(context.pace, plan))


def _settle(pace: Pace, plan: ReconcilePlan) -> timedelta:
    """Where a late duplicate could not be cancelled, wait for as long as one would be looked for."""
    return pace.settle_time if plan.can_cancel else max(pace.settle_time, pace.duplicate_checks[-1])


async def _nobodys(context: Context, plan: ReconcilePlan, found: Sequence[PlatformJob]) -> list[PlatformJob]:
    async with context.database.transaction() as session:
        free = await duplicates.nobodys(session, credential_id=plan.job.credential_id, found=found)
    return [job for job in found if job.id in free]


async def _adopt(context: Context, plan: ReconcilePlan, found: Sequence[PlatformJob]) -> None:
    """Keep one first, and only then end the others: whoever dies in between leaves them to a late look."""
    kept, surplus = earliest(found)
    first_poll = context.pace.poll_interval / 3
    await record_job(
        context.database,
        plan.job,
        lambda session: reconciling.finish_found(session, plan, kept, first_poll=first_poll),
    )
    for duplicate in surplus:
        dealt = await cancel(context, duplicate)
        if dealt.fate is Fate.UNSURE:
            continue  # a late look tries again
        news = await record(context.database, partial(_end, plan, dealt))
        metrics.DUPLICATES.labels(dealt.fate).inc(news)


async def _end(plan: ReconcilePlan, dealt: Dealt, session: Session) -> bool:
    return await duplicates.record(
        session,
        credential_id=plan.job.credential_id,
        submission_id=plan.submission_id,
        job_id=plan.job.id,
        dealt=dealt,
    )
