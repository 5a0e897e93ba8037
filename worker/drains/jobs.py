"""What the drains of jobs share: the claim is held by the heartbeat while steps follow each other."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

from db.session import Session
from domain.crashes import UNSUSPECTED, Crashes
from domain.job_state import BEFORE_SUBMISSION, JobState
from domain.jobs import Job
from domain.stages import Stage
from services import claims
from worker.context import Context
from worker.drain import Drain, NotBegun
from worker.heartbeat import Heartbeat
from worker.steps.collect import collect
from worker.steps.poll import poll
from worker.steps.reconcile import reconcile
from worker.steps.submit import submit
from worker.steps.upload import upload


class Claim(Protocol):
    """A service that claims due jobs."""

    async def __call__(
        self, session: Session, *, lease: timedelta, limit: int, crashes: Crashes
    ) -> Sequence[Job]:
        """Claim up to `limit` of them that have that many crashes for `lease`."""
        ...


async def work(context: Context, heartbeat: Heartbeat, job: Job) -> None:
    """Take the job as far as it goes without waiting.

    Raises:
        NotBegun: the worker stops; above all no create is sent that would be cut off from its answer.
    """
    current: Job | None = job
    async with heartbeat.holding(job):
        while current is not None:
            if context.stopping.is_set():
                raise NotBegun
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


def drain(
    context: Context, heartbeat: Heartbeat, *, stage: Stage, concurrency: int, claim: Claim
) -> Drain[Job]:
    """Return a stage whose rows are jobs; `claim` says which."""

    async def claim_due(limit: int, crashes: Crashes) -> Sequence[Job]:
        asked = heartbeat.now()
        claimed = await context.comeback.claim(
            lambda session: claim(session, lease=context.pace.lease, limit=limit, crashes=crashes)
        )
        for token in {job.claim_token for job in claimed if job.claim_token is not None}:
            heartbeat.claimed(token, asked=asked)
        return claimed

    return Drain(
        stage=stage,
        concurrency=concurrency,
        claim=partial(claim_due, crashes=UNSUSPECTED),
        claim_suspect=partial(claim_due, 1),
        work=partial(work, context, heartbeat),
        hand_back=partial(hand_back, context),
        begun=lambda _: True,  # from its claim on; `work` looks before each step
        describe=describe,
    )


async def hand_back(context: Context, held: Sequence[Job]) -> None:
    """Give up jobs whose work was cut short."""
    async with context.database.transaction() as session:
        for job in held:
            await claims.hand_back(session, job=job)


def describe(job: Job) -> dict[str, str]:
    """Name a job in the log."""
    return {"job_id": job.id, "project_id": job.project_id}
