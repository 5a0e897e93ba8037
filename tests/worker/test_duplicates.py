"""Jobs that the platform made of one create call twice, or late: found, cancelled if possible, told once."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from prometheus_client import REGISTRY

from domain.job_state import JobState
from services import duplicates
from simulator.life import is_live
from simulator.rows import JobRow

SOON = {"duplicate_checks": "300ms,600ms"}
DUE = "UPDATE platform_submissions SET check_at = now() - interval '1 h'"
LOOKED = "SELECT count(*) FROM platform_submissions WHERE check_at IS NOT NULL"


def twin(rig: Any, **changes: Any) -> JobRow:
    """Let the platform show one more job that was made of the newest create."""
    store = rig.stand_in.store
    row = replace([*store.jobs.values()][-1], cancelled=None, result_file=store.mint("file-"), **changes)
    row.id = store.mint("ftjob-")
    row.fine_tuned_model = f"ft:twin:{row.id}"
    store.add_job(row)
    return row


def live(rig: Any) -> list[str]:
    now = rig.stand_in.clock()
    return [row.id for row in rig.stand_in.store.jobs.values() if is_live(row, now)]


async def looked(rig: Any, until: Any) -> None:
    """Wait until no create call is to be looked at again."""

    async def none_left() -> bool:
        return not await rig.value(LOOKED)

    await until(none_left, "all late looks")


def counted(fate: str) -> float:
    return REGISTRY.get_sample_value("tuneward_duplicates_total", {"fate": fate}) or 0.0


async def tracked(rig: Any, *quirks: str, count: int = 1, **changes: Any) -> list[Any]:
    """Let jobs be submitted to a platform that is like this."""
    rig.platform(job_seconds=3600)
    rig.stand_in.quirks.choose(quirks)
    jobs = [await rig.create() for _ in range(count)]
    async with rig.worker(**changes):
        return [await rig.reaches(job, "tracking") for job in jobs]


@pytest.mark.parametrize("quirks", [(), ("no_echo",)])
async def test_a_second_job_of_one_create_is_cancelled_and_told_once(
    rig: Any, until: Any, quirks: tuple[str, ...]
) -> None:
    (job,) = await tracked(rig, *quirks)
    late, before = twin(rig), counted("cancelled")
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    assert live(rig) == [job.platform_job_id]
    lines = [line for line in await rig.lines(job) if "second job" in line]
    assert lines == [f"The platform ran a second job for this one, {late.id}; it was cancelled there"]
    assert await rig.sql("SELECT duplicates, checks FROM platform_submissions") == [([late.id], 2)]
    assert counted("cancelled") - before == 1


async def test_twenty_creates_are_looked_at_again_by_one_reading_of_the_list(rig: Any, until: Any) -> None:
    await tracked(rig, count=20)
    late = [twin(rig), twin(rig)]
    await rig.sql(DUE)
    async with rig.worker(duplicate_checks="1s"):
        await looked(rig, until)
    assert rig.requests("list") <= 3  # one, or a few where a busy machine gathers them in parts
    assert rig.requests("cancel") == 2
    assert not {row.id for row in late} & set(live(rig))
    assert len(live(rig)) == 20


async def test_where_nothing_can_be_cancelled_a_person_is_told_to_once(rig: Any, until: Any) -> None:
    (job,) = await tracked(rig, "no_cancel")
    late = twin(rig)
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    (told,) = await rig.sql("SELECT message FROM job_events WHERE level = 'error'")
    assert f"cancel {late.id} on the platform by hand" in told[0]
    assert rig.requests("cancel") == 1
    assert "cancel" in await rig.value("SELECT missing_routes FROM platform_credentials")
    assert (await rig.get(job)).state is JobState.TRACKING


async def test_one_that_has_ended_is_counted_and_told_once_for_it_was_paid(rig: Any, until: Any) -> None:
    (job,) = await tracked(rig)
    late = twin(rig, seconds=0.0)
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    told = [line for line in await rig.lines(job) if late.id in line]
    assert len(told) == 1
    assert "may have been billed" in told[0]
    assert rig.requests("cancel") == 0


async def test_the_late_job_of_a_create_that_was_absent_is_cancelled_beside_the_next_ones(
    rig: Any, until: Any
) -> None:
    rig.platform("server_error", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():
        kept = await rig.reaches(job, "tracking")
    marker = await rig.value("SELECT marker FROM platform_submissions WHERE outcome = 'absent'")
    late = twin(rig, metadata={"tuneward": marker})
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    assert live(rig) == [kept.platform_job_id]
    assert any(f"{late.id}; it was cancelled" in line for line in await rig.lines(job))


async def test_the_late_job_of_one_that_was_given_up_unconfirmed_is_cancelled(rig: Any, until: Any) -> None:
    rig.platform("cut_after_accept", job_seconds=3600)
    rig.stand_in.quirks.choose(["list_null"])
    job = await rig.create()
    async with rig.worker(drain_interval="50ms"):
        await rig.reaches(job, "submitting")

        async def doubted() -> Any:
            return await rig.value("SELECT max(looks) FROM platform_submissions")

        await until(doubted, "a look that cannot tell")
        # A day passes.
        await rig.sql("UPDATE platform_submissions SET intent_at = intent_at - interval '25 h'")
        await rig.sql("UPDATE jobs SET next_step_at = now()")
        ended = await rig.ends(job)
    assert (ended.error_code, len(live(rig))) == ("submission_unconfirmed", 1)
    rig.stand_in.quirks.choose([])
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    assert live(rig) == []
    assert "it was cancelled there" in (await rig.lines(job))[-1]
    assert (await rig.get(job)).state is JobState.FAILED


async def test_of_two_jobs_under_one_marker_the_first_is_adopted_and_then_the_other_cancelled(
    rig: Any, until: Any
) -> None:
    rig.platform("cut_after_accept", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():

        async def unclear() -> Any:
            return await rig.sql("SELECT 1 FROM platform_submissions WHERE outcome = 'ambiguous'")

        await until(unclear, "a create without an answer")
        first = next(iter(rig.stand_in.store.jobs))
        late = twin(rig)
        kept = await rig.reaches(job, "tracking")

        async def told() -> bool:
            return any(late.id in line for line in await rig.lines(job))

        await until(told, "the duplicate's line")
    assert kept.platform_job_id == first
    assert live(rig) == [first]


async def test_a_list_that_cannot_be_read_is_tried_again_and_given_up_aloud(rig: Any, until: Any) -> None:
    (job,) = await tracked(rig, "list_null")
    await rig.sql("UPDATE platform_submissions SET outcome = 'adopted', check_tries = 8")
    await rig.sql(DUE)
    async with rig.worker(duplicate_checks="20ms"):
        await looked(rig, until)
    assert await rig.value("SELECT check_tries FROM platform_submissions") == 10
    assert "could not be found out" in (await rig.lines(job))[-1]


async def test_a_parked_account_is_not_asked_and_no_try_is_used_up(rig: Any, until: Any) -> None:
    await tracked(rig)
    rig.order("rate_limited;route=list;retry_after=2")
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    refused, *others = [one.at for one in rig.stand_in.ledger.requests if one.route == "list"]
    assert min(others) - refused >= 1.9
    assert await rig.value("SELECT check_tries FROM platform_submissions") == 0


async def test_one_that_is_cancelled_already_and_not_told_of_is_told_and_counted_without_another_call(
    rig: Any, until: Any
) -> None:
    """Whoever cancelled it may have died, or lost the claim, before that was recorded."""
    (job,) = await tracked(rig)
    late, before = twin(rig), counted("cancelled")
    late.cancelled = late.created
    await rig.sql(DUE)
    async with rig.worker(**SOON):
        await looked(rig, until)
    assert f"{late.id}; it was cancelled there" in (await rig.lines(job))[-1]
    assert (counted("cancelled") - before, rig.requests("cancel")) == (1, 0)


async def test_an_account_whose_breaker_is_open_has_no_late_looks(rig: Any) -> None:
    await tracked(rig)
    await rig.sql(DUE)
    claim = partial(duplicates.claim, lease=timedelta(seconds=30), checks=(timedelta(seconds=1),))
    await rig.sql("UPDATE platform_credentials SET probe_at = now()")
    async with rig.database.transaction() as session:
        assert await claim(session) is None
    await rig.sql("UPDATE platform_credentials SET probe_at = NULL")
    async with rig.database.transaction() as session:
        assert await claim(session) is not None
