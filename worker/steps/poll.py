"""TRACKING: ask the platform how the job stands, or to cancel it."""

from crash_points import CrashPoint, reach
from domain.jobs import Job
from domain.outcomes import Answered, NotOffered
from domain.pace import EVENTS_EVERY
from domain.platform import OptionalRoute, PlatformEvent
from services.job_steps import tracking
from worker.context import Context
from worker.recording import record_job

EVENTS_PAGE = 100


async def poll(context: Context, job: Job) -> Job | None:
    """Look once; return the job if it is ready to be collected."""
    assert job.platform_job_id is not None  # noqa: S101 - a CHECK of TRACKING
    if job.cancel_requested_at is not None and job.cancel_sent_at is None:
        await _cancel(context, job, job.platform_job_id)
        return None
    outcome = await context.platform.job(job.platform_job_id)
    reach(CrashPoint.POLL_ANSWERED)
    events, missing = await _new_events(context, job, job.platform_job_id)
    interval = context.pace.poll_interval
    return await record_job(
        context.database,
        job,
        lambda session: tracking.finish_poll(
            session, job, outcome, interval=interval, events=events, missing=missing
        ),
    )


async def _cancel(context: Context, job: Job, platform_job_id: str) -> None:
    outcome = await context.platform.cancel_job(platform_job_id)
    reach(CrashPoint.CANCEL_ANSWERED)
    await record_job(context.database, job, lambda session: tracking.finish_cancel(session, job, outcome))


async def _new_events(
    context: Context, job: Job, platform_job_id: str
) -> tuple[tuple[PlatformEvent, ...], tuple[str, ...]]:
    """Now and then fetch the newest events of a running job, so that its history grows while it runs.

    Returns:
        The events, and the routes that were found missing.
    """
    if job.running_since is None or job.polls % EVENTS_EVERY:
        return (), ()
    async with context.database.transaction() as session:
        if await tracking.lacks_events(session, job):
            return (), ()
    outcome = await context.platform.events(platform_job_id, after=None, limit=EVENTS_PAGE)
    if isinstance(outcome, NotOffered):
        return (), (OptionalRoute.EVENTS,)
    return (outcome.value.items if isinstance(outcome, Answered) else ()), ()
