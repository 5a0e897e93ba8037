"""Uploads in parts when requests repeat, meet, come late, or die half-way."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from api import assembly
from domain.errors import UploadCompleting
from services import uploads

from .parts import (
    CONTENT,
    FORM,
    Slow,
    announce,
    complete,
    content,
    part,
    parts_kept,
    pieces,
    send,
    status,
    until,
)
from .served import Project, Service, refused


async def test_the_same_complete_sent_again_answers_with_the_same_file(project: Project) -> None:
    upload = await announce(project)
    sent = [await part(project, upload, piece) for piece in pieces(CONTENT, 2)]
    first = await complete(project, upload, *sent)
    again = await complete(project, upload, *sent)
    assert (again.status_code, again.json()) == (200, first.json())
    refused(await complete(project, upload, *reversed(sent)), 409, "upload_completed", "upload_id")
    assert len((await project.get("/files")).json()["data"]) == 1
    await project.request("DELETE", f"/files/{first.json()['file']['id']}")
    assert "file" not in (await complete(project, upload, *sent)).json()


async def test_completes_at_once_make_one_file(project: Project) -> None:
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    answers = await asyncio.gather(*(complete(project, upload, sent) for _ in range(5)))
    done = [answer.json() for answer in answers if answer.status_code == 200]
    assert done
    assert all(answer == done[0] for answer in done)
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, "upload_completing", "upload_id")
            assert (answer.headers["x-should-retry"], answer.headers["retry-after"]) == ("true", "3")
    assert len((await project.get("/files")).json()["data"]) == 1


async def claim(sql: asyncpg.Connection, upload: str, *, lease: timedelta) -> None:
    """Give the upload to an attempt that is heard of no more."""
    await sql.execute(
        "UPDATE uploads SET status = 'completing', claim_token = gen_random_uuid(), attempts = attempts + 1,"
        " claimed_until = now() + CAST($2 AS interval) WHERE id = $1",
        upload,
        lease,
    )


async def test_while_an_upload_is_being_completed_nothing_else_is_done_to_it(
    project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    await claim(sql, upload, lease=timedelta(minutes=1))
    assert await status(project, upload) == "pending"
    for answer in (
        await complete(project, upload, sent),
        await project.post(f"/uploads/{upload}/cancel"),
        await send(project, upload, b"more"),
    ):
        refused(answer, 409, "upload_completing", "upload_id")
        assert answer.headers["x-should-retry"] == "true"


async def test_a_complete_that_died_can_be_repeated_after_its_lease(
    project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    await claim(sql, upload, lease=-timedelta(seconds=1))
    done = await complete(project, upload, sent)
    assert (done.status_code, done.json()["status"]) == (200, "completed")
    assert await content(project, done.json()["file"]["id"]) == CONTENT


async def test_an_attempt_whose_lease_ran_out_keeps_nothing(
    project: Project, sql: asyncpg.Connection
) -> None:
    held = project.service.resources
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    async with held.database.transaction() as session:
        slow = await uploads.begin_complete(session, project_id=project.id, upload_id=upload, part_ids=[sent])
    assert isinstance(slow, uploads.Assembly)
    await sql.execute("UPDATE uploads SET claimed_until = now() - interval '1 s' WHERE id = $1", upload)
    async with held.database.transaction() as session:
        await uploads.renew(session, slow)  # nobody took it meanwhile
    await sql.execute("UPDATE uploads SET claimed_until = now() - interval '1 s' WHERE id = $1", upload)
    done = (await complete(project, upload, sent)).json()
    before = project.service.blobs()
    stored = await assembly._put_together(held, slow, None)
    assert project.service.blobs() != before
    with pytest.raises(UploadCompleting):
        await assembly._record(held, slow, stored)
    assert project.service.blobs() == before
    with pytest.raises(UploadCompleting):
        async with held.database.transaction() as session:
            await uploads.renew(session, slow)
    assert (await project.get(f"/uploads/{upload}")).json() == done
    assert len((await project.get("/files")).json()["data"]) == 1


async def test_a_part_whose_bytes_are_gone_is_404_and_can_be_sent_again(
    project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    before = project.service.blobs()
    (project.service.storage / "parts" / sent).unlink()
    refused(await complete(project, upload, sent), 404, "not_found")
    assert await status(project, upload) == "pending"
    assert set(before) - set(project.service.blobs()) == {f"parts/{sent}"}
    assert (await complete(project, upload, await part(project, upload, CONTENT))).status_code == 200


async def test_a_part_that_comes_too_late_leaves_nothing(
    service: Service, project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project, 1000, purpose="user_data")
    before = service.blobs()
    slow = Slow()
    sending = asyncio.create_task(project.post(f"/uploads/{upload}/parts", content=slow, headers=FORM))
    count = "SELECT part_count FROM uploads WHERE id = $1"
    await until(lambda: sql.fetchval(count, upload))
    assert await parts_kept(project, upload) == 0
    assert (await project.post(f"/uploads/{upload}/cancel")).status_code == 200
    slow.go_on.set()
    refused(await sending, 409, "upload_cancelled", "upload_id")
    assert service.blobs() == before
    assert await sql.fetchval("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload) == 0


async def test_a_client_that_leaves_in_the_middle_of_a_part_leaves_nothing(
    service: Service, project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project, 1000, purpose="user_data")
    before = service.blobs()
    sending = asyncio.create_task(project.post(f"/uploads/{upload}/parts", content=Slow(), headers=FORM))
    rows = "SELECT count(*) FROM upload_parts WHERE upload_id = $1"
    await until(lambda: sql.fetchval(rows, upload))
    sending.cancel()

    async def forgotten() -> bool:
        return not await sql.fetchval(rows, upload)

    await until(forgotten)
    assert service.blobs() == before
    assert await sql.fetchval("SELECT part_count FROM uploads WHERE id = $1", upload) == 0
    assert (await send(project, upload, b"x")).status_code == 200
