"""SUBMITTING with an open submission: find out whether the create call was accepted, before any other."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from db.queries import duplicates, submissions
from db.session import Session
from domain.jobs import Job, NewEvent
from domain.outcomes import Retryable
from domain.platform import JobError, OptionalRoute, PlatformJob
from domain.reconciliation import UNCONFIRMED_AFTER, Sought
from services import credentials, transitions
from services.job_steps.retrying import retry_later
from services.job_steps.submitting import submitted

UNREACHABLE_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class ReconcilePlan:
    """A submission whose fate is unknown; `absent_for` is how long ago it was first not found."""

    job: Job
    submission_id: str
    sought: Sought
    can_cancel: bool
    """As far as is known, a job too many could be ended on the platform."""
    age: timedelta
    absent_for: timedelta | None
    doubted: bool
    """A look that could not tell has been told of."""


async def begin_reconcile(session: Session, job: Job) -> ReconcilePlan:
    """Return what to look for on the platform."""
    assert job.open_submission_id is not None  # noqa: S101 - the worker chose this step by it
    row = await submissions.submission(session, submission_id=job.open_submission_id)
    file = row.platform_training_file
    own = row.own_file and await duplicates.is_of_one_job(session, platform_training_file=file, job_id=job.id)
    missing = await credentials.missing_routes(session, credential_id=job.credential_id)
    return ReconcilePlan(
        job,
        row.id,
        Sought(row.marker, file, own, row.intent_at),
        can_cancel=OptionalRoute.CANCEL not in missing,
        age=row.age,
        absent_for=row.absent_for,
        doubted=row.looks > 0,
    )


async def finish_found(
    session: Session, plan: ReconcilePlan, kept: PlatformJob, *, first_poll: timedelta
) -> None:
    """Adopt the platform's job."""
    await submitted(session, plan.job, plan.submission_id, kept, "adopted", first_poll)


async def finish_absent(session: Session, plan: ReconcilePlan, *, settle: timedelta) -> None:
    """Note that it is not there; only the second time, `settle` later, may another create be sent."""
    if plan.absent_for is not None and plan.absent_for >= settle:
        event = NewEvent("The platform never got the submission")
        rider = submissions.settled(plan.submission_id, "absent")
        changes = {"open_submission_id": None}
        await _stay(session, plan, wait=timedelta(0), events=[event], changes=changes, riders=[rider])
        return
    rider = submissions.first_absence(plan.submission_id)
    wait = settle if plan.absent_for is None else settle - plan.absent_for
    events = [] if plan.can_cancel or plan.absent_for is not None else [_no_second_chance(settle)]
    await _stay(session, plan, wait=wait, events=events, riders=[rider])


async def finish_unknown(session: Session, plan: ReconcilePlan, reason: str) -> None:
    """Keep looking while the platform's list cannot tell, and say so once; give up after a day."""
    if plan.age < UNCONFIRMED_AFTER:
        rider = submissions.doubtful_look(plan.submission_id, reason)
        events = [] if plan.doubted else [_doubt(reason)]
        await _stay(session, plan, wait=UNREACHABLE_LOOK, events=events, riders=[rider])
        return
    rider = submissions.settled(plan.submission_id, "unconfirmed", detail=reason)
    await transitions.fail(session, plan.job, unconfirmed(plan.sought), riders=[rider])


async def finish_unreachable(session: Session, plan: ReconcilePlan, outcome: Retryable) -> None:
    """The list could not be read; nothing is known, so nothing is sent."""
    if plan.age >= UNCONFIRMED_AFTER:
        await finish_unknown(session, plan, outcome.reason)
        return
    await retry_later(session, plan.job, outcome, what="Looking for the submission on the platform")


async def _stay(session: Session, plan: ReconcilePlan, **how: Any) -> None:
    """Go on looking, or submit again. The crashes stand: a create that kills its worker is one of them."""
    await transitions.stay(session, plan.job, **how, progress=False)


def _no_second_chance(settle: timedelta) -> NewEvent:
    minutes = f"{settle.total_seconds() / 60:.3g} min"
    return NewEvent(
        "The platform does not show the submission, and has no way to cancel a job that came of it late; "
        f"it is sent again only if it is still not there after {minutes}",
        level="warn",
    )


def _doubt(reason: str) -> NewEvent:
    text = f"Whether the platform got the submission cannot be told yet ({reason}); looking for up to a day"
    return NewEvent(text, level="warn")


def unconfirmed(sought: Sought) -> JobError:
    """Return the error of a job whose create call was neither confirmed nor ruled out in time."""
    file, marker = sought.platform_training_file, f"the metadata tuneward={sought.marker}"
    # Metadata may not have been sent, but then the file is the job's own; a shared one tells nothing.
    traits = f"the training file {file}, or {marker}," if sought.own_file else marker
    return JobError(
        "submission_unconfirmed",
        f"The platform's answer to the submission was lost and its list did not settle within a day whether "
        f"the job exists. Look on the platform for a job with {traits} before you create this "
        f"one again.",
    )
