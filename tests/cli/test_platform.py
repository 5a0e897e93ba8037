"""`tuneward platform check` as it is called from a shell."""

import asyncio
import json
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from simulator.options import Options
from simulator.server import serving

KEY = "xpulink-simulator-key"


async def check(*arguments: str, url: str, key: str = KEY, **variables: str) -> tuple[int, str, str]:
    environ = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    asked = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli", "platform", "check", *arguments),
        env={**environ, "XPULINK_BASE_URL": url, "XPULINK_API_KEY": key, "COLUMNS": "90", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await asyncio.wait_for(asked.communicate(), 60)
    return int(asked.returncode or 0), said.decode(), complained.decode()


async def test_the_table_is_aligned_and_names_no_key(tmp_path: Path) -> None:
    training = tmp_path / "train.jsonl"
    training.write_text('{"messages": [{"role": "user", "content": "q"}]}\n' * 20)
    async with serving(Options(quirks=("no_cancel", "fields_missing"))) as url:
        code, said, complained = await check("--submit", str(training), url=url)
    assert code == 0, said + complained
    assert "may cost money" in complained
    rows = [line for line in said.splitlines() if line.startswith("  ")]
    assert {row[23:30].strip() for row in rows} <= {"yes", "no", "unknown", ""}
    assert max(map(len, said.splitlines())) <= 90
    assert "was not cancelled and may cost money" in said
    assert KEY not in said + complained


async def test_it_tells_machines_too_and_exits_1_where_nothing_can_be_done() -> None:
    code, said, _ = await check("--json", url="http://127.0.0.1:9/v1")
    report = json.loads(said)
    assert (code, report["usable"]) == (1, False)
    assert "cannot be reached" in report["problem"]


@pytest.mark.parametrize(("key", "url"), [("", "http://127.0.0.1:9/v1"), (KEY, "ftp://x")])
async def test_it_exits_2_without_a_key_or_a_url(key: str, url: str) -> None:
    code, said, complained = await check(url=url, key=key, XPU_API_KEY="")
    assert (code, said) == (2, "")
    assert complained


async def test_it_tells_the_workers_what_is_there_if_it_is_asked_to(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(
        "INSERT INTO platform_credentials (id, name, missing_routes)"
        " VALUES ('cred_1', 'default', '{\"cancel\": 9e9}')"
    )
    async with serving(Options(quirks=("no_events", "no_file_list"))) as url:
        code, said, complained = await check("--remember", url=url, DATABASE_URL=database_url)
    kept = json.loads(await connection.fetchval("SELECT missing_routes FROM platform_credentials"))
    await connection.close()
    assert code == 0, said + complained
    assert sorted(kept) == ["events", "file_list"]
