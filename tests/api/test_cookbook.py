"""What the XPULink cookbook's scripts send, with the library they send it with."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest
import requests

from .served import Project, Service, examples

LORA = {
    "n_epochs": 3,
    "batch_size": 4,
    "learning_rate": 5e-5,
    "lora_r": 8,
    "lora_alpha": 16,
    "lora_dropout": 0.05,
}


class Cookbook:
    """Its client, with one base URL."""

    def __init__(self, base: str, api_key: str) -> None:
        self._base, self._headers = base, {"Authorization": f"Bearer {api_key}"}

    def send(self, method: str, path: str, **parts: Any) -> requests.Response:
        headers = self._headers | parts.pop("headers", {})
        return requests.request(method, self._base + path, headers=headers, timeout=20, **parts)

    def upload(self) -> dict[str, Any]:
        # `files` alone keeps this order on the wire: the file first, its purpose after it.
        parts = {
            "file": ("train.jsonl", examples(), "application/json"),
            "purpose": (None, "fine-tune"),
            "provider": (None, "not known to us"),
        }
        answer = self.send("POST", "/files", files=parts)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def create(self, file_id: str, **extra: Any) -> dict[str, Any]:
        body = {"model": "qwen3-32b", "training_file": file_id, "hyperparameters": LORA, **extra}
        answer = self.send("POST", "/fine_tuning/jobs", json=body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


@pytest.mark.parametrize("prefix", ["", "/v1", "/v1/v1"])
async def test_what_its_guide_never_calls_is_under_each_of_its_base_urls_as_well(
    service: Service, project: Project, prefix: str
) -> None:
    """What it does call is tried with `docs/guide_client.py`, in tests/clients."""

    def converse() -> None:
        cookbook = Cookbook(service.root + prefix, project.api_key)
        file = cookbook.upload()
        job = cookbook.create(file["id"])
        assert (job["status"], job["hyperparameters"]) == ("queued", LORA)
        assert cookbook.send("GET", f"/files/{file['id']}/content").content == examples()
        assert cookbook.send("GET", "/models").json()["data"][0]["id"] == "qwen3-32b"
        path = f"/fine_tuning/jobs/{job['id']}/cancel"
        cancelled = cookbook.send("POST", path, headers={"Content-Type": "application/json"})
        assert cancelled.request.headers["content-length"] == "0"
        assert cancelled.json()["status"] == "cancelled"

    await asyncio.to_thread(converse)


async def test_keys_of_a_create_that_nobody_knows_are_kept(
    service: Service, project: Project, sql: asyncpg.Connection
) -> None:
    extra = {"provider": "xpulink", "nested": {"深": [1, 2.5, None, True]}, "paused": 10**40}
    cookbook = Cookbook(service.url, project.api_key)
    file = await asyncio.to_thread(cookbook.upload)
    job = await asyncio.to_thread(lambda: cookbook.create(file["id"], **extra))
    assert "provider" not in job
    assert json.loads(await sql.fetchval("SELECT extra FROM jobs WHERE id = $1", job["id"])) == extra


async def test_a_create_without_a_content_type_is_read_as_json(project: Project) -> None:
    body = json.dumps({"model": "qwen3-32b", "training_file": await project.training_file()}).encode()
    answer = await project.post("/fine_tuning/jobs", content=body)
    assert "content-type" not in answer.request.headers
    assert answer.status_code == 200


@pytest.mark.parametrize("spelling", ["Bearer  {}", "bearer {}", "BEARER {}"])
async def test_the_bearer_scheme_is_read_generously(project: Project, spelling: str) -> None:
    answer = await project.request(
        "GET", "/files", headers={"authorization": spelling.format(project.api_key)}
    )
    assert answer.status_code == 200
