"""`/fine_tuning/jobs`."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from simulator import life, story, wire
from simulator.bodies import CreateJob
from simulator.errors import JsonResponse, Refusal, missing, missing_model
from simulator.ids import hashed
from simulator.options import Options
from simulator.rows import Doom, FileRow, JobRow
from simulator.stand_in import Here, StandIn

router = APIRouter(prefix="/fine_tuning/jobs")
BASE_MODELS = ("qwen3-32b", "qwen3-72b")
SECONDS_HEADER = "x-simulator-job-seconds"
Limit = Annotated[int, Query(ge=0, le=100)]


@router.post("")
async def create_job(body: CreateJob, request: Request, here: Here) -> Response:
    """Take a job."""
    now = here.clock()
    training = _file(here, body.training_file, "training_file", now)
    if body.validation_file is not None:
        _file(here, body.validation_file, "validation_file", now)
    seconds = _seconds(request.headers.get(SECONDS_HEADER), here.options)
    row = _row(here, body, training, (now, seconds))
    row.doom = _doom(training) or request.scope.get("simulator.doom")
    row.listed_after = request.scope.get("simulator.listed_after", 0.0)
    here.store.add_job(row)
    return JsonResponse(wire.job(row, now))


@router.get("")
async def list_jobs(request: Request, here: Here, limit: Limit = 20, after: str = "") -> Response:
    """List jobs, newest first, all or those with the metadata asked for."""
    now, wanted = here.clock(), _metadata_filter(request)
    rows = (
        row for row in here.store.jobs_from(after) if wanted(row) and now >= row.created + row.listed_after
    )
    return JsonResponse(wire.page((wire.job(row, now) for row in rows), limit))


@router.get("/{id_}")
async def retrieve_job(id_: str, here: Here) -> Response:
    """Show one job."""
    return JsonResponse(wire.job(_found(here, id_), here.clock()))


@router.post("/{id_}/cancel")
async def cancel_job(id_: str, here: Here) -> Response:
    """End one job now."""
    row, now = _found(here, id_), here.clock()
    if life.ended(row, now) is not None:
        message = f"Job has already ended: it is {life.status(row, now)}."
        raise Refusal(400, message, code="job_already_ended")
    here.store.cancel_job(row, now)
    return JsonResponse(wire.job(row, now))


@router.get("/{id_}/events")
async def list_events(id_: str, here: Here, limit: Limit = 20, after: str | None = None) -> Response:
    """List one job's events, newest first."""
    told = story.events(_found(here, id_), here.clock())
    return JsonResponse(wire.page(wire.behind(told, after), limit))


@router.get("/{id_}/checkpoints")
async def list_checkpoints(id_: str, here: Here, limit: Limit = 10, after: str | None = None) -> Response:
    """List one job's checkpoints, newest first."""
    made = story.checkpoints(_found(here, id_), here.clock())
    return JsonResponse(wire.ends(wire.page(wire.behind(made, after), limit), nothing=None))


def _found(here: StandIn, id_: str) -> JobRow:
    row = here.store.jobs.get(id_)
    if row is None:
        raise missing("fine-tuning job", id_)
    return row


def _file(here: StandIn, id_: str, param: str, now: float) -> FileRow:
    row = here.store.file(id_, now)
    if row is None:
        raise Refusal(400, f"File {id_} does not exist.", code="file_not_found", param=param)
    if row.purpose != "fine-tune":
        message = f"File {id_} has the purpose {row.purpose}, not fine-tune."
        raise Refusal(400, message, code="invalid_file_purpose", param=param)
    return row


def _seconds(text: str | None, options: Options) -> float:
    try:
        seconds = options.job_seconds if text is None else float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise Refusal(400, f"Not a number of seconds: {text}", code="invalid_value", param=SECONDS_HEADER)
    return seconds


def _row(here: StandIn, body: CreateJob, training: FileRow, times: tuple[float, float]) -> JobRow:
    base = _base_model(here, body.model, times[0])
    id_ = here.store.mint("ftjob-")
    return JobRow(
        id=id_,
        created=times[0],
        seconds=times[1],
        model=body.model,
        fine_tuned_model=f"ft:{base}:xpulink:{body.suffix or 'custom'}:{id_[-8:]}",
        result_file=here.store.mint("file-"),
        training_file=training.id,
        validation_file=body.validation_file,
        examples=training.examples,
        tokens=max(1, training.bytes // 4),
        seed=hashed(here.options.seed, id_) % 2**31 if body.seed is None else body.seed,
        hyperparameters=body.chosen_hyperparameters(),
        method=body.method.type if body.method else None,
        metadata=body.metadata,
        integrations=body.integrations,
    )


def _base_model(here: StandIn, model: str, now: float) -> str:
    """A tuned model may be tuned again; the new one bears the name of the base of both."""
    if model in BASE_MODELS:
        return model
    job = here.store.tuned(model, now)
    if job is None:
        raise missing_model(model)
    return job.fine_tuned_model.split(":")[1]


def _doom(training: FileRow) -> Doom | None:
    if training.fault is None:
        return None
    return Doom(life.VALIDATED, "invalid_training_file", training.fault, "training_file")


def _metadata_filter(request: Request) -> Callable[[JobRow], bool]:
    """`metadata[key]=value`, all of them, or `metadata=null`: jobs without metadata."""
    query = request.query_params
    pairs = {
        key[9:-1]: value for key, value in query.items() if key.startswith("metadata[") and key.endswith("]")
    }
    if query.get("metadata") == "null":
        return lambda row: not row.metadata
    return lambda row: pairs.items() <= (row.metadata or {}).items()
