"""Training data that is checked and not kept, and the project's policy for personal data."""

import json
from typing import Any

import asyncpg
import httpx
import pytest

from api.schemas.file_reports import Report
from domain.training_data.personal_data.policies import SENTENCES, Policy
from domain.wording import in_chinese

from .served import Project, examples, refused

CHECK = "/training_data/check"
POLICY = "/training_data/policy"
PHONE = examples(20, answer="Call 13812345678, it is number {n}.")


async def check(project: Project, content: bytes) -> httpx.Response:
    return await project.post(CHECK, files={"file": ("train.jsonl", content)})


async def checked(project: Project, content: bytes) -> dict[str, Any]:
    answer = await check(project, content)
    assert answer.status_code == 200, answer.text
    return Report.model_validate_json(answer.content, strict=True).model_dump()


async def choose(project: Project, policy: str) -> None:
    answer = await project.post(POLICY, json={"personal_data": policy})
    assert answer.status_code == 200, answer.text
    assert answer.json() == (await project.get(POLICY)).json()


async def test_a_check_is_the_whole_report_and_leaves_no_row_and_no_blob(
    project: Project, sql: asyncpg.Connection
) -> None:
    blobs, rows = project.service.blobs(), await sql.fetchval("SELECT count(*) FROM files")
    told = await checked(project, PHONE + b'{"messages": [\n')
    assert [(each["line"], each["code"]) for each in told["errors"]] == [(21, "not_json")]
    assert "personal_data.phone_number" in {each["code"] for each in told["warnings"]}
    summary = told["summary"]
    assert (summary["usable"], summary["examples"], summary["policy"]) == (False, 20, "warn")
    assert summary["tokens"]["exact"]
    assert "13812345678" not in json.dumps(told)
    assert (project.service.blobs(), await sql.fetchval("SELECT count(*) FROM files")) == (blobs, rows)
    assert (await project.get("/files")).json()["data"] == []


async def test_a_check_asks_the_project_s_policy_what_to_look_for(project: Project) -> None:
    await choose(project, "allow")
    told = await checked(project, PHONE)
    assert "personal_data" not in told["summary"]
    assert not [each for each in told["warnings"] if each["code"].startswith("personal_data")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04\x14\0\0\0\x08\0" + bytes(range(256)) * 20, "not_text"),
        (examples(3).decode().encode("utf-16"), "not_text"),
        (b"a,b\n1,2\n", "no_json"),
        (examples(2) + b'{"messages": "' + b"x" * (4 * 1024**2) + b'"}\n', "line_too_long"),
        (examples(2) + b"\xff\n", "not_utf8"),
    ],
    ids=["zip", "UTF-16", "CSV", "a long line", "Latin-1"],
)
async def test_what_an_upload_refuses_is_told_as_an_error(
    project: Project, content: bytes, code: str
) -> None:
    told = await checked(project, content)
    assert code in {each["code"] for each in told["errors"]}
    assert not told["summary"]["usable"]
    answer = await project.upload(content)
    assert answer.status_code == 400, "an upload takes it"


async def test_a_form_without_a_file_or_with_an_empty_one_is_refused(project: Project) -> None:
    refused(await check(project, b""), 400, "invalid_file", "file")
    form = {"files": {"data": ("x", b"x")}}
    refused(await project.post(CHECK, **form), 400, "missing_required_parameter", "file")
    refused(await project.post(CHECK, json={}), 400, "invalid_content_type")


async def test_the_policy_is_warn_until_it_is_changed_and_says_what_it_means(
    project: Project, other: Project
) -> None:
    assert (await project.get(POLICY)).json()["personal_data"] == "warn"
    for policy in Policy:
        await choose(project, policy)
        told = (await project.get(POLICY)).json()
        english, chinese = SENTENCES[policy]
        assert told == {
            "object": "training_data.policy", "personal_data": policy,
            "meaning": english, "meaning_zh": in_chinese(chinese),
        }  # fmt: skip
    assert (await other.get(POLICY)).json()["personal_data"] == "warn"


async def test_a_policy_is_that_of_the_files_that_are_uploaded_from_then_on(project: Project) -> None:
    async def uploaded() -> tuple[str, str]:
        file = (await project.upload()).json()
        return file["id"], file["status"]

    async def policy_of(file: str) -> str:
        return str((await project.get(f"/files/{file}/report")).json()["summary"]["policy"])

    first, status = await uploaded()
    assert status == "processed"
    await choose(project, "block")
    second, status = await uploaded()
    assert status == "uploaded"
    await choose(project, "redact")
    assert (await uploaded())[1] == "uploaded"
    assert (await policy_of(first), await policy_of(second)) == ("warn", "block")
    assert (await project.get(f"/files/{first}")).json()["status"] == "processed"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"personal_data": "maybe"}, "invalid_value"),
        ({"personal_data": None}, "invalid_value"),
        ({"personal_data": 1}, "invalid_value"),
        ({"personal_data": "WARN"}, "invalid_value"),
        ({}, "missing_required_parameter"),
    ],
)
async def test_a_policy_that_is_none_is_refused(project: Project, body: dict[str, Any], code: str) -> None:
    refused(await project.post(POLICY, json=body), 400, code, "personal_data")
    assert (await project.get(POLICY)).json()["personal_data"] == "warn"
