"""What uploads refuse, and that a refusal leaves nothing and tells nothing."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from domain import ids
from domain.uploads import MOST_PARTS, PART_BYTES

from .conftest import Serve
from .parts import (
    CONTENT,
    FORM,
    UPLOAD,
    Slow,
    announce,
    complete,
    md5,
    part,
    parts_kept,
    pieces,
    send,
    status,
    until,
)
from .served import Project, examples, refused


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"bytes": 0}, "bytes"),
        ({"bytes": -1}, "bytes"),
        ({"bytes": True}, "bytes"),
        ({"bytes": "12"}, "bytes"),
        ({"bytes": 1.5}, "bytes"),
        ({"bytes": 10**30}, "bytes"),
        ({"bytes": 512 * 1024**2 + 1}, "bytes"),
        ({"filename": ""}, "filename"),
        ({"filename": None}, "filename"),
        ({"filename": "n" * 5000}, "filename"),
        ({"filename": "\ud800.jsonl"}, "filename"),
        ({"purpose": "fine-tune-results"}, "purpose"),
        ({"purpose": "fun\0"}, "purpose"),
        ({"mime_type": 7}, "mime_type"),
        ({"expires_after": {"anchor": "now", "seconds": 3600}}, "expires_after.anchor"),
        ({"expires_after": {"anchor": "created_at", "seconds": 3599}}, "expires_after.seconds"),
        ({"expires_after": {"anchor": "created_at", "seconds": 2592001}}, "expires_after.seconds"),
        ({"expires_after": []}, "expires_after"),
    ],
)
async def test_what_is_announced_is_checked(project: Project, fields: dict[str, Any], param: str) -> None:
    answer = await project.post("/uploads", content=json.dumps(UPLOAD | {"bytes": 1} | fields))
    refused(answer, 400, "invalid_value", param)


async def test_a_missing_field_is_named_and_an_unknown_one_ignored(project: Project) -> None:
    answer = await project.post("/uploads", json=UPLOAD)
    refused(answer, 400, "missing_required_parameter", "bytes")
    hostile = {"bytes": 1, "custom_llm_provider": "openai", "filename": "../../a\u202eb\0.jsonl"}
    answer = await project.post("/uploads", content=json.dumps(UPLOAD | hostile))
    assert (answer.status_code, answer.json()["filename"]) == (200, "ab.jsonl")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "part_ids"),
        ({"part_ids": []}, "part_ids"),
        ({"part_ids": "part_1"}, "part_ids"),
        ({"part_ids": [1]}, "part_ids.0"),
        ({"part_ids": ["part_1"] * (MOST_PARTS + 1)}, "part_ids"),
        ({"part_ids": ["part_\0"]}, "part_ids"),
        ({"part_ids": ["part_\ud800"]}, "part_ids"),
        ({"part_ids": ["part_" + "0" * 26]}, "part_ids"),
        ({"part_ids": ["part_x"], "md5": "z" * 32}, "md5"),
        ({"part_ids": ["part_x"], "md5": "a" * 31}, "md5"),
    ],
    ids=lambda case: str(case)[:40],
)
async def test_what_is_completed_is_checked(project: Project, body: dict[str, Any], param: str) -> None:
    upload = await announce(project)
    answer = await project.post(f"/uploads/{upload}/complete", content=json.dumps(body))
    refused(answer, 400, "invalid_value" if body else "missing_required_parameter", param)
    assert await status(project, upload) == "pending"


async def test_each_part_counts_once_and_only_in_its_own_upload(project: Project) -> None:
    upload, elsewhere = await announce(project, 6), await announce(project, 6)
    mine, foreign = await part(project, upload, b"abc"), await part(project, elsewhere, b"def")
    assert "named twice" in refused(
        await complete(project, upload, mine, mine), 400, "invalid_value", "part_ids"
    )
    message = refused(await complete(project, upload, mine, foreign), 400, "invalid_value", "part_ids")
    never = ids.new_id(ids.PART)
    unknown = refused(await complete(project, upload, mine, never), 400, "invalid_value", "part_ids")
    assert message.replace(foreign, "ID") == unknown.replace(never, "ID")
    assert "3 bytes in all" in refused(
        await complete(project, upload, mine), 400, "invalid_value", "part_ids"
    )


async def test_a_wrong_checksum_or_what_is_no_training_file_leaves_the_upload_usable(
    project: Project, sql: asyncpg.Connection
) -> None:
    before = project.service.blobs()
    upload = await announce(project, len(CONTENT))
    good = await part(project, upload, CONTENT)
    bad = await part(project, upload, b"\xff" * len(CONTENT))
    answer = await complete(project, upload, good, md5="0" * 32)
    assert md5(CONTENT) in refused(answer, 400, "md5_mismatch", "md5")
    assert "UTF-8" in refused(await complete(project, upload, bad), 400, "invalid_file", "file")
    assert await status(project, upload) == "pending"
    assert set(project.service.blobs()) - set(before) == {f"parts/{good}", f"parts/{bad}"}
    assert await sql.fetchval("SELECT attempts FROM uploads WHERE id = $1", upload) == 0
    right = md5(CONTENT).upper()
    assert (await complete(project, upload, good, md5=right)).status_code == 200


async def test_faults_are_found_across_the_seams_of_parts(project: Project) -> None:
    whole = examples(3) + b"{\n" + examples(1)
    upload = await announce(project, len(whole))
    sent = [await part(project, upload, piece) for piece in pieces(whole, 7)]
    file = (await complete(project, upload, *sent)).json()["file"]
    assert (file["status"], file["status_details"]) == (
        "error",
        (await project.upload(whole)).json()["status_details"],
    )


async def test_a_part_that_is_refused_leaves_nothing(project: Project, sql: asyncpg.Connection) -> None:
    upload = await announce(project, 10)
    before = project.service.blobs()
    url = f"/uploads/{upload}/parts"
    assert "10 bytes" in refused(await send(project, upload, b"x" * 11), 400, "invalid_file", "data")
    refused(await send(project, upload, b""), 400, "invalid_file", "data")
    answer = await project.post(url, files={"file": b"x"})
    refused(answer, 400, "missing_required_parameter", "data")
    refused(await project.post(url, files=[("data", b"x"), ("data", b"y")]), 400, "invalid_file", "data")
    refused(await project.post(url, json={"data": "x"}), 400, "invalid_content_type")
    assert project.service.blobs() == before
    row = await sql.fetchrow("SELECT part_count, received FROM uploads WHERE id = $1", upload)
    assert tuple(row) == (0, 0)
    assert await sql.fetchval("SELECT count(*) FROM upload_parts WHERE upload_id = $1", upload) == 0
    answer = await project.post(url, data={"before": "1"}, files={"data": b"x", "after": b"2"})
    assert (answer.status_code, await parts_kept(project, upload)) == (200, 1)


async def test_a_part_may_have_64_mib_and_more_than_a_json_body_may(
    serve: Serve, api_database_url: str
) -> None:
    async with serve(database_url=api_database_url, max_body_bytes=1000) as small:
        project = await small.project()
        upload = await announce(project, 600_000, purpose="user_data")
        assert (await send(project, upload, b"x" * 500_000)).status_code == 200
        answer = await project.post(f"{small.root}/uploads/{upload}/parts", files={"data": b"x" * 500_000})
        assert answer.status_code == 200
        answer = await complete(project, upload, *["part_" + "0" * 26] * 100)
        refused(answer, 413, "request_too_large")
    assert PART_BYTES == 64 * 1024**2


async def test_an_upload_has_a_bounded_number_of_parts_and_of_bytes(
    project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project, 10)
    await sql.execute("UPDATE uploads SET part_count = $2 WHERE id = $1", upload, MOST_PARTS)
    assert "10000 parts" in refused(await send(project, upload, b"x"), 400, "too_many_parts", "upload_id")
    await sql.execute(
        "UPDATE uploads SET part_count = 5, received = $2 WHERE id = $1", upload, 20 + PART_BYTES
    )
    before = project.service.blobs()
    refused(await send(project, upload, b"x"), 400, "too_many_bytes", "data")
    assert (project.service.blobs(), await parts_kept(project, upload)) == (before, 0)
    assert await sql.fetchval("SELECT part_count FROM uploads WHERE id = $1", upload) == 5


# Others


@pytest.mark.parametrize(
    "name", ["upload_x", "upload_\0", f"{ids.UPLOAD}{'0' * 26}", f"{ids.PART}{'0' * 26}"], ids=repr
)
async def test_an_upload_that_never_was_is_not_found(project: Project, name: str) -> None:
    path = f"/uploads/{name}".replace("\0", "%00")
    for method, tail, parts in (
        ("GET", "", {}),
        ("GET", "/parts", {}),
        ("POST", "/parts", {"files": {"data": b"x"}}),
        ("POST", "/complete", {"json": {"part_ids": ["part_x"]}}),
        ("POST", "/cancel", {}),
    ):
        refused(await project.request(method, path + tail, **parts), 404, "not_found", "upload_id")


async def test_another_s_upload_is_answered_like_one_that_never_was(project: Project, other: Project) -> None:
    theirs, never = await announce(other), ids.new_id(ids.UPLOAD)
    sent = await part(other, theirs, CONTENT)
    for method, tail, parts in (
        ("GET", "", {}),
        ("GET", "/parts", {}),
        ("POST", "/parts", {"files": {"data": b"x"}}),
        ("POST", "/complete", {"json": {"part_ids": [sent]}}),
        ("POST", "/cancel", {}),
    ):
        answers = [
            await project.request(method, f"/uploads/{name}{tail}", **parts) for name in (theirs, never)
        ]
        assert answers[0].status_code == answers[1].status_code == 404
        assert answers[0].text == answers[1].text
    mine = await announce(project)
    refused(await complete(project, mine, sent), 400, "invalid_value", "part_ids")
    assert (await complete(other, theirs, sent)).status_code == 200


async def test_no_more_uploads_at_once_than_there_are_places_for(serve: Serve, api_database_url: str) -> None:
    async with serve(database_url=api_database_url, max_concurrent_uploads=1) as narrow:
        project = await narrow.project()
        upload = await announce(project, 100, purpose="user_data")
        slow = Slow()
        sending = asyncio.create_task(project.post(f"/uploads/{upload}/parts", content=slow, headers=FORM))

        async def taken() -> int:
            return narrow.resources.uploads_under_way.under_way.total()

        await until(taken)
        for answer in (
            await project.upload(),
            await send(project, upload, b"x"),
            await complete(project, upload, "part_x"),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
            assert answer.json()["error"]["code"] == "rate_limit_exceeded"
        answer = await narrow.http.post(f"{narrow.url}/files", files={"file": b"x"})
        refused(answer, 401, "invalid_api_key")
        slow.go_on.set()
        assert (await sending).status_code == 200
        assert (await project.upload()).status_code == 200
        answer = await project.upload(b"\xff")
        refused(answer, 400, "invalid_file", "file")
        assert narrow.resources.uploads_under_way.under_way.total() == 0


async def test_one_project_leaves_half_of_the_places_to_others(serve: Serve, api_database_url: str) -> None:
    async with serve(database_url=api_database_url, max_concurrent_uploads=2) as narrow:
        greedy, other = await narrow.project(), await narrow.project()
        upload = await announce(greedy, 100, purpose="user_data")
        slow = Slow()
        sending = asyncio.create_task(greedy.post(f"/uploads/{upload}/parts", content=slow, headers=FORM))

        async def taken() -> int:
            return narrow.resources.uploads_under_way.under_way.total()

        await until(taken)
        refusal = await greedy.upload()
        assert (refusal.status_code, refusal.json()["error"]["code"]) == (429, "rate_limit_exceeded")
        assert (await other.upload()).status_code == 200
        slow.go_on.set()
        assert (await sending).status_code == 200
