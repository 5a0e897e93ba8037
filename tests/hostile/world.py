"""A real `tuneward api` process, two projects on it, and what there is to aim at."""

import base64
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
from cryptography.fernet import Fernet

from db.session import Database
from domain import ids
from embedded import environment
from embedded.ports import free_port
from embedded.process import SupervisedProcess
from embedded.readiness import answers_ok
from services import api_keys
from services.secret_box import SecretBox

from .case import World

SECRET = "of-the-other-project"
MIB = 1024 * 1024
# Small enough that a test reaches them, long enough that a busy machine does not.
LIMITS = {
    "TUNEWARD_MAX_FILE_BYTES": str(MIB),
    "TUNEWARD_MAX_LINE_BYTES": "100000",
    "TUNEWARD_MAX_BODY_BYTES": str(MIB),
    "TUNEWARD_MAX_CHAT_BYTES": str(MIB),
    "TUNEWARD_MAX_CONCURRENT_UPLOADS": "64",
    "TUNEWARD_MAX_CONNECTIONS": "120",
    "TUNEWARD_HEAD_TIMEOUT": "3s",
    "TUNEWARD_BODY_PATIENCE": "3s",
    "TUNEWARD_MIN_RATE": "1000",
    "TUNEWARD_KEEP_ALIVE": "3s",
}
LINE = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'
TRAINING = LINE * 20


@dataclass
class Api:
    """The process under fire."""

    process: SupervisedProcess
    port: int
    storage: Path
    database_url: str
    secret_key: str

    def footprint(self) -> tuple[float, int]:
        """Its memory in MiB, and how many files it has open beside its connections to Postgres.

        Of those it opens as many as it needs at once, up to the size of its pool, and keeps them.
        """
        process = psutil.Process(self.process.pid)
        port = urlsplit(self.database_url).port
        pool = [each for each in process.net_connections("tcp") if each.raddr and each.raddr.port == port]
        return process.memory_info().rss / MIB, process.num_fds() - len(pool)

    def rest(self, *, connections: int, within: float = 10.0) -> None:
        """Wait until no more clients than this are connected."""
        end = time.monotonic() + within
        while len(self.clients()) > connections:
            assert time.monotonic() < end, self.clients()
            time.sleep(0.05)

    def clients(self) -> list[object]:
        """Every connection of a client, the closed ones that a client's slowness keeps included."""
        everything = psutil.Process(self.process.pid).net_connections("tcp")
        return [each for each in everything if each.laddr.port == self.port and each.status != "LISTEN"]

    def blobs(self) -> set[str]:
        """What lies in the storage, half-written files as well."""
        return {path.name for path in self.storage.rglob("*") if path.is_file()}


@contextmanager
def serving(folder: Path, database_url: str, **settings: str) -> Iterator[Api]:
    """Run `tuneward api` as production does."""
    (folder / "blobs").mkdir()
    port, key = free_port(), Fernet.generate_key().decode()
    given = {
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "XPULINK_API_KEY": "none",
        "XPULINK_BASE_URL": f"http://127.0.0.1:{free_port()}/v1",
        "TUNEWARD_STORAGE_URL": (folder / "blobs").as_uri(),
        "TUNEWARD_SECRET_KEYS": key,
        "TUNEWARD_WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    }
    process = SupervisedProcess(
        "api",
        environment.python_module("cli", "api", "--port", str(port)),
        log=folder / "api.log",
        environment=environment.of_programs(inherit=False) | given | LIMITS | settings,
        folder=folder,
        ready=lambda _: answers_ok(f"http://127.0.0.1:{port}/readyz"),
    )
    process.start()
    try:
        yield Api(process, port, folder / "blobs", database_url, key)
    finally:
        process.terminate()


@asynccontextmanager
async def inhabited(api: Api) -> AsyncIterator[World]:
    """Two projects on it, each with a file, a job and an event; and a key that was revoked."""
    world = World(host="127.0.0.1", port=api.port, names={}, secret=SECRET.encode())
    database, box = Database(api.database_url, pool_size=2), SecretBox([api.secret_key])
    try:
        async with database.transaction() as session:
            for name in ("KEY", "OTHER_KEY", "REVOKED_KEY"):
                project = f"{name.lower()}-{ids.new_id('')}"
                made = await api_keys.create(session, box, project=project)
                world.names[name] = made.api_key.encode()
            await api_keys.revoke(session, key_id=made.id)
    finally:
        await database.close()
    url = f"http://{world.host}:{world.port}/v1"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30) as client:
        await _furnish(client, world, "", "train")
        await _furnish(client, world, "OTHER_", SECRET)
        paths = (await client.get(f"http://{world.host}:{world.port}/openapi.json")).json()["paths"]
        world.operations = [
            f"{method.upper()} {path}" for path, methods in paths.items() for method in methods
        ]
    world.names["NEVER_FILE"] = ids.new_id(ids.FILE).encode()
    world.names["NEVER_JOB"] = ids.new_id(ids.JOB).encode()
    yield world


async def _furnish(client: httpx.AsyncClient, world: World, prefix: str, name: str) -> None:
    bearer = {"authorization": f"Bearer {world.names[prefix + 'KEY'].decode()}"}
    form = {"file": (f"{name}.jsonl", TRAINING)}
    file = (await client.post("/files", data={"purpose": "fine-tune"}, files=form, headers=bearer)).json()
    world.files.add(file["id"])
    body = {"model": "qwen3-32b", "training_file": file["id"], "suffix": name, "metadata": {"note": name}}
    job = (await client.post("/fine_tuning/jobs", json=body, headers=bearer)).json()
    event = (await client.get(f"/fine_tuning/jobs/{job['id']}/events", headers=bearer)).json()["data"][0]
    for kind, made in (("FILE", file), ("JOB", job), ("EVENT", event)):
        world.names[prefix + kind] = made["id"].encode()


def new_key() -> str:
    """A key that was never given out."""
    return "tw_" + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
