"""Workers that differ from this one: a clock that is an hour off, the version before."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from chaos import clocks, old_version
from domain import ids
from domain.job_state import JobState

from .conftest import PLATFORM_KEY, QUICK

WORKER = (sys.executable, "-c", "from worker.main import run; run()")
ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def worker_process(
    rig: Any,
    *,
    command: Sequence[str] = WORKER,
    folder: Path = ROOT,
    environment: Mapping[str, str],
) -> AsyncIterator[None]:
    """Run a worker as a process of its own while the block runs; SIGTERM ends it well."""
    settings = {
        "DATABASE_URL": rig.database_url,
        "TUNEWARD_STORAGE_URL": rig.settings().storage_url,
        "XPULINK_BASE_URL": rig.platform_url,
        "XPULINK_API_KEY": PLATFORM_KEY,
        "TUNEWARD_SECRET_KEYS": rig.secret_key,
        **{f"TUNEWARD_{name.upper()}": value for name, value in QUICK.items()},
    }
    log_path = rig.folder / "worker.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env={**os.environ, **settings, **environment}, stdout=log, stderr=log
        )
        try:
            await _ready(log_path)
            yield
        finally:
            process.terminate()
            ended = await process.wait()
    assert ended == 0, log_path.read_text()[-2000:]


async def _ready(log: Path) -> None:
    async with asyncio.timeout(90):  # it is Python that starts, on a machine that may be busy
        while b'"ready"' not in log.read_bytes():  # noqa: ASYNC110, ASYNC240 - another process writes this short file
            await asyncio.sleep(0.05)


def time_of(id_: str, prefix: str) -> datetime:
    """Return the time inside an id."""
    number = 0
    for letter in id_.removeprefix(prefix)[:10]:
        number = number << 5 | ids.ALPHABET.index(letter)
    return datetime.fromtimestamp(number / 1000, UTC)


@pytest.mark.skipif(not clocks.available(), reason=clocks.MISSING)
async def test_a_worker_whose_clock_is_an_hour_ahead_does_what_another_would(rig: Any) -> None:
    began = datetime.now(UTC)
    job = await rig.create()
    async with worker_process(rig, environment=clocks.off_by(timedelta(hours=1))):
        ended = await rig.ends(job)
        await rig.is_told()
    almost = timedelta(minutes=5)
    assert ended.state is JobState.SUCCEEDED
    assert began < ended.finished_at < began + almost
    assert abs(ended.running_since - began) < almost
    (delivery_id, event_id), *_ = await rig.sql("SELECT id, event_id FROM webhook_deliveries")
    ((file_id),) = ended.result_files
    for id_, prefix in ((delivery_id, ids.DELIVERY), (event_id, ids.WEBHOOK_EVENT), (file_id, ids.FILE)):
        assert abs(time_of(id_, prefix) - began) < almost, id_
    ((headers, body),) = rig.receiver.got
    Webhook(rig.webhook_secret).verify(body, headers)  # refuses what was signed more than five minutes off


@pytest.mark.skipif("STRANGERS" not in os.environ, reason="STRANGERS=1 runs it; `make chaos` always does")
@pytest.mark.skipif(not old_version.available(), reason=old_version.MISSING)
async def test_the_version_before_works_beside_this_one_on_the_new_schema(rig: Any, tmp_path: Path) -> None:
    old = old_version.worker_of_the_version_before(tmp_path / "before")
    alone = await rig.create()
    running = worker_process(rig, command=old.command, folder=old.folder, environment=old.environment)
    async with running:
        assert (await rig.ends(alone)).state is JobState.SUCCEEDED  # on the new schema, all by itself
        together = [await rig.create() for _ in range(8)]
        async with rig.worker():
            ended = [await rig.ends(job) for job in together]
            await rig.is_told()
    assert {job.state for job in ended} == {JobState.SUCCEEDED}
    assert (len(rig.stand_in.store.jobs), len(rig.receiver.got)) == (9, 9)
