"""What the owner of a job wishes for, left on its row for the next step."""

from sqlalchemy import TextClause, text

from db.session import Session
from domain.job_state import BEFORE_SUBMISSION


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

_BEFORE_SUBMISSION = tuple(sorted(str(state) for state in BEFORE_SUBMISSION))
_WAKE_FOR_FILE = text(f"""
    UPDATE jobs SET next_step_at = now()
     WHERE finished_at IS NULL AND (training_file_id = :file_id OR validation_file_id = :file_id)
       AND state IN {_BEFORE_SUBMISSION} AND paused_at IS NULL AND next_step_at > now()""")  # noqa: S608 - constants


async def wake_for_file(session: Session, *, file_id: str) -> None:
    """Make the jobs due that wait until this file has been examined."""
    await session.execute(_WAKE_FOR_FILE, {"file_id": file_id})


async def request_cancel(session: Session, *, job_id: str, message: str) -> None:
    """Leave the wish to cancel, and an event that says so, for the job's next step; once."""
    await session.execute(_REQUEST_CANCEL, {"job_id": job_id, "message": message})


async def request_pause(session: Session, *, job_id: str, message: str) -> None:
    """Leave the wish to pause, and an event that says so, for the job's next step; once."""
    await session.execute(_REQUEST_PAUSE, {"job_id": job_id, "message": message})


async def resume(session: Session, *, job_id: str, message: str) -> None:
    """Take a pause back, say so in the job's history, and make it due."""
    await session.execute(_RESUME, {"job_id": job_id, "message": message})
