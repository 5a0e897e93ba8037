"""SUBMITTING: commit the intent, send one create call, record what became of it."""

from crash_points import CrashPoint, reach
from domain.jobs import Job
from domain.stages import Stage
from services.job_steps import submitting
from worker.clock import Sure
from worker.context import Context
from worker.recording import record_job


async def submit(context: Context, job: Job) -> None:
    """Send the create call, at most once for this intent, and only while nobody can have taken it over."""
    pace = context.pace
    in_time = Sure(pace.lease)
    async with context.database.transaction() as session:
        plan = await submitting.begin_submit(
            session, job, lease=pace.lease, first_check=pace.duplicate_checks[0]
        )
    if plan is None:
        context.wake(Stage.DELIVER)
        return
    reach(CrashPoint.SUBMIT_INTENDED)
    outcome = await context.platform.create_job(
        plan.request, with_metadata=plan.with_metadata, in_time=in_time
    )
    reach(CrashPoint.SUBMIT_ANSWERED)
    first_poll = pace.poll_interval / 3
    await record_job(
        context.database,
        job,
        lambda session: submitting.finish_submit(session, plan, outcome, first_poll=first_poll),
    )
    context.wake(Stage.ADVANCE)
    context.wake(Stage.DELIVER)  # a refusal is an end
