"""What the sweeps ask: rows that stopped moving, rows that killed their worker, rows kept long enough."""

from datetime import timedelta

from sqlalchemy import ColumnElement, Integer, cast, exists, func, or_, select, text

from db.models import Job, PlatformCredential
from db.queries import job_columns
from db.session import Session
from domain import jobs
from domain.job_state import JobState


def _parked_by_key() -> ColumnElement[bool]:
    """Tell whether a job waits for the key, or was not told yet that it is taken: that is no standing still.

    One that is refused alone, while the key is taken, does stand still.
    """
    account = PlatformCredential
    waits = or_(account.refused_at.is_not(None), Job.key_refused_at <= account.accepted_at)
    return exists().where(account.id == Job.credential_id, Job.key_refused_at.is_not(None), waits)


async def stalled_jobs(
    session: Session, *, state: JobState, older_than: timedelta, warned: bool, limit: int
) -> list[jobs.Job]:
    """Return and lock unclaimed jobs that have been in this state for longer."""
    statement = (
        select(*job_columns.COLUMNS)
        .where(Job.state == state, Job.state_since < func.now() - older_than)
        .where(Job.claimed_until.is_(None) | (Job.claimed_until < func.now()))
        .where(~_parked_by_key())
        .order_by(Job.state_since)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if not warned:
        statement = statement.where(Job.warned_at.is_(None))
    return [job_columns.job_of(row) for row in await session.execute(statement)]


async def poisonous_jobs(session: Session, *, crashes: int, limit: int) -> list[jobs.Job]:
    """Return and lock jobs of which this many claims have run out in a worker's hands."""
    ran_out = cast(Job.claimed_until.is_not(None), Integer)
    statement = (
        select(*job_columns.COLUMNS)
        .where(Job.crashes > 0, Job.crashes + ran_out >= crashes, Job.finished_at.is_(None))
        .where(Job.state.in_(list(JobState)))  # a newer version may have others
        .where(Job.claimed_until.is_(None) | (Job.claimed_until < func.now()))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return [job_columns.job_of(row) for row in await session.execute(statement)]


_OLD_KEYS = text("DELETE FROM idempotency_keys WHERE created_at < now() - CAST(:keep AS interval)")
_OLD_EVENTS = text("""
    DELETE FROM webhook_events WHERE created_at < now() - CAST(:keep AS interval)
       AND NOT EXISTS (SELECT FROM webhook_deliveries AS delivery
                        WHERE delivery.event_id = webhook_events.id AND delivery.state = 'pending')""")
_OLD_JOB_EVENTS = text("""
    DELETE FROM job_events USING jobs
     WHERE jobs.id = job_events.job_id AND jobs.finished_at < now() - CAST(:keep AS interval)""")


async def forget_old_idempotency_keys(session: Session, *, keep: timedelta) -> int:
    """Delete keys older than `keep`."""
    return (await session.execute(_OLD_KEYS, {"keep": keep})).rowcount


async def forget_old_webhook_events(session: Session, *, keep: timedelta) -> int:
    """Delete events older than `keep` with their deliveries and attempts, unless one is still pending."""
    return (await session.execute(_OLD_EVENTS, {"keep": keep})).rowcount


async def forget_old_job_events(session: Session, *, keep: timedelta) -> int:
    """Delete the events of jobs that ended longer ago than `keep`."""
    return (await session.execute(_OLD_JOB_EVENTS, {"keep": keep})).rowcount


_QUEUE_DEPTHS = text("""
    SELECT state, count(*), count(*) FILTER (WHERE next_step_at <= now() AND paused_at IS NULL),
           COALESCE(extract(epoch FROM max(now() - next_step_at) FILTER (WHERE paused_at IS NULL)), 0)
      FROM jobs WHERE finished_at IS NULL GROUP BY state
    UNION ALL
    SELECT 'examination', count(*), count(*) FILTER (WHERE due_at <= now()),
           COALESCE(extract(epoch FROM max(now() - due_at)), 0)
      FROM file_reports WHERE finished_at IS NULL
    UNION ALL
    SELECT 'delivery', count(*), count(*) FILTER (WHERE next_attempt_at <= now()),
           COALESCE(extract(epoch FROM max(now() - next_attempt_at)), 0)
      FROM webhook_deliveries WHERE state = 'pending'""")


async def queue_depths(session: Session) -> list[tuple[str, int, int, float]]:
    """Return for each stage: rows waiting, of these due, and the seconds the oldest is overdue."""
    return [
        (stage, waiting, due, max(0.0, float(overdue)))
        for stage, waiting, due, overdue in await session.execute(_QUEUE_DEPTHS)
    ]
