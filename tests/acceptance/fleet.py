"""A fleet of jobs on a real stack, the receiver of its webhooks, and what must be true of both in the end.

The processes are started as a user would start them; nothing here reaches into them.
"""

import asyncio
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

import asyncpg
import httpx
from openai import OpenAI
from standardwebhooks import Webhook

from embedded.process import SupervisedProcess
from embedded.stack import Stack

QUESTION = '{"messages": [{"role": "user", "content": "Question %d?"}, '
ANSWER = '{"role": "assistant", "content": "Answer %d."}]}'
TRAINING_FILE = "\n".join((QUESTION + ANSWER) % (number, number) for number in range(24)).encode()


@dataclass
class Receiver:
    """A webhook endpoint that answers 200, as soon as `open` is set, and remembers what it got."""

    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""
    open: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.open.set()

    def bodies_by_id(self) -> dict[str, set[bytes]]:
        found: dict[str, set[bytes]] = {}
        for headers, body in self.got:
            found.setdefault(headers["webhook-id"], set()).add(body)
        return found


@dataclass
class Fleet:
    """Jobs of one project on one stack."""

    stack: Stack
    receiver: Receiver
    client: OpenAI
    secret: str
    job_ids: list[str] = field(default_factory=list)

    @classmethod
    def on(cls, stack: Stack, receiver: Receiver) -> "Fleet":
        made = json.loads(stack.command("keys", "create", "--project", "fleet", "--json"))
        client = OpenAI(base_url=f"{stack.api_url}/v1", api_key=made["api_key"], max_retries=10)
        return cls(stack, receiver, client, made["webhook_secret"])

    def create(self, count: int, *, strike: "Strike | None" = None) -> None:
        """Create jobs one after another; `strike` kills something in the middle of every fifth request."""
        file = self.client.files.create(file=("train.jsonl", TRAINING_FILE), purpose="fine-tune")
        for number in range(count):
            if strike is not None and number % 5 == 2:
                strike.soon()
            job = self.client.fine_tuning.jobs.create(
                model="qwen3-32b",
                training_file=file.id,
                extra_body={"webhook_url": self.receiver.url},
                extra_headers={"Idempotency-Key": f"job-{number}"},
            )
            self.job_ids.append(job.id)

    def statuses(self) -> Counter[str]:
        return Counter(job.status for job in self.client.fine_tuning.jobs.list(limit=100))

    async def wait_until_told(self, *, seconds: float) -> None:
        """Wait until every job has ended and every delivery is recorded as delivered."""
        connection = await asyncpg.connect(self.stack.database_url)
        try:
            give_up = time.monotonic() + seconds
            while await self._open_rows(connection):
                assert time.monotonic() < give_up, f"after {seconds} s: {await self._open_rows(connection)}"
                await asyncio.sleep(0.2)
        finally:
            await connection.close()

    @staticmethod
    async def _open_rows(connection: asyncpg.Connection) -> list[tuple[str, int]]:
        rows = await connection.fetch(
            "SELECT state, count(*) FROM jobs WHERE finished_at IS NULL GROUP BY state UNION ALL"
            " SELECT 'delivery', count(*) FROM webhook_deliveries WHERE state = 'pending' HAVING count(*) > 0"
        )
        return [(row[0], row[1]) for row in rows]

    def platform_jobs(self) -> list[dict[str, Any]]:
        root = self.stack.platform_url.removesuffix("/v1")
        jobs: list[dict[str, Any]] = httpx.get(f"{root}/simulator/ledger?parts=jobs").json()["jobs"]
        return jobs

    def check_each_once(self) -> None:
        """Every job succeeded, stands once on the platform, and was told once: one id, one body each."""
        assert self.statuses() == {"succeeded": len(self.job_ids)}
        assert len(self.platform_jobs()) == len(self.job_ids)
        told = self.receiver.bodies_by_id()
        assert all(len(bodies) == 1 for bodies in told.values())
        ids = Counter(json.loads(next(iter(bodies)))["data"]["id"] for bodies in told.values())
        assert ids == Counter(self.job_ids)
        for headers, body in self.receiver.got:
            Webhook(self.secret).verify(body, headers)


class Killer:
    """Kills a process by SIGKILL at an interval and starts it again, until told to stop."""

    def __init__(self, victim: SupervisedProcess, *, every: float) -> None:
        self._victim = victim
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.kills = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._every):
            self._victim.kill()
            self.kills += 1
            self._victim.start()


class Strike:
    """Kills a process by SIGKILL within the next 15 ms, at a seeded moment, and starts it again."""

    LONGEST_WAIT = 0.015

    def __init__(self, victim: SupervisedProcess) -> None:
        self._victim = victim
        self._random = random.Random(1)
        self._thread = threading.Thread()
        self.kills = 0

    def soon(self) -> None:
        if self._thread.is_alive():
            self._thread.join()
        wait = self._random.uniform(0, self.LONGEST_WAIT)
        self._thread = threading.Thread(target=self._strike, args=[wait])
        self._thread.start()

    def _strike(self, wait: float) -> None:
        time.sleep(wait)  # the moment is what is being tried
        self._victim.kill()
        self.kills += 1
        self._victim.start()

    def finish(self) -> None:
        self._thread.join()
