"""The database cut off at the worst moments: nothing that was done is forgotten, nothing is done twice."""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from db.session import Session
from domain.errors import Unavailable
from domain.job_state import JobState
from domain.jobs import Job
from tests.cutting import Cut, Path
from worker.comeback import Comeback

RECORDS = (
    b"The files are on the platform",
    b"Submitted to the platform",
    b"The platform reports the end",
    b"The job succeeded",
    b"att_",
)
"""Words of each record that a job's life has."""
LIFE = [
    "Created",
    "Uploading the files to the platform",
    "The files are on the platform",
    "Submitted to the platform",
    "The platform is training",
    "The platform reports the end of the job: succeeded",
    "The job succeeded",
]
LEASE = "2s"
AWAY = 3.0
"""Seconds: every claim has run out by then."""


@pytest.fixture
async def path(rig: Any) -> AsyncIterator[Path]:
    async with Path(rig.database_url) as opened:
        yield opened


async def check_once(rig: Any, job: Job) -> None:
    """The job had the life of one that nothing befell, and its customer was told once."""
    assert (await rig.get(job)).crashes == 0
    lines = Counter(line for line in await rig.lines(job) if not line.startswith(("Step ", "Epoch ")))
    assert [number for number in lines.values() if number > 1] == [], lines
    for began in LIFE:
        assert began == "The platform is training" or any(line.startswith(began) for line in lines), lines
    assert not any("lost" in line or "did not work" in line for line in lines), lines
    assert (rig.requests("upload"), rig.requests("create"), len(rig.stand_in.store.jobs)) == (1, 1, 1)
    assert len(rig.receiver.got) == 1
    assert [tuple(row) for row in await rig.sql("SELECT number, status FROM webhook_attempts")] == [(1, 200)]
    submissions = await rig.sql("SELECT outcome FROM platform_submissions")
    # An intent whose commit was cut off is looked into, and never left; one create was sent in all.
    assert [row.outcome for row in submissions if row.outcome != "absent"] == ["created"]


@pytest.mark.parametrize("cut", Cut)
async def test_a_record_whose_commit_is_cut_off_is_kept_once(
    rig: Any,
    path: Path,
    cut: Cut,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every record of a job's life, be the commit lost or its answer."""
    path.cuts = [(words, cut) for words in RECORDS]
    job = await rig.create()
    # So long a lease that no heartbeat stops a record first, whose claim the kept try gave back.
    async with rig.worker(database_url=path.url, claim_lease="60s"):
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
        await rig.is_told()
    assert path.cuts == []
    await check_once(rig, job)
    # On the standard output, or, where a test of the api ran before in this process, among its log lines.
    log = capsys.readouterr().out + caplog.text
    assert log.count("not recorded yet") == len(RECORDS)
    assert log.count("an earlier try of this record was kept") == (4 if cut is Cut.AFTER else 0)
    assert "broke" not in log
    assert len(list((rig.folder / "blobs" / "files").iterdir())) == 2  # the training file and the result


async def test_nothing_is_forgotten_while_the_database_is_away(rig: Any, path: Path, until: Any) -> None:
    """Away for two leases after the upload, after the create and after the webhook; another worker waits."""
    rig.platform("delay;seconds=0.3;route=upload", "delay;seconds=0.3;route=create")
    away = asyncio.Event()

    async def outage() -> None:
        await path.close()
        await other.close()
        away.set()
        await asyncio.sleep(AWAY)
        await other.open()
        await path.open()

    async def during(route: str) -> None:
        async def under_way() -> bool:
            return bool(rig.requests(route))

        await until(under_way, route)
        await outage()

    async def told() -> None:
        rig.receiver.meanwhile = None
        outages.append(asyncio.create_task(outage()))
        await away.wait()

    outages: list[asyncio.Task[None]] = []
    rig.receiver.meanwhile = told
    async with (
        Path(rig.database_url) as other,
        rig.worker(database_url=path.url, claim_lease=LEASE),
        rig.worker(database_url=other.url, claim_lease=LEASE),
    ):
        job = await rig.create()
        await during("upload")
        await during("create")
        away.clear()
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
        await rig.is_told()
        await asyncio.gather(*outages)
    await check_once(rig, job)


async def test_a_worker_that_starts_without_its_database_goes_on_when_it_is_there(
    rig: Any, path: Path
) -> None:
    await path.close()
    job = await rig.create()
    async with rig.worker(database_url=path.url):
        await asyncio.sleep(0.5)
        await path.open()
        assert (await rig.ends(job)).state is JobState.SUCCEEDED


async def test_a_worker_without_its_database_stops_in_time(rig: Any, path: Path, until: Any) -> None:
    rig.platform("delay;seconds=0.3;route=create")
    await rig.create()

    async def created() -> bool:
        return bool(rig.requests("create"))

    async with rig.worker(database_url=path.url, shutdown_grace="1s"):
        await until(created, "the create")
        await path.close()
        began = asyncio.get_running_loop().time()
    assert asyncio.get_running_loop().time() - began < 7


async def claimed(comeback: Comeback) -> list[str] | None:
    """What a claim comes to; None while the database is away."""

    async def claim(session: Session) -> list[str]:
        return list((await session.execute(text("SELECT 'a row'"))).scalars())

    with contextlib.suppress(Unavailable):
        return list(await comeback.claim(claim))
    return None


@pytest.mark.parametrize(("lease", "first"), [(timedelta(seconds=0.6), []), (timedelta(hours=1), ["a row"])])
async def test_after_an_outage_that_outlasts_claims_their_holders_come_first(
    rig: Any, path: Path, lease: timedelta, first: list[str]
) -> None:
    async with rig.context(database_url=path.url) as context:
        comeback = Comeback(context.database, lease)
        assert await claimed(comeback) == ["a row"]
        await path.close()
        assert await claimed(comeback) is None
        await asyncio.sleep(0.3)
        assert await claimed(comeback) is None
        await path.open()
        assert await claimed(comeback) == first
        await asyncio.sleep(0.25)
        assert await claimed(comeback) == ["a row"]
