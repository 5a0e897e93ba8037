"""What one job's life costs: SQL statements and requests to the platform."""

import time
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.job_state import JobState
from domain.jobs import NewJob
from services import api_keys, jobs, models

MOST_STATEMENTS = 25
MOST_REQUESTS = 8


class Statements:
    """The statements of an engine; claims that found nothing are not counted.

    Nor are those that a worker sends once a second while it is busy, whatever the number of jobs: `leases`.
    """

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.leases = 0

    def of(self, engine: AsyncEngine) -> None:
        event.listen(engine.sync_engine, "after_cursor_execute", self._take)

    def _take(self, _: Any, cursor: Any, statement: str, *__: Any) -> None:
        if "tokens_at = now()" in statement:
            self.leases += 1
        elif "SKIP LOCKED" not in statement or cursor.rowcount > 0:
            self.seen.append(" ".join(statement.split()))


async def create(rig: Any) -> Any:
    """Do what `POST /fine_tuning/jobs` does, in its one transaction."""
    async with rig.database.transaction() as session:
        caller = await api_keys.authenticate(session, api_key=rig.api_key)
        platform_model = await models.resolve(
            session,
            project_id=caller.project_id,
            configured={"qwen3-32b": "qwen3-32b"},
            name="qwen3-32b",
        )
        new = NewJob(
            model="qwen3-32b",
            platform_model=platform_model,
            training_file_id=rig.file_id,
            seed=1,
            webhook_url=rig.receiver.url,
        )
        return await jobs.create(session, caller=caller, credential_id=rig.credential_id, new=new)


async def test_a_jobs_life_takes_few_statements_and_few_requests(rig: Any) -> None:
    # A clock that each look moves on by four tenths of the job's life: the third look sees the end.
    rig.platform(job_seconds=100, clock=lambda: 1_800_000_000.0 + 40 * rig.requests("retrieve"))
    statements = Statements()
    statements.of(rig.database.engine)
    job = await create(rig)
    by_the_api = len(statements.seen)
    event.remove(rig.database.engine.sync_engine, "after_cursor_execute", statements._take)
    began = time.monotonic()
    async with rig.context(claim_lease="30s") as context:
        statements.of(context.database.engine)
        async with rig.moving(context):
            ended = await rig.ends(job)
            await rig.told()
            await rig.is_told()
    assert (ended.state, rig.requests("retrieve")) == (JobState.SUCCEEDED, 3)

    requests = [f"{one.method} {one.path}" for one in rig.stand_in.ledger.requests]
    assert by_the_api <= 3, statements.seen[:by_the_api]
    assert len(statements.seen) <= MOST_STATEMENTS, "\n".join(statements.seen)
    assert statements.leases <= 1 + time.monotonic() - began
    assert len(requests) <= MOST_REQUESTS, "\n".join(requests)
