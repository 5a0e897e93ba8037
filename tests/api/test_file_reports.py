"""The report on a training file, its tokens, and the share of faults that an upload tolerates."""

import json
from typing import Any

import pytest
from openai import AsyncOpenAI

from api.schemas.file_reports import FileReportOut, TokenList
from domain.training_data.report import packed
from tests.domain.training_data.planted import training_file

from .examined import examine
from .parts import UPLOAD, announce, complete, part
from .served import Project, examples, refused

FAULTY = examples(19) + b'{"messages": []}\n'
PHONE = examples(20, answer="Call 13812345678, it is number {n}.")


async def report(project: Project, file_id: str) -> dict[str, Any]:
    answer = await project.get(f"/files/{file_id}/report")
    assert answer.status_code == 200, answer.text
    return FileReportOut.model_validate_json(answer.content, strict=True).model_dump()


async def test_the_faults_are_told_at_once_and_the_rest_once_a_worker_has_looked(project: Project) -> None:
    file = await project.file(PHONE)
    pending = await report(project, file)
    assert (pending["object"], pending["file_id"], pending["status"]) == ("file.report", file, "pending")
    assert (pending["errors"], pending["warnings"]) == ([], [])
    summary = pending["summary"]
    assert (summary["usable"], summary["examples"], summary["kind"], summary["policy"]) == (
        True,
        20,
        "chat",
        "warn",
    )
    assert not summary["tokens"]["exact"]
    await examine(project, file)
    complete = await report(project, file)
    counted = complete["summary"]["tokens"]
    assert (complete["status"], counted["exact"], counted["error"]) == ("complete", True, 0.0)
    found = {warning["code"]: warning for warning in complete["warnings"]}
    phones = found["personal_data.phone_number"]
    assert (phones["line"], phones["count"], phones["lines"]) == (1, 20, [*range(1, 11)])
    assert "13812345678" not in str(complete)
    for warning in complete["warnings"]:
        assert all(warning[words] for words in ("message", "fix", "message_zh", "fix_zh"))


async def test_every_planted_fault_is_told_with_its_line(project: Project) -> None:
    content, planted = training_file(3, faults=100, lines=900)
    file = await project.file(content)
    told = await report(project, file)
    assert [(each["line"], each["message_index"], each["code"]) for each in told["errors"]] == [
        tuple(each) for each in planted
    ]
    for error in told["errors"]:
        assert f"Line {error['line']}" in error["message"]
        assert f"第 {error['line']} 行" in error["message_zh"]
        assert error["fix"]
        assert error["fix_zh"]
    assert not told["summary"]["usable"]
    shown = (await project.get(f"/files/{file}")).json()
    assert (shown["status"], shown["status_details"]) == ("error", told["summary"]["in_words"])


@pytest.mark.parametrize("route", ["report", "tokens"])
async def test_what_is_no_training_file_of_the_project_has_no_report(
    project: Project, other: Project, route: str
) -> None:
    theirs, gone = await other.file(), await project.file()
    await project.request("DELETE", f"/files/{gone}")
    vision = await project.file(b"x", purpose="vision")
    for file in (theirs, gone, vision, "file-x", "%00"):
        refused(await project.get(f"/files/{file}/{route}"), 404, "not_found", "file_id")


async def test_a_look_that_came_to_nothing_is_told(project: Project, sql: Any) -> None:
    file = await project.file()
    failed = "UPDATE file_reports SET finished_at = now(), failure = 'it took too long' WHERE file_id = $1"
    await sql.execute(failed, file)
    told = await report(project, file)
    assert (told["status"], told["summary"]["failure"]) == ("failed", "it took too long")


async def test_a_report_of_ten_thousand_faults_is_told_whole(project: Project, sql: Any) -> None:
    flaws = [[n, "unknown_role", 1, "", "asistant", ""] for n in range(1, 10_001)]
    file = await project.file(FAULTY)
    structure = {
        "examples": 0, "lines": 10_000, "kind": "chat", "fault_count": 10_500, "faulty_count": 10_000,
        "usable": False, "invalid_ratio": 1.0, "estimated_tokens": 0, "summary": "no", "summary_zh": "no",
        "flaws": flaws,
    }  # fmt: skip
    await sql.execute("UPDATE file_reports SET structure = $1 WHERE file_id = $2", packed(structure), file)
    told = await report(project, file)
    assert (len(told["errors"]), told["summary"]["faults_left_out"]) == (10_000, 500)


async def test_tokens_are_listed_once_they_are_counted(project: Project) -> None:
    file = await project.file(examples(12) + b"\n" + examples(3))
    refused(await project.get(f"/files/{file}/tokens"), 404, "not_found", "file_id")
    await examine(project, file)
    page = TokenList.model_validate_json((await project.get(f"/files/{file}/tokens")).content, strict=True)
    assert [each.line for each in page.data] == [*range(1, 13), 14, 15, 16]
    assert not page.has_more
    assert all(0 < each.trained_tokens < each.tokens for each in page.data)
    total = (await report(project, file))["summary"]["tokens"]["total"]
    assert sum(each.tokens for each in page.data) == total
    second = (await project.get(f"/files/{file}/tokens", after=11, limit=2)).json()
    assert ([each["line"] for each in second["data"]], second["has_more"]) == ([12, 14], True)
    assert (await project.get(f"/files/{file}/tokens", after=16)).json()["data"] == []


