"""The only writer of a job's state.

Every write is a compare-and-set on the state and on the claim. A transition writes the job's row, its
events and its webhook deliveries in one transaction; if the job was not ours to write, `ClaimLost`
rolls all of it back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, case, func

from db.models import Job as JobRow
from db.queries import jobs as job_queries
from db.queries import platform_uploads
from db.session import Session
from domain.deadlines import DEADLINES
from domain.job_state import TERMINAL, JobState, may_move
from domain.jobs import Job, NewEvent
from domain.platform import JobError
from services import webhook_events

_log = structlog.get_logger(__name__)
NOTHING: Mapping[str, Any] = {}
_NO_CLAIM = {"claim_token": None, "claimed_until": None}
_AT_ONCE = timedelta(0)
_HELD = DEADLINES[JobState.HELD]
assert _HELD.end is not None  # noqa: S101 - a job is not held for ever
WHILE_PAUSED = _HELD.end
"""When a paused job is due again: not before its deadline, so that no claim has to look past it."""


class ClaimLost(Exception):  # noqa: N818 - it says what happened
    """Another worker holds this job now; what was done here must not be kept."""


async def move(
    session: Session,
    job: Job,
    to: JobState,
    *,
    events: Sequence[NewEvent],
    changes: Mapping[str, Any] = NOTHING,
    riders: Sequence[Any] = (),
    wait: timedelta = _AT_ONCE,
    keep_claim: bool = False,
) -> Job:
    """Move a job along an edge, tell everybody who asked to be told, and return the job as it is now.

    Args:
        session: the transaction.
        job: the job as it was claimed, or, without a claim, as it was locked.
        to: the state it moves to.
        events: what its history says about it; at least one line.
        changes: further columns, plain values only.
        riders: statements that belong to the change.
        wait: how long until the next step is due.
        keep_claim: go on with the next step under the same claim.

    Raises:
        ClaimLost: the job is not in that state, or another worker holds it.
    """
    _demand_edge(job, to)
    plain = {**_arrival(job, to), **changes}
    claim = {} if keep_claim else _NO_CLAIM
    arrived = {**_arrived(to), "next_step_at": None if to in TERMINAL else _due(job, wait, changes)}
    ends = [platform_uploads.job_ended(job.id)] if to in TERMINAL else []
    written = await _write(session, job, {**plain, **arrived, **claim}, events, [*riders, *ends], plain)
    moved = _as_arrived(written, to)
    _log.info("job moves", job_id=job.id, project_id=job.project_id, source=job.state, target=to)
    if to in TERMINAL:
        await webhook_events.announce_end(session, moved)
    return moved


def _as_arrived(moved: Job, to: JobState) -> Job:
    """Return the job with the times that `_arrived` has set, which are Postgres's."""
    ended = moved.read_at if to in TERMINAL else moved.finished_at
    return replace(moved, state_since=moved.read_at, finished_at=ended)


def _demand_edge(job: Job, to: JobState) -> None:
    if not may_move(job.state, to):
        message = f"{job.id}: no edge leads from {job.state} to {to}"
        raise ValueError(message)


def _arrival(job: Job, state: JobState) -> dict[str, Any]:
    """Return what every job has that has just come to this state."""
    fresh = {"state": state, "failures": 0, "warned_at": None, **_survived(job)}
    return fresh | {"next_step_at": None} if state in TERMINAL else fresh


def _survived(job: Job) -> dict[str, Any]:
    """Forget the crashes if a worker lived through a step: nothing else shows that this can be done."""
    return {} if job.claim_token is None else {"crashes": 0}


def _arrived(state: JobState) -> dict[str, Any]:
    """Return the times of an arrival, by Postgres's clock: the one of the process that writes may be off."""
    times = ("state_since", "finished_at") if state in TERMINAL else ("state_since",)
    return dict.fromkeys(times, func.now())


