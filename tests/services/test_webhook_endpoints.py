"""Endpoints: what two requests at once may not come to."""

import asyncio
from typing import Any

import pytest

from domain.errors import TooManyEndpoints
from domain.webhook_endpoints import MOST_PER_PROJECT, EndpointChange, NewEndpoint
from services import webhook_endpoints
from services.webhook_endpoints import IssuedSecret

NEW = NewEndpoint(name="n", url="https://example.com/", event_types=("fine_tuning.job.failed",))


async def create(world: Any, session: Any) -> IssuedSecret:
    return await webhook_endpoints.create(session, world.box, project_id=world.project_id, new=NEW)


async def waits_for_a_lock(world: Any) -> None:
    """Return as soon as a statement waits for another transaction."""
    waiting = (
        "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    for _ in range(1000):
        if await world.value(waiting):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nothing waits for a lock")


async def test_two_creates_at_once_do_not_pass_the_limit_and_let_jobs_be_created_meanwhile(
    world: Any,
) -> None:
    async with world.transaction() as session:
        for _ in range(MOST_PER_PROJECT - 1):
            await create(world, session)

    async def second() -> None:
        async with world.transaction() as session:
            await create(world, session)

    async with world.transaction() as session:
        await create(world, session)
        late = asyncio.create_task(second())
        await waits_for_a_lock(world)
        await world.create()  # waits for nobody
    with pytest.raises(TooManyEndpoints, match=str(MOST_PER_PROJECT)):
        await late


async def test_two_updates_at_once_keep_both_changes(world: Any) -> None:
    async with world.transaction() as session:
        id_ = (await create(world, session)).endpoint.id

    async def change(session: Any, **parts: Any) -> None:
        await webhook_endpoints.update(
            session, project_id=world.project_id, endpoint_id=id_, change=EndpointChange(**parts)
        )

    async def second() -> None:
        async with world.transaction() as session:
            await change(session, url="https://example.org/")

    async with world.transaction() as session:
        await change(session, name="m")
        late = asyncio.create_task(second())
        await waits_for_a_lock(world)
    await late
    async with world.transaction() as session:
        found = await webhook_endpoints.get(session, project_id=world.project_id, endpoint_id=id_)
    assert (found.name, found.url) == ("m", "https://example.org/")


async def test_a_secret_is_not_in_the_repr_of_what_carries_it(world: Any) -> None:
    async with world.transaction() as session:
        issued = await create(world, session)
        sample = await webhook_endpoints.begin_test(
            session,
            world.box,
            project_id=world.project_id,
            endpoint_id=issued.endpoint.id,
            event_type="fine_tuning.job.failed",
        )
    assert sample.secrets == (issued.secret,)
    assert issued.secret not in repr(issued) + repr(sample)
