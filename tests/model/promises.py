"""What must be true, whatever happens: the model of a job's life as its owner may rely on it.

It knows what was asked for and what was answered, and nothing of how the service does it. It is held against
three ledgers: our rows, the platform's jobs, and what the customer's receiver got.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import orjson

from simulator.life import ended, is_live

from .world import World

RANK = {"queued": 0, "running": 1, "succeeded": 2, "failed": 2, "cancelled": 2}
ENDS = {"succeeded", "failed", "cancelled"}
CRASHES = 5
"""Deaths in the middle of one job after which it may be given up."""
JOBS = """
    SELECT id, state, sequence, claim_token IS NOT NULL AS claimed, platform_job_id, error_code, paused_at,
           running_since IS NOT NULL AS running,
           (SELECT array_agg(sequence ORDER BY sequence) FROM job_events WHERE job_id = jobs.id) AS lines
      FROM jobs"""
OPEN = "SELECT open_submission_id IS NOT NULL FROM jobs WHERE id = $1"
DELIVERIES = """
    SELECT object_id AS job_id, type, delivery.id, delivery.state, delivery.body, endpoint.url, attempts
      FROM webhook_deliveries AS delivery
      JOIN webhook_events AS event ON event.id = delivery.event_id
      JOIN webhook_endpoints AS endpoint ON endpoint.id = delivery.endpoint_id"""


@dataclass
class Promise:
    """One create that was answered with 200."""

    file: int
    urls: set[str]
    """Whom its end is told."""
    shown: str = "queued"
    paused: bool = False
    cancel_accepted: bool = False
    cancel_in_time: bool = False
    """The cancel came before the platform's end and while nobody worked on the job: it is sent there."""
    sealed: bool = False
    """It was cancelled while no create was on its way: none may leave any more."""


