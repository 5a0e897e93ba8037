"""What every step does with a call that certainly had no effect: wait, and count it if it was an attempt.

What the call means for the account is noted where the call is made, by `services.parking`.
"""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func

from db.session import Session
from domain import parking, retry
from domain.jobs import Job, NewEvent
from domain.outcomes import Retryable, Trouble
from services import transitions

_RANDOM = random.SystemRandom()


async def retry_later(
    session: Session,
    job: Job,
    outcome: Retryable,
    *,
    what: str,
    riders: Sequence[Any] = (),
    changes: Mapping[str, Any] = transitions.NOTHING,
) -> None:
    """Leave the job where it is; a 429 or a refused key is no failed attempt."""
    match outcome.trouble:
        case Trouble.UNAVAILABLE:
            failures = job.failures + 1
            wait, events = retry.platform_wait(failures, _RANDOM), _first_failure(failures, what, outcome)
            changes = {**changes, "failures": failures}
        case Trouble.THROTTLED:
            wait, events = parking.throttled_wait(outcome) + _apart(), []
        case Trouble.UNAUTHORIZED:
            wait, events = parking.REFUSED_WAIT + _apart(), _key_refused(job)
            changes = {**changes, "key_refused_at": func.now()}
    await transitions.stay(
        session, job, wait=wait, events=events, changes=changes, riders=riders, progress=False
    )


def _apart() -> timedelta:
    """Return up to a second: what was refused together does not come back together."""
    return timedelta(seconds=_RANDOM.random())


def _first_failure(failures: int, what: str, outcome: Retryable) -> list[NewEvent]:
    message = f"{what} did not work ({outcome.reason}); it is tried again"
    return [NewEvent(message, level="warn")] if failures == 1 else []


def _key_refused(job: Job) -> list[NewEvent]:
    """Say it once in a parking: `key_refused_at` stands until the job goes on."""
    if job.key_refused_at is not None:
        return []
    details = {"error_code": "platform_unauthorized"}
    return [NewEvent(parking.REFUSED, level="error", details=details)]