async def stay(
    session: Session,
    job: Job,
    *,
    wait: timedelta,
    events: Sequence[NewEvent] = (),
    changes: Mapping[str, Any] = NOTHING,
    riders: Sequence[Any] = (),
    progress: bool = True,
) -> None:
    """Leave a job in its state, give the claim back, and make it due again after `wait`.

    What is no `progress` keeps the crashes: the step that may have killed a worker is still ahead.

    Raises:
        ClaimLost: the job is not in that state, or another worker holds it.
    """
    survived = _survived(job) if progress else {}
    values = {**survived, **changes, **_NO_CLAIM, "next_step_at": _due(job, wait, changes)}
    await _write(session, job, values, events, riders, changes)


async def warn(session: Session, job: Job, event: NewEvent) -> None:
    """Say in the history of a job that stands still that it does; nothing else changes.

    Raises:
        ClaimLost: somebody works on it after all.
    """
    warned = {"warned_at": job.read_at}
    await _write(session, unclaimed(job), warned, [event], (), warned)


async def note(session: Session, *, job_id: str, events: Sequence[NewEvent]) -> None:
    """Append to the history of a job that may have ended, or be in another worker's hands; nothing else."""
    await job_queries.append_events(session, job_id=job_id, events=events)


def unclaimed(job: Job) -> Job:
    """Return a job whose claim has run out, for a write that must not meet a live one."""
    return replace(job, claim_token=None)


async def fail(session: Session, job: Job, error: JobError, *, riders: Sequence[Any] = ()) -> Job:
    """End a job as failed; the error has a code, says what to do and, where it can, names the parameter."""
    changes = {"error_code": error.code, "error_message": error.message, "error_param": error.param}
    if job.state is JobState.SUBMITTING:
        changes["open_submission_id"] = None
    details = {"error_code": error.code, "error_param": error.param}
    event = NewEvent(f"The job failed: {error.message}", level="error", details=details)
    return await move(session, job, JobState.FAILED, events=[event], changes=changes, riders=riders)


async def hold(
    session: Session,
    job: Job,
    event: NewEvent,
    *,
    wait: timedelta,
    changes: Mapping[str, Any] = NOTHING,
    riders: Sequence[Any] = (),
) -> Job:
    """Take a job aside until the reason in `event` is gone; it is looked at again after `wait`."""
    return await move(session, job, JobState.HELD, events=[event], changes=changes, riders=riders, wait=wait)


async def cancel(session: Session, job: Job) -> Job:
    """End a job that never reached the platform, because its owner asked for it."""
    event = NewEvent("The job was cancelled before it was submitted; nothing was billed")
    changes = {"cancel_requested_at": job.cancel_requested_at or job.read_at}
    return await move(session, job, JobState.CANCELLED, events=[event], changes=changes)


async def _write(
    session: Session,
    job: Job,
    values: Mapping[str, Any],
    events: Sequence[NewEvent],
    riders: Sequence[Any],
    plain: Mapping[str, Any],
) -> Job:
    written = await job_queries.write_job(
        session,
        job_id=job.id,
        token=job.claim_token,
        state=job.state,
        changes=values,
        events=events,
        riders=riders,
    )
    if written is None:
        raise ClaimLost(job.id)
    return replace(job, **plain, sequence=written.sequence, read_at=written.read_at)


def _due(job: Job, wait: timedelta, changes: Mapping[str, Any]) -> Any:
    if job.cancel_requested_at is not None:
        return func.now() + wait
    # A cancel that came while the step ran is honoured at the next look, not a poll interval later; and a job
    # is put off for its pause only if nobody has taken that back since the step read it.
    asked = JobRow.cancel_requested_at.is_not(None) & JobRow.cancel_sent_at.is_(None)
    sooner: list[tuple[ColumnElement[bool], timedelta]] = [(asked, min(wait, timedelta(seconds=1)))]
    if wait == WHILE_PAUSED and "paused_at" not in changes:
        sooner.append((JobRow.paused_at.is_(None), _AT_ONCE))
    return func.now() + case(*sooner, else_=wait)