@pytest.mark.parametrize(
    "query",
    [{"limit": 0}, {"limit": 10_001}, {"limit": "x"}, {"after": -1}, {"after": 2**32}, {"after": "x"}],
)
async def test_what_tokens_cannot_be_asked_for_is_named(project: Project, query: dict[str, Any]) -> None:
    file = await project.training_file()
    refused(await project.get(f"/files/{file}/tokens", **query), 400, "invalid_value", next(iter(query)))


async def test_faults_are_tolerated_up_to_the_share_that_is_asked_for(sdk: AsyncOpenAI) -> None:
    strict = await sdk.files.create(file=("t.jsonl", FAULTY), purpose="fine-tune")
    assert (strict.status, "Line 20" in str(strict.status_details)) == ("error", True)
    for share, status in (("0.05", "uploaded"), (1, "uploaded"), ("0.049", "error")):
        extra = {"max_invalid_ratio": share}
        file = await sdk.files.create(file=("t.jsonl", FAULTY), purpose="fine-tune", extra_body=extra)
        assert file.status == status, share
    whole = {"max_invalid_ratio": 0.5}
    good = await sdk.files.create(file=("t.jsonl", examples()), purpose="fine-tune", extra_body=whole)
    assert good.status == "processed"


async def test_one_waits_for_a_file_with_the_sdk_until_it_was_looked_at(
    sdk: AsyncOpenAI, project: Project
) -> None:
    extra = {"max_invalid_ratio": "0.1"}
    file = await sdk.files.create(file=("t.jsonl", FAULTY), purpose="fine-tune", extra_body=extra)
    assert file.status == "uploaded"
    await examine(project, file.id)
    done = await sdk.files.wait_for_processing(file.id, poll_interval=0.05)
    assert (done.status, "1 line of 20" in str(done.status_details)) == ("processed", True)


async def test_an_upload_in_parts_tolerates_as_much_as_was_announced(project: Project) -> None:
    for share, status in ((0.05, "uploaded"), (None, "error")):
        upload = await announce(project, len(FAULTY), max_invalid_ratio=share)
        made = (await complete(project, upload, await part(project, upload, FAULTY))).json()
        assert made["file"]["status"] == status


BAD = ["2", "-1", "x", "NaN", "", "inf", "1e9", "\u0660", "0" * 100]


@pytest.mark.parametrize("value", BAD)
async def test_a_share_that_is_none_is_refused_and_nothing_is_kept(project: Project, value: str) -> None:
    before = project.service.blobs()
    form = {"purpose": "fine-tune", "max_invalid_ratio": value}
    answer = await project.post("/files", data=form, files={"file": ("t.jsonl", examples())})
    assert "max_invalid_ratio" in refused(answer, 400, "invalid_value", "max_invalid_ratio")
    assert project.service.blobs() == before


@pytest.mark.parametrize("value", ["2", "-1", '"x"', '"0.5"', "true", "[]"])
async def test_a_share_that_is_none_is_refused_when_an_upload_is_announced(
    project: Project, value: str
) -> None:
    body = json.dumps(UPLOAD | {"bytes": 3})[:-1] + f', "max_invalid_ratio": {value}}}'
    answer = await project.post("/uploads", content=body, headers={"content-type": "application/json"})
    refused(answer, 400, "invalid_value", "max_invalid_ratio")


async def test_what_jobs_train_on_is_the_file_itself_where_nothing_was_left_out(project: Project) -> None:
    file = await project.training_file()
    answer = await project.get(f"/files/{file}/content", version="training")
    assert answer.content == examples()
    refused(await project.get(f"/files/{file}/content", version="x"), 400, "invalid_value", "version")


async def test_what_jobs_train_on_is_shown_once_it_is_made(project: Project, sql: Any) -> None:
    form = {"purpose": "fine-tune", "max_invalid_ratio": "0.1"}
    made = await project.post("/files", data=form, files={"file": ("t.jsonl", FAULTY)})
    path = f"/files/{made.json()['id']}/content"
    refused(await project.get(path, version="training"), 404, "not_found", "version")
    held = project.service.resources
    async with held.blobs.writer(f"files/{made.json()['id']}.1") as writer:
        await writer.write(examples(19))
    await sql.execute(
        "UPDATE files SET status = 'processed', training_blob_key = blob_key || '.1', training_bytes = 9"
        " WHERE id = $1",
        made.json()["id"],
    )
    assert (await project.get(path, version="training")).content == examples(19)
    for query in ({}, {"version": "original"}):
        assert (await project.get(path, **query)).content == FAULTY


async def test_nothing_trains_on_a_faulty_file(project: Project) -> None:
    file = await project.file(FAULTY)
    refused(await project.get(f"/files/{file}/content", version="training"), 404, "not_found", "version")