@dataclass
class Model:
    """The promises made in one story."""

    world: World
    promises: dict[str, Promise] = field(default_factory=dict)
    keys: dict[str, tuple[str, Any]] = field(default_factory=dict)
    """Idempotency keys: the job each came to, and the body it came with."""
    deleted_files: set[int] = field(default_factory=set)
    excuses: Counter[str] = field(default_factory=Counter)
    """How many jobs may fail with which code, by what was done to them."""
    crashes: int = 0
    """Claims that may have run out in a worker's hands."""
    seen_creates: int = 0
    _shown_of: list[Any] = field(default_factory=list)
    _of_markers: dict[str, str] = field(default_factory=dict)

    def job(self, number: int) -> str:
        """Return one of the jobs."""
        return list(self.promises)[number % len(self.promises)]

    # What the owner does

    async def create(self, *, key: str | None, hook: bool, file: int) -> str | None:
        """Ask for a job; return its id if a new one was made."""
        url = f"{self.world.receiver.root}/own"
        body = {"model": "qwen3-32b", "training_file": self.world.files[file]}
        body |= {"webhook_url": url} if hook else {}
        code, answer = await self.world.post("", json=body, headers={"idempotency-key": key} if key else {})
        if key in self.keys:
            first, its_body = self.keys[key]
            assert (code, answer.get("id")) == ((200, first) if body == its_body else (409, None)), answer
            return None
        if file in self.deleted_files:
            assert code == 400, answer
            return None
        assert code == 200, answer
        assert answer["id"] not in self.promises
        urls = {f"{self.world.receiver.root}/all", *([url] if hook else [])}
        self.promises[answer["id"]] = Promise(file, urls)
        if key is not None:
            self.keys[key] = (answer["id"], body)
        return str(answer["id"])

    async def cancel(self, job_id: str) -> None:
        """Ask for its end; only a job that has ended refuses that."""
        promise = self.promises[job_id]
        code, answer = await self.world.post(f"/{job_id}/cancel")
        assert code == (409 if promise.shown in ENDS else 200), answer
        if code == 200:
            promise.cancel_accepted = True
            ended_at_once = answer["status"] == "cancelled"
            promise.cancel_in_time |= not ended_at_once and await self._goes_on_undisturbed(job_id)
            promise.sealed |= not await self.world.sql.fetchval(OPEN, job_id)

    async def _goes_on_undisturbed(self, job_id: str) -> bool:
        """Tell whether the next step is sure to see what its owner has just asked for."""
        there, now = (await self._there())[job_id], self.world.platform.clock()
        disturbed = any(worker.may_know(job_id) for worker in self.world.workers)
        return not disturbed and not any(ended(job, now) for job in there)

    async def pause(self, job_id: str) -> None:
        """Ask for a rest; it is refused only once a create was about to leave."""
        code, answer = await self.world.post(f"/{job_id}/pause")
        self._demand_right(job_id, code, answer)
        if code == 200:
            assert answer["paused"] is True
            self.promises[job_id].paused = True

    async def resume(self, job_id: str) -> None:
        code, answer = await self.world.post(f"/{job_id}/resume")
        self._demand_right(job_id, code, answer)
        if code == 200:
            self.promises[job_id].paused = False

    def _demand_right(self, job_id: str, code: int, answer: Any) -> None:
        promise = self.promises[job_id]
        if code == 200:
            assert promise.shown not in ENDS
            return
        expected = "job_already_ended" if promise.shown in ENDS else "already_submitted"
        assert (code, answer["error"]["code"]) == (409, expected), answer
        assert promise.shown in ENDS or not promise.paused, "a job that rests was submitted"

    async def delete_file(self, file: int) -> None:
        """Delete a training file; only one that a living job needs stays."""
        code = (await self.world.api.delete(f"/v1/files/{self.world.files[file]}")).status_code
        needed = any(one.file == file and one.shown not in ENDS for one in self.promises.values())
        assert code == (404 if file in self.deleted_files else 409 if needed else 200)
        if code == 200:
            self.deleted_files.add(file)

    # What must be true at any moment

    async def hold(self) -> list[Any]:
        """Compare what is shown with what was promised."""
        rows = await self.world.sql.fetch(JOBS)
        assert {row["id"] for row in rows} == set(self.promises), "each accepted create has exactly one row"
        for row in rows:
            assert row["lines"] == list(range(1, row["sequence"] + 1)), "the history has a gap"
        shown_of = [(row["id"], row["state"], row["running"], row["paused_at"]) for row in rows]
        if shown_of != self._shown_of:  # else nothing is shown that was not
            self._shown_of = shown_of
            await self._moves_forward()
        await self._creates_were_wanted()
        await self._nothing_is_paid_twice()
        self._only_ends_are_told()
        self._failures_have_a_cause(rows)
        return list(rows)

    async def _moves_forward(self) -> None:
        shown = (await self.world.api.get("/v1/fine_tuning/jobs", params={"limit": 100})).json()["data"]
        for job in shown:
            promise, now = self.promises[job["id"]], job["status"]
            before, promise.shown = promise.shown, now
            assert now == before or RANK[now] > RANK[before], f"{job['id']} went from {before} to {now}"
            assert now != "cancelled" or promise.cancel_accepted, "cancelled, and nobody asked for it"
            assert promise.paused == (job.get("paused") is True) or now in ENDS

    async def _creates_were_wanted(self) -> None:
        """No create leaves for a job that rests or was sealed; one that left has a job of ours behind it."""
        left = self.world.creates[self.seen_creates :]
        self.seen_creates = len(self.world.creates)
        if not left:
            return
        of = await self.jobs_of_markers(left)
        for marker in left:
            promise = self.promises[of[marker]]
            assert not promise.paused, f"a create left for {of[marker]} while it was paused"
            assert not promise.sealed, f"a create left for {of[marker]}, which had been cancelled"

    async def _nothing_is_paid_twice(self) -> None:
        """Not even for a moment: in these stories no create arrives late, the platform's list alone does."""
        now = self.world.platform.clock()
        for job_id, jobs in (await self._there()).items():
            live = [job.id for job in jobs if is_live(job, now)]
            assert len(live) <= 1, f"{job_id} is paid for more than once: {live}"

    def _only_ends_are_told(self) -> None:
        bodies: dict[str, bytes] = {}
        for url, id_, body, _ in self.world.receiver.got:
            told = orjson.loads(body)
            promise = self.promises[told["data"]["id"]]
            assert url in promise.urls
            assert told["type"] == f"fine_tuning.job.{promise.shown}", "told of what is not so"
            assert bodies.setdefault(id_, body) == body, "one webhook-id had two bodies"

    def _failures_have_a_cause(self, rows: list[Any]) -> None:
        failed = Counter(row["error_code"] for row in rows if row["state"] == "failed")
        excuses = self.excuses | Counter(worker_crash_loop=self.crashes // CRASHES)
        assert failed <= excuses, f"failed without a cause: {failed - excuses}"

    async def jobs_of_markers(self, markers: Iterable[str]) -> dict[str, str]:
        """Return which job of ours each marker stands for."""
        if not self._of_markers.keys() >= set(markers):
            rows = await self.world.sql.fetch("SELECT marker, job_id FROM platform_submissions")
            self._of_markers = dict(rows)
        return self._of_markers

    # What must be true once nothing is left to do

    async def hold_at_rest(self) -> None:
        for row in await self.hold():
            promise = self.promises[row["id"]]
            assert promise.shown in ENDS or (promise.paused and not promise.cancel_accepted), (
                f"{row['id']} never ended: it is {row['state']}"
            )
            assert not row["claimed"], f"{row['id']} is still claimed"
        await self._platform_agrees()
        await self._all_were_told()

    async def _there(self) -> dict[str, list[Any]]:
        """Return the platform's jobs behind each of ours."""
        jobs = {job.id: (job, job.metadata["tuneward"]) for job in self.world.platform.store.jobs.values()}
        of = await self.jobs_of_markers(marker for _, marker in jobs.values())
        there: dict[str, list[Any]] = {job_id: [] for job_id in self.promises}
        for job, marker in jobs.values():
            there[of[marker]].append(job)
        return there

    async def _platform_agrees(self) -> None:
        now = self.world.platform.clock()
        for job_id, jobs in (await self._there()).items():
            promise = self.promises[job_id]
            live = [job.id for job in jobs if is_live(job, now)]
            assert not live or promise.shown == "succeeded" or self.crashes >= CRASHES, "paid for nothing"
            if promise.shown == "succeeded":
                assert live, "a success of nothing"
                sent = {job.id for job in jobs} & self.world.cancels
                assert sent or not promise.cancel_in_time, "a cancel in time was never sent"

    async def _all_were_told(self) -> None:
        rows = await self.world.sql.fetch(DELIVERIES)
        told: dict[str, list[str]] = {job_id: [] for job_id in self.promises}
        taken = {(id_, body) for _, id_, body, answer in self.world.receiver.got if answer == 200}
        for row in rows:
            told[row["job_id"]].append(row["url"])
            assert row["state"] in {"delivered", "exhausted"}, f"{row['id']} is {row['state']}"
            assert row["state"] == "exhausted" or (row["id"], row["body"]) in taken, "delivered to nobody"
            # One that killed its workers is given up as well, but not for its first failure.
            assert row["state"] == "delivered" or row["attempts"] != 1, "given up too soon"
        for job_id, promise in self.promises.items():
            expected = promise.urls if promise.shown in ENDS else set()
            assert sorted(told[job_id]) == sorted(expected), f"{job_id} was told to {told[job_id]}"
