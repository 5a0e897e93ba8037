"""What jobs are told of a key that the platform refuses: once when it begins, once when it goes on.

Which jobs were told stands on their rows: a worker that dies in between leaves the rest to another.
"""

from datetime import timedelta

from sqlalchemy import text

from db.session import Session

# A job that is being worked on says it itself if its call is refused; one that was just accepted when it is
# held. Neither is in here, nor a paused one, which waits for its owner.
_TELL_REFUSED = text("""
    WITH waiting AS (
        SELECT jobs.id, credential.refused_at
          FROM jobs JOIN platform_credentials AS credential ON credential.id = jobs.credential_id
         WHERE credential.name = :name AND credential.refused_at IS NOT NULL
           AND finished_at IS NULL AND state <> 'received' AND paused_at IS NULL
           AND (claimed_until IS NULL OR claimed_until < now()) AND key_refused_at IS NULL
         LIMIT :limit FOR UPDATE OF jobs SKIP LOCKED
    ), told AS (
        UPDATE jobs SET key_refused_at = waiting.refused_at, sequence = sequence + 1
          FROM waiting WHERE jobs.id = waiting.id
        RETURNING jobs.id, sequence
    )
    INSERT INTO job_events (job_id, sequence, level, message, details)
    SELECT id, sequence, 'error', CAST(:message AS text),
           CAST('{"error_code": "platform_unauthorized"}' AS jsonb) FROM told""")


async def tell_refused(session: Session, *, name: str, message: str, limit: int) -> int:
    """Write into up to `limit` jobs of an account whose key is refused that they wait; return how many."""
    values = {"name": name, "message": message, "limit": limit}
    return (await session.execute(_TELL_REFUSED, values)).rowcount


# The time that a job was parked for is no time that it stood still; the time that it was refused alone is, or
# a job that one route refuses for ever would never end.
_TELL_ACCEPTED = text("""
    WITH waiting AS (
        SELECT jobs.id, COALESCE(key_refused_at <= credential.accepted_at, false) AS was_parked
          FROM jobs JOIN platform_credentials AS credential ON credential.id = jobs.credential_id
         WHERE credential.name = :name AND credential.refused_at IS NULL
           AND finished_at IS NULL AND key_refused_at IS NOT NULL
           AND (claimed_until IS NULL OR claimed_until < now())
           AND (key_refused_at <= credential.accepted_at
                OR key_refused_at < now() - CAST(:settled AS interval))
         LIMIT :limit FOR UPDATE OF jobs SKIP LOCKED
    ), told AS (
        UPDATE jobs
           SET key_refused_at = NULL, sequence = sequence + 1,
               state_since = CASE WHEN was_parked
                   THEN LEAST(now(), state_since + (now() - key_refused_at)) ELSE state_since END,
               next_step_at = CASE WHEN paused_at IS NOT NULL THEN next_step_at
                   ELSE LEAST(next_step_at, now() + random() * CAST(:spread AS interval)) END
          FROM waiting WHERE jobs.id = waiting.id
        RETURNING jobs.id, sequence
    )
    INSERT INTO job_events (job_id, sequence, message) SELECT id, sequence, CAST(:message AS text)
      FROM told""")


async def tell_accepted(
    session: Session, *, name: str, message: str, settled: timedelta, spread: timedelta, limit: int
) -> int:
    """Let up to `limit` jobs that were told of a refusal go on within `spread`, and say so; return how many.

    A job that was refused on one route, while the key as such was accepted, goes on if it has not been
    refused again for as long as `settled`.
    """
    values = {"name": name, "message": message, "settled": settled, "spread": spread, "limit": limit}
    return (await session.execute(_TELL_ACCEPTED, values)).rowcount
