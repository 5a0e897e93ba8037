"""Uploads in parts on the served api: what becomes of them, and how they end."""

import asyncio
import hashlib
import itertools
import random
from pathlib import Path
from typing import Any

import asyncpg
import openai
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai import AsyncOpenAI, OpenAI

from .parts import (
    CONTENT,
    announce,
    complete,
    content,
    md5,
    part,
    pieces,
    send,
    status,
)
from .served import Project, Service, refused


async def test_the_sdk_uploads_a_file_in_chunks(service: Service, project: Project, tmp_path: Path) -> None:
    path = tmp_path / "train.jsonl"
    path.write_bytes(CONTENT)

    def work() -> Any:
        with OpenAI(
            api_key=project.api_key, base_url=service.url, max_retries=0, _strict_response_validation=True
        ) as sdk:
            return sdk.uploads.upload_file_chunked(
                file=path,
                mime_type="application/jsonl",
                purpose="fine-tune",
                part_size=700,
                md5=md5(CONTENT),
            )

    upload = await asyncio.to_thread(work)
    assert (upload.status, upload.bytes, upload.filename) == ("completed", len(CONTENT), "train.jsonl")
    assert upload.expires_at == upload.created_at + 3600
    assert (upload.file.status, upload.file.bytes, upload.file.purpose) == (
        "processed", len(CONTENT), "fine-tune",
    )  # fmt: skip
    assert await content(project, upload.file.id) == CONTENT
    assert (await project.create(training_file=upload.file.id)).status_code == 200


async def test_parts_in_parallel_and_in_any_order_make_the_file_that_part_ids_say(sdk: AsyncOpenAI) -> None:
    made = await sdk.uploads.create(
        filename="train.jsonl",
        purpose="fine-tune",
        bytes=len(CONTENT),
        mime_type="application/jsonl",
        expires_after={"anchor": "created_at", "seconds": 3600},
    )
    assert (made.status, made.file, made.id[:7]) == ("pending", None, "upload_")
    cut = pieces(CONTENT, 8)
    order = random.Random(3).sample(range(8), 8)
    sent = await asyncio.gather(*(sdk.uploads.parts.create(made.id, data=cut[n]) for n in order))
    assert {(one.upload_id, one.object, one.id[:5]) for one in sent} == {(made.id, "upload.part", "part_")}
    by_place = {n: one.id for n, one in zip(order, sent, strict=True)}
    done = await sdk.uploads.complete(made.id, part_ids=[by_place[n] for n in range(8)])
    assert done.status == "completed"
    assert done.file is not None
    assert done.file.expires_at == done.file.created_at + 3600
    assert (await sdk.files.content(done.file.id)).content == CONTENT
    assert [file.id async for file in sdk.files.list()] == [done.file.id]
    assert await sdk.files.wait_for_processing(done.file.id) == done.file


async def test_an_interrupted_client_finds_what_arrived_and_goes_on(project: Project) -> None:
    upload = await announce(project)
    cut = pieces(CONTENT, 3)
    first, last = await part(project, upload, cut[0]), await part(project, upload, cut[2])
    listed = (await project.get(f"/uploads/{upload}/parts")).json()
    assert (listed["object"], listed["has_more"]) == ("list", False)
    assert (listed["first_id"], listed["last_id"]) == (first, last)
    assert [(one["id"], one["bytes"], one["md5"]) for one in listed["data"]] == [
        (name, len(piece), md5(piece)) for name, piece in ((first, cut[0]), (last, cut[2]))
    ]
    page = (await project.get(f"/uploads/{upload}/parts", limit=1)).json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([first], True)
    page = (await project.get(f"/uploads/{upload}/parts", limit=1, after=first)).json()
    assert ([one["id"] for one in page["data"]], page["has_more"]) == ([last], False)
    page = (await project.get(f"/uploads/{upload}/parts", after="part_\0")).json()
    assert (page["data"], page["first_id"]) == ([], "")
    done = await complete(project, upload, first, await part(project, upload, cut[1]), last)
    assert await content(project, done.json()["file"]["id"]) == CONTENT
    assert (await project.get(f"/uploads/{upload}")).json() == done.json()


