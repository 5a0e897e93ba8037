"""Uploads to the platform: intents, what became of them, and whose files nobody uses."""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Delete, Update, delete, func, literal, text, update
from sqlalchemy import Interval as IntervalType
from sqlalchemy.dialects.postgresql import Insert, insert

from db.models import PlatformUpload
from db.session import Session
from domain.platform_uploads import SoughtUpload


def new_uploads(rows: Sequence[Mapping[str, Any]]) -> Insert:
    """Return the statement that writes these intents; it rides along with the transition, or goes alone."""
    return insert(PlatformUpload).values([dict(row) for row in rows])


def used(upload_id: str, platform_file_id: str) -> Update:
    """Return the statement that records that a job uses the file."""
    return _change(upload_id, outcome="used", platform_file_id=platform_file_id, check_at=func.now())


def job_ended(job_id: str) -> Update:
    """Return the statement that notes that this job needs its files on the platform no more."""
    ours = (PlatformUpload.job_id == job_id) & (PlatformUpload.outcome == "used")
    return update(PlatformUpload).where(ours).values(check_at=func.now())


def ambiguous(upload_id: str, detail: str) -> Update:
    """Return the statement that records that the file may have arrived."""
    return _change(upload_id, outcome="ambiguous", detail=detail)


def failed(upload_id: str) -> Delete:
    """Return the statement that forgets an upload that certainly left nothing."""
    return delete(PlatformUpload).where(PlatformUpload.id == upload_id, PlatformUpload.outcome == "pending")


def _change(upload_id: str, **changes: Any) -> Update:
    statement = update(PlatformUpload).where(PlatformUpload.id == upload_id)
    return statement.where(PlatformUpload.outcome == "pending").values(changes)


# An upload is recorded as used under the claim it was begun under, and a claim's token never comes back: from
# the moment the job has another one, or none, the upload cannot be recorded any more. No clock is involved.
_SCHEDULE = text("""
    UPDATE platform_uploads AS upload SET outcome = 'ambiguous', check_at = now() + :first_look
     WHERE upload.check_at IS NULL
       AND (upload.outcome = 'ambiguous'
            OR (upload.outcome = 'pending' AND NOT EXISTS (
                SELECT FROM jobs
                 WHERE jobs.id = upload.job_id AND jobs.claim_token = upload.claim_token)))""")


async def schedule_looks(session: Session, *, first_look: timedelta) -> int:
    """Make uploads that nobody can use any more due for a look at the platform; return how many."""
    return (await session.execute(_SCHEDULE, {"first_look": first_look})).rowcount


_CLAIM_DUE = text("""
    UPDATE platform_uploads AS upload SET check_at = now() + :lease
      FROM (SELECT upload.id FROM platform_uploads AS upload
              JOIN platform_credentials AS credential ON credential.id = upload.credential_id
             WHERE upload.outcome = 'ambiguous' AND upload.check_at <= now()
               AND credential.probe_at IS NULL
               AND (credential.parked_until IS NULL OR credential.parked_until <= now())
             ORDER BY upload.id LIMIT :limit FOR UPDATE OF upload SKIP LOCKED) AS due
     WHERE upload.id = due.id
    RETURNING upload.id, upload.credential_id, upload.begun_at, now() - upload.begun_at,
              upload.looks, upload.doubts""")


async def claim_due(session: Session, *, lease: timedelta, limit: int) -> list[SoughtUpload]:
    """Return uploads whose files are to be sought now; until the lease is over they are due for nobody."""
    rows = await session.execute(_CLAIM_DUE, {"lease": lease, "limit": limit})
    return [SoughtUpload(*row) for row in rows]


_NAMED = text("""
    SELECT platform_file_id FROM platform_files WHERE platform_file_id = ANY(CAST(:ids AS text[]))
    UNION
    SELECT platform_file_id FROM platform_uploads
     WHERE platform_file_id = ANY(CAST(:ids AS text[])) AND outcome = 'used'
    UNION
    SELECT platform_training_file FROM jobs WHERE platform_training_file = ANY(CAST(:ids AS text[]))
    UNION
    SELECT platform_validation_file FROM jobs WHERE platform_validation_file = ANY(CAST(:ids AS text[]))""")


async def named_files(session: Session, *, platform_file_ids: Collection[str]) -> set[str]:
    """Return those of the platform's files that something of ours names.

    Jobs are read one by one for it; only where a file was found that seems to be nobody's.
    """
    return set((await session.execute(_NAMED, {"ids": list(platform_file_ids)})).scalars())


