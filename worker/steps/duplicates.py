"""A job on the platform that we do not keep: end it there, and find out whether it has."""

from crash_points import CrashPoint, reach
from domain.duplicates import Dealt, Fate
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Rejected, Retryable
from domain.platform import PlatformJob, PlatformStatus
from worker.context import Context

NO_ROUTE = "the platform has no way to cancel a job"


async def cancel(context: Context, duplicate: PlatformJob) -> Dealt:
    """Cancel it unless it has ended; say what became of it."""
    if duplicate.status.ended:
        return _as_seen(duplicate)
    outcome = await context.platform.cancel_job(duplicate.id)
    reach(CrashPoint.CANCEL_ANSWERED)
    match outcome:
        case Answered(now):
            ended_otherwise = now.status.ended and now.status is not PlatformStatus.CANCELLED
            return Dealt(duplicate.id, Fate.ENDED if ended_otherwise else Fate.CANCELLED)
        case NotOffered():
            return Dealt(duplicate.id, Fate.RUNNING, NO_ROUTE, lacks_route=True)
        case Rejected(message=message) | NotFound(message):
            return await _refused(context, duplicate.id, message)
        case Retryable(reason=reason) | Ambiguous(reason):
            return Dealt(duplicate.id, Fate.UNSURE, reason)


async def _refused(context: Context, id_: str, message: str) -> Dealt:
    """Find out whether it was refused because it has ended, which is the usual reason."""
    match await context.platform.job(id_):
        case Answered(seen) if seen.status.ended:
            return _as_seen(seen)
        case Answered():
            return Dealt(id_, Fate.RUNNING, message)
        case _:
            return Dealt(id_, Fate.UNSURE, message)


def _as_seen(job: PlatformJob) -> Dealt:
    return Dealt(job.id, Fate.CANCELLED if job.status is PlatformStatus.CANCELLED else Fate.ENDED)
