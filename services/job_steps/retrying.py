"""What every step does with a call that certainly had no effect: park the account, or wait and count."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from db.queries import platform_credentials
from db.session import Session
from domain import retry
from domain.jobs import Job, NewEvent
from domain.outcomes import Retryable, Trouble
from services import transitions

UNAUTHORIZED_WAIT = timedelta(seconds=60)
THROTTLED_WAIT = timedelta(seconds=10)
"""How long a 429 without `Retry-After` parks the account."""
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
    """Leave the job where it is; a 429 or a refused key parks the account and is no failed attempt."""
    if outcome.trouble is Trouble.UNAVAILABLE:
        failures = job.failures + 1
        wait, events = retry.platform_wait(failures, _RANDOM), _first_failure(failures, what, outcome)
        changes = {**changes, "failures": failures}
    else:
        wait, events = _parking(outcome), _key_refused(outcome)
        await platform_credentials.park_credential(
            session, credential_id=job.credential_id, wait=wait, reason=outcome.trouble.value
        )
    await transitions.stay(session, job, wait=wait, events=events, changes=changes, riders=riders)


def _first_failure(failures: int, what: str, outcome: Retryable) -> list[NewEvent]:
    message = f"{what} did not work ({outcome.reason}); it is tried again"
    return [NewEvent(message, level="warn")] if failures == 1 else []


def _parking(outcome: Retryable) -> timedelta:
    if outcome.trouble is Trouble.UNAUTHORIZED:
        return UNAUTHORIZED_WAIT
    asked = outcome.retry_after
    return THROTTLED_WAIT if asked is None else retry.clamp_retry_after(asked)


def _key_refused(outcome: Retryable) -> list[NewEvent]:
    if outcome.trouble is not Trouble.UNAUTHORIZED:
        return []
    message = (
        f"The platform refused our key ({outcome.reason}). Check XPULINK_API_KEY; the job waits, then goes on"
    )
    return [NewEvent(message, level="error", details={"error_code": "platform_unauthorized"})]