async def record_look(
    session: Session, upload: SoughtUpload, *, wait: timedelta | None, **changes: Any
) -> bool:
    """Record what a look came to; `wait` leads to the next one, None is the end.

    Returns:
        Whether it was still ours to record: a look that took too long may have been done by another.
    """
    check_at = None if wait is None else func.now() + literal(wait, IntervalType)
    statement = (
        update(PlatformUpload)
        .where(PlatformUpload.id == upload.id, PlatformUpload.outcome == "ambiguous")
        .where(PlatformUpload.looks == upload.looks, PlatformUpload.doubts == upload.doubts)
        .values(**changes, check_at=check_at)
    )
    return (await session.execute(statement)).rowcount == 1


# Needed is what a living job names, be it the one that uploaded it or one that it was shared with while a row
# said so, what jobs share, what another upload came to, and whatever a person may have to look for on the
# platform: of a job that nobody saw end there, or of which a create may still come to light. A living job's
# are looked at again as well: a worker of the version before ends a job without a word to this table.
_CLAIM_USED = text("""
    WITH due AS (
        SELECT upload.id, upload.job_id, upload.platform_file_id
          FROM platform_uploads AS upload
          JOIN platform_credentials AS credential ON credential.id = upload.credential_id
         WHERE upload.outcome = 'used' AND upload.check_at <= now() - CAST(:unneeded_for AS interval)
           AND credential.probe_at IS NULL
           AND (credential.parked_until IS NULL OR credential.parked_until <= now())
         ORDER BY upload.check_at LIMIT :limit FOR UPDATE OF upload SKIP LOCKED
    ), looked_at AS (
        UPDATE platform_uploads AS upload
           SET check_at = CASE WHEN EXISTS (
                   SELECT FROM jobs WHERE jobs.id = due.job_id
                      AND (jobs.finished_at IS NULL
                           OR jobs.finished_at > now() - CAST(:patience AS interval))) THEN now() END
          FROM due WHERE upload.id = due.id
        RETURNING upload.id, upload.credential_id, upload.job_id, upload.platform_file_id
    )
    SELECT id, credential_id, platform_file_id FROM looked_at AS upload
     WHERE NOT EXISTS (
               SELECT FROM jobs
                WHERE jobs.id = upload.job_id
                  AND (jobs.finished_at IS NULL OR jobs.finished_at > now() - CAST(:unneeded_for AS interval)
                       OR (jobs.platform_job_id IS NOT NULL AND jobs.platform_end IS NULL)))
       AND NOT EXISTS (
               SELECT FROM jobs, LATERAL (
                    VALUES (platform_training_file), (platform_validation_file)) AS named (id)
                WHERE jobs.finished_at IS NULL AND named.id = upload.platform_file_id)
       AND NOT EXISTS (
               SELECT FROM platform_submissions AS submission
                WHERE submission.job_id = upload.job_id
                  AND (submission.outcome IN ('pending', 'ambiguous', 'unconfirmed')
                       OR submission.check_at IS NOT NULL))
       AND NOT EXISTS (
               SELECT FROM platform_files AS copy
                WHERE copy.platform_file_id = upload.platform_file_id
                  AND copy.job_id IS DISTINCT FROM upload.job_id)
       AND NOT EXISTS (
               SELECT FROM platform_uploads AS other
                WHERE other.platform_file_id = upload.platform_file_id AND other.outcome = 'used'
                  AND other.id <> upload.id)""")


async def claim_spent(
    session: Session, *, unneeded_for: timedelta, patience: timedelta, limit: int
) -> list[tuple[str, str, str]]:
    """Look at up to `limit` files whose job may have ended; return those that nothing needs any more.

    They are looked at again after `unneeded_for`, until the job's end is longer ago than `patience`.

    Returns:
        The ids of upload and credential, and the platform's id of the file.
    """
    values = {"unneeded_for": unneeded_for, "patience": patience, "limit": limit}
    return [(row[0], row[1], row[2]) for row in await session.execute(_CLAIM_USED, values)]


async def record_spent(session: Session, *, upload_id: str) -> None:
    """Record that a file that was used is gone from the platform."""
    statement = update(PlatformUpload).where(PlatformUpload.id == upload_id, PlatformUpload.outcome == "used")
    await session.execute(statement.values(outcome="spent", check_at=None))


_OLD = text("""
    DELETE FROM platform_uploads WHERE outcome IN ('deleted', 'absent', 'given_up', 'spent')
       AND begun_at < now() - CAST(:keep AS interval)""")


async def forget_old(session: Session, *, keep: timedelta) -> int:
    """Delete intents that came to nothing longer ago than `keep`."""
    return (await session.execute(_OLD, {"keep": keep})).rowcount
