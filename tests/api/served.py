"""What the tests of the api speak of: the service, a project on it, and what an answer has to look like."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import uvicorn
from fastapi import FastAPI

from api.resources import Resources
from api.serving import server
from services import api_keys


def examples(count: int = 12, answer: str = "It is number {n}.") -> bytes:
    """A training file of as many lines."""
    return b"".join(
        json.dumps(
            {
                "messages": [
                    {"role": "user", "content": f"What is item {n}?"},
                    {"role": "assistant", "content": answer.format(n=n)},
                ]
            }
        ).encode()
        + b"\n"
        for n in range(count)
    )


@dataclass
class Service:
    """One running api."""

    app: FastAPI
    url: str
    """Ends in /v1."""
    http: httpx.AsyncClient
    storage: Path
    stop: Callable[[], None] = lambda: None
    """Begins what SIGTERM begins."""

    @property
    def root(self) -> str:
        return self.url.removesuffix("/v1")

    @property
    def resources(self) -> Resources:
        held: Resources = self.app.state.resources
        return held

    def blobs(self) -> list[str]:
        """Everything that lies in the storage, half-written files as well."""
        return sorted(
            str(path.relative_to(self.storage)) for path in self.storage.rglob("*") if path.is_file()
        )

    async def project(self, name: str | None = None) -> "Project":
        async with self.resources.database.transaction() as session:
            made = await api_keys.create(session, self.resources.box, project=name or f"p-{uuid.uuid4().hex}")
            caller = await api_keys.authenticate(session, api_key=made.api_key)
        return Project(self, caller.project_id, made.id, made.api_key)


@dataclass
class Project:
    """A project with a key, and raw HTTP in its name."""

    service: Service
    id: str
    key_id: str
    api_key: str
    _file: str | None = field(default=None, repr=False)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.api_key}"}

    async def request(self, method: str, path: str, **parts: Any) -> httpx.Response:
        """Send to a path behind /v1, or, for one that starts with the root, to that very URL."""
        url = path if path.startswith("http") else self.service.url + path
        headers = self.bearer | parts.pop("headers", {})
        return await self.service.http.request(method, url, headers=headers, **parts)

    async def get(self, path: str, **query: Any) -> httpx.Response:
        return await self.request("GET", path, params=query)

    async def post(self, path: str, **parts: Any) -> httpx.Response:
        return await self.request("POST", path, **parts)

    async def upload(
        self, content: bytes | None = None, *, purpose: str = "fine-tune", filename: str = "train.jsonl"
    ) -> httpx.Response:
        files = {"file": (filename, examples() if content is None else content)}
        return await self.post("/files", data={"purpose": purpose}, files=files)

    async def file(self, content: bytes | None = None, **parts: Any) -> str:
        answer = await self.upload(content, **parts)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    async def training_file(self) -> str:
        """A good file, uploaded once."""
        self._file = self._file or await self.file()
        return self._file

    async def create(self, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        if "training_file" not in body:
            body["training_file"] = await self.training_file()
        return await self.post("/fine_tuning/jobs", json={"model": "qwen3-32b"} | body, headers=headers or {})

    async def job(self, **body: Any) -> str:
        answer = await self.create(**body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])


class Server(server.Server):
    """The server that says when it can be used, and leaves the process's signals to the tests."""

    def __init__(self, config: uvicorn.Config, **options: Any) -> None:
        super().__init__(config, **options)
        self.ready = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets)
        finally:
            self.ready.set()

    def stop(self) -> None:
        """Do what SIGTERM does."""
        self.should_exit = True

    @property
    def url(self) -> str:
        """Ends in /v1."""
        return f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}/v1"

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def running(config: uvicorn.Config, **options: Any) -> AsyncIterator[Server]:
    """Run a server inside this event loop until the block ends or it is told to exit."""
    server = Server(config, **options)
    serving = asyncio.create_task(server.serve())
    await server.ready.wait()
    if not server.started:
        await serving
    try:
        yield server
    finally:
        server.stop()
        await serving


def refused(answer: httpx.Response, status: int, code: str | None, param: str | None = None) -> str:
    """Check that an answer is OpenAI's envelope with these values and our headers; return its message."""
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(answer.json()) == {"error"}
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["code"], error["param"]) == (code, param), error
    assert error["type"] == ("server_error" if status >= 500 else "invalid_request_error")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return str(error["message"])


async def end_well(sql: asyncpg.Connection, job_id: str, model: str) -> None:
    """Give a job the row that a finished one has."""
    written = await sql.execute(
        "UPDATE jobs SET state = 'succeeded', next_step_at = NULL, finished_at = now(),"
        " platform_training_file = 'file-there', platform_job_id = $1, running_since = now(),"
        " fine_tuned_model = $2, trained_tokens = 1234 WHERE id = $1",
        job_id,
        model,
    )
    assert written == "UPDATE 1"
