"""What an operator can see: log lines, metrics, health, and the description of the api."""

import re

import pytest
from openai import AsyncOpenAI

from .conftest import Log
from .served import Project, Service

JOBS = "/fine_tuning/jobs"


async def test_a_job_s_requests_name_request_project_and_job(project: Project, log: Log) -> None:
    created = await project.create()
    job = created.json()["id"]
    for method, path in [("GET", ""), ("GET", "/events"), ("POST", "/cancel")]:
        answer = await project.request(method, f"{JOBS}/{job}{path}")
        line = await log.line(event="request", path=f"/v1{JOBS}/{job}{path}")
        assert line["request_id"] == answer.headers["x-request-id"]
        assert (line["project_id"], line["job_id"], line["status"]) == (project.id, job, 200)
        assert (line["method"], line["level"], line["process"]) == (method, "info", "api")
        assert line["ms"] >= 0
    line = await log.line(request_id=created.headers["x-request-id"])
    assert (line["project_id"], line["job_id"]) == (project.id, job)


async def test_a_line_names_only_what_it_is_about(service: Service, project: Project, log: Log) -> None:
    answer = await project.get("/files")
    assert "job_id" not in await log.line(request_id=answer.headers["x-request-id"])
    answer = await service.http.get(f"{service.url}/files")
    assert "project_id" not in await log.line(request_id=answer.headers["x-request-id"])
    answer = await project.get(f"{JOBS}/no-such%0a")
    assert "job_id" not in await log.line(request_id=answer.headers["x-request-id"])


async def test_what_an_sdk_tells_of_itself_is_in_its_line(
    project: Project, sdk: AsyncOpenAI, log: Log
) -> None:
    raw = await sdk.models.with_raw_response.list()
    line = await log.line(request_id=raw.headers["x-request-id"])
    assert re.match(r"python \d+\.\d+\.\d+ Linux ", line["sdk"])
    plain = await project.get("/models")
    assert (await log.line(request_id=plain.headers["x-request-id"]))["sdk"] is None


@pytest.mark.parametrize("given", ["x" * 129, "a b", 'a"', "ü", ""])
async def test_a_request_id_that_could_forge_a_line_is_replaced(
    project: Project, log: Log, given: str
) -> None:
    answer = await project.request("GET", "/files", headers={"x-request-id": given.encode()})
    assert re.fullmatch(r"req_[0-9a-z]{26}", answer.headers["x-request-id"])
    await log.line(request_id=answer.headers["x-request-id"])


async def test_no_key_is_ever_written(service: Service, project: Project, log: Log) -> None:
    wrong = project.api_key[:-4] + "abcd"
    await project.get("/files")
    await project.request("GET", "/files", headers={"authorization": f"Bearer {wrong}"})
    await project.create(seed=-1)
    chat = {"model": "qwen3-32b", "messages": [{"role": "user", "content": "Hi"}]}
    await project.post("/chat/completions", json=chat)
    await log.line(path="/v1/chat/completions")
    assert project.api_key not in log.text
    assert wrong not in log.text
    assert len(log.lines) >= 4


async def test_metrics_count_by_the_route_s_template_and_name_nobody(
    service: Service, project: Project
) -> None:
    job = await project.job()
    await project.get(f"{JOBS}/{job}")
    await project.get(f"{JOBS}/ftjob-none")
    await project.get("/models/ft:a%2Fb:c")
    await project.get("/no/such/place")
    await service.http.get(f"{service.root}/v1/v1{JOBS}", headers=project.bearer)
    answer = await service.http.get(f"{service.root}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    pattern = r'^tuneward_http_requests_total\{method="(\w+)",route="(.*?)",status="(\w+)"\} ([\d.]+)$'
    counts = {found[:3]: float(found[3]) for found in re.findall(pattern, answer.text, re.MULTILINE)}
    for method, route, status in [
        ("POST", "/v1/fine_tuning/jobs", "200"),
        ("GET", "/v1/fine_tuning/jobs", "200"),
        ("GET", "/v1/fine_tuning/jobs/{job_id}", "200"),
        ("GET", "/v1/fine_tuning/jobs/{job_id}", "404"),
        ("GET", "/v1/models/{model:path}", "404"),
        ("GET", "unknown", "404"),
    ]:
        assert counts[method, route, status] >= 1, counts
    assert 'tuneward_http_request_seconds_bucket{le="0.05",method="POST"' in answer.text
    for secret in (project.api_key, project.id, job, "ftjob-none", "/no/such", "the-platform's-own-key"):
        assert secret not in answer.text


async def test_health_needs_no_key(service: Service) -> None:
    alive = await service.http.get(f"{service.root}/healthz")
    assert (alive.status_code, alive.text) == (200, "ok\n")
    ready = await service.http.get(f"{service.root}/readyz")
    assert (ready.status_code, ready.text) == (200, "database: ok\nstorage: ok\nredis: ok\n")


async def test_health_and_metrics_write_no_line(service: Service, project: Project, log: Log) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        await service.http.get(service.root + path)
    await project.get("/models")
    await log.line(path="/v1/models")
    assert [line["path"] for line in log.lines if line["event"] == "request"] == ["/v1/models"]


async def test_the_description_loads_and_names_each_route_once(service: Service) -> None:
    described = (await service.http.get(f"{service.root}/openapi.json")).json()
    paths = {path for path in described["paths"] if path not in {"/healthz", "/readyz", "/metrics"}}
    assert all(path.startswith("/v1/") for path in paths)
    assert {"/v1/files", "/v1/fine_tuning/jobs/{job_id}/cancel", "/v1/chat/completions"} <= paths
    for operations in described["paths"].values():
        assert all(operation["summary"] for operation in operations.values())
    docs = await service.http.get(f"{service.root}/docs")
    assert (docs.status_code, "openapi.json" in docs.text) == (200, True)
