"""Jobs: creating, reading, claiming, and the one statement that moves them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    TextClause,
    Update,
    exists,
    func,
    or_,
    select,
    text,
    update,
)

from db.models import Job, JobEvent
from db.queries import job_columns, job_events
from db.session import Session
from domain import jobs
from domain.crashes import Crashes
from domain.job_state import ADVANCING, JobState
from domain.stages import Stage

_COLUMNS = job_columns.COLUMNS


async def job_of_project(session: Session, *, project_id: str, job_id: str) -> jobs.Job | None:
    """Return a job of this project."""
    statement = select(*_COLUMNS).where(Job.id == job_id, Job.project_id == project_id)
    row = (await session.execute(statement)).first()
    return None if row is None else job_columns.job_of(row)


async def lock_job_of_project(session: Session, *, project_id: str, job_id: str) -> jobs.Job | None:
    """Return a job of this project and keep others from changing it until the transaction ends."""
    statement = select(*_COLUMNS).where(Job.id == job_id, Job.project_id == project_id).with_for_update()
    row = (await session.execute(statement)).first()
    return None if row is None else job_columns.job_of(row)


async def jobs_page(
    session: Session,
    *,
    project_id: str,
    after: str | None,
    limit: int,
    metadata: Mapping[str, str] | None,
    without_metadata: bool,
) -> list[jobs.Job]:
    """Return up to `limit` jobs behind the position `after`, newest first, each without its `extra`.

    `metadata` keeps the jobs that have all of these pairs, `without_metadata` those that have none.
    """
    statement = select(*job_columns.LISTED).where(Job.project_id == project_id)
    if metadata:
        statement = statement.where(Job.metadata_.contains(dict(metadata)))
    if without_metadata:
        statement = statement.where(or_(Job.metadata_.is_(None), Job.metadata_ == {}))
    if after is not None:
        statement = statement.where(Job.id < after)
    statement = statement.order_by(Job.id.desc()).limit(limit)
    return [job_columns.job_of(row) for row in await session.execute(statement)]


def _claim(states: str, *, suspects: bool) -> TextClause:
    # A claim that ran out in a worker's hands counts as a crash: `crashes` is how poison is found. What
    # has used up its crashes is left to the sweep, which would else never find it unclaimed. Of suspects the
    # one with the most goes first: the less other work there was before it, the more its death says.
    narrowed = "AND crashes > 0" if suspects else ""  # what the partial index has, even of many due rows
    order = "crashes DESC, next_step_at" if suspects else "next_step_at"
    statement = f"""
    WITH due AS (
        SELECT jobs.id, claimed_until IS NOT NULL AS abandoned
          FROM jobs JOIN platform_credentials AS credential ON credential.id = jobs.credential_id
         WHERE {states} AND next_step_at <= now()
           AND (claimed_until IS NULL OR claimed_until < now())
           AND crashes + (claimed_until IS NOT NULL)::int BETWEEN :least AND :most
           {narrowed}
           AND (state = 'received' OR (credential.probe_at IS NULL
                AND (credential.parked_until IS NULL OR credential.parked_until <= now())))
           AND (state <> 'held' OR paused_at IS NULL OR cancel_requested_at IS NOT NULL)
         ORDER BY {order}
         LIMIT :limit FOR UPDATE OF jobs SKIP LOCKED
    )
    UPDATE jobs
       SET claim_token = :token, claimed_until = now() + :lease, crashes = crashes + due.abandoned::int
      FROM due WHERE jobs.id = due.id
    RETURNING {job_columns.QUALIFIED_NAMES}"""  # noqa: S608 - only constants are put together here
    return text(statement)


_STATES = {
    Stage.ADVANCE: "state IN ('" + "', '".join(sorted(ADVANCING)) + "')",
    Stage.TRACK: "state = 'tracking'",
    Stage.CANCEL: "state = 'tracking' AND cancel_requested_at IS NOT NULL AND cancel_sent_at IS NULL",
}
_CLAIM = {
    (stage, suspects): _claim(states, suspects=suspects).columns(**job_columns.TYPES)
    for stage, states in _STATES.items()
    for suspects in (False, True)
}


async def claim_due_jobs(
    session: Session, *, stage: Stage, token: UUID, lease: timedelta, limit: int, crashes: Crashes
) -> list[jobs.Job]:
    """Claim up to `limit` due jobs of a stage for `lease`, of those that have that many crashes."""
    values = {"token": token, "lease": lease, "limit": limit, "least": crashes.least, "most": crashes.most}
    rows = await session.execute(_CLAIM[stage, crashes.least > 1], values)
    return [job_columns.job_of(row) for row in rows]


_RENEW = text("""
    UPDATE jobs SET claimed_until = now() + :lease
      FROM unnest(CAST(:job_ids AS text[]), CAST(:tokens AS uuid[])) AS held (id, token)
     WHERE jobs.id = held.id AND claim_token = held.token
    RETURNING jobs.id""")


async def renew_claims(session: Session, *, claims: Mapping[str, UUID], lease: timedelta) -> set[str]:
    """Prolong claims that are still ours; return the ids that were."""
    values = {"job_ids": list(claims), "tokens": list(claims.values()), "lease": lease}
    return set((await session.execute(_RENEW, values)).scalars())


async def hand_back(session: Session, *, job_id: str, token: UUID) -> None:
    """Give a claim back without a change of anything; the job is due as it was."""
    await session.execute(
        update(Job)
        .where(Job.id == job_id, Job.claim_token == token)
        .values(claim_token=None, claimed_until=None)
    )


def _compare_and_set(*, job_id: str, token: UUID | None, state: JobState, changes: Mapping[str, Any]) -> CTE:
    unclaimed = or_(Job.claimed_until.is_(None), Job.claimed_until < func.now())
    return (
        update(Job)
        .where(Job.id == job_id, Job.state == state, unclaimed if token is None else Job.claim_token == token)
        .values(changes)
        .returning(Job.id, Job.sequence)
        .cte("written")
    )


@dataclass(frozen=True, slots=True)
class Written:
    """What a write came to: the job's new sequence, and Postgres's clock, still in a transaction."""

    sequence: int
    read_at: datetime


async def write_job(
    session: Session,
    *,
    job_id: str,
    token: UUID | None,
    state: JobState,
    changes: Mapping[str, Any],
    events: Sequence[jobs.NewEvent] = (),
    riders: Sequence[Any] = (),
) -> Written | None:
    """Write to a living job, its events and whatever belongs to the change, in one statement.

    The write is a compare-and-set on the state and on the claim; `token` None is a write by the api,
    which touches only a job that nobody holds.

    Args:
        session: the transaction.
        job_id: the job.
        token: the claim, or None for an unclaimed job.
        state: the state it must still be in.
        changes: columns to set.
        events: lines for its history; one whose `platform_event_id` is known already is skipped.
        riders: INSERTs and UPDATEs that belong to this change.

    Returns:
        What the job has of it now, or None if it was not ours to write: then nothing may be kept, and
        the caller rolls back.
    """
    new = job_events.numbered(job_id, events)
    count = select(func.count()).select_from(new).scalar_subquery()
    values = {**changes, "sequence": Job.sequence + count} if events else changes
    written = _compare_and_set(job_id=job_id, token=token, state=state, changes=values)
    statement = select(written.c.sequence, func.now())
    if events:
        statement = statement.add_cte(job_events.appended(written, new, count))
    for number, rider in enumerate(riders):
        statement = statement.add_cte(_behind(written, rider).cte(f"rider_{number}"))
    row = (await session.execute(statement)).first()
    return None if row is None else Written(*row)


async def append_events(session: Session, *, job_id: str, events: Sequence[jobs.NewEvent]) -> None:
    """Append to a job's history, whoever holds it and whether it has ended or not."""
    new = job_events.numbered(job_id, events)
    count = select(func.count()).select_from(new).scalar_subquery()
    written = (
        update(Job)
        .where(Job.id == job_id)
        .values(sequence=Job.sequence + count)
        .returning(Job.id, Job.sequence)
        .cte("written")
    )
    statement = select(written.c.sequence).add_cte(job_events.appended(written, new, count))
    await session.execute(statement)


