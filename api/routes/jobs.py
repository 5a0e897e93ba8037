"""Fine-tuning jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Header, Request, Response

from api.answered import WatchedAnswer, has_left
from api.dependencies import AfterCommit, Authenticated, Held, InTransaction, Recognised
from api.metadata_filter import metadata_filter
from api.pagination import After, cut, limit_of
from api.planning import planned
from api.resources import Resources
from api.schemas.common import ListOf
from api.schemas.jobs import (
    CheckpointList,
    CreateJob,
    EventOut,
    JobOut,
    checkpoint_list,
    event_out,
    job_out,
)
from api.schemas.plans import PlanOut
from crash_points import CrashPoint, reach
from domain import ids
from domain.addresses import check_url
from domain.create_requests import Try, try_of
from domain.stages import Stage
from services import create_requests, jobs, models, pauses
from services.api_keys import Caller
from services.create_requests import Accepted, Repetition

router = APIRouter(prefix="/v1/fine_tuning/jobs", tags=["Fine-tuning"], strict_content_type=False)

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1, max_length=255, description="Repeat a create with the same key: one job comes of it."
    ),
]


async def named_job(job_id: str) -> str:
    """Return the job that the path names, and have the log name it."""
    if ids.is_id(ids.JOB, job_id):
        structlog.contextvars.bind_contextvars(job_id=job_id)
    return job_id


async def repetition_of(request: Request, caller: Caller, idempotency_key: str | None) -> Repetition:
    """Return by what a create is recognised when it comes again, if by anything."""
    if idempotency_key:
        return jobs.idempotency(idempotency_key, await request.body())
    count = request.headers.get("x-stainless-retry-count")
    return try_of(count, api_key_id=caller.api_key_id, body=await request.body())


def answer_to_create(accepted: Accepted, repetition: Repetition, held: Resources, *, left: bool) -> Response:
    """Return the answer as bytes: FastAPI would validate and convert what is a `JobOut` already."""
    content = job_out(accepted.job).model_dump_json()
    if not isinstance(repetition, Try):
        return Response(content, media_type="application/json")
    if not left:
        held.answered.expect(accepted.job.id, repetition)
    return WatchedAnswer(
        content,
        settle=partial(held.answered.settle, accepted.job.id, repetition),
        headers={"tuneward-merged": "true"} if accepted.merged else {},
    )


@asynccontextmanager
async def careful(repetition: Repetition, held: Resources) -> AsyncIterator[None]:
    """Stand around a create: its retries come one by one, and of one that fails no answer is expected."""
    if not isinstance(repetition, Try):
        yield
        return
    # A retry waits for others like it anyway, but in the database each would hold a connection.
    turn = held.retries.turn_of(repetition.fingerprint) if repetition.retry_count > 0 else nullcontext()
    async with turn:
        with held.answered.settled_on_failure(repetition):
            yield


JobId = Annotated[str, Depends(named_job)]


@router.post("", summary="Create a fine-tuning job", response_model=JobOut | PlanOut)
async def create_job(
    body: CreateJob,
    request: Request,
    caller: Recognised,
    held: Held,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Accept a job. From this answer on it reaches exactly one end, whatever dies in between."""
    if body.dry_run:
        plan = await planned(body, held, caller)
        return Response(plan.model_dump_json(), media_type="application/json")
    if body.webhook_url is not None:
        check_url(body.webhook_url, allowed_networks=held.allowed_networks, param="webhook_url")
    repetition = await repetition_of(request, caller, idempotency_key)
    # Run again where Postgres had it give way to another: a client should not have to.
    return await held.database.insist(partial(_created, body, request, caller, held, repetition))


