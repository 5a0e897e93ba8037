"""Each sweep, run once over rows that need it and rows that do not."""

from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from domain.job_state import JobState
from worker import sweeps
from worker.sweeps import blobs, depths, endpoints, poison, retention, stalled


async def run(rig: Any, sweep: ModuleType) -> dict[str, int]:
    async with rig.context() as context:
        counts: dict[str, int] = await sweep.run_once(context)
    return counts


@pytest.mark.parametrize("sweep", sweeps.ALL)
async def test_a_sweep_over_nothing_counts_nothing(rig: Any, sweep: ModuleType) -> None:
    await rig.create()
    counts = await run(rig, sweep)
    counts.pop("refused", None)  # a store is marked before it is swept
    assert not any(counts.values())


async def test_stalled_jobs_are_warned_about_then_given_up(rig: Any) -> None:
    warned, given_up, _ = [await rig.create() for _ in range(3)]
    for job, since in ((warned, timedelta(hours=1)), (given_up, timedelta(days=2))):
        await rig.sql("UPDATE jobs SET state_since = now() - CAST(:since AS interval) WHERE id = :id",
                      since=since, id=job.id)  # fmt: skip
    assert await run(rig, stalled) == {"warned": 1, "failed": 1}
    assert (await rig.get(given_up)).error_code == "not_started"
    assert (await rig.get(warned)).state is JobState.RECEIVED
    assert await run(rig, stalled) == {"warned": 0, "failed": 0}


async def test_poison_is_given_up_while_the_drains_leave_it_alone(rig: Any) -> None:
    poisonous, other = [await rig.create() for _ in range(2)]
    await rig.sql(
        "UPDATE jobs SET crashes = 4, claim_token = gen_random_uuid(), claimed_until = now() - interval '1 s'"
        " WHERE id = :id",
        id=poisonous.id,
    )
    async with rig.worker():
        assert (await rig.ends(other)).state is JobState.SUCCEEDED
    assert (await rig.get(poisonous)).state is JobState.RECEIVED
    assert await run(rig, poison) == {"failed": 1, "exhausted": 0}
    assert (await rig.get(poisonous)).error_code == "worker_crash_loop"


async def test_deliveries_to_a_disabled_endpoint_stand_as_exhausted(rig: Any) -> None:
    await rig.cancel(await rig.create())
    await rig.cancel(await rig.create(webhook_url="http://127.0.0.1:9/other"))
    await rig.sql(
        "UPDATE webhook_endpoints SET disabled_at = now(), disabled_reason = 'r' WHERE url LIKE '%other'"
    )
    assert await run(rig, endpoints) == {"exhausted": 1}
    assert sorted(await rig.sql("SELECT state FROM webhook_deliveries")) == [("exhausted",), ("pending",)]


async def test_old_rows_go_after_the_retention_of_the_settings(rig: Any) -> None:
    job = await rig.create()
    await rig.cancel(job)
    await rig.sql("UPDATE webhook_deliveries SET state = 'exhausted', next_attempt_at = NULL")
    await rig.sql("UPDATE webhook_events SET created_at = now() - interval '15 days'")
    await rig.sql("UPDATE jobs SET finished_at = now() - interval '15 days'")
    assert not any((await run(rig, retention)).values())
    async with rig.context(retention_days=14) as context:
        counts = await retention.run_once(context)
    assert {kind: rows for kind, rows in counts.items() if rows} == {"webhook_events": 1, "job_events": 2}


async def test_bytes_that_nobody_needs_are_deleted_and_the_others_stay(rig: Any) -> None:
    gone, needed = await rig.file(), await rig.file()
    await rig.create(training_file_id=needed)
    await rig.sql(
        "UPDATE files SET deleted_at = now() - interval '1 s' WHERE id = ANY(:ids)", ids=[gone, needed]
    )
    folder = rig.folder / "blobs" / "files"
    assert (folder / gone).exists()
    assert (await run(rig, blobs))["deleted"] == 1
    assert not (folder / gone).exists()
    assert (folder / needed).exists()
    assert (await run(rig, blobs))["deleted"] == 0


async def test_bytes_that_are_gone_already_do_not_stop_the_sweep(rig: Any) -> None:
    gone, other = await rig.file(), await rig.file()
    (rig.folder / "blobs" / "files" / gone).unlink()
    await rig.sql(
        "UPDATE files SET deleted_at = now() - interval '1 s' WHERE id = ANY(:ids)", ids=[gone, other]
    )
    assert (await run(rig, blobs))["deleted"] == 2


async def test_the_depths_are_shown_to_prometheus(rig: Any) -> None:
    from prometheus_client import REGISTRY  # noqa: PLC0415 - only here

    await rig.create()
    await rig.create()
    await run(rig, depths)
    assert REGISTRY.get_sample_value("tuneward_rows_waiting", {"stage": "received"}) == 2
    assert REGISTRY.get_sample_value("tuneward_rows_due", {"stage": "received"}) == 2
    await rig.sql("DELETE FROM jobs")
    await run(rig, depths)
    assert REGISTRY.get_sample_value("tuneward_rows_waiting", {"stage": "received"}) == 0
