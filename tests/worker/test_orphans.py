"""Files on the platform that nobody uses are found and deleted; the platform's own list is the judge."""

from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.jobs import Job
from domain.outcomes import Answered
from domain.platform import PlatformFile
from services import claims
from services.job_steps import uploading
from services.job_steps.uploading import UploadPlan
from worker.sweeps import platform_uploads, retention

CONTENT = b'{"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "."}]}\n' * 20


async def swept(rig: Any, *hours: int) -> dict[str, int]:
    """Sweep, with two looks that are due at once, or at these hours."""
    checks = tuple(timedelta(hours=hour) for hour in hours or (0, 0))
    counts = await platform_uploads.run_once(rig.sweeping(duplicate_checks=checks))
    return {name: count for name, count in counts.items() if count}


def on_platform(rig: Any) -> dict[str, str]:
    """The uploads that lie on the platform: name by id."""
    rows = rig.stand_in.store.files.values()
    return {row.id: row.filename for row in rows if row.job is None and not row.deleted}


async def begun(rig: Any) -> UploadPlan:
    """A worker claims the one job that is due and is about to upload its file."""
    async with rig.database.transaction() as session:
        (job,) = await claims.claim_advancing(session, lease=rig.settings().claim_lease, limit=1)
    async with rig.database.transaction() as session:
        plan = await uploading.begin_upload(session, job)
    assert plan is not None
    return plan


async def uploaded(rig: Any, name: str) -> str:
    """The platform takes a file under this name; nobody writes that down."""

    async def content() -> Any:
        yield CONTENT

    platform = rig.sweeping().platform
    outcome = await platform.upload_file(filename=name, size=len(CONTENT), content=content)
    assert isinstance(outcome, Answered)
    return str(outcome.value.id)


async def lapse(rig: Any) -> None:
    await rig.sql("UPDATE jobs SET claimed_until = now() - interval '1 s' WHERE claimed_until IS NOT NULL")


async def recorded(rig: Any, plan: UploadPlan, platform_file_id: str) -> Job:
    there = {plan.sources[0].file_id: Answered(PlatformFile(platform_file_id))}
    async with rig.database.transaction() as session:
        job = await uploading.finish_upload(session, plan, there)
    assert job is not None
    return job


async def lost(rig: Any) -> tuple[UploadPlan, str, str]:
    """An upload whose worker died after the platform's answer; another worker took over and did it again.

    Returns the first upload, the orphan, and the file in use.
    """
    await rig.create()
    plan = await begun(rig)
    orphan = await uploaded(rig, plan.sources[0].filename)
    await lapse(rig)
    again = await begun(rig)
    used = await uploaded(rig, again.sources[0].filename)
    await recorded(rig, again, used)
    return plan, orphan, used


async def outcomes(rig: Any) -> list[str]:
    return [row[0] for row in await rig.sql("SELECT outcome FROM platform_uploads ORDER BY id")]


async def test_an_upload_whose_worker_died_is_deleted_and_the_one_in_use_stays(rig: Any) -> None:
    _, orphan, used = await lost(rig)
    assert on_platform(rig)[orphan].startswith("train.pu_")
    assert set(on_platform(rig)) == {orphan, used}
    assert await swept(rig) == {"lost": 1, "deleted": 1}
    assert list(on_platform(rig)) == [used]
    assert await outcomes(rig) == ["deleted", "used"]
    assert await swept(rig) == {}


async def test_an_upload_in_progress_is_never_swept_however_late_its_heartbeat(rig: Any) -> None:
    await rig.create()
    plan = await begun(rig)
    id_ = await uploaded(rig, plan.sources[0].filename)
    await rig.sql("UPDATE platform_uploads SET begun_at = now() - interval '30 days'")
    assert await swept(rig) == {}
    await lapse(rig)  # nobody has taken it over: whoever began it may still record it
    assert await swept(rig) == {}
    await recorded(rig, plan, id_)
    assert await swept(rig) == {}
    assert (list(on_platform(rig)), rig.requests("file_list")) == ([id_], 0)


