"""What the owner of a job wishes for, left on its row for the next step."""

from sqlalchemy import TextClause, text

from db.session import Session


def _wish(changes: str, unless: str) -> TextClause:
    """Return the statement that leaves a wish for a job's next step, and the event that says so."""
    return text(f"""
    WITH job AS (
        UPDATE jobs SET {changes}, sequence = sequence + 1
         WHERE id = :job_id AND finished_at IS NULL AND {unless}
        RETURNING id, sequence
    )
    INSERT INTO job_events (job_id, sequence, message) SELECT id, sequence, :message FROM job""")  # noqa: S608 - only constants are put together here


_REQUEST_CANCEL = _wish("cancel_requested_at = now(), next_step_at = now()", "cancel_requested_at IS NULL")
_REQUEST_PAUSE = _wish("paused_at = now()", "paused_at IS NULL")
_RESUME = _wish("paused_at = NULL, next_step_at = now()", "paused_at IS NOT NULL")


async def request_cancel(session: Session, *, job_id: str, message: str) -> None:
    """Leave the wish to cancel, and an event that says so, for the job's next step; once."""
    await session.execute(_REQUEST_CANCEL, {"job_id": job_id, "message": message})


async def request_pause(session: Session, *, job_id: str, message: str) -> None:
    """Leave the wish to pause, and an event that says so, for the job's next step; once."""
    await session.execute(_REQUEST_PAUSE, {"job_id": job_id, "message": message})


async def resume(session: Session, *, job_id: str, message: str) -> None:
    """Take a pause back, say so in the job's history, and make it due."""
    await session.execute(_RESUME, {"job_id": job_id, "message": message})
