"""Two projects on one service: what belongs to the other is answered like what never was."""

from typing import Any

import asyncpg
import httpx
import pytest

from domain import ids

from .served import Project, end_well

MODEL = "ft:qwen3-32b:theirs::1"


class Theirs:
    """Everything the other project has, by the kind of its id."""

    def __init__(self, file: str, job: str, model: str, event: str) -> None:
        self.ids = {"file": file, "job": job, "model": model, "event": event}


@pytest.fixture
async def theirs(other: Project, sql: asyncpg.Connection) -> Theirs:
    """A file, an unfinished job, a tuned model and an event of the other project."""
    tuned = await other.job(metadata={"secret": "s"}, seed=1)
    model = f"{MODEL}-{tuned}"
    await end_well(sql, tuned, model)
    job = await other.job()
    event = (await other.get(f"/fine_tuning/jobs/{job}/events")).json()["data"][0]["id"]
    return Theirs(await other.training_file(), job, model, event)


NEVER = {"file": ids.new_id(ids.FILE), "job": ids.new_id(ids.JOB), "model": "ft:qwen3-32b:theirs::none"}

REQUESTS: list[tuple[str, str, str, dict[str, Any] | None]] = [
    ("file", "GET", "/files/{}", None),
    ("file", "DELETE", "/files/{}", None),
    ("file", "GET", "/files/{}/content", None),
    ("file", "POST", "/fine_tuning/jobs", {"model": "qwen3-32b", "training_file": "{}"}),
    ("job", "GET", "/fine_tuning/jobs/{}", None),
    ("job", "POST", "/fine_tuning/jobs/{}/cancel", None),
    ("job", "POST", "/fine_tuning/jobs/{}/pause", None),
    ("job", "POST", "/fine_tuning/jobs/{}/resume", None),
    ("job", "GET", "/fine_tuning/jobs/{}/events", None),
    ("job", "GET", "/fine_tuning/jobs/{}/checkpoints", None),
    ("model", "GET", "/models/{}", None),
    ("model", "DELETE", "/models/{}", None),
    ("model", "POST", "/fine_tuning/jobs", {"model": "{}", "training_file": "file-x"}),
    ("model", "POST", "/chat/completions", {"model": "{}", "messages": [{"role": "user", "content": "x"}]}),
]


async def ask(
    project: Project, name: str, method: str, path: str, body: dict[str, Any] | None
) -> httpx.Response:
    filled = body and {key: name if value == "{}" else value for key, value in body.items()}
    return await project.request(method, path.format(name), json=filled)


@pytest.mark.parametrize(("kind", "method", "path", "body"), REQUESTS, ids=lambda part: str(part)[:30])
async def test_another_project_s_object_is_answered_like_one_that_never_was(
    project: Project,
    theirs: Theirs,
    kind: str,
    method: str,
    path: str,
    body: dict[str, Any] | None,
) -> None:
    name = theirs.ids[kind]
    answer = await ask(project, name, method, path, body)
    never = await ask(project, NEVER[kind], method, path, body)
    assert answer.status_code == (400 if kind == "file" and body else 404)
    assert answer.status_code == never.status_code
    assert answer.text.replace(name, "ID") == never.text.replace(NEVER[kind], "ID")
    volatile = {"x-request-id", "openai-processing-ms", "date", "content-length"}
    assert {k: v for k, v in answer.headers.items() if k not in volatile} == {
        k: v for k, v in never.headers.items() if k not in volatile
    }


@pytest.mark.parametrize("path", ["/files", "/fine_tuning/jobs", "/fine_tuning/jobs?metadata[secret]=s"])
async def test_lists_show_nothing_of_the_other(project: Project, theirs: Theirs, path: str) -> None:
    assert (await project.request("GET", path)).json()["data"] == []


@pytest.mark.parametrize("order", ["asc", "desc"])
async def test_another_s_id_as_a_position_shows_only_one_s_own(
    project: Project, theirs: Theirs, order: str
) -> None:
    mine = await project.training_file()
    listed = (await project.get("/files", after=theirs.ids["file"], order=order)).json()["data"]
    assert {file["id"] for file in listed} <= {mine}
    job = await project.job()
    listed = (await project.get("/fine_tuning/jobs", after=theirs.ids["job"])).json()["data"]
    assert {entry["id"] for entry in listed} <= {job}
    answer = await project.get(f"/fine_tuning/jobs/{job}/events", after=theirs.ids["event"])
    assert (answer.status_code, answer.json()["data"]) == (200, [])


async def test_another_s_model_is_not_listed(project: Project, other: Project, theirs: Theirs) -> None:
    assert theirs.ids["model"] in (await other.get("/models")).text
    assert theirs.ids["model"] not in (await project.get("/models")).text


async def test_the_owner_still_has_everything(project: Project, other: Project, theirs: Theirs) -> None:
    for method, path in (("POST", "/fine_tuning/jobs/{}/cancel"), ("DELETE", "/files/{}")):
        await project.request(method, path.format(theirs.ids["job" if "jobs" in path else "file"]))
    assert (await other.get(f"/fine_tuning/jobs/{theirs.ids['job']}")).json()["status"] == "queued"
    assert (await other.get(f"/files/{theirs.ids['file']}")).status_code == 200


async def test_a_file_that_an_unfinished_job_needs_is_not_deleted(project: Project) -> None:
    job = await project.job()
    file = await project.training_file()
    answer = await project.request("DELETE", f"/files/{file}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "file_in_use")
    assert answer.headers["x-should-retry"] == "false"
    await project.post(f"/fine_tuning/jobs/{job}/cancel")
    assert (await project.request("DELETE", f"/files/{file}")).json()["deleted"] is True
