"""The reference for durable creation: what anybody would write first with FastAPI and SQLAlchemy Core.

One pydantic body of the same shape, one INSERT into a table with a primary key, one COMMIT, a small
answer. No key is checked, no file, no idempotency, no event is written, nothing is logged.
"""

import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Column, DateTime, MetaData, Table, Text, Uuid, func, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

POOL_SIZE = int(os.environ["POOL_SIZE"])
_METADATA = MetaData()
_JOBS = Table(
    "bare_core_jobs",
    _METADATA,
    Column("id", Uuid, primary_key=True),
    Column("created_at", DateTime(timezone=True), server_default=func.now(), nullable=False),
    Column("model", Text, nullable=False),
    Column("training_file", Text, nullable=False),
    Column("validation_file", Text),
    Column("suffix", Text),
    Column("seed", BigInteger),
    Column("hyperparameters", JSONB),
    Column("metadata", JSONB),
)
_engine = create_async_engine(
    make_url(os.environ["DATABASE_URL"]).set(drivername="postgresql+asyncpg"),
    pool_size=POOL_SIZE,
    max_overflow=0,
    connect_args={"server_settings": {"jit": "off"}},
)


class NewJob(BaseModel):
    """The body of a create, in the shape that the service takes."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, Field(min_length=1, max_length=256)]
    training_file: Annotated[str, Field(min_length=1, max_length=256)]
    validation_file: Annotated[str, Field(max_length=256)] | None = None
    suffix: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    seed: Annotated[int, Field(ge=0)] | None = None
    metadata: Annotated[dict[str, str], Field(max_length=16)] | None = None
    integrations: list[dict[str, Any]] | None = None
    hyperparameters: dict[str, Any] | None = None
    method: dict[str, Any] | None = None
    webhook_url: str | None = None


@asynccontextmanager
async def _lifespan(_: FastAPI) -> AsyncIterator[None]:
    async with _engine.begin() as connection:
        await connection.run_sync(_METADATA.create_all)
    yield
    await _engine.dispose()


app = FastAPI(lifespan=_lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the table is there."""
    return {"status": "ok"}


@app.post("/v1/fine_tuning/jobs")
async def create_job(body: NewJob) -> dict[str, Any]:
    """Keep one row durably, then answer."""
    job_id = uuid.uuid4()
    statement = insert(_JOBS).values(
        id=job_id,
        model=body.model,
        training_file=body.training_file,
        validation_file=body.validation_file,
        suffix=body.suffix,
        seed=body.seed,
        hyperparameters=body.hyperparameters,
        metadata=body.metadata,
    )
    async with _engine.begin() as connection:
        await connection.execute(statement)
    return {"id": str(job_id), "object": "fine_tuning.job", "model": body.model, "status": "queued"}
