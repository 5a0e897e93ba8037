"""What the two drains of jobs share: the claim is held by the heartbeat while steps follow each other."""

from domain.job_state import BEFORE_SUBMISSION, JobState
from domain.jobs import Job
from services import claims
from worker.context import Context
from worker.heartbeat import Heartbeat
from worker.steps.collect import collect
from worker.steps.poll import poll
from worker.steps.reconcile import reconcile
from worker.steps.submit import submit
from worker.steps.upload import upload


async def work(context: Context, heartbeat: Heartbeat, job: Job) -> None:
    """Take the job as far as it goes without waiting."""
    current: Job | None = job
    async with heartbeat.holding(job):
        while current is not None:
            current = await step(context, current)


async def step(context: Context, job: Job) -> Job | None:
    """Do the step of the job's state; return the job if the next one may follow."""
    if job.state is JobState.TRACKING:
        return await poll(context, job)
    if job.state in BEFORE_SUBMISSION:
        return await upload(context, job)
    if job.state is JobState.COLLECTING:
        await collect(context, job)
    elif job.open_submission_id is not None:
        await reconcile(context, job)
    else:
        await submit(context, job)
    return None


async def hand_back(context: Context, job: Job) -> None:
    """Give up a job whose work was cut short."""
    async with context.database.transaction() as session:
        await claims.hand_back(session, job=job)


def describe(job: Job) -> dict[str, str]:
    """Name a job in the log."""
    return {"job_id": job.id, "project_id": job.project_id}