async def test_an_upload_whose_answer_was_lost_is_deleted(rig: Any) -> None:
    rig.order("cut_after_accept;route=upload")
    job = await rig.create()
    async with rig.worker():
        await rig.ends(job)
    assert len(on_platform(rig)) == 2
    assert await swept(rig) == {"lost": 1, "deleted": 1}
    assert list(on_platform(rig)) == [(await rig.get(job)).platform_training_file]


async def test_an_upload_that_certainly_failed_leaves_nothing_to_look_for(rig: Any) -> None:
    rig.order("rate_limited;route=upload;retry_after=0")
    job = await rig.create()
    async with rig.worker():
        await rig.ends(job)
    assert await outcomes(rig) == ["used"]


async def test_a_file_that_shows_up_late_is_found_by_the_second_look(rig: Any) -> None:
    await rig.create()
    plan = await begun(rig)
    await rig.sql("UPDATE jobs SET claim_token = NULL, claimed_until = NULL")
    assert await swept(rig, 0, 1) == {"lost": 1, "looked": 1}
    assert await swept(rig, 0, 1) == {}  # not before its time
    late = await uploaded(
        rig, f"prefix_{plan.sources[0].upload_id.upper()}_jsonl"
    )  # as platforms rewrite names
    await rig.sql("UPDATE platform_uploads SET check_at = now()")
    assert await swept(rig, 0, 1) == {"deleted": 1}
    assert late not in on_platform(rig)


async def test_what_was_never_there_is_looked_for_twice_and_then_forgotten(rig: Any) -> None:
    await rig.create()
    await begun(rig)
    await rig.sql("DELETE FROM jobs")
    assert await swept(rig) == {"lost": 1, "looked": 1}
    assert await swept(rig) == {"absent": 1}
    assert (await swept(rig), rig.requests("file_list")) == ({}, 2)
    await rig.sql("UPDATE platform_uploads SET begun_at = now() - interval '91 days'")
    assert (await retention.run_once(rig.sweeping()))["platform_uploads"] == 1


async def test_one_reading_of_the_list_serves_all_that_are_due(rig: Any) -> None:
    for _ in range(3):
        await rig.create()
        await uploaded(rig, (await begun(rig)).sources[0].filename)
    await rig.sql("UPDATE jobs SET claim_token = NULL, claimed_until = NULL")
    assert await swept(rig) == {"lost": 3, "deleted": 3}
    assert (on_platform(rig), rig.requests("file_list")) == ({}, 1)


