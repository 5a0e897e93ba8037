"""A stand-in platform on a real socket, on a clock that the test moves."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from openai import AsyncOpenAI

from simulator.app import create_app
from simulator.options import Options
from simulator.server import serving, serving_app
from simulator.stand_in import StandIn

KEY = "xpulink-simulator-key"


@dataclass
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Platform:
    """One running stand-in and its clients."""

    url: str
    clock: Clock
    http: httpx.AsyncClient
    openai: AsyncOpenAI

    async def upload(self, examples: list[tuple[str, str]] | None = None, **parts: Any) -> str:
        content = lines(examples or [(f"What is item {n}?", f"Item {n} is number {n}.") for n in range(40)])
        answer = await self.http.post(
            "/files",
            data={"purpose": parts.get("purpose", "fine-tune")},
            files={"file": (parts.get("filename", "train.jsonl"), parts.get("content", content))},
        )
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def create(self, *, headers: dict[str, str] | None = None, **body: Any) -> httpx.Response:
        if "training_file" not in body:
            body["training_file"] = await self.upload()
        return await self.http.post("/fine_tuning/jobs", json={"model": "qwen3-32b", **body}, headers=headers)

    async def job(self, **body: Any) -> dict[str, Any]:
        answer = await self.create(**body)
        answer.raise_for_status()
        return dict(answer.json())

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = await self.http.get(path, params=query)
        answer.raise_for_status()
        return dict(answer.json())

    async def ledger(self) -> dict[str, Any]:
        return dict((await self.http.get(f"{self.url.removesuffix('/v1')}/simulator/ledger")).json())

    async def order(self, **body: Any) -> httpx.Response:
        return await self.http.post(f"{self.url.removesuffix('/v1')}/simulator/faults", json=body)


def lines(examples: list[tuple[str, str]]) -> bytes:
    return b"".join(
        orjson.dumps(
            {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]},
            option=orjson.OPT_APPEND_NEWLINE,
        )
        for asked, answer in examples
    )


@asynccontextmanager
async def _clients(url: str, clock: Clock) -> AsyncIterator[Platform]:
    bearer = {"authorization": f"Bearer {KEY}"}
    async with (
        httpx.AsyncClient(base_url=url, headers=bearer) as http,
        AsyncOpenAI(api_key=KEY, base_url=url, max_retries=0, _strict_response_validation=True) as sdk,
    ):
        yield Platform(url, clock, http, sdk)


@asynccontextmanager
async def _started(options: Options, clock: Clock | None = None) -> AsyncIterator[Platform]:
    moved = clock or Clock()
    async with serving(options, clock=moved) as url, _clients(url, moved) as running:
        yield running


Start = Callable[..., AbstractAsyncContextManager[Platform]]


@pytest.fixture(scope="session")
def start() -> Start:
    """Start a stand-in with options, and a clock, of one's own."""
    return _started


@pytest.fixture(scope="session")
async def server() -> AsyncIterator[tuple[FastAPI, Platform]]:
    app = create_app()
    async with serving_app(app, Options()) as url, _clients(url, Clock()) as running:
        yield app, running


@pytest.fixture
def platform(server: tuple[FastAPI, Platform]) -> Iterator[Platform]:
    """A stand-in that has received nothing, behind the socket that the session shares."""
    app, running = server
    fresh = replace(running, clock=Clock())
    app.state.stand_in = StandIn(Options(job_seconds=100.0), fresh.clock)
    yield fresh
    app.state.stand_in.close()


Process = Callable[..., AbstractAsyncContextManager[tuple[asyncio.subprocess.Process, str]]]


@asynccontextmanager
async def _process(*flags: str, **settings: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    command = (sys.executable, "-m", "simulator", *flags)
    environ = {**os.environ, **settings}
    running = await asyncio.create_subprocess_exec(*command, env=environ, stdout=asyncio.subprocess.PIPE)
    assert running.stdout is not None
    try:
        ready = json.loads(await asyncio.wait_for(running.stdout.readline(), 20))
        assert ready["event"] == "ready"
        yield running, ready["url"]
    finally:
        if running.returncode is None:
            running.terminate()  # a kill would leave its temporary folder
        await running.wait()


@pytest.fixture(scope="session")
def process() -> Process:
    """Start a stand-in as a process, and stop it at the end."""
    return _process


@pytest.fixture
async def simulator_process() -> AsyncIterator[tuple[str, int]]:
    async with _process("--api-key", "any") as (running, url):
        yield url, running.pid
