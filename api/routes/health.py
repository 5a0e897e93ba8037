"""Whether the process lives, whether it can do its work, and what it counts."""

import asyncio
from collections.abc import Awaitable

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.dependencies import Held
from domain.errors import Unavailable

router = APIRouter(tags=["Health"])
PATIENCE = 2.0
"""Seconds: under the time-outs of what asks for readiness."""
REDIS_PATIENCE = 0.5
"""Seconds: it may be away, so that waiting for it must not make the answer come too late."""


@router.get("/healthz", summary="Is the process alive?", response_class=PlainTextResponse)
async def healthz() -> str:
    """Answer as long as the event loop turns."""
    return "ok\n"


@router.get("/readyz", summary="Can it do its work?", response_class=PlainTextResponse)
async def readyz(held: Held) -> PlainTextResponse:
    """Say how database, storage and Redis are, a line each; only Redis may be away."""
    redis_answers = _answers(held.doorbell.ready(), REDIS_PATIENCE)
    database, storage, redis = await asyncio.gather(
        _answers(held.database.ready()), _answers(held.blobs.ready()), redis_answers
    )
    lines = [
        f"database: {'ok' if database else 'unreachable'}",
        f"storage: {'ok' if storage else 'unreachable'}",
        f"redis: {'ok' if redis else 'unreachable, workers go by their timers'}",
    ]
    return PlainTextResponse("\n".join(lines) + "\n", status_code=200 if database and storage else 503)


async def _answers(question: Awaitable[bool | None], patience: float = PATIENCE) -> bool:
    """Tell whether a part answers, and soon: one that hangs is as little use as one that is away."""
    try:
        async with asyncio.timeout(patience):
            return await question is not False
    except (Unavailable, TimeoutError):
        return False


@router.get("/metrics", summary="Prometheus metrics", response_class=Response)
async def metrics() -> Response:
    """Return this process's counters."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
