"""Two jobs, and a death by SIGKILL at every named point of their lives: what chaos builds upon.

A point that no process reached would keep `make chaos` waiting for ever. Fifteen deaths take ten seconds of
the processor: `KILL_EVERYWHERE=1 .venv/bin/python -m pytest tests/acceptance/test_crash_points.py`.
"""

import asyncio
import base64
import inspect
import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from fastapi import FastAPI
from standardwebhooks import Webhook

from crash_points import TAKEN, CrashPoint, order
from embedded.ports import free_port
from simulator.app import create_app
from simulator.options import Options
from simulator.server import serving_app
from simulator.stand_in import StandIn
from tests.acceptance.fleet import TRAINING_FILE, Receiver
from tests.acceptance.nursery import Kept

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]
OF_THE_API = {CrashPoint.CREATE_WRITTEN, CrashPoint.CREATE_COMMITTED, CrashPoint.FILE_STORED}
OF_EITHER = {CrashPoint.COMMIT_SENT}
POINTS = set(CrashPoint)
SECONDS = 60
TRAINING = 3600.0
KEY = "tw_" + secrets.token_urlsafe(32)
SECRET = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
SECRET_KEY = Fernet.generate_key().decode()
SCALED = {
    "TUNEWARD_CLAIM_LEASE": "1s",
    "TUNEWARD_SETTLE_TIME": "1s",
    "TUNEWARD_SWEEP_INTERVAL": "500ms",
    "TUNEWARD_DRAIN_INTERVAL": "50ms",
    "TUNEWARD_POLL_INTERVAL": "300ms",
    "TUNEWARD_WEBHOOK_SCHEDULE": "0s,200ms,200ms,1s,1s,1s",
    "TUNEWARD_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
}


def environment_of(database_url: str, platform_url: str, folder: Path) -> dict[str, str]:
    """Return the variables of api and worker without Redis, on a platform of the test's own."""
    return {
        "DATABASE_URL": database_url,
        "XPULINK_BASE_URL": platform_url,
        "XPULINK_API_KEY": Options().api_key,
        "TUNEWARD_STORAGE_URL": (folder / "blobs").as_uri(),
        "TUNEWARD_SECRET_KEYS": SECRET_KEY,
        "TUNEWARD_BOOTSTRAP_API_KEY": KEY,
        "TUNEWARD_BOOTSTRAP_WEBHOOK_SECRET": SECRET,
    }


async def until(condition: Callable[[], Any], what: str) -> None:
    """Wait until a condition holds; it may be asynchronous."""
    give_up = time.monotonic() + SECONDS
    while not (await found if inspect.isawaitable(found := condition()) else found):
        assert time.monotonic() < give_up, what
        await asyncio.sleep(0.05)


def taken(orders: Path, point: CrashPoint) -> bool:
    """Tell whether a process has ended at this point."""
    return any(path.name.startswith(f"{point}{TAKEN}") for path in orders.iterdir())


