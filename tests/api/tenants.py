"""What there is to ask another project's things by: a line per kind of id, body and position.

A route is asked by itself; these tables say only what cannot be read off it. A route with an id of a kind
that is not here, or with a body that nothing here fills, fails the test that walks over all routes.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from domain import ids

from .hooks import SUCCEEDED, made, told
from .parts import CONTENT, UPLOAD, announce, part
from .served import Project, end_well

Maker = Callable[[Project, asyncpg.Connection], Awaitable[str]]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of id.

    Attributes:
        live: Makes one and returns its id.
        never: An id of the right form that nothing has.
        delete: Where it can be deleted, so that a deleted one can be asked for.
        malformed: Of the wrong form in a way of its own, beside those that are wrong for every kind.
    """

    live: Maker
    never: str
    delete: str | None = None
    malformed: tuple[str, ...] = ()


async def _file(project: Project, _: asyncpg.Connection) -> str:
    return await project.file(filename=f"{project.id}.jsonl")


async def _job(project: Project, _: asyncpg.Connection) -> str:
    return await project.job(metadata={"of": project.id}, suffix=project.id[-20:])


async def _model(project: Project, sql: asyncpg.Connection) -> str:
    job = await project.job(metadata={"of": project.id})
    await end_well(sql, job, f"ft:qwen3-32b:{project.id}::{job}")
    return f"ft:qwen3-32b:{project.id}::{job}"


async def _checkpoint(project: Project, sql: asyncpg.Connection) -> str:
    model = await _model(project, sql)
    id_ = ids.new_id(ids.CHECKPOINT)
    await sql.execute(
        "INSERT INTO checkpoints (id, job_id, step_number, model, metrics, created_at)"
        " SELECT $1, id, 1, fine_tuned_model || ':ckpt-step-1', '{}', now()"
        " FROM jobs WHERE fine_tuned_model = $2",
        id_,
        model,
    )
    return id_


async def _checkpoint_model(project: Project, sql: asyncpg.Connection) -> str:
    id_ = await _checkpoint(project, sql)
    return str(await sql.fetchval("SELECT model FROM checkpoints WHERE id = $1", id_))


async def _event(project: Project, _: asyncpg.Connection) -> str:
    return ids.event_id(await project.job(), 1)


async def _upload(project: Project, _: asyncpg.Connection) -> str:
    return await announce(project, filename=f"{project.id}.jsonl")


async def _part(project: Project, sql: asyncpg.Connection) -> str:
    return await part(project, await _upload(project, sql), CONTENT)


async def _endpoint(project: Project, _: asyncpg.Connection) -> str:
    return str((await made(project, name=project.id))["id"])


async def _delivery(project: Project, _: asyncpg.Connection) -> str:
    return (await told(project))[1][0]


# By the name of the path parameter, and by what a position or a body's field names.
KINDS: Mapping[str, Kind] = {
    "file_id": Kind(live=_file, never=ids.new_id(ids.FILE), delete="/v1/files/{}", malformed=("file-x",)),
    "job_id": Kind(live=_job, never=ids.new_id(ids.JOB), malformed=("ftjob-x",)),
    "model": Kind(live=_model, never="ft:qwen3-32b:nobody::none", malformed=("ft:", "a/b")),
    "event_id": Kind(live=_event, never=ids.event_id(ids.new_id(ids.JOB), 1), malformed=("ftevent-x",)),
    "checkpoint_id": Kind(live=_checkpoint, never=ids.new_id(ids.CHECKPOINT), malformed=("ftckpt_x",)),
    "checkpoint's model": Kind(live=_checkpoint_model, never="ft:qwen3-32b:nobody::none:ckpt-step-1"),
    "upload_id": Kind(live=_upload, never=ids.new_id(ids.UPLOAD), malformed=("upload_x",)),
    "part_id": Kind(live=_part, never=ids.new_id(ids.PART), malformed=("part_x",)),
    "endpoint_id": Kind(live=_endpoint, never=ids.new_id(ids.ENDPOINT), delete="/v1/webhook_endpoints/{}"),
    "delivery_id": Kind(live=_delivery, never=ids.new_id(ids.DELIVERY), malformed=("wh_",)),
}

