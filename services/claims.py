"""Claims on due jobs: taken, prolonged, given back."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

from db.queries import jobs
from db.session import Session
from domain.crashes import ANY, Crashes
from domain.jobs import Job
from domain.stages import Stage


async def claim_advancing(
    session: Session, *, lease: timedelta, limit: int, crashes: Crashes = ANY
) -> list[Job]:
    """Claim due jobs on their way to the platform, or being collected, with that many crashes."""
    return await _claim(session, Stage.ADVANCE, lease=lease, limit=limit, crashes=crashes)


async def claim_tracked(
    session: Session, *, lease: timedelta, limit: int, crashes: Crashes = ANY
) -> list[Job]:
    """Claim due jobs that the platform works on, with that many crashes."""
    return await _claim(session, Stage.TRACK, lease=lease, limit=limit, crashes=crashes)


async def claim_cancelling(
    session: Session, *, lease: timedelta, limit: int, crashes: Crashes = ANY
) -> list[Job]:
    """Claim due jobs that the platform is to cancel, with that many crashes."""
    return await _claim(session, Stage.CANCEL, lease=lease, limit=limit, crashes=crashes)


async def _claim(
    session: Session, stage: Stage, *, lease: timedelta, limit: int, crashes: Crashes
) -> list[Job]:
    return await jobs.claim_due_jobs(
        session, stage=stage, token=uuid4(), lease=lease, limit=limit, crashes=crashes
    )


async def renew(session: Session, *, claims: Mapping[str, UUID], lease: timedelta) -> set[str]:
    """Prolong claims on jobs; return the ids of those that were still ours."""
    return await jobs.renew_claims(session, claims=claims, lease=lease)


async def still_held(session: Session, *, job: Job) -> Job | None:
    """Return the job as it is now and lock it, if the claim it was read with still holds it."""
    assert job.claim_token is not None  # noqa: S101 - it was claimed
    return await jobs.lock_claimed_job(session, job_id=job.id, token=job.claim_token)


async def hand_back(session: Session, *, job: Job) -> None:
    """Give a claim back; the job is due as it was, and no attempt is used up."""
    if job.claim_token is not None:
        await jobs.hand_back(session, job_id=job.id, token=job.claim_token)
