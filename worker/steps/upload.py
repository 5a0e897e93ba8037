"""RECEIVED, HELD, UPLOADING: put the job's files on the platform."""

from crash_points import CrashPoint, reach
from domain.jobs import Job
from domain.outcomes import Ambiguous, Outcome
from domain.platform import PlatformFile
from domain.stages import Stage
from services.job_steps import uploading
from services.job_steps.uploading import Source
from worker.context import Context
from worker.recording import record_job
from xpulink.port import ContentFailed


async def upload(context: Context, job: Job) -> Job | None:
    """Upload what is missing; return the job, ready to be submitted."""
    async with context.database.transaction() as session:
        plan = await uploading.begin_upload(session, job)
    if plan is None:
        context.wake(Stage.DELIVER)  # it may have ended
        return None
    reach(CrashPoint.UPLOAD_BEGUN)
    outcomes = {source.file_id: await _upload_one(context, source) for source in plan.sources}
    reach(CrashPoint.UPLOAD_ANSWERED)
    uploaded = await record_job(
        context.database, plan.job, lambda session: uploading.finish_upload(session, plan, outcomes)
    )
    if uploaded is None:
        context.wake(Stage.DELIVER)
    return uploaded


async def _upload_one(context: Context, source: Source) -> Outcome[PlatformFile]:
    try:
        return await context.platform.upload_file(
            filename=source.filename, size=source.size, content=lambda: context.blobs.read(source.blob_key)
        )
    except ContentFailed as error:  # our own storage: its outage is no fault of the job, and no crash
        return Ambiguous(str(error))  # some bytes left: what the platform made of them is to be looked at
