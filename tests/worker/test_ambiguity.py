"""While nobody knows whether the platform took a create: cancels, and platforms that lack what would tell."""

from dataclasses import replace
from typing import Any

import pytest

from domain.job_state import JobState

UNCLEAR = "SELECT count(*) FROM platform_submissions WHERE outcome = 'ambiguous'"
LACKS_CANCEL = """
    UPDATE platform_credentials
       SET missing_routes = jsonb_build_object('cancel', extract(epoch FROM now()) + 9999)"""


async def is_unclear(rig: Any, until: Any) -> None:
    """Wait until an answer was lost; the first look comes a second later."""

    async def lost() -> Any:
        return await rig.value(UNCLEAR)

    await until(lost, "a create without an answer")


async def test_a_cancel_in_the_meantime_waits_for_the_job_to_be_found_and_ends_it_there(
    rig: Any, until: Any
) -> None:
    rig.platform("cut_after_accept", job_seconds=3600)
    job = await rig.create()
    async with rig.worker():
        await is_unclear(rig, until)
        assert (await rig.cancel(job)).state is JobState.SUBMITTING
        ended = await rig.ends(job)
    (there,) = rig.stand_in.store.jobs.values()
    assert (ended.state, there.cancelled is not None) == (JobState.CANCELLED, True)
    assert rig.requests("create") == 1


async def test_a_cancel_in_the_meantime_ends_a_job_that_is_not_there_without_another_create(
    rig: Any, until: Any
) -> None:
    rig.platform("server_error")
    job = await rig.create()
    async with rig.worker():
        await is_unclear(rig, until)
        await rig.cancel(job)
        ended = await rig.ends(job)
    assert (ended.state, rig.requests("create"), rig.requests("cancel")) == (JobState.CANCELLED, 1, 0)
    assert rig.requests("list") >= 2


@pytest.mark.parametrize("quirks", [(), ("no_cancel",), ("no_cancel_405", "no_echo")])
async def test_success_beats_a_cancel_that_had_to_wait(rig: Any, until: Any, quirks: tuple[str, ...]) -> None:
    rig.platform("cut_after_accept", job_seconds=0.1)
    rig.stand_in.quirks.choose(quirks)
    job = await rig.create()
    async with rig.worker():
        await is_unclear(rig, until)
        await rig.cancel(job)
        ended = await rig.ends(job)
    assert (ended.state, rig.requests("create")) == (JobState.SUCCEEDED, 1)
    said = "has no way to cancel" if quirks else "did not cancel the job"
    assert any(said in line for line in await rig.lines(job))


@pytest.mark.parametrize("echo", [(), ("no_echo",)])
async def test_without_paging_an_absence_is_never_proven_and_nothing_is_created_again(
    rig: Any, until: Any, echo: tuple[str, ...]
) -> None:
    rig.platform("server_error", job_seconds=3600)
    rig.stand_in.quirks.choose(["list_ignores_after", "list_has_more_always", *echo])
    job = await rig.create()
    async with rig.worker():

        async def doubted() -> Any:
            return await rig.value("SELECT max(looks) FROM platform_submissions")

        await until(doubted, "a look that cannot tell")
        await rig.sql("UPDATE platform_submissions SET intent_at = intent_at - interval '24 h'")
        await rig.sql("UPDATE jobs SET next_step_at = now()")
        ended = await rig.ends(job)
    assert (ended.error_code, rig.requests("create")) == ("submission_unconfirmed", 1)
    assert "could not be" in (await rig.lines(job))[-2] or "cannot be told" in (await rig.lines(job))[-2]


@pytest.mark.parametrize("echo", [(), ("no_echo",)])
async def test_without_paging_what_is_there_is_adopted_all_the_same(rig: Any, echo: tuple[str, ...]) -> None:
    rig.platform("cut_after_accept")
    rig.stand_in.quirks.choose(["list_ignores_after", "list_has_more_always", *echo])
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert rig.requests("create") == 1


async def test_where_nothing_can_be_cancelled_an_absence_has_to_last_longer_and_says_so(
    rig: Any, until: Any
) -> None:
    rig.platform("server_error")
    await rig.sql(LACKS_CANCEL)
    job = await rig.create()
    async with rig.worker(duplicate_checks="5m,10m"):

        async def looked() -> bool:
            return any("no way to cancel" in line for line in await rig.lines(job))

        await until(looked, "the first look")
        # The settle time has passed, ten minutes have not.
        await rig.sql("UPDATE platform_submissions SET absent_since = absent_since - interval '9 min'")
        before = rig.requests("list")
        await rig.sql("UPDATE jobs SET next_step_at = now()")

        async def looked_again() -> bool:
            return rig.requests("list") > before and not await rig.value(
                "SELECT count(*) FROM jobs WHERE claim_token IS NOT NULL OR next_step_at <= now()"
            )

        await until(looked_again, "the second look")
        assert rig.requests("create") == 1
        await rig.sql("UPDATE platform_submissions SET absent_since = absent_since - interval '2 min'")
        await rig.sql("UPDATE jobs SET next_step_at = now()")
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert rig.requests("create") == 2


async def test_equal_files_that_the_platform_keeps_once_identify_no_job(rig: Any, until: Any) -> None:
    """A file that two jobs were submitted with is nobody's own: neither adopts what may be the other's."""
    rig.platform(job_seconds=3600)
    rig.stand_in.quirks.choose(["no_echo"])
    first, second = await rig.create(), await rig.create()
    async with rig.worker():
        kept = await rig.reaches(first, "tracking")
        other = await rig.reaches(second, "tracking")
    await rig.sql("UPDATE platform_submissions SET platform_training_file = 'file-of-both'")
    store = rig.stand_in.store
    store.add_job(replace(store.jobs[other.platform_job_id], id=store.mint("ftjob-")))  # of which of them?
    for row in store.jobs.values():
        row.training_file = "file-of-both"
    await rig.sql("UPDATE platform_submissions SET check_at = now() - interval '1 h'")
    async with rig.worker(duplicate_checks="1s"):

        async def looked() -> bool:
            return bool(await rig.value("SELECT bool_and(check_at IS NULL) FROM platform_submissions"))

        await until(looked, "the late looks")
    assert rig.requests("cancel") == 0
    assert {kept.platform_job_id, other.platform_job_id} < set(store.jobs)
