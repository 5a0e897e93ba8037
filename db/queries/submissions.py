"""Create calls that were sent, or are about to be."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Update, exists, func, select, text, update

from db.models import PlatformSubmission
from db.session import AnyRow, Session

# A create must be recognisable when its answer is lost: by metadata that the platform keeps, or else by a
# training file that was uploaded for this job alone. `begin_upload` decides by the same which copy to take.
_OWN_FILE = """EXISTS (
    SELECT FROM platform_files AS copy
     WHERE copy.job_id = jobs.id AND copy.file_id = jobs.training_file_id
       AND copy.platform_file_id = jobs.platform_training_file)"""
_RECOGNISABLE = f"((credential.echoes_metadata IS TRUE AND NOT credential.refuses_metadata) OR {_OWN_FILE})"

# The claim is renewed in the same statement, right before the create leaves: a worker that lost it
# finds no row, writes no intent and sends nothing.
_OPEN = text(f"""
    WITH job AS (
        UPDATE jobs SET open_submission_id = :submission_id, claimed_until = now() + :lease
          FROM platform_credentials AS credential
         WHERE jobs.id = :job_id AND jobs.claim_token = :token AND jobs.state = 'submitting'
           AND jobs.open_submission_id IS NULL
           AND jobs.cancel_requested_at IS NULL AND jobs.paused_at IS NULL
           AND credential.id = jobs.credential_id AND {_RECOGNISABLE}
        RETURNING jobs.id, jobs.platform_training_file, credential.refuses_metadata, {_OWN_FILE} AS own_file
    ), submission AS (
        INSERT INTO platform_submissions (id, job_id, marker, platform_training_file, own_file, check_at)
        SELECT :submission_id, id, :marker, platform_training_file, own_file, now() + :first_check FROM job
    )
    SELECT refuses_metadata FROM job""")  # noqa: S608 - constants above


async def open_submission(
    session: Session,
    *,
    submission_id: str,
    job_id: str,
    token: UUID,
    marker: str,
    lease: timedelta,
    first_check: timedelta,
) -> bool | None:
    """Write the intent to create, and when to look for late duplicates of it, so that neither is forgotten.

    Returns:
        Whether the platform refuses metadata; None if the job is not ours, not wanted any more, or
        could not be recognised on the platform.
    """
    values = {
        "submission_id": submission_id,
        "job_id": job_id,
        "token": token,
        "marker": marker,
        "lease": lease,
        "first_check": first_check,
    }
    return (await session.execute(_OPEN, values)).scalar()


_CAN_BE_RECOGNISED = text(f"""
    SELECT {_RECOGNISABLE}
      FROM jobs JOIN platform_credentials AS credential ON credential.id = jobs.credential_id
     WHERE jobs.id = :job_id""")  # noqa: S608 - constants above


async def recognisable(session: Session, *, job_id: str) -> bool:
    """Tell whether a create for this job could be found on the platform if its answer were lost."""
    return bool((await session.execute(_CAN_BE_RECOGNISED, {"job_id": job_id})).scalar())


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


def settled(submission_id: str, outcome: str, **changes: Any) -> Update:
    """Return the statement that ends a submission; the looks for late duplicates count from now."""
    first_check = PlatformSubmission.check_at - PlatformSubmission.intent_at
    return submission_change(submission_id, outcome=outcome, check_at=func.now() + first_check, **changes)


def never_left(submission_id: str, reason: str) -> Update:
    """Return the statement that ends a submission that certainly had no effect: it has no duplicates."""
    return submission_change(submission_id, outcome="retryable", detail=reason, check_at=None)


async def refused_for_a_file(session: Session, *, job_id: str) -> bool:
    """Tell whether a create of this job was refused before because the platform did not know a file."""
    refused = (PlatformSubmission.job_id == job_id) & PlatformSubmission.file_unknown
    return bool(await session.scalar(select(exists().where(refused))))


def doubtful_look(submission_id: str, reason: str) -> Update:
    """Return the statement that notes a look that could not tell whether the job is there."""
    looks = PlatformSubmission.looks + 1
    return submission_change(submission_id, outcome="ambiguous", detail=reason, looks=looks)


def first_absence(submission_id: str) -> Update:
    """Return the statement that notes the first look that did not find the job."""
    absent_since = func.coalesce(PlatformSubmission.absent_since, func.now())
    return submission_change(submission_id, outcome="ambiguous", absent_since=absent_since)
