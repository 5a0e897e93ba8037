"""A worker that slept through its claim: whatever it then wants to write, nothing of it is kept."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from domain.job_state import JobState
from domain.outcomes import (
    Ambiguous,
    Answered,
    Attempted,
    NotFound,
    NotOffered,
    Outcome,
    Rejected,
    Retryable,
    Trouble,
)
from domain.platform import PlatformFile, PlatformStatus
from services import claims, webhook_deliveries
from services.job_steps import collecting, reconciling, submitting, tracking, uploading
from services.job_steps.collecting import Collected
from services.transitions import ClaimLost

if TYPE_CHECKING:
    from services.job_steps.submitting import SubmitPlan

LEASE = SECOND = timedelta(seconds=1)
_TAKEN = "SET claim_token = gen_random_uuid(), claimed_until = now() + interval '1 h'"
JOB_TAKEN, DELIVERY_TAKEN = f"UPDATE jobs {_TAKEN}", f"UPDATE webhook_deliveries {_TAKEN}"
REFUSED = Rejected(400, "bad")
Write = Callable[[Any], Awaitable[Any]]
PARKED = Retryable("429", trouble=Trouble.THROTTLED)
# Everything that a job's step or a delivery's try may change, as text; the thief's own claim excepted.
ROWS = """
    SELECT (SELECT string_agg((jobs.* )::text, ';') FROM jobs),
           (SELECT string_agg(job_events::text, ';' ORDER BY job_id, sequence) FROM job_events),
           (SELECT string_agg(platform_submissions::text, ';') FROM platform_submissions),
           (SELECT string_agg(platform_files::text, ';') FROM platform_files),
           (SELECT string_agg(platform_credentials::text, ';') FROM platform_credentials),
           (SELECT string_agg(webhook_deliveries::text, ';') FROM webhook_deliveries),
           (SELECT string_agg(webhook_endpoints::text, ';') FROM webhook_endpoints),
           (SELECT count(*) FROM webhook_attempts), (SELECT count(*) FROM webhook_events)"""


async def _uploading(world: Any, outcome: Outcome[PlatformFile] | None) -> Write:
    await world.create()
    if outcome is None:  # the first write of the step itself
        job = await world.claim()
        return lambda session: uploading.begin_upload(session, job)
    plan = await world.begin_upload()
    return lambda session: uploading.finish_upload(session, plan, {world.file_id: outcome})


async def _submitting(world: Any, outcome: Outcome[Any] | None) -> Write:
    await world.create()
    job = await world.upload()
    if outcome is None:
        return lambda session: submitting.begin_submit(session, job, lease=LEASE, first_check=SECOND)
    plan: SubmitPlan = await world.begin_submit(job)
    return lambda session: submitting.finish_submit(session, plan, outcome, first_poll=SECOND)


async def _reconciling(world: Any, finding: str) -> Write:
    await world.create()
    plan = await world.begin_submit(await world.upload())
    async with world.transaction() as session:
        await submitting.finish_submit(session, plan, Ambiguous("cut"), first_poll=SECOND)
    job = await world.claim()
    async with world.transaction() as session:
        found = await reconciling.begin_reconcile(session, job)
    writes: dict[str, Write] = {
        "found": lambda s: reconciling.finish_found(s, found, world.platform_job(), first_poll=SECOND),
        "absent": lambda s: reconciling.finish_absent(s, found, settle=SECOND),
        "unknown": lambda s: reconciling.finish_unknown(s, found, "short list"),
        "unreachable": lambda s: reconciling.finish_unreachable(s, found, PARKED),
    }
    return writes[finding]


async def _tracking(world: Any, outcome: Outcome[Any]) -> Write:
    await world.reach(JobState.TRACKING)
    job = await world.claim(tracked=True)
    return lambda session: tracking.finish_poll(session, job, outcome, interval=SECOND, missing=("events",))


async def _cancelling(world: Any, outcome: Outcome[Any]) -> Write:
    await world.reach(JobState.TRACKING)
    job = await world.claim(tracked=True)
    return lambda session: tracking.finish_cancel(session, job, outcome)


async def _collecting(world: Any, outcome: Retryable | None) -> Write:
    await world.reach(JobState.COLLECTING)
    job = await world.claim()
    if outcome is not None:
        return lambda session: collecting.try_again(session, job, outcome)
    return lambda session: collecting.finish_collect(session, job, Collected())


def _running(status: PlatformStatus = PlatformStatus.RUNNING) -> Any:
    return lambda world: Answered(world.platform_job(status))


FILE = Answered(PlatformFile("p-1"))
CASES: list[tuple[Callable[..., Awaitable[Write]], Any]] = [
    *((_uploading, outcome) for outcome in (None, FILE, PARKED, Ambiguous("cut"), REFUSED)),
    *((_submitting, outcome) for outcome in (None, _running(), PARKED, Ambiguous("cut"), REFUSED)),
    *((_reconciling, finding) for finding in ("found", "absent", "unknown", "unreachable")),
    *((_tracking, outcome) for outcome in (_running(), _running(PlatformStatus.SUCCEEDED), NotFound("gone"))),
    *((_tracking, outcome) for outcome in (PARKED, Ambiguous("cut"))),
    *((_cancelling, outcome) for outcome in (_running(), NotOffered("none"), PARKED)),
    *((_collecting, outcome) for outcome in (None, PARKED)),
]  # fmt: skip


@pytest.mark.parametrize(("stage", "outcome"), CASES)
async def test_no_step_of_a_job_writes_once_another_worker_has_it(
    world: Any, stage: Callable[..., Awaitable[Write]], outcome: Any
) -> None:
    write = await stage(world, outcome(world) if callable(outcome) else outcome)
    await world.sql(JOB_TAKEN)
    before = await world.sql(ROWS)
    with pytest.raises(ClaimLost):
        async with world.transaction() as session:
            await write(session)
    assert await world.sql(ROWS) == before


async def test_a_zombie_neither_prolongs_nor_gives_back_a_job_that_another_worker_has(world: Any) -> None:
    await world.create()
    job = await world.claim()
    await world.sql(JOB_TAKEN)
    before = await world.sql(ROWS)
    async with world.transaction() as session:
        assert await claims.renew(session, claims={job.id: job.claim_token}, lease=LEASE) == set()
        await claims.hand_back(session, job=job)
    assert await world.sql(ROWS) == before


@pytest.mark.parametrize("status", [200, 500, 410, None])
async def test_a_zombie_writes_nothing_about_a_delivery_that_another_worker_has(
    pending: Any, status: int | None
) -> None:
    token = uuid4()
    async with pending.transaction() as session:
        (delivery,) = await webhook_deliveries.claim(session, pending.box, token=token, lease=LEASE, limit=1)
    await pending.sql(DELIVERY_TAKEN)
    before = await pending.sql(ROWS)
    async with pending.transaction() as session:
        attempted = Attempted(status=status, duration=SECOND)
        kept = await webhook_deliveries.finish(session, delivery, attempted, token=token, schedule=[SECOND])
        assert kept is False
        held = {delivery.id: token}
        assert await webhook_deliveries.renew(session, claims=held, lease=LEASE) == set()
        await webhook_deliveries.hand_back(session, delivery_ids=[delivery.id], token=token)
    assert await pending.sql(ROWS) == before
