"""Create calls that were sent, or are about to be."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Update, func, select, text, update

from db.models import PlatformSubmission
from db.session import AnyRow, Session

# The claim is renewed in the same statement, right before the create leaves: a worker that lost it
# finds no row, writes no intent and sends nothing.
_OPEN = text("""
    WITH job AS (
        UPDATE jobs SET open_submission_id = :submission_id, claimed_until = now() + :lease
         WHERE id = :job_id AND claim_token = :token AND state = 'submitting'
           AND open_submission_id IS NULL AND cancel_requested_at IS NULL AND paused_at IS NULL
        RETURNING id, credential_id, training_file_id, platform_training_file
    ), submission AS (
        INSERT INTO platform_submissions (id, job_id, marker, platform_training_file, own_file)
        SELECT :submission_id, id, :marker, platform_training_file,
               EXISTS (SELECT FROM platform_files AS copy
                        WHERE copy.job_id = job.id AND copy.file_id = job.training_file_id)
          FROM job
    )
    SELECT credential.refuses_metadata
      FROM job JOIN platform_credentials AS credential ON credential.id = job.credential_id""")


async def open_submission(
    session: Session, *, submission_id: str, job_id: str, token: UUID, marker: str, lease: timedelta
) -> bool | None:
    """Write the intent to create.

    Returns:
        Whether the platform refuses metadata; None if the job is not ours or not wanted any more.
    """
    values = {
        "submission_id": submission_id,
        "job_id": job_id,
        "token": token,
        "marker": marker,
        "lease": lease,
    }
    return (await session.execute(_OPEN, values)).scalar()


async def submission(session: Session, *, submission_id: str) -> AnyRow:
    """Return a submission, and the seconds since its intent and since it was first not found."""
    statement = select(
        PlatformSubmission,
        (func.now() - PlatformSubmission.intent_at).label("age"),
        (func.now() - PlatformSubmission.absent_since).label("absent_for"),
    ).where(PlatformSubmission.id == submission_id)
    return (await session.execute(statement)).one()


def submission_change(submission_id: str, **changes: Any) -> Update:
    """Return the statement that records what became of a submission; it rides along with the job's."""
    return update(PlatformSubmission).where(PlatformSubmission.id == submission_id).values(**changes)


def first_absence(submission_id: str) -> Update:
    """Return the statement that notes the first look that did not find the job."""
    absent_since = func.coalesce(PlatformSubmission.absent_since, func.now())
    return submission_change(submission_id, outcome="ambiguous", absent_since=absent_since)
