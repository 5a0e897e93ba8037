"""Creates, each accepted once however often its client tries.

A client may say so itself (`Idempotency-Key`). The SDKs do not, but they count their tries, and a retry is
merged into the create it belongs to. Two honest requests that look the same stay two: a first try is never
merged, each retry takes the create of a try before it, and none takes what was answered for good.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from db.queries import create_requests, projects
from db.queries import jobs as job_queries
from db.queries.projects import Caller
from db.session import Session
from domain.create_requests import ANSWERED_FOR_GOOD, MERGED_WITHIN, Answer, Try
from domain.errors import Overtaken, Unauthenticated
from domain.jobs import Job, NewJob
from services import jobs
from services.jobs import Idempotency

Repetition: TypeAlias = Idempotency | Try | None
"""By what a create is recognised when it comes again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The job that a create came to; `merged` says that an earlier try of it made the job."""

    job: Job
    merged: bool = False


def nothing_unwritten(_: Try) -> Sequence[Answer]:
    """Say that every answer is in the database."""
    return ()


async def accept(
    session: Session,
    *,
    caller: Caller,
    credential_id: str,
    new: NewJob,
    repetition: Repetition,
    unwritten: Callable[[Try], Sequence[Answer]] = nothing_unwritten,
) -> Accepted:
    """Create a job, or find the one that an earlier try has created; see `jobs.create`.

    `unwritten` tells of answers that are not in the database yet; it is asked once nothing can change.
    """
    if not isinstance(repetition, Try):
        return Accepted(
            await jobs.create(session, caller=caller, credential_id=credential_id, new=new, repeat=repetition)
        )
    if repetition.retry_count > 0:
        earlier = await _merge(session, caller, repetition, unwritten)
        if earlier is not None:
            return Accepted(earlier, merged=True)
    elif new.webhook_url is not None:
        # Before the endpoint's row, as a retry does it: the other way round each would wait for the other.
        await create_requests.share_lock(session, this=repetition)
    return Accepted(
        await jobs.create(session, caller=caller, credential_id=credential_id, new=new, this=repetition)
    )


async def _merge(
    session: Session, caller: Caller, this: Try, unwritten: Callable[[Try], Sequence[Answer]]
) -> Job | None:
    """Return the job of the create that this retry belongs to; waits for a try that is still under way."""
    await create_requests.lock(session, this=this)
    job_id = await create_requests.take(
        session, this=this, told=unwritten(this), within=MERGED_WITHIN, for_good=ANSWERED_FOR_GOOD
    )
    if job_id is None:
        return None
    if not await projects.is_live_key(session, key_id=caller.api_key_id):
        raise Unauthenticated
    return await job_queries.job_of_project(session, project_id=caller.project_id, job_id=job_id)


async def stop_if_overtaken(session: Session, this: Try) -> None:
    """Keep a try whose client has left from making a second job beside that of its own retry.

    It was held up before it reached the database, so that the retry found nothing to be merged into.

    Raises:
        Overtaken: a retry was accepted; what this try did must not be kept.
    """
    if await create_requests.is_overtaken(session, this=this, within=MERGED_WITHIN):
        raise Overtaken


async def record_answers(session: Session, answers: Sequence[Answer]) -> None:
    """Write down which tries were answered to the last byte."""
    await create_requests.record_answers(session, answers=answers)
