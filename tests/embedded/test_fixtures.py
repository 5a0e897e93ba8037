"""What every other test builds on: a database and a Redis of its own."""

from collections.abc import Iterator

import asyncpg
import pytest
import redis.asyncio as redis


@pytest.mark.parametrize("_turn", [1, 2])
async def test_each_test_gets_an_empty_database_at_the_newest_schema(database_url: str, _turn: int) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM projects") == 0
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1
        await connection.execute("CREATE TABLE left_behind ()")
    finally:
        await connection.close()


@pytest.mark.parametrize("_turn", [1, 2])
async def test_each_test_gets_an_empty_redis(redis_url: str, _turn: int) -> None:
    async with redis.Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left-behind", 1)


@pytest.fixture
def left_open() -> Iterator[list[asyncpg.Connection]]:
    """Closed after the database has been dropped: it is asked for first."""
    connections: list[asyncpg.Connection] = []
    yield connections
    for connection in connections:
        connection.terminate()


async def test_a_database_that_is_still_in_use_can_be_dropped(
    left_open: list[asyncpg.Connection], database_url: str
) -> None:
    left_open.append(await asyncpg.connect(database_url))