def _behind(written: CTE, rider: Any) -> Any:
    """Return the rider; an UPDATE is made only with the write: what another has written it may not fit."""
    return rider.where(exists(select(written.c.id))) if isinstance(rider, Update) else rider


async def claimed_job(session: Session, *, job_id: str, token: UUID) -> jobs.Job | None:
    """Return the job as it is now, if this claim still holds it."""
    statement = select(*_COLUMNS).where(Job.id == job_id, Job.claim_token == token)
    row = (await session.execute(statement)).first()
    return None if row is None else job_columns.job_of(row)


async def lock_claimed_job(session: Session, *, job_id: str, token: UUID) -> jobs.Job | None:
    """Return the job and keep others from changing it, if this claim still holds it.

    It waits for whoever is about to change it, such as an earlier try of ours that has not ended there.
    """
    statement = select(*_COLUMNS).where(Job.id == job_id, Job.claim_token == token).with_for_update()
    row = (await session.execute(statement)).first()
    return None if row is None else job_columns.job_of(row)


async def events_page(
    session: Session, *, job_id: str, before: int | None, limit: int
) -> list[jobs.JobEvent]:
    """Return up to `limit` events with a sequence under `before`, newest first."""
    statement = select(
        JobEvent.job_id, JobEvent.sequence, JobEvent.created_at,
        JobEvent.level, JobEvent.kind, JobEvent.message, JobEvent.details,
    ).where(JobEvent.job_id == job_id)  # fmt: skip
    if before is not None:
        statement = statement.where(JobEvent.sequence < before)
    statement = statement.order_by(JobEvent.sequence.desc()).limit(limit)
    return [jobs.JobEvent(*row) for row in await session.execute(statement)]