async def _created(
    body: CreateJob, request: Request, caller: Caller, held: Resources, repetition: Repetition
) -> Response:
    """Keep the job, or find the one that this repeats, and return the answer; ring after the commit."""
    async with careful(repetition, held):
        # Opened here and not by a dependency: the hottest route saves a tenth by it, and commits as early.
        async with held.database.transaction() as session:
            platform_model = await models.resolve(
                session, project_id=caller.project_id, configured=held.models, name=body.model
            )
            new = body.to_new_job(platform_model=platform_model)
            accepted = await create_requests.accept(
                session,
                caller=caller,
                credential_id=held.credential_id,
                new=new,
                repetition=repetition,
                unwritten=held.answered.unwritten,
            )
            left = isinstance(repetition, Try) and has_left(request.receive)
            if isinstance(repetition, Try) and left:
                await create_requests.stop_if_overtaken(session, repetition)
            answer = answer_to_create(accepted, repetition, held, left=left)
            reach(CrashPoint.CREATE_WRITTEN)
        reach(CrashPoint.CREATE_COMMITTED)
        request.state.job_kept = True
        structlog.contextvars.bind_contextvars(job_id=accepted.job.id)
        held.doorbell.ring(Stage.ADVANCE)
    return answer


@router.get("", summary="List fine-tuning jobs")
async def list_jobs(
    request: Request,
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = 20,
) -> ListOf[JobOut]:
    """List this project's jobs, newest first; `metadata[key]=value` keeps those that have all pairs."""
    if after is not None and not ids.is_id(ids.JOB, after):
        return ListOf(data=[], has_more=False)
    pairs, without = metadata_filter(request.query_params)
    rows = await jobs.page(
        session,
        project_id=caller.project_id,
        after=after,
        limit=limit + 1,
        metadata=pairs,
        without_metadata=without,
    )
    shown, has_more = cut(rows, limit)
    return ListOf(data=[job_out(job) for job in shown], has_more=has_more)


@router.get("/{job_id}", summary="Look at a fine-tuning job")
async def retrieve_job(job_id: JobId, caller: Authenticated, session: InTransaction) -> JobOut:
    """Return a job of this project."""
    return job_out(await jobs.get(session, project_id=caller.project_id, job_id=job_id))


@router.post("/{job_id}/cancel", summary="Cancel a fine-tuning job")
async def cancel_job(
    job_id: JobId, caller: Authenticated, session: InTransaction, rings: AfterCommit
) -> JobOut:
    """Cancel a job: at once if it was not submitted, else as soon as the platform ends it."""
    job = await jobs.cancel(session, project_id=caller.project_id, job_id=job_id)
    for stage in (Stage.ADVANCE, Stage.TRACK, Stage.DELIVER):
        rings.ring(stage)
    return job_out(job)


@router.post("/{job_id}/pause", summary="Pause a fine-tuning job")
async def pause_job(job_id: JobId, caller: Authenticated, session: InTransaction) -> JobOut:
    """Hold a job that was not submitted yet: it is `queued`, with `"paused": true`, until it is resumed."""
    return job_out(await pauses.pause(session, project_id=caller.project_id, job_id=job_id))


@router.post("/{job_id}/resume", summary="Resume a fine-tuning job")
async def resume_job(
    job_id: JobId, caller: Authenticated, session: InTransaction, rings: AfterCommit
) -> JobOut:
    """Let a paused job go on at once."""
    job = await pauses.resume(session, project_id=caller.project_id, job_id=job_id)
    rings.ring(Stage.ADVANCE)
    return job_out(job)


@router.get("/{job_id}/events", summary="List a job's events")
async def list_events(
    job_id: JobId,
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = 20,
) -> ListOf[EventOut]:
    """List what happened to a job, newest first."""
    before = ids.event_sequence(job_id, after) if after is not None else None
    rows = await jobs.events(
        session,
        project_id=caller.project_id,
        job_id=job_id,
        before=0 if after is not None and before is None else before,
        limit=limit + 1,
    )
    shown, has_more = cut(rows, limit)
    return ListOf(data=[event_out(event) for event in shown], has_more=has_more)


@router.get("/{job_id}/checkpoints", summary="List a job's checkpoints")
async def list_checkpoints(
    job_id: JobId,
    caller: Authenticated,
    session: InTransaction,
    after: After = None,
    limit: Annotated[int, limit_of()] = 10,
) -> CheckpointList:
    """List the models saved on a job's way, newest first; there are none before its end."""
    malformed = after is not None and not ids.is_id(ids.CHECKPOINT, after)
    rows = await jobs.checkpoints(
        session,
        project_id=caller.project_id,
        job_id=job_id,
        after="" if malformed else after,
        limit=limit + 1,
    )
    shown, has_more = cut(rows, limit)
    return checkpoint_list(shown, has_more=has_more)
