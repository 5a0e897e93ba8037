"""What two customers do meanwhile: create jobs at seeded moments, and try again as is honest."""

import threading
import time
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

import httpx
import openai

from chaos.background import NO_TLS
from chaos.stand_in import HarnessError
from chaos.world import Tenant, World

GIVE_UP: Final = 90.0
"""Seconds after which a client stops trying: far beyond every fault."""
TRIES: Final = 60
EXAMPLE: Final = (
    '{"messages": [{"role": "user", "content": "Question %d?"}, {"role": "assistant", "content": "%s"}]}'
)
PATIENCE: Final = 5.0
RETRIED: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504})


@dataclass
class Ask:
    """One create as its client sees it.

    Attributes:
        moment: When it is sent, in seconds from the begin of the load.
        key: Its Idempotency-Key, or `None`: then the SDK's own retries are relied on.
        job_ids: Every id that was ever answered: there may only be one.
        refused: The status of a refusal that no retry would change.
        ends: How the job may end.
    """

    number: int
    tenant: Tenant
    moment: float
    key: str | None
    job_ids: set[str] = field(default_factory=set)
    refused: str | None = None
    ends: set[str] = field(default_factory=lambda: {"succeeded"})

    @property
    def accepted(self) -> bool:
        """Whether the client was told that there is a job."""
        return bool(self.job_ids)


@dataclass(frozen=True)
class Plan:
    """How much is done.

    Attributes:
        jobs: How many creates.
        spread: Over how many seconds they are spread.
        clients: How many are under way at once.
        keyless: The share without an Idempotency-Key.
        file_bytes: At least so large is each project's training file.
    """

    jobs: int = 8
    spread: float = 1.5
    clients: int = 4
    keyless: float = 0.25
    file_bytes: int = 0


USUAL_LOAD: Final = Plan()


