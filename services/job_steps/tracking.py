"""TRACKING: what the platform says of a submitted job, and the wish to cancel it."""

import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from db.queries import job_records, platform_credentials
from db.session import Session
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable
from domain.pace import poll_wait
from domain.platform import JobError, OptionalRoute, PlatformEvent, PlatformJob, PlatformStatus
from services import credentials, transitions
from services.job_steps.recording import new_events
from services.job_steps.retrying import retry_later

LOST_AFTER_LOOKS = 3
LOST_AFTER = timedelta(minutes=10)
_RANDOM = random.SystemRandom()


async def lacks_events(session: Session, job: Job) -> bool:
    """Tell whether the platform is known to have no events, so that they are not asked for."""
    missing = await credentials.missing_routes(session, credential_id=job.credential_id)
    return OptionalRoute.EVENTS in missing


async def finish_poll(
    session: Session,
    job: Job,
    outcome: Outcome[PlatformJob],
    *,
    interval: timedelta,
    events: Sequence[PlatformEvent] = (),
    missing: Sequence[str] = (),
) -> Job | None:
    """Record one look, and the routes it found missing; return the job, still claimed, if it has ended."""
    await credentials.remember_routes(session, credential_id=job.credential_id, missing=missing)
    match outcome:
        case Answered(seen) if seen.status.ended:
            return await _ended(session, job, seen)
        case Answered(seen):
            await _still_going(session, job, seen, interval, events)
        case NotFound(message):
            await _not_found(session, job, message, interval)
        case Retryable():
            await retry_later(session, job, outcome, what="Asking the platform how the job stands")
        case Ambiguous(reason) | NotOffered(reason) | Rejected(message=reason):
            again = Retryable(reason)
            await retry_later(session, job, again, what="Asking the platform how the job stands")
    return None


async def _ended(session: Session, job: Job, seen: PlatformJob) -> Job:
    return await transitions.move(
        session,
        job,
        JobState.COLLECTING,
        events=[NewEvent(f"The platform reports the end of the job: {seen.raw_status}")],
        changes={
            **_seen(job, seen),
            "polls": job.polls + 1,
            "platform_end": msgspec.to_builtins(seen),
            "running_since": job.running_since or job.read_at,
        },
        riders=_echo(job, seen),
        keep_claim=True,
    )


async def _still_going(
    session: Session, job: Job, seen: PlatformJob, interval: timedelta, events: Sequence[PlatformEvent]
) -> None:
    now = job.read_at
    changes = {**_seen(job, seen), "polls": job.polls + 1, "failures": 0}
    changes |= {"not_found_count": 0, "not_found_since": None}
    if seen.status is PlatformStatus.RUNNING and job.running_since is None:
        changes["running_since"] = now
    remaining = seen.estimated_finish - now if seen.estimated_finish else None
    wait = poll_wait(interval, age=now - job.state_since, remaining=remaining, rng=_RANDOM)
    riders = [*_echo(job, seen), *job_records.metric_riders(job.id, events)]
    lines = [*_news(job, seen), *new_events(events)]
    await transitions.stay(session, job, wait=wait, events=lines, changes=changes, riders=riders)


def _seen(job: Job, seen: PlatformJob) -> dict[str, Any]:
    return {
        "platform_status": seen.raw_status,
        "estimated_finish": seen.estimated_finish or job.estimated_finish,
        "trained_tokens": seen.trained_tokens if seen.trained_tokens is not None else job.trained_tokens,
    }


def _echo(job: Job, seen: PlatformJob) -> list[Any]:
    """On the first look, learn whether the platform gives our marker back."""
    if job.polls:
        return []
    return [
        platform_credentials.metadata_knowledge(
            credential_id=job.credential_id, echoes=seen.marker is not None
        )
    ]


def _news(job: Job, seen: PlatformJob) -> list[NewEvent]:
    if seen.raw_status == job.platform_status:
        return []
    if not seen.known_status:
        message = f"The platform reports the unknown status {seen.raw_status!r}; it counts as running"
        return [NewEvent(message, level="warn")]
    if seen.status is PlatformStatus.RUNNING and job.running_since is None:
        return [NewEvent("The platform is training")]
    return []


async def _not_found(session: Session, job: Job, message: str, interval: timedelta) -> None:
    now = job.read_at
    since, count = job.not_found_since or now, job.not_found_count + 1
    if count >= LOST_AFTER_LOOKS and now - since >= LOST_AFTER:
        text = (
            f"The platform does not know the job {job.platform_job_id} any more ({message}). "
            "Ask its support with this id; create the job again if it is really gone."
        )
        await transitions.fail(session, job, JobError("platform_job_lost", text))
        return
    changes = {"not_found_count": count, "not_found_since": since, "polls": job.polls + 1}
    event = NewEvent(f"The platform answered 404 for {job.platform_job_id}; looking again", level="warn")
    wait = max(interval, LOST_AFTER / LOST_AFTER_LOOKS)
    await transitions.stay(session, job, wait=wait, events=[event], changes=changes)


async def finish_cancel(session: Session, job: Job, outcome: Outcome[PlatformJob]) -> None:
    """Record what the platform said to a cancel; the job ends when the platform says so."""
    again = timedelta(seconds=1)
    now = job.read_at
    match outcome:
        case Answered() | NotFound() | Rejected():
            event = NewEvent(_cancel_answer(outcome))
            await transitions.stay(session, job, wait=again, events=[event], changes={"cancel_sent_at": now})
        case NotOffered():
            missing = [OptionalRoute.CANCEL]
            await credentials.remember_routes(session, credential_id=job.credential_id, missing=missing)
            event = NewEvent("The platform has no way to cancel a job; it goes on", level="warn")
            await transitions.stay(session, job, wait=again, events=[event], changes={"cancel_sent_at": now})
        case Retryable():
            await retry_later(session, job, outcome, what="Cancelling on the platform")
        case Ambiguous(reason):
            await retry_later(session, job, Retryable(reason), what="Cancelling on the platform")


def _cancel_answer(outcome: Answered[PlatformJob] | NotFound | Rejected) -> str:
    if isinstance(outcome, Answered):
        return "The platform accepted the cancellation"
    return f"The platform did not cancel the job: {outcome.message}"
