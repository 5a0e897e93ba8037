"""SUBMITTING: the intent is committed before the create call leaves, and its outcome after."""

from dataclasses import dataclass
from datetime import timedelta

from db.queries import jobs as job_queries
from db.queries import platform_credentials, submissions
from db.session import Session
from domain import ids, methods
from domain.hyperparameters import to_send
from domain.job_state import JobState
from domain.jobs import Job, NewEvent
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable
from domain.platform import JobError, JobRequest, PlatformJob
from services import transitions
from services.job_steps.renewing import about_a_missing_file, renew_files
from services.job_steps.retrying import retry_later

FIRST_LOOK = timedelta(seconds=1)
"""How soon after an unclear create the platform's list is asked for it."""
_OWN_FILE_NEXT = "submitting with a training file uploaded for this job alone"


@dataclass(frozen=True, slots=True)
class SubmitPlan:
    """A create call that may now be sent, once."""

    job: Job
    submission_id: str
    request: JobRequest
    with_metadata: bool


async def begin_submit(
    session: Session, job: Job, *, lease: timedelta, first_check: timedelta
) -> SubmitPlan | None:
    """Commit to sending one create call; None if the job is not to be submitted after all.

    Args:
        session: the transaction.
        job: the job as it was claimed.
        lease: how long the claim holds from now on.
        first_check: how long until late duplicates are looked for.
    """
    if job.cancel_requested_at is not None or job.paused_at is not None:
        await _stop(session, job)
        return None
    submission_id = ids.new_id(ids.SUBMISSION)
    marker = submission_id
    token = job.claim_token
    assert token is not None  # noqa: S101 - steps run under a claim
    refuses = await submissions.open_submission(
        session,
        submission_id=submission_id,
        job_id=job.id,
        token=token,
        marker=marker,
        lease=lease,
        first_check=first_check,
    )
    if refuses is None:
        await _not_opened(session, job)
        return None
    return SubmitPlan(job, submission_id, _request(job, marker), with_metadata=not refuses)


async def _not_opened(session: Session, job: Job) -> None:
    """Find out why the intent was not written: somebody else's, cancelled, paused, or not to be recognised.

    The last goes back for a file of its own; a pause that was taken back since lets the job go on at once.
    """
    assert job.claim_token is not None  # noqa: S101 - steps run under a claim
    current = await job_queries.claimed_job(session, job_id=job.id, token=job.claim_token)
    if current is None or current.open_submission_id is not None:
        raise transitions.ClaimLost(job.id)
    if current.cancel_requested_at is not None or current.paused_at is not None:
        await _stop(session, current)
    elif await submissions.recognisable(session, job_id=current.id):
        await transitions.stay(session, current, wait=timedelta(0), progress=False)
    else:
        event = NewEvent(f"The platform does not keep the metadata field; {_OWN_FILE_NEXT}")
        await transitions.hold(session, current, event, wait=timedelta(0))


async def _stop(session: Session, job: Job) -> None:
    """Do what the owner asked for instead of submitting; a cancel beats a pause."""
    if job.cancel_requested_at is not None:
        await transitions.cancel(session, job)
    else:
        event = NewEvent("The job is held: the job is paused")
        await transitions.hold(session, job, event, wait=transitions.WHILE_PAUSED)


def _request(job: Job, marker: str) -> JobRequest:
    assert job.platform_training_file is not None  # noqa: S101 - a CHECK of SUBMITTING
    hyperparameters = to_send(job.hyperparameters)
    return JobRequest(
        model=job.platform_model,
        training_file=job.platform_training_file,
        validation_file=job.platform_validation_file,
        marker=marker,
        suffix=job.suffix,
        seed=job.seed,
        hyperparameters=hyperparameters,
        method=methods.with_hyperparameters(job.method, hyperparameters),
        integrations=job.integrations,
        extra=job.extra,
    )


async def finish_submit(
    session: Session, plan: SubmitPlan, outcome: Outcome[PlatformJob], *, first_poll: timedelta
) -> None:
    """Record what became of the create call."""
    match outcome:
        case Answered(created):
            await submitted(session, plan.job, plan.submission_id, created, "created", first_poll)
        case Ambiguous(reason):
            await _unclear(session, plan, reason)
        case Retryable(reason=reason):
            rider = submissions.never_left(plan.submission_id, reason)
            what, closed = "Submitting to the platform", {"open_submission_id": None}
            await retry_later(session, plan.job, outcome, what=what, riders=[rider], changes=closed)
        case Rejected() if plan.with_metadata and _about_metadata(outcome):
            await _without_metadata(session, plan, outcome)
        case Rejected() if about_a_missing_file(plan.job, outcome) and await renew_files(
            session, plan.job, plan.submission_id, outcome
        ):
            return
        case Rejected(message=message, code=code, param=param):
            await _rejected(session, plan, message, code, param)
        case NotFound(message) | NotOffered(message):
            await _rejected(session, plan, message, None, None)


async def submitted(
    session: Session, job: Job, submission_id: str, created: PlatformJob, outcome: str, first_poll: timedelta
) -> None:
    """Move on with the platform's id, however it was learnt."""
    how = "Submitted to the platform" if outcome == "created" else "Found on the platform"
    rider = submissions.settled(submission_id, outcome, platform_job_id=created.id)
    await transitions.move(
        session,
        job,
        JobState.TRACKING,
        events=[NewEvent(f"{how} as {created.id}", details={"platform_job_id": created.id})],
        changes={
            "platform_job_id": created.id,
            "platform_status": created.raw_status,
            "open_submission_id": None,
        },
        riders=[rider],
        wait=first_poll,
    )


async def _unclear(session: Session, plan: SubmitPlan, reason: str) -> None:
    event = NewEvent(
        f"The platform's answer to the submission was lost ({reason}); looking for the job there",
        level="warn",
        details={"marker": plan.request.marker},
    )
    rider = submissions.submission_change(plan.submission_id, outcome="ambiguous", detail=reason)
    changes = {"open_submission_id": plan.submission_id}
    await transitions.stay(
        session, plan.job, wait=FIRST_LOOK, events=[event], changes=changes, riders=[rider]
    )


def _about_metadata(outcome: Rejected) -> bool:
    return outcome.param == "metadata" or "metadata" in outcome.message.lower()


async def _without_metadata(session: Session, plan: SubmitPlan, outcome: Rejected) -> None:
    """Go back for a training file of the job's own: without metadata nothing else would identify it."""
    rejected = submissions.settled(plan.submission_id, "rejected", detail=outcome.message)
    refuses = platform_credentials.metadata_knowledge(
        credential_id=plan.job.credential_id, echoes=False, refuses=True
    )
    await transitions.hold(
        session,
        plan.job,
        NewEvent(f"The platform refuses the metadata field; {_OWN_FILE_NEXT}"),
        wait=timedelta(0),
        changes={"open_submission_id": None},
        riders=[rejected, refuses],
    )


async def _rejected(
    session: Session, plan: SubmitPlan, message: str, code: str | None, param: str | None
) -> None:
    rider = submissions.settled(plan.submission_id, "rejected", detail=message)
    text = f"The platform refused the job: {message}"
    error = JobError(code or "platform_refused_job", text, param)
    await transitions.fail(session, plan.job, error, riders=[rider])
