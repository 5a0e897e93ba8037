"""SUBMITTING with an open submission: read the platform's list until it tells, or cannot."""

from crash_points import CrashPoint, reach
from db.session import Session
from domain.jobs import Job
from domain.outcomes import Answered, NotFound, NotOffered, Rejected, Retryable
from domain.reconciliation import Reach, Search, earliest
from services.job_steps import reconciling
from services.job_steps.reconciling import ReconcilePlan
from worker.context import Context
from worker.recording import record_job

PAGE = 100
MOST_PAGES = 50


async def reconcile(context: Context, job: Job) -> None:
    """Adopt the job if it is there; allow another create only if it certainly is not."""
    async with context.database.transaction() as session:
        plan = await reconciling.begin_reconcile(session, job)
    search = Search(plan.sought)
    finding = await _read_list(context, search)
    reach(CrashPoint.LIST_READ)
    if search.found:
        await _adopt(context, plan, search)
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
        await reconciling.finish_absent(session, plan, settle=context.pace.settle_time)


async def _adopt(context: Context, plan: ReconcilePlan, search: Search) -> None:
    kept, duplicates = earliest(search.found)
    for duplicate in duplicates:
        await context.platform.cancel_job(duplicate.id)
    first_poll = context.pace.poll_interval / 3
    await record_job(
        context.database,
        plan.job,
        lambda session: reconciling.finish_found(session, plan, kept, first_poll=first_poll),
    )


async def _read_list(context: Context, search: Search) -> Reach | Retryable:
    after: str | None = None
    for _ in range(MOST_PAGES):
        outcome = await context.platform.jobs(after=after, limit=PAGE)
        match outcome:
            case Answered(page):
                reach = search.read(page)
                if reach is not Reach.MORE:
                    return reach
                after = page.items[-1].id
            case Retryable():
                return outcome
            case NotFound() | NotOffered() | Rejected():
                return Reach.SHORT
            case _:
                return Retryable(outcome.reason)
    return Reach.SHORT
