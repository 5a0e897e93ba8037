"""Creates that a client's own retries may come to; `job_creation` writes their rows."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import text

from db.session import Session
from domain.create_requests import Answer, Try

_LOCK = text("SELECT pg_advisory_xact_lock(:lock)")
_SHARE_LOCK = text("SELECT pg_advisory_xact_lock_shared(:lock)")
# Of several that fit those first whose client surely waits for an answer, of these the one that was tried
# last: a retry with a smaller count could not take it, but can take any that is left. Then the oldest.
# `answered_at` is taken back: a client that tries again has no answer, whatever we had thought.
# `clock_timestamp` and not `now`, which is when the transaction began: before it waited for the lock.
_TAKE = text("""
    WITH known AS (
        SELECT request.job_id, last_retry_count,
               COALESCE(answered_at, clock_timestamp() - told.ago) AS answered_at
          FROM create_requests AS request
          LEFT JOIN unnest(CAST(:job_ids AS text[]), CAST(:counts AS bigint[]), CAST(:agos AS interval[]))
                    AS told (job_id, retry_count, ago)
                 ON told.job_id = request.job_id AND told.retry_count = last_retry_count
         WHERE fingerprint = :fingerprint AND last_retry_count < :retry_count
           AND tried_at > clock_timestamp() - CAST(:within AS interval)
    )
    UPDATE create_requests
       SET last_retry_count = :retry_count, answered_at = NULL, tried_at = clock_timestamp()
     WHERE job_id = (
        SELECT job_id FROM known
         WHERE answered_at IS NULL OR answered_at > clock_timestamp() - CAST(:for_good AS interval)
         ORDER BY answered_at IS NOT NULL, last_retry_count DESC, job_id
         LIMIT 1)
    RETURNING job_id""")
_OVERTAKEN = text("""
    SELECT EXISTS (SELECT FROM create_requests
                    WHERE fingerprint = :fingerprint AND last_retry_count > :retry_count
                      AND tried_at > clock_timestamp() - CAST(:within AS interval))""")
# An answer to an earlier try than the last one says nothing any more.
_ANSWERED = text("""
    UPDATE create_requests SET answered_at = now() - told.ago
      FROM unnest(CAST(:job_ids AS text[]), CAST(:counts AS bigint[]), CAST(:agos AS interval[]))
           AS told (job_id, retry_count, ago)
     WHERE create_requests.job_id = told.job_id
       AND create_requests.last_retry_count = told.retry_count""")
_FORGET = text("DELETE FROM create_requests WHERE tried_at < now() - CAST(:keep AS interval)")


async def lock(session: Session, *, this: Try) -> None:
    """Wait until no create with this fingerprint is under way, and let none begin before the commit."""
    await session.execute(_LOCK, {"lock": this.lock})


async def share_lock(session: Session, *, this: Try) -> None:
    """Wait until no retry with this fingerprint is under way, and let none begin before the commit.

    The statement of `job_creation` does the same; this is for a create that locks other rows before it.
    """
    await session.execute(_SHARE_LOCK, {"lock": this.lock})


async def take(
    session: Session, *, this: Try, told: Sequence[Answer], within: timedelta, for_good: timedelta
) -> str | None:
    """Take the create that this retry belongs to, if there is one, and return its job.

    `told` are answers that are not in the database yet.
    """
    values = {
        **_columns(told),
        "fingerprint": this.fingerprint,
        "retry_count": this.retry_count,
        "within": within,
        "for_good": for_good,
    }
    return (await session.execute(_TAKE, values)).scalar()


def _columns(answers: Sequence[Answer]) -> dict[str, Any]:
    return {
        "job_ids": [answer.job_id for answer in answers],
        "counts": [answer.retry_count for answer in answers],
        "agos": [answer.ago for answer in answers],
    }


async def is_overtaken(session: Session, *, this: Try, within: timedelta) -> bool:
    """Tell whether a later try of a create that looks like this one was accepted already."""
    values = {"fingerprint": this.fingerprint, "retry_count": this.retry_count, "within": within}
    return bool((await session.execute(_OVERTAKEN, values)).scalar())


async def record_answers(session: Session, *, answers: Sequence[Answer]) -> None:
    """Write down which tries were answered, all in one statement."""
    await session.execute(_ANSWERED, _columns(answers))


async def forget_old(session: Session, *, keep: timedelta) -> int:
    """Delete what no retry can come to any more."""
    return (await session.execute(_FORGET, {"keep": keep})).rowcount
