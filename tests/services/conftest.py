"""One project with a file, and a job that is driven through its life by the services themselves."""

import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
from cryptography.fernet import Fernet
from sqlalchemy import text

from db.session import Database, Session
from domain.job_state import JobState
from domain.jobs import Job, NewJob
from domain.outcomes import Answered
from domain.platform import PlatformFile, PlatformJob, PlatformStatus
from services import api_keys, claims, credentials, files, jobs
from services.api_keys import Caller
from services.files import StoredFile
from services.job_steps import collecting, submitting, tracking, uploading
from services.job_steps.collecting import Collected
from services.job_steps.submitting import SubmitPlan
from services.job_steps.uploading import UploadPlan
from services.secret_box import SecretBox
from tests.training_files import structure_of

LEASE = timedelta(seconds=30)
FIRST_CHECK = timedelta(minutes=2)
NOW = timedelta(0)


@dataclass
class World:
    """What the tests drive: every method is one or more transactions of the services."""

    database: Database
    box: SecretBox
    project_id: str = ""
    caller: Caller = field(default_factory=lambda: Caller("", ""))
    credential_id: str = ""
    file_id: str = ""

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        return self.database.transaction()

    async def sql(self, statement: str, **values: object) -> Sequence[Any]:
        async with self.transaction() as session:
            result = await session.execute(text(statement), values)
            return result.all() if result.returns_rows else []

    async def value(self, statement: str, **values: object) -> Any:
        return (await self.sql(statement, **values))[0][0]

    async def project(self, name: str) -> str:
        """Make a project and return its id."""
        return (await self._key_of(name)).project_id

    async def act_as(self, name: str) -> None:
        """Make a project and act for it from now on."""
        self.caller = await self._key_of(name)
        self.project_id = self.caller.project_id

    async def _key_of(self, name: str) -> Caller:
        async with self.transaction() as session:
            key = await api_keys.create(session, self.box, project=name)
        return Caller(await self.value("SELECT id FROM projects WHERE name = :name", name=name), key.id)

    async def file(self, *, project_id: str | None = None, **columns: Any) -> str:
        id_ = files.new_file_id()
        values: dict[str, Any] = {
            "id": id_, "filename": "train.jsonl", "purpose": "fine-tune", "size": 3, "sha256": b"",
            "blob_key": files.blob_key(id_), "structure": structure_of(),
            "max_invalid_ratio": 0.0, "life": None,
        }  # fmt: skip
        later = {
            name: columns.pop(name) for name in ("status", "status_details", "examples") if name in columns
        }
        stored = StoredFile(**{**values, **columns})
        async with self.transaction() as session:
            await files.keep(session, project_id=project_id or self.project_id, stored=stored)
        for name, value in later.items():
            await self.sql(f"UPDATE files SET {name} = :value WHERE id = :id", value=value, id=id_)  # noqa: S608 - names above
        return id_

    def new(self, **changes: Any) -> NewJob:
        known = {"model": "qwen3-32b", "platform_model": "qwen3-32b", "seed": 1}
        return NewJob(**{**known, "training_file_id": self.file_id, **changes})

    async def create(self, **changes: Any) -> Job:
        repeat = changes.pop("repeat", None)
        async with self.transaction() as session:
            return await jobs.create(
                session,
                caller=self.caller,
                credential_id=self.credential_id,
                new=self.new(**changes),
                repeat=repeat,
            )

    async def get(self, job: Job) -> Job:
        async with self.transaction() as session:
            return await jobs.get(session, project_id=self.project_id, job_id=job.id)

    async def cancel(self, job: Job) -> Job:
        async with self.transaction() as session:
            return await jobs.cancel(session, project_id=self.project_id, job_id=job.id)

    async def lines(self, job: Job) -> list[str]:
        """Return the job's history, oldest first."""
        async with self.transaction() as session:
            found = await jobs.events(
                session, project_id=self.project_id, job_id=job.id, before=None, limit=1000
            )
        return [event.message for event in reversed(found)]

    async def claim(self, *, tracked: bool = False) -> Job:
        """Claim the one job that there is, due or not yet due."""
        await self.sql("UPDATE jobs SET next_step_at = now() WHERE finished_at IS NULL")
        take = claims.claim_tracked if tracked else claims.claim_advancing
        async with self.transaction() as session:
            (job,) = await take(session, lease=LEASE, limit=10)
        return job

    async def hand_back(self, job: Job) -> None:
        async with self.transaction() as session:
            await claims.hand_back(session, job=job)

    # The steps of a life, each with the answer it takes to go on.

    async def begin_upload(self) -> UploadPlan:
        job = await self.claim()
        async with self.transaction() as session:
            plan = await uploading.begin_upload(session, job)
        assert plan is not None
        return plan

    async def upload(self) -> Job:
        return await self.finish_upload(await self.begin_upload())

    async def finish_upload(self, plan: UploadPlan) -> Job:
        there = {source.file_id: Answered(PlatformFile(f"p-{source.file_id}")) for source in plan.sources}
        async with self.transaction() as session:
            job = await uploading.finish_upload(session, plan, there)
        assert job is not None
        return job

    async def begin_submit(self, job: Job) -> SubmitPlan:
        async with self.transaction() as session:
            plan = await submitting.begin_submit(session, job, lease=LEASE, first_check=FIRST_CHECK)
        assert plan is not None
        return plan

    async def submit(self, job: Job) -> None:
        plan = await self.begin_submit(job)
        created = self.platform_job()
        async with self.transaction() as session:
            await submitting.finish_submit(session, plan, Answered(created), first_poll=NOW)

    def platform_job(
        self, status: PlatformStatus = PlatformStatus.QUEUED, id_: str = "ftjob-p1", **known: Any
    ) -> PlatformJob:
        return PlatformJob(id_, status, status.value, **known)

    async def poll(self, seen: PlatformJob, **options: Any) -> Job | None:
        job = await self.claim(tracked=True)
        async with self.transaction() as session:
            return await tracking.finish_poll(
                session, job, Answered(seen), interval=timedelta(seconds=30), **options
            )

    async def collecting(self, status: PlatformStatus = PlatformStatus.SUCCEEDED, **known: Any) -> Job:
        job = await self.poll(self.platform_job(status, **known))
        assert job is not None
        return job

    async def end(self, job: Job, collected: Collected | None = None) -> None:
        async with self.transaction() as session:
            await collecting.finish_collect(session, job, collected or Collected())

    async def reach(self, state: JobState, **new: Any) -> Job:
        """Create a job and take it to a state; nobody holds it there."""
        created = await self.create(**new)
        await self._drive(state)
        job = await self.get(created)
        assert job.state is state
        return job

    async def _drive(self, state: JobState) -> None:
        if state is JobState.RECEIVED:
            return
        if state is JobState.HELD:
            await self._hold()
        elif state is JobState.UPLOADING:
            await self.hand_back((await self.begin_upload()).job)
        elif state is JobState.CANCELLED:
            await self.cancel(await self._only())
        else:
            await self._drive_on(state)

    async def _drive_on(self, state: JobState) -> None:
        job = await self.upload()
        if state is JobState.SUBMITTING:
            await self.hand_back(job)
            return
        await self.submit(job)
        if state is JobState.TRACKING:
            return
        failed = state is JobState.FAILED
        end = await self.collecting(
            PlatformStatus.FAILED if failed else PlatformStatus.SUCCEEDED,
            fine_tuned_model=None if failed else "ft:qwen3-32b:x::1",
        )
        if state is JobState.COLLECTING:
            await self.hand_back(end)
        else:
            await self.end(end)

    async def _hold(self) -> None:
        await self.sql("UPDATE jobs SET paused_at = now()")
        await self.hold(await self.claim())

    async def hold(self, job: Job) -> None:
        """Let a worker find out that a job has to wait."""
        async with self.transaction() as session:
            assert await uploading.begin_upload(session, job) is None

    async def _only(self) -> Job:
        id_ = await self.value("SELECT id FROM jobs WHERE finished_at IS NULL")
        async with self.transaction() as session:
            return await jobs.get(session, project_id=self.project_id, job_id=id_)


@pytest.fixture(scope="session")
async def pool(
    admin_connection: asyncpg.Connection, template_database: str, postgres_url: str
) -> AsyncIterator[Database]:
    """A pool over a database that these tests share: a database for each costs more."""
    name = f"services_{uuid.uuid4().hex}"
    await admin_connection.execute(f"CREATE DATABASE {name} TEMPLATE {template_database} STRATEGY FILE_COPY")
    opened = Database(f"{postgres_url.rpartition('/')[0]}/{name}")
    yield opened
    await opened.close()
    await admin_connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def world(pool: Database) -> World:
    """A project with one file, and nothing else in the database."""
    made = World(pool, SecretBox([Fernet.generate_key().decode()]))
    for table in ("projects", "platform_credentials", "leases"):
        await made.sql(f"DELETE FROM {table}")  # noqa: S608 - constants above
    await made.act_as("one")
    async with made.transaction() as session:
        made.credential_id = await credentials.ensure_default(session)
    made.file_id = await made.file()
    return made


@pytest.fixture
async def pending(world: Any) -> Any:
    """A world with one delivery that is due, to a job's own URL."""
    await world.cancel(await world.create(webhook_url="https://example.com/hook"))
    return world
