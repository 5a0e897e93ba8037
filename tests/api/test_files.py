"""Files beyond their upload: lists, lives, and results in the form that was asked for."""

import base64
from typing import Any

import asyncpg
import pytest
from openai import AsyncOpenAI

from domain.results import HEADER, normalised
from services import files
from services.files import StoredFile

from .served import Project, examples, refused


async def listed(project: Project, **query: Any) -> list[str]:
    answer = await project.get("/files", **query)
    assert answer.status_code == 200, answer.text
    page = answer.json()
    found = [file["id"] for file in page["data"]]
    assert (page["first_id"], page["last_id"]) == ((found[0], found[-1]) if found else ("", ""))
    return found


async def test_files_are_paged_both_ways_and_by_purpose(project: Project) -> None:
    a, b, c = [await project.file(b"x", purpose=purpose) for purpose in ("batch", "vision", "batch")]
    assert await listed(project) == [c, b, a]
    assert await listed(project, order="asc") == [a, b, c]
    assert await listed(project, purpose="batch") == [c, a]
    assert await listed(project, purpose="batch", limit=1) == [c]
    assert await listed(project, purpose="batch", limit=1, after=c) == [a]
    assert await listed(project, order="asc", after=a, limit=10_000) == [b, c]
    assert (await project.get("/files", limit=1)).json()["has_more"] is True
    assert (await project.get("/files", limit=3)).json()["has_more"] is False


@pytest.mark.parametrize("query", [{"limit": 0}, {"after": "x"}, {"after": "file-\0"}, {"purpose": "no\0"}])
async def test_what_matches_nothing_is_an_empty_page(project: Project, query: dict[str, Any]) -> None:
    await project.file(b"x", purpose="batch")
    assert await listed(project, **query) == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ({"limit": -1}, "limit"),
        ({"limit": 10_001}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"order": "up"}, "order"),
    ],
)
async def test_what_a_list_cannot_be_asked_for_is_named(
    project: Project, query: dict[str, Any], param: str
) -> None:
    refused(await project.get("/files", **query), 400, "invalid_value", param)


async def test_a_purpose_that_openai_s_file_does_not_know_is_shown_as_one_that_it_does(
    sdk: AsyncOpenAI,
) -> None:
    file = await sdk.files.create(file=b"x", purpose="evals")
    assert file.purpose == "user_data"
    for purpose in ("evals", "user_data"):
        assert [one.id async for one in sdk.files.list(purpose=purpose)] == [file.id]


async def test_the_file_may_come_before_its_purpose_and_unknown_parts_are_ignored(project: Project) -> None:
    parts = [
        ("custom_llm_provider", (None, b"openai")),
        ("file", ("train.jsonl", examples(), "application/json")),
        ("purpose", (None, b"fine-tune")),
        ("extra", ("e.bin", b"\x00" * 100)),
    ]
    file = (await project.post("/files", files=parts)).json()
    assert (file["purpose"], file["status"], file["bytes"]) == ("fine-tune", "processed", len(examples()))
    assert "expires_at" not in file
    assert "status_details" not in file


async def test_an_expired_file_is_gone_from_everywhere(project: Project, sql: asyncpg.Connection) -> None:
    life = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    form = {"purpose": "fine-tune", **life}
    made = (await project.post("/files", data=form, files={"file": ("t.jsonl", examples())})).json()
    file = made["id"]
    assert made["expires_at"] == made["created_at"] + 3600
    assert await listed(project) == [file]
    await sql.execute("UPDATE files SET expires_at = now() WHERE id = $1", file)
    assert await listed(project) == []
    for method, path in (("GET", ""), ("GET", "/content"), ("DELETE", "")):
        answer = await project.request(method, f"/files/{file}{path}")
        refused(answer, 404, "not_found", "file_id")
    answer = await project.create(training_file=file)
    assert answer.status_code == 400


# Results


async def results(project: Project, content: bytes, purpose: str = "fine-tune-results") -> str:
    """Keep a file as the worker does."""
    held, file_id = project.service.resources, files.new_file_id()
    async with held.blobs.writer(files.blob_key(file_id)) as writer:
        await writer.write(content)
    stored = StoredFile(
        id=file_id, filename="step_metrics.csv", purpose=purpose, size=len(content), sha256=b"",
        blob_key=files.blob_key(file_id), structure=None, max_invalid_ratio=0.0, life=None,
    )  # fmt: skip
    async with held.database.transaction() as session:
        await files.keep(session, project_id=project.id, stored=stored)
    return file_id


CSV = HEADER.encode() + b"\n" + b"".join(b"%d,0.5,0.25,,\n" % step for step in range(80_000))


async def test_results_are_base64_and_on_demand_plain_csv(sdk: AsyncOpenAI, project: Project) -> None:
    file = await results(project, normalised(CSV))
    shown = await sdk.files.retrieve(file)
    assert (shown.purpose, shown.bytes) == ("fine-tune-results", len(base64.b64encode(CSV)))
    raw = await sdk.files.content(file)
    assert base64.b64decode(raw.content, validate=True) == CSV
    assert (int(raw.response.headers["content-length"]), raw.response.headers["vary"]) == (
        shown.bytes,
        "accept",
    )
    path = f"/files/{file}/content"
    for query, accept in (
        ({"format": "csv"}, "application/binary"),
        ({}, "text/csv"),
        ({}, "application/json;q=0.5, TEXT/CSV; charset=utf-8"),
    ):
        answer = await project.request("GET", path, params=query, headers={"accept": accept})
        assert answer.content == CSV
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    for query, accept in (
        ({"format": "base64"}, "text/csv"),
        ({}, "*/*"),
        ({}, "text/csv;q=0, */*"),
        ({}, "text/*"),
        ({}, ";,;;q=,text/csvx"),
    ):
        answer = await project.request("GET", path, params=query, headers={"accept": accept})
        assert base64.b64decode(answer.content, validate=True) == CSV
    refused(await project.get(path, format="xlsx"), 400, "invalid_value", "format")


async def test_results_that_are_no_text_come_as_they_were(project: Project) -> None:
    picture = b"\x89PNG\r\n\x1a\n\x00" * 100
    file = await results(project, normalised(picture))
    for query in ({}, {"format": "csv"}):
        assert (await project.get(f"/files/{file}/content", **query)).content == picture


async def test_only_results_have_another_form(project: Project) -> None:
    encoded = base64.b64encode(b"a,b\n1,2\n")
    file = await project.file(encoded, purpose="user_data")
    answer = await project.request(
        "GET", f"/files/{file}/content", params={"format": "csv"}, headers={"accept": "text/csv"}
    )
    assert (answer.content, answer.headers["content-type"]) == (encoded, "application/octet-stream")
