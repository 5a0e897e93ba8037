"""Postgres and Valkey: real answers, kept data, one owner, nothing left behind."""

import os
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import redis.asyncio as redis

from embedded.errors import EmbeddedError, FolderInUse
from embedded.postgres import Postgres
from embedded.server import Server
from embedded.valkey import Valkey

STARTS_BOTH = """
import json, time
from pathlib import Path
from embedded.postgres import Postgres
from embedded.valkey import Valkey

postgres, valkey = Postgres(Path({folder!r}) / "postgres"), Valkey(Path({folder!r}) / "valkey")
postgres.start()
valkey.start()
print(json.dumps({{"postgres": postgres.url, "valkey": valkey.url}}), flush=True)
time.sleep(1000)
"""


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def names_in(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    with Postgres(tmp_path / "postgres", durable=False) as server:
        yield server


@pytest.fixture
def valkey(tmp_path: Path) -> Iterator[Valkey]:
    with Valkey(tmp_path / "valkey") as server:
        yield server


async def test_postgres_listens_on_the_loopback_with_room_for_all(postgres: Postgres) -> None:
    async with connected(postgres.url) as connection:
        assert await connection.fetchval("SHOW listen_addresses") == "127.0.0.1"
        assert await connection.fetchval("SHOW unix_socket_directories") == ""
        assert int(await connection.fetchval("SHOW max_connections")) >= 200
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
        assert await connection.fetchval("SHOW fsync") == "off"


async def test_durable_postgres_syncs(tmp_path: Path) -> None:
    with Postgres(tmp_path / "postgres") as server:
        async with connected(server.url) as connection:
            settings = ("fsync", "synchronous_commit", "full_page_writes")
            assert [await connection.fetchval(f"SHOW {name}") for name in settings] == ["on"] * 3


async def test_the_password_is_needed_and_the_owners_only(postgres: Postgres, valkey: Valkey) -> None:
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(postgres.url.replace(postgres.password, "guessed"))
    async with redis.Redis(port=valkey.port) as client:
        with pytest.raises(redis.AuthenticationError):
            await client.get("anything")
    secrets = [server.data_dir / "password" for server in (postgres, valkey)]
    for file in (*secrets, valkey.data_dir / "valkey.conf"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


async def test_postgres_keeps_data_over_a_restart_and_clients_find_it_again(postgres: Postgres) -> None:
    async with connected(postgres.url) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    before = postgres.url, postgres.pid
    postgres.stop()
    postgres.start()
    assert (postgres.url, postgres.pid) != before
    assert postgres.url == before[0]
    async with connected(postgres.url) as connection:
        assert await connection.fetchval("SELECT answer FROM kept") == 42


async def test_valkey_keeps_data_over_a_restart(valkey: Valkey) -> None:
    async with redis.Redis.from_url(valkey.url) as client:
        await client.set("kept", "42")
    valkey.stop()
    valkey.start()
    async with redis.Redis.from_url(valkey.url) as client:
        assert await client.get("kept") == b"42"


async def test_throw_away_valkey_writes_nothing(tmp_path: Path) -> None:
    with Valkey(tmp_path, durable=False) as server:
        async with redis.Redis.from_url(server.url) as client:
            await client.set("lost", "1")
    assert names_in(tmp_path) == {"lock", "password", "valkey.conf", "valkey.log"}


async def test_postgres_starts_after_a_crash_whose_pid_went_to_somebody_else(postgres: Postgres) -> None:
    postgres.process.kill()
    pid_file = postgres.data_dir / "cluster" / "postmaster.pid"
    _, *rest = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join([str(os.getppid()), *rest]) + "\n")
    postgres.start()
    async with connected(postgres.url) as connection:
        assert await connection.fetchval("SELECT 1") == 1


async def test_postgres_starts_after_an_initdb_that_was_cut_short(tmp_path: Path) -> None:
    half_made = tmp_path / "postgres" / "cluster.new"
    half_made.mkdir(parents=True)
    (half_made / "PG_VERSION").write_text("18\n")
    with Postgres(tmp_path / "postgres", durable=False) as server:
        async with connected(server.url) as connection:
            assert await connection.fetchval("SELECT 1") == 1


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_second_start_on_the_same_folder_is_refused(kind: type[Server], tmp_path: Path) -> None:
    with kind(tmp_path, durable=False), pytest.raises(FolderInUse, match=f"in use by process {os.getpid()}"):
        kind(tmp_path, durable=False).start()
    with kind(tmp_path, durable=False):
        pass


@pytest.mark.parametrize("kind", [Postgres, Valkey])
def test_a_server_that_cannot_read_its_data_says_why(kind: type[Server], tmp_path: Path) -> None:
    with kind(tmp_path) as server:
        pass
    broken = {"postgres": "cluster/PG_VERSION", "valkey": "appendonlydir/appendonly.aof.1.base.rdb"}
    (tmp_path / broken[server.name]).write_text("nonsense")
    with pytest.raises(EmbeddedError, match=f"(?s){server.name} ended with code.*(PG_VERSION|appendonly)"):
        kind(tmp_path).start()


async def test_nothing_survives_a_starter_that_was_killed_and_its_data_is_kept(
    starter: Callable[..., tuple], family: Callable, wait_gone: Callable[..., bool], tmp_path: Path
) -> None:
    program, urls = starter(STARTS_BOTH.format(folder=str(tmp_path)))
    async with connected(urls["postgres"]) as connection:
        await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        started = family(program.pid)
        assert len(started) > 4, "two guards, two servers, Postgres's own children"
        program.kill()
        program.wait()
        # Started again at once, while the old one may still be shutting down.
        with Postgres(tmp_path / "postgres") as again:
            assert wait_gone(started)
            async with connected(again.url) as second:
                assert await second.fetchval("SELECT answer FROM kept") == 42
