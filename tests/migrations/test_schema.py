"""The migrations against the models, on real Postgres."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from db import models
from db.base import Base
from migrations.upgrade import downgrade_to, upgrade_to_head

assert models.__all__  # importing them fills Base.metadata

# What Postgres itself makes of a schema: every column, constraint, index and storage parameter in its words.
CATALOGUE = {
    "columns": """
        SELECT relname || '.' || attname, format_type(atttypid, atttypmod), attnotnull,
               pg_get_expr(adbin, adrelid), (SELECT collname FROM pg_collation WHERE oid = attcollation)
          FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
          LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped""",
    "constraints": """
        SELECT conrelid::regclass || '.' || conname, pg_get_constraintdef(oid) FROM pg_constraint
         WHERE connamespace = 'public'::regnamespace""",
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    "storage": """
        SELECT relname, array_to_string(reloptions, ',') FROM pg_class
         WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'""",
}


async def catalogue(url: str) -> dict[str, dict[str, tuple[Any, ...]]]:
    connection = await asyncpg.connect(url)
    try:
        return {
            name: {row[0]: tuple(row)[1:] for row in await connection.fetch(query) if "alembic" not in row[0]}
            for name, query in CATALOGUE.items()
        }
    finally:
        await connection.close()


@asynccontextmanager
async def engine(url: str) -> AsyncIterator[AsyncEngine]:
    opened = create_async_engine(url.replace("postgresql://", "postgresql+asyncpg://"), poolclass=NullPool)
    yield opened
    await opened.dispose()


@pytest.fixture
async def empty_url(database_url: str) -> str:
    """A database without any table."""
    connection = await asyncpg.connect(database_url)
    await connection.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await connection.close()
    return database_url


async def test_alembic_finds_nothing_to_migrate(database_url: str) -> None:
    async with engine(database_url) as opened, opened.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        found = await connection.run_sync(
            lambda plain: compare_metadata(MigrationContext.configure(plain, opts=options), Base.metadata)
        )
    assert found == []


async def test_migrations_and_models_make_the_same_schema(empty_url: str) -> None:
    async with engine(empty_url) as opened, opened.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    modelled = await catalogue(empty_url)
    async with engine(empty_url) as opened, opened.begin() as connection:
        await connection.run_sync(Base.metadata.drop_all)
    await asyncio.to_thread(upgrade_to_head, empty_url)
    migrated = await catalogue(empty_url)
    for kind, described in modelled.items():
        assert migrated[kind] == described, kind
    # Alembic compares no CHECK: this is what would notice.
    assert sum(text.startswith("CHECK") for (text,) in migrated["constraints"].values()) > 30


async def test_migrations_go_down_to_nothing_and_up_again(database_url: str) -> None:
    before = await catalogue(database_url)
    await asyncio.to_thread(downgrade_to, database_url, "base")
    assert not any((await catalogue(database_url)).values())
    await asyncio.to_thread(upgrade_to_head, database_url)
    assert await catalogue(database_url) == before


async def test_two_deployments_at_once_make_one_schema(empty_url: str) -> None:
    program = f"from migrations.upgrade import upgrade_to_head; upgrade_to_head({empty_url!r})"
    both = [await asyncio.create_subprocess_exec(sys.executable, "-c", program) for _ in range(2)]
    assert [await one.wait() for one in both] == [0, 0]
    assert len((await catalogue(empty_url))["storage"]) == len(Base.metadata.tables)


async def test_a_migration_that_cannot_get_its_lock_gives_up_and_changes_nothing(database_url: str) -> None:
    before = await catalogue(database_url)
    busy = await asyncpg.connect(database_url)
    try:
        async with busy.transaction():
            await busy.execute("LOCK TABLE jobs IN ACCESS SHARE MODE")
            with pytest.raises(DBAPIError, match="lock timeout"):
                async with asyncio.timeout(20):
                    await asyncio.to_thread(downgrade_to, database_url, "base")
    finally:
        await busy.close()
    assert await catalogue(database_url) == before
