"""What routes ask for: a transaction, the caller, rings that leave after the commit.

The session has `scope="function"`: its commit comes before the first byte of the answer, so that
"accepted" means kept. Rings leave after the commit and never after a failure.

What is asked for on every request is kept cheap: coroutines, because FastAPI hands a plain function to
a thread, and few levels, because it walks down to the last one however often that was solved already.
"""

from collections.abc import AsyncIterator
from typing import Annotated

import structlog
from fastapi import Depends, Request

from api.auth import bearer_key
from api.resources import Limits, Resources
from db.session import Session
from domain.stages import Stage
from services import api_keys
from services.api_keys import Caller
from storage.blobs import BlobStore


async def resources(request: Request) -> Resources:
    """Return what the app holds open."""
    held: Resources = request.app.state.resources
    return held


Held = Annotated[Resources, Depends(resources)]


class Rings:
    """The stages to ring for once the transaction is committed."""

    def __init__(self) -> None:
        self.stages: set[Stage] = set()

    def ring(self, stage: Stage) -> None:
        """Ring for this stage after the commit."""
        self.stages.add(stage)


async def session(request: Request) -> AsyncIterator[Session]:
    """Open the request's one transaction; it commits when the route has returned, then the rings leave.

    An exception, the commit's own included, drops the rings.
    """
    held = await resources(request)
    collected = request.state.rings = Rings()
    async with held.database.transaction() as opened:
        yield opened
    for stage in collected.stages:
        held.doorbell.ring(stage)


InTransaction = Annotated[Session, Depends(session, scope="function")]


async def rings(request: Request, _: InTransaction) -> Rings:
    """Return where to ask for rings that leave after the commit."""
    collected: Rings = request.state.rings
    return collected


AfterCommit = Annotated[Rings, Depends(rings, scope="function")]


async def caller(request: Request, opened: InTransaction) -> Caller:
    """Return whom the bearer key speaks for, in the request's transaction."""
    return _known(request, await api_keys.authenticate(opened, api_key=bearer_key(request)))


Authenticated = Annotated[Caller, Depends(caller, scope="function")]


async def recognised(request: Request, held: Held) -> Caller:
    """Return whom the key speaks for, from memory if it was seen before.

    It may have been revoked since: only for a route whose own statement proves that it was not.
    """
    key = bearer_key(request)
    found = held.known_keys.get(key)
    if found is None:
        found = await caller_alone(request, held)
        held.known_keys.remember(key, found)
    return _known(request, found)


Recognised = Annotated[Caller, Depends(recognised)]


async def caller_alone(request: Request, held: Held) -> Caller:
    """Return whom the key speaks for, in a transaction of its own: for routes that stream."""
    async with held.database.transaction() as opened:
        return _known(request, await api_keys.authenticate(opened, api_key=bearer_key(request)))


AuthenticatedAlone = Annotated[Caller, Depends(caller_alone)]


def _known(request: Request, found: Caller) -> Caller:
    """Have the log and the answer's headers name the project."""
    request.state.project_id = found.project_id
    structlog.contextvars.bind_contextvars(project_id=found.project_id)
    return found


async def blobs(held: Held) -> BlobStore:
    """Return the blob store."""
    return held.blobs


Blobs = Annotated[BlobStore, Depends(blobs)]


async def upload_turn(caller: AuthenticatedAlone, held: Held) -> AsyncIterator[None]:
    """Be one of the uploads under way until the route has returned; refused before the body is read."""
    with held.uploads_under_way.taken_by(caller.project_id):
        yield


UploadTurn = Annotated[None, Depends(upload_turn, scope="function")]


async def limits(held: Held) -> Limits:
    """Return how much a request may bring."""
    return held.limits


RequestLimits = Annotated[Limits, Depends(limits)]