NAMES = {
    "a copy": "UPDATE platform_files SET platform_file_id = :id",
    "a training file": "UPDATE jobs SET platform_training_file = :id",
    "a validation file": "UPDATE jobs SET platform_validation_file = :id",
    "a copy whose row was dropped": "UPDATE platform_uploads SET platform_file_id = :id"
    " WHERE outcome = 'used'",
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_file_in_use_stays_whatever_its_name_says(rig: Any, name: str) -> None:
    """As on a platform that gives the same id to the same content, and keeps the first name."""
    _, orphan, _ = await lost(rig)
    await rig.sql(NAMES[name], id=orphan)
    assert await swept(rig) == {"lost": 1, "used": 1}
    assert (orphan in on_platform(rig), rig.requests("file_delete")) == (True, 0)


async def test_of_two_jobs_that_upload_a_shared_file_at_once_each_keeps_its_copy(rig: Any) -> None:
    await rig.sql("UPDATE platform_credentials SET echoes_metadata = true")
    jobs = [await rig.create() for _ in range(2)]
    plans = [await begun(rig) for _ in jobs]
    for plan in plans:
        await recorded(rig, plan, await uploaded(rig, plan.sources[0].filename))
    assert await rig.value("SELECT count(*) FROM platform_files") == 1
    assert (await swept(rig), await outcomes(rig)) == ({}, ["used", "used"])
    assert len(on_platform(rig)) == 2


@pytest.mark.parametrize(
    ("quirk", "route", "asked"),
    [("no_file_list", "file_list", {"file_list": 1, "file_delete": 0}),
     ("no_file_delete", "file_deletion", {"file_list": 1, "file_delete": 1})],
)  # fmt: skip
async def test_a_platform_without_the_route_is_asked_once_a_day_and_after_three_days_given_up(
    rig: Any, quirk: str, route: str, asked: dict[str, int]
) -> None:
    await lost(rig)
    rig.stand_in.quirks.choose([quirk])
    assert await swept(rig) == {"lost": 1, "looked": 1}
    assert list(await rig.value("SELECT missing_routes FROM platform_credentials")) == [route]
    hours = "SELECT extract(epoch FROM check_at - now()) / 3600 FROM platform_uploads WHERE check_at > now()"
    assert 23 < await rig.value(hours) <= 24
    await rig.sql("UPDATE platform_uploads SET begun_at = now() - interval '3 days', check_at = now()"
                  " WHERE outcome = 'ambiguous'")  # fmt: skip
    assert await swept(rig) == {"given_up": 1}
    assert {name: rig.requests(name) for name in asked} == asked
    detail = await rig.value("SELECT detail FROM platform_uploads WHERE outcome = 'given_up'")
    assert detail == f"the platform has no {route}"
    assert len(on_platform(rig)) == 2


async def test_a_platform_that_throttles_parks_the_account_and_the_look_waits(rig: Any) -> None:
    await lost(rig)
    rig.order("rate_limited;route=file_list;retry_after=60")
    assert await swept(rig) == {"lost": 1, "looked": 1}
    assert await rig.value("SELECT parked_reason FROM platform_credentials WHERE parked_until > now()")
    await rig.sql("UPDATE platform_uploads SET check_at = now() WHERE outcome = 'ambiguous'")
    assert (await swept(rig), rig.requests("file_list")) == ({}, 1)
    await rig.sql("UPDATE platform_credentials SET parked_until = NULL")
    assert await swept(rig) == {"deleted": 1}


@pytest.mark.parametrize("trouble", ["server_error;route=file_list", "server_error;route=file_delete"])
async def test_what_fails_is_tried_again(rig: Any, trouble: str) -> None:
    await lost(rig)
    rig.order(trouble)
    assert await swept(rig) == {"lost": 1, "looked": 1}
    assert await swept(rig) == {}
    await rig.sql("UPDATE platform_uploads SET check_at = now() WHERE outcome = 'ambiguous'")
    assert await swept(rig) == {"deleted": 1}


@pytest.mark.parametrize(
    "quirk", ["list_no_has_more", "list_unreadable_items", "list_oldest_first", "file_bare"]
)
async def test_a_list_that_cannot_tell_deletes_what_it_shows_and_concludes_nothing(
    rig: Any, quirk: str
) -> None:
    plan, *_ = await lost(rig)
    await rig.sql("INSERT INTO platform_uploads (id, file_id, credential_id, job_id, claim_token)"
                  " SELECT 'pu_never', file_id, credential_id, 'gone', claim_token FROM platform_uploads"
                  " WHERE outcome = 'pending'")  # fmt: skip
    rig.stand_in.quirks.choose([f"{quirk}@file_list"])
    await swept(rig)
    await rig.sql("UPDATE platform_uploads SET check_at = now() WHERE check_at IS NOT NULL")
    await swept(rig)
    became = dict(await rig.sql("SELECT id, outcome FROM platform_uploads"))
    told = {"list_no_has_more": "ambiguous", "list_unreadable_items": "ambiguous", "file_bare": "ambiguous",
            "list_oldest_first": "absent"}  # fmt: skip
    assert became["pu_never"] == told[quirk]
    assert became[plan.sources[0].upload_id] == ("ambiguous" if quirk == "file_bare" else "deleted")


async def test_a_shared_copy_that_was_deleted_on_the_platform_is_uploaded_again(rig: Any) -> None:
    await rig.sql("UPDATE platform_credentials SET echoes_metadata = true")
    gone = await uploaded(rig, "train.jsonl")
    await rig.sweeping().platform.delete_file(gone)
    await rig.sql(
        "INSERT INTO platform_files (id, file_id, credential_id, platform_file_id)"
        " VALUES ('pf_1', :file, :credential, :gone)",
        file=rig.file_id, credential=rig.credential_id, gone=gone,
    )  # fmt: skip
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert await rig.sql("SELECT platform_file_id FROM platform_files") == [(next(iter(on_platform(rig))),)]
    assert any(f"File {gone} does not exist." in line for line in await rig.lines(job))