class Load:
    """`begin` it, do harm, `finish` it.

    Attributes:
        asks: Every create.
        files: Each project's training file in this run, by the project's name.
        kept: Every file that was accepted.
        seen_broken: What a fault saw broken while it lasted, in words; each is a breach.
        is_part: Whether it is a part of a longer load, see `part`.
        before: The numbers of the asks that were accepted before that part began.
    """

    is_part = False
    before: frozenset[int] = frozenset()

    def __init__(self, world: World, rng: Random, run: str, plan: Plan) -> None:
        self.run = run
        self.plan = plan
        self.files: dict[str, str] = {}
        self.kept: list[tuple[Tenant, str]] = []
        self.seen_broken: list[str] = []
        self._special: dict[int, dict[str, Any]] = {}
        self._world = world
        self._rng = rng
        self._threads: list[threading.Thread] = []
        self._http = httpx.Client(base_url=f"{world.stack.api_url}/v1", timeout=PATIENCE, verify=NO_TLS)
        moments = sorted(rng.uniform(0, plan.spread) for _ in range(plan.jobs))
        self.asks = [self._ask(number, moment) for number, moment in enumerate(moments)]
        self._turn = iter(list(self.asks))
        self._lock = threading.Lock()

    def path(self, tenant: Tenant) -> str:
        """Return the receiver's path for this project's webhooks in this run."""
        return f"/{self.run}/{tenant.name}"

    def begin(self) -> None:
        """Upload each project's file, before anything is broken, and start the clients."""
        for tenant in self._world.tenants:
            self.files[tenant.name] = self.upload(tenant, self.plan.file_bytes)
        self._started = time.monotonic()
        self._threads = [
            threading.Thread(target=self._client, name=f"client-{number}", daemon=True)
            for number in range(min(self.plan.clients, self.plan.jobs))
        ]
        for thread in self._threads:
            thread.start()

    def finish(self) -> None:
        """Wait until every client has its answer, then repeat some creates under their keys.

        Raises:
            HarnessError: a client got no answer although nothing is broken any more.
        """
        give_up = time.monotonic() + GIVE_UP
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            raise HarnessError(f"clients got no answer within {GIVE_UP:g} s")
        for ask in self.asks[::3]:
            if ask.key is not None and ask.accepted:
                self._create_with_key(ask)

    @property
    def last_moment(self) -> float:
        """When the last create was first sent, on the monotonic clock; known once it has begun."""
        return self._started + max((ask.moment for ask in self.asks), default=0.0)

    def close(self) -> None:
        """Close the clients' connections."""
        self._http.close()

    def part(self, plan: Plan) -> "Load":
        """Return what is created from now on as a load of its own: for one fault of many."""
        part = copy(self)
        part.plan = plan
        part.is_part = True
        part.before = frozenset(ask.number for ask in self.asks if ask.accepted)
        return part

    def accepted(self, count: int, seconds: float = 30.0) -> list[Ask]:
        """Wait until so many creates were accepted; return those that were.

        Raises:
            HarnessError: there were fewer in that time.
        """
        give_up = time.monotonic() + seconds
        while len(done := self._accepted()) < count:
            if time.monotonic() > give_up:
                raise HarnessError(f"{len(done)} of {count} creates were accepted within {seconds:g} s")
            time.sleep(0.02)
        return done

    def _accepted(self) -> list[Ask]:
        return [ask for ask in self.asks if ask.accepted and ask.number not in self.before]

    def add(self, tenant: Tenant, *, file_id: str, path: str | None = None) -> Ask:
        """Create one more job on this file at once, with webhooks to the path, and return it."""
        ask = Ask(len(self.asks), tenant, 0.0, f"{self.run}-added-{len(self.asks)}")
        self.asks.append(ask)
        self._special[ask.number] = {"training_file": file_id} | (
            {} if path is None else {"webhook_url": self._world.webhook_url(path)}
        )
        self._create_with_key(ask)
        return ask

    def upload(self, tenant: Tenant, at_least: int = 0, *, name: str = "train.jsonl") -> str:
        """Upload a training file of at least so many bytes, trying again as is honest; return its id."""
        answer = "x" * max(10, at_least // 20)
        content = "\n".join(EXAMPLE % (number, answer) for number in range(20)).encode()
        files = {"file": (name, content)}

        def post() -> httpx.Response:
            return self._http.post(
                "/files", files=files, data={"purpose": "fine-tune"}, headers=_auth(tenant)
            )

        file_id = str(self._insist(post).raise_for_status().json()["id"])
        self.kept.append((tenant, file_id))
        return file_id

    def get(self, tenant: Tenant, path: str) -> httpx.Response:
        """Ask the api for something with this project's key."""
        return self._insist(lambda: self._http.get(path, headers=_auth(tenant)))

    def cancel(self, ask: Ask) -> int:
        """Cancel a job that was accepted, which may from now on end that way; return the answer's status."""
        ask.ends |= {"cancelled"}
        (job_id,) = ask.job_ids
        path = f"/fine_tuning/jobs/{job_id}/cancel"
        return self._insist(lambda: self._http.post(path, headers=_auth(ask.tenant)), also=()).status_code

    def _ask(self, number: int, moment: float) -> Ask:
        tenant = self._world.tenants[number % len(self._world.tenants)]
        keyed = self._rng.random() >= self.plan.keyless
        return Ask(number, tenant, moment, f"{self.run}-{number}" if keyed else None)

    def _client(self) -> None:
        while True:
            with self._lock:
                ask = next(self._turn, None)
            if ask is None:
                return
            time.sleep(max(0.0, self._started + ask.moment - time.monotonic()))
            if ask.key is None:
                self._create_by_sdk(ask)
            else:
                self._create_with_key(ask)

    def _body(self, ask: Ask) -> dict[str, Any]:
        return {
            "model": "qwen3-32b",
            "training_file": self.files[ask.tenant.name],
            "metadata": {"run": self.run, "n": str(ask.number)},
            "webhook_url": self._world.webhook_url(self.path(ask.tenant)),
            **self._special.get(ask.number, {}),
        }

    def _create_with_key(self, ask: Ask) -> None:
        headers = _auth(ask.tenant) | {"idempotency-key": str(ask.key)}
        body = self._body(ask)
        try:
            answer = self._insist(lambda: self._http.post("/fine_tuning/jobs", json=body, headers=headers))
        except httpx.HTTPError as error:
            ask.refused = repr(error)
            return
        if answer.is_success:
            ask.job_ids.add(str(answer.json()["id"]))
        else:
            ask.refused = f"{answer.status_code} {answer.text[:300]}"

    def _create_by_sdk(self, ask: Ask) -> None:
        body = self._body(ask)
        extra = {"webhook_url": body.pop("webhook_url")}
        with openai.OpenAI(
            base_url=f"{self._world.stack.api_url}/v1",
            api_key=ask.tenant.key,
            max_retries=TRIES,
            timeout=PATIENCE,
            http_client=openai.DefaultHttpxClient(verify=NO_TLS),
        ) as client:
            try:
                ask.job_ids.add(client.fine_tuning.jobs.create(**body, extra_body=extra).id)
            except openai.OpenAIError as error:
                ask.refused = repr(error)[:300]

    def _insist(
        self, send: Callable[[], httpx.Response], *, also: tuple[int, ...] = (409,)
    ) -> httpx.Response:
        """Send until there is an answer that another try would not change."""
        give_up = time.monotonic() + GIVE_UP
        waits = iter(min(2.0, 0.05 * 2**tried) for tried in range(TRIES))
        while True:
            try:
                answer = send()
                if answer.status_code not in RETRIED - ({409} - set(also)):
                    return answer
            except httpx.HTTPError:
                if time.monotonic() > give_up:
                    raise
            else:
                if time.monotonic() > give_up:
                    return answer
            time.sleep(next(waits, 2.0))


def _auth(tenant: Tenant) -> dict[str, str]:
    return {"authorization": f"Bearer {tenant.key}"}
