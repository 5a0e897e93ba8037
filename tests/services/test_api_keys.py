"""Projects' bearer keys."""

import asyncio
from typing import Any

import pytest

from domain.errors import NotFound, Unauthenticated
from services import api_keys
from services.api_keys import Caller, MadeKey


async def make(world: Any, project: str) -> MadeKey:
    async with world.transaction() as session:
        return await api_keys.create(session, world.box, project=project)


async def authenticate(world: Any, api_key: str) -> Caller:
    async with world.transaction() as session:
        return await api_keys.authenticate(session, api_key=api_key)


async def everything(world: Any) -> bytes:
    """Return all that the database knows of projects and keys, as text."""
    rows = [await world.sql(f"SELECT * FROM {table}") for table in ("projects", "api_keys")]  # noqa: S608
    return repr(rows).encode()


async def test_a_key_speaks_for_its_project(world: Any) -> None:
    made = await make(world, "two")
    assert made.api_key.startswith("tw_")
    caller = await authenticate(world, made.api_key)
    assert caller.api_key_id == made.id
    assert await world.value("SELECT name FROM projects WHERE id = :id", id=caller.project_id) == "two"


async def test_neither_key_nor_secret_is_in_the_repr_of_what_carries_them(world: Any) -> None:
    made = await make(world, "two")
    assert made.api_key not in repr(made)
    assert str(made.webhook_secret) not in repr(made)


async def test_neither_key_nor_secret_is_stored_in_clear(world: Any) -> None:
    made = await make(world, "two")
    stored = await everything(world)
    assert made.api_key.encode() not in stored
    assert made.webhook_secret is not None
    assert made.webhook_secret.removeprefix("whsec_").encode() not in stored
    sealed = await world.value("SELECT webhook_secret FROM projects WHERE name = 'two'")
    assert world.box.open(sealed) == made.webhook_secret


async def test_the_projects_secret_is_shown_with_its_first_key_only(world: Any) -> None:
    made = [await make(world, "two") for _ in range(3)]
    assert [one.webhook_secret is not None for one in made] == [True, False, False]
    assert len({one.api_key for one in made}) == 3


async def test_two_first_keys_at_once_make_one_project_and_one_secret(world: Any) -> None:
    made = await asyncio.gather(*(make(world, "two") for _ in range(8)))
    assert sum(one.webhook_secret is not None for one in made) == 1
    assert await world.value("SELECT count(*) FROM projects WHERE name = 'two'") == 1


@pytest.mark.parametrize(
    "api_key", ["", "tw_", "tw_" + "x" * 43, "My API Key", "\ud800", "\x00", "k" * 100_000]
)
async def test_what_is_no_key_is_refused_without_being_repeated(world: Any, api_key: str) -> None:
    with pytest.raises(Unauthenticated) as refused:
        await authenticate(world, api_key)
    assert len(refused.value.message) < 300
    if len(api_key) > 16:
        assert api_key not in refused.value.message
    part = f": {api_key[:3]}…{api_key[-4:]}" if len(api_key) > 16 else ""
    assert refused.value.message.startswith(f"Incorrect API key provided{part}. 'tuneward keys create'")


async def test_a_revoked_key_speaks_for_nobody_and_the_others_go_on(world: Any) -> None:
    one, other = await make(world, "two"), await make(world, "two")
    async with world.transaction() as session:
        await api_keys.revoke(session, key_id=one.id)
    with pytest.raises(Unauthenticated):
        await authenticate(world, one.api_key)
    assert (await authenticate(world, other.api_key)).api_key_id == other.id
    for key_id in (one.id, "key_none"):
        with pytest.raises(NotFound):
            await revoke(world, key_id)


async def revoke(world: Any, key_id: str) -> None:
    async with world.transaction() as session:
        await api_keys.revoke(session, key_id=key_id)


async def test_a_key_from_the_environment_is_made_once_and_a_revoked_one_stays_revoked(world: Any) -> None:
    async def ensure() -> None:
        async with world.transaction() as session:
            await api_keys.ensure(session, world.box, project="two", api_key="My API Key")

    await ensure()
    await ensure()
    caller = await authenticate(world, "My API Key")
    await revoke(world, caller.api_key_id)
    await ensure()
    with pytest.raises(Unauthenticated):
        await authenticate(world, "My API Key")


async def test_the_list_shows_ends_of_keys_and_no_more(world: Any) -> None:
    made = await make(world, "two")
    async with world.transaction() as session:
        rows = await api_keys.list_all(session)
    shown = next(row for row in rows if row.id == made.id)
    assert (shown.project, shown.hint, shown.revoked_at) == ("two", made.api_key[-4:], None)
    assert made.api_key not in repr(rows)


async def test_a_rotated_webhook_secret_signs_beside_the_old_one(world: Any) -> None:
    before = await world.value("SELECT webhook_secret FROM projects")
    async with world.transaction() as session:
        secret = await api_keys.rotate_webhook_secret(session, world.box, project="one")
    (row,) = await world.sql(
        "SELECT webhook_secret, previous_webhook_secret,"
        " previous_secret_expires_at - now() BETWEEN interval '23 h' AND interval '24 h' FROM projects"
    )
    assert (world.box.open(row[0]), bytes(row[1]), row[2]) == (secret, bytes(before), True)


async def test_the_secret_of_a_project_that_is_not_there_cannot_be_rotated(world: Any) -> None:
    with pytest.raises(NotFound, match="nobody"):
        async with world.transaction() as session:
            await api_keys.rotate_webhook_secret(session, world.box, project="nobody")
