"""The horizon for durable creation: the same bare route with asyncpg alone, no SQLAlchemy."""

import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from fastapi import FastAPI, Request

from benchmarks.bare_core_route import POOL_SIZE, NewJob

_TABLE = """
    CREATE TABLE IF NOT EXISTS bare_asyncpg_jobs (
        id uuid PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), model text NOT NULL,
        training_file text NOT NULL, validation_file text, suffix text, seed bigint,
        hyperparameters jsonb, metadata jsonb)"""
_INSERT = """
    INSERT INTO bare_asyncpg_jobs
           (id, model, training_file, validation_file, suffix, seed, hyperparameters, metadata)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"""


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    url, settings = os.environ["DATABASE_URL"], {"jit": "off"}
    async with asyncpg.create_pool(url, max_size=POOL_SIZE, server_settings=settings) as pool:
        await pool.execute(_TABLE)
        app.state.pool = pool
        yield


app = FastAPI(lifespan=_lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    """Say that the table is there."""
    return {"status": "ok"}


@app.post("/v1/fine_tuning/jobs")
async def create_job(body: NewJob, request: Request) -> dict[str, Any]:
    """Keep one row durably (a statement of its own commits itself), then answer."""
    job_id = uuid.uuid4()
    await request.app.state.pool.execute(
        _INSERT,
        job_id,
        body.model,
        body.training_file,
        body.validation_file,
        body.suffix,
        body.seed,
        None if body.hyperparameters is None else json.dumps(body.hyperparameters),
        None if body.metadata is None else json.dumps(body.metadata),
    )
    return {"id": str(job_id), "object": "fine_tuning.job", "model": body.model, "status": "queued"}