async def test_parts_that_are_not_named_are_left_out(project: Project) -> None:
    upload = await announce(project)
    await part(project, upload, b"sent by mistake")
    done = await complete(project, upload, await part(project, upload, CONTENT))
    assert await content(project, done.json()["file"]["id"]) == CONTENT


@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cuts=st.sets(st.integers(1, 1999), max_size=5), seed=st.integers(0, 99))
async def test_any_split_sent_in_any_order_makes_the_file_of_a_direct_upload(
    project: Project, sql: asyncpg.Connection, cuts: set[int], seed: int
) -> None:
    whole = CONTENT[:2000] + b"\n"
    direct = (await project.upload(whole)).json()
    places = [0, *sorted(cuts), len(whole)]
    cut = [whole[start:end] for start, end in itertools.pairwise(places)]
    upload = await announce(project, len(whole))
    order = random.Random(seed).sample(range(len(cut)), len(cut))
    sent = {n: await part(project, upload, cut[n]) for n in order}
    made = (await complete(project, upload, *(sent[n] for n in range(len(cut))))).json()["file"]
    assert await content(project, made["id"]) == whole
    volatile = ("id", "created_at")
    assert {k: v for k, v in made.items() if k not in volatile} == {
        k: v for k, v in direct.items() if k not in volatile
    }
    hashes = await sql.fetch(
        "SELECT DISTINCT sha256, examples FROM files WHERE id = ANY($1)", [made["id"], direct["id"]]
    )
    assert [tuple(row) for row in hashes] == [(hashlib.sha256(whole).digest(), hashes[0]["examples"])]


async def test_a_cancelled_upload_takes_nothing_more_and_may_be_cancelled_again(sdk: AsyncOpenAI) -> None:
    made = await sdk.uploads.create(filename="a", purpose="batch", bytes=3, mime_type="text/plain")
    sent = await sdk.uploads.parts.create(made.id, data=b"abc")
    assert (await sdk.uploads.cancel(made.id)).status == "cancelled"
    assert (await sdk.uploads.cancel(made.id)).status == "cancelled"
    for call in (
        lambda: sdk.uploads.parts.create(made.id, data=b"abc"),
        lambda: sdk.uploads.complete(made.id, part_ids=[sent.id]),
    ):
        with pytest.raises(openai.ConflictError) as raised:
            await call()
        assert (raised.value.code, raised.value.param) == ("upload_cancelled", "upload_id")
        assert raised.value.response.headers["x-should-retry"] == "false"


async def test_cancel_takes_an_empty_body_that_says_it_is_json(project: Project) -> None:
    for headers in ({"content-type": "application/json", "content-length": "0"}, {}):
        upload = await announce(project)
        answer = await project.post(f"/uploads/{upload}/cancel", headers=headers)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")


async def test_a_completed_upload_cannot_be_cancelled_and_takes_no_part(project: Project) -> None:
    upload = await announce(project)
    await complete(project, upload, await part(project, upload, CONTENT))
    refused(await project.post(f"/uploads/{upload}/cancel"), 409, "upload_completed", "upload_id")
    refused(await send(project, upload, b"x"), 409, "upload_completed", "upload_id")


async def test_an_upload_expires_by_itself_an_hour_after_its_creation(
    project: Project, sql: asyncpg.Connection
) -> None:
    upload = await announce(project)
    sent = await part(project, upload, CONTENT)
    await sql.execute(
        "UPDATE uploads SET created_at = now() - interval '2 h', expires_at = now() WHERE id = $1", upload
    )
    assert await status(project, upload) == "expired"
    for answer in (
        await complete(project, upload, sent),
        await project.post(f"/uploads/{upload}/cancel"),
        await send(project, upload, b"more"),
    ):
        refused(answer, 409, "upload_expired", "upload_id")
        assert answer.headers["x-should-retry"] == "false"