class Clock:
    """The platform's time: training ends when it is put ahead."""

    ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Customer:
    """Asks again until there is an answer, as the SDKs do."""

    def __init__(self, url: str) -> None:
        self._file: str | None = None
        self._http = httpx.AsyncClient(
            base_url=url, headers={"authorization": f"Bearer {KEY}"}, trust_env=False, timeout=20
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def ask(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        give_up = time.monotonic() + SECONDS
        while True:
            try:
                answer = await self._http.request(method, path, **parts)
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    found: dict[str, Any] = answer.raise_for_status().json()
                    return found
            except httpx.TransportError:
                assert time.monotonic() < give_up
            await asyncio.sleep(0.05)

    async def job_is(self, job_id: str, status: str) -> None:
        give_up = time.monotonic() + SECONDS
        while (job := await self.ask("GET", f"/fine_tuning/jobs/{job_id}"))["status"] != status:
            assert job["status"] not in {"failed", "cancelled", "succeeded"}, job
            assert time.monotonic() < give_up, job
            await asyncio.sleep(0.1)

    async def upload(self) -> str:
        """Upload the training file, once."""
        form = {"data": {"purpose": "fine-tune"}, "files": {"file": ("train.jsonl", TRAINING_FILE)}}
        self._file = self._file or (await self.ask("POST", "/files", **form))["id"]
        return self._file

    async def create_job(self, webhook_url: str) -> dict[str, Any]:
        body = {"model": "qwen3-32b", "training_file": await self.upload(), "webhook_url": webhook_url}
        headers = {"idempotency-key": secrets.token_hex(8)}
        return await self.ask("POST", "/fine_tuning/jobs", json=body, headers=headers)

    async def two_jobs(self, webhook_url: str, platform: FastAPI) -> dict[str, str]:
        """Have two jobs submitted, and one of them cancelled; return what each is to come to."""
        to_end, to_cancel = [await self.create_job(webhook_url) for _ in range(2)]
        await until(lambda: len(platform.state.stand_in.store.jobs) == len([to_end, to_cancel]), "submitted")
        await self.ask("POST", f"/fine_tuning/jobs/{to_cancel['id']}/cancel")
        await self.job_is(to_cancel["id"], "cancelled")
        return {to_end["id"]: "succeeded", to_cancel["id"]: "cancelled"}


@pytest.mark.skipif("KILL_EVERYWHERE" not in os.environ, reason="KILL_EVERYWHERE=1 runs it")
async def test_jobs_survive_a_kill_at_every_named_point(
    database_url: str, tmp_path: Path, receiver: Receiver, record_property: Callable[[str, object], None]
) -> None:
    orders = tmp_path / "orders"
    for point in POINTS:
        order(orders, point)
    port = free_port()
    clock = Clock()
    options, app = Options(job_seconds=TRAINING), create_app()
    async with serving_app(app, options) as platform_url:
        app.state.stand_in.close()
        app.state.stand_in = StandIn(options, clock)
        environment = SCALED | environment_of(database_url, platform_url, tmp_path)
        environment["TUNEWARD_CRASH_POINTS"] = str(orders)
        customer = Customer(f"http://127.0.0.1:{port}/v1")
        began = time.monotonic()
        async with (
            Kept("api", environment, tmp_path, port=port) as api,
            Kept("worker", environment, tmp_path) as worker,
        ):
            await customer.upload()
            await until(lambda: taken(orders, CrashPoint.FILE_EXAMINED), "the file was looked at")
            ends = await customer.two_jobs(receiver.url, app)
            clock.ahead = TRAINING
            for job_id, status in ends.items():
                await customer.job_is(job_id, status)
            await until(lambda: len(receiver.bodies_by_id()) == len(ends), "told of both")
            await until(lambda: all(TAKEN in path.name for path in orders.iterdir()), "every point reached")
        record_property("summary", f"{len(POINTS)} kills in {time.monotonic() - began:.1f} s")
        await check_platform(platform_url, ends)
        await customer.close()
        app.state.stand_in.close()
    check_deaths(orders, api, worker)
    check_webhooks(receiver, ends)


async def check_platform(platform_url: str, ends: dict[str, str]) -> None:
    """One platform job stands behind each of ours, and came to the same end."""
    root = platform_url.removesuffix("/v1")
    async with httpx.AsyncClient(trust_env=False) as client:
        jobs = (await client.get(f"{root}/simulator/ledger?parts=jobs")).json()["jobs"]
    assert sorted(job["status"] for job in jobs) == sorted(ends.values())


def check_deaths(orders: Path, api: Kept, worker: Kept) -> None:
    """Each point was reached once, by the process that it belongs to, and nothing else ended one."""
    taken = {point: int(pid) for point, _, pid in (path.name.partition(TAKEN) for path in orders.iterdir())}
    assert set(taken) == POINTS
    for point, pid in taken.items():
        owners = api.pids if point in OF_THE_API else worker.pids
        assert pid in (api.pids + worker.pids if point in OF_EITHER else owners), point
    for kept in (api, worker):
        assert kept.exit_codes == [-9] * (len(kept.lives) - 1) + [0]


def check_webhooks(receiver: Receiver, ends: dict[str, str]) -> None:
    """Each end was told with one id and one body, however often."""
    told_ends = {}
    for bodies in receiver.bodies_by_id().values():
        (body,) = bodies
        event = json.loads(body)
        assert event["data"]["id"] not in told_ends
        told_ends[event["data"]["id"]] = event["type"].rpartition(".")[2]
    assert told_ends == ends
    for headers, body in receiver.got:
        Webhook(SECRET).verify(body, headers)