# Wrong for every kind; each is percent-encoded where it stands in a URL.
MALFORMED = (
    "x", "\0", "a\0b", "%", "_", "'--", "é" * 20, "\u202e", " ", "-1", "null", "x" * 3_000,
    "file-" + "0" * 25 + "\n", "ftjob-" + "\u0660" * 26, "FILE-" + "0" * 26,
)  # fmt: skip

# What `after` is a position among.
POSITIONS: Mapping[str, str] = {
    "GET /v1/files": "file_id",
    "GET /v1/fine_tuning/jobs": "job_id",
    "GET /v1/fine_tuning/jobs/{job_id}/events": "event_id",
    "GET /v1/fine_tuning/jobs/{job_id}/checkpoints": "checkpoint_id",
    "GET /v1/uploads/{upload_id}/parts": "part_id",
    "GET /v1/webhook_endpoints": "endpoint_id",
    "GET /v1/webhook_endpoints/{endpoint_id}/deliveries": "delivery_id",
    "GET /v1/webhook_deliveries": "delivery_id",
}

# Where `after` is the number of a line, and names nothing.
COUNTED = {"GET /v1/files/{file_id}/tokens"}

# Parameters of a query, beside `after`, that are ids.
QUERIES: Mapping[str, Mapping[str, str]] = {"GET /v1/webhook_deliveries": {"object_id": "job_id"}}


@dataclass(frozen=True, kw_only=True)
class Body:
    """What a route wants in its body.

    Attributes:
        usual: What is right, with `Project` ids to be filled in by name: `{file_id}`.
        naming: Its fields that hold ids, and the kind of each; one that is usually a list gets a list.
        form: Whether it is a form; each value is then a file's content.
    """

    usual: Mapping[str, Any] = field(default_factory=dict)
    naming: Mapping[str, str] = field(default_factory=dict)
    form: bool = False


BODIES: Mapping[str, Body] = {
    "POST /v1/fine_tuning/jobs": Body(
        usual={"model": "qwen3-32b", "training_file": "{file_id}"},
        naming={"training_file": "file_id", "validation_file": "file_id", "model": "model"},
    ),
    "POST /v1/fine_tuning/plans": Body(
        usual={"model": "qwen3-32b", "training_file": "{file_id}"},
        naming={"training_file": "file_id", "validation_file": "file_id", "model": "model"},
    ),
    "POST /v1/training_data/check": Body(usual={"file": "x"}, form=True),
    "POST /v1/training_data/policy": Body(usual={"personal_data": "warn"}),
    "POST /v1/chat/completions": Body(
        usual={"model": "qwen3-32b", "messages": [{"role": "user", "content": "Hello"}]},
        naming={"model": "model"},
    ),
    "POST /v1/files": Body(usual={"purpose": "user_data"}, form=True),
    "POST /v1/fine_tuning/jobs/{job_id}/cancel": Body(),
    "POST /v1/fine_tuning/jobs/{job_id}/pause": Body(),
    "POST /v1/fine_tuning/jobs/{job_id}/resume": Body(),
    "POST /v1/uploads": Body(usual=UPLOAD | {"bytes": 1}),
    "POST /v1/uploads/{upload_id}/parts": Body(usual={"data": "x"}, form=True),
    "POST /v1/uploads/{upload_id}/complete": Body(
        usual={"part_ids": ["{part_id}"]}, naming={"part_ids": "part_id"}
    ),
    "POST /v1/uploads/{upload_id}/cancel": Body(),
    "POST /v1/webhook_endpoints": Body(usual={"name": "x"}),
    "POST /v1/webhook_endpoints/{endpoint_id}": Body(usual={"name": "stolen"}),
    "POST /v1/webhook_endpoints/{endpoint_id}/rotate_secret": Body(),
    "POST /v1/webhook_endpoints/{endpoint_id}/test": Body(usual={"event_type": SUCCEEDED}),
    "POST /v1/webhook_deliveries/{delivery_id}/replay": Body(),
}
