"""Submissions that are looked at again for late duplicates: claimed by the account, many at once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import exists, select, text

from db.models import Job, PlatformSubmission
from db.session import AnyRow, Session

# A submission that is open is the reconciler's. What is due waits a little, so that what comes due meanwhile
# is looked after by the same reading of the list; an account that is parked is not asked.
_CLAIM = text("""
    WITH ripe AS (
        SELECT jobs.credential_id
          FROM platform_submissions AS submission
          JOIN jobs ON jobs.id = submission.job_id
          JOIN platform_credentials AS credential ON credential.id = jobs.credential_id
         WHERE check_at <= now() - CAST(:gathering AS interval)
           AND (submission.claimed_until IS NULL OR submission.claimed_until < now())
           AND jobs.open_submission_id IS DISTINCT FROM submission.id
           AND credential.probe_at IS NULL
           AND (credential.parked_until IS NULL OR credential.parked_until <= now())
         ORDER BY check_at
         LIMIT 1
    ), due AS (
        SELECT submission.id, jobs.credential_id, jobs.platform_job_id AS kept,
               jobs.platform_job_id IS NOT NULL OR jobs.finished_at IS NOT NULL AS settled
          FROM platform_submissions AS submission
          JOIN jobs ON jobs.id = submission.job_id
         WHERE jobs.credential_id = (SELECT credential_id FROM ripe) AND check_at <= now()
           AND (submission.claimed_until IS NULL OR submission.claimed_until < now())
           AND jobs.open_submission_id IS DISTINCT FROM submission.id
         ORDER BY check_at
         LIMIT :limit FOR UPDATE OF submission SKIP LOCKED
    )
    UPDATE platform_submissions AS submission
       SET claim_token = :token, claimed_until = now() + :lease, check_tries = check_tries + 1
      FROM due WHERE submission.id = due.id
    RETURNING submission.*, due.credential_id, due.kept, due.settled""")


async def claim_due(
    session: Session, *, token: UUID, lease: timedelta, gathering: timedelta, limit: int
) -> Sequence[AnyRow]:
    """Claim up to `limit` submissions of the one account that has waited longest."""
    values = {"token": token, "lease": lease, "gathering": gathering, "limit": limit}
    return (await session.execute(_CLAIM, values)).all()


_RENEW = text("""
    UPDATE platform_submissions SET claimed_until = now() + :lease WHERE claim_token = :token RETURNING id""")


async def renew(session: Session, *, token: UUID, lease: timedelta) -> set[str]:
    """Prolong a claim; return the ids of the submissions that it still holds."""
    return set((await session.execute(_RENEW, {"token": token, "lease": lease})).scalars())


async def kept_jobs(session: Session, *, credential_id: str, platform_job_ids: Sequence[str]) -> set[str]:
    """Return which of these jobs of the platform stand behind a job of ours."""
    statement = select(Job.platform_job_id).where(
        Job.credential_id == credential_id, Job.platform_job_id.in_(platform_job_ids)
    )
    return {id_ for id_ in (await session.execute(statement)).scalars() if id_ is not None}


async def is_of_one_job(session: Session, *, platform_training_file: str, job_id: str) -> bool:
    """Tell whether no other job was submitted with this file: a platform may keep equal files once."""
    other = exists().where(
        PlatformSubmission.platform_training_file == platform_training_file,
        PlatformSubmission.job_id != job_id,
    )
    return not (await session.execute(select(other))).scalar()


_REMEMBER = text("""
    UPDATE platform_submissions SET duplicates = duplicates || jsonb_build_array(CAST(:id AS text))
     WHERE id = :submission_id AND NOT duplicates @> jsonb_build_array(CAST(:id AS text)) RETURNING id""")


async def remember_duplicate(session: Session, *, submission_id: str, platform_job_id: str) -> bool:
    """Keep the platform's id of a duplicate; tell whether it is news."""
    values = {"submission_id": submission_id, "id": platform_job_id}
    return (await session.execute(_REMEMBER, values)).first() is not None


_FINISH = text("""
    UPDATE platform_submissions AS submission
       SET claim_token = NULL, claimed_until = NULL, check_at = now() + looked.wait,
           checks = checks + looked.told::int,
           check_tries = CASE WHEN looked.told THEN 0 ELSE check_tries END
      FROM unnest(CAST(:ids AS text[]), CAST(:waits AS interval[]), CAST(:told AS boolean[]))
           AS looked (id, wait, told)
     WHERE submission.id = looked.id AND claim_token = :token
    RETURNING submission.id""")


async def finish_looks(
    session: Session,
    *,
    token: UUID,
    waits: Mapping[str, timedelta | None],
    told: Mapping[str, bool],
) -> set[str]:
    """Record looks by submission and give the claim back; return the ids that were still held by it.

    Args:
        session: the transaction.
        token: the claim.
        waits: how long until the next look; None is never.
        told: whether the look came to an end; else it is a try that came to nothing.
    """
    values = {
        "token": token,
        "ids": list(waits),
        "waits": list(waits.values()),
        "told": [told[id_] for id_ in waits],
    }
    return set((await session.execute(_FINISH, values)).scalars())


_HAND_BACK = text("""
    UPDATE platform_submissions
       SET claim_token = NULL, claimed_until = NULL, check_tries = greatest(check_tries - 1, 0)
     WHERE claim_token = :token""")


async def hand_back(session: Session, *, token: UUID) -> None:
    """Give a claim back; no try is used up."""
    await session.execute(_HAND_BACK, {"token": token})
