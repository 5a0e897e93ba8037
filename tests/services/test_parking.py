"""What a call's outcome means for the account, and what waits for it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from domain.job_state import JobState
from domain.outcomes import Ambiguous, Answered, NotFound, NotOffered, Outcome, Rejected, Retryable, Trouble
from domain.parking import GOES_ON, Probing, Reason
from domain.parking import REFUSED as REFUSED_KEY
from services import claims, parking, upkeep
from services.credentials import DEFAULT
from services.job_steps import uploading

KEY = b"fingerprint"
PROBING = Probing(first=timedelta(seconds=10), lease=timedelta(seconds=20))
NO_ANSWER = Retryable("connection refused")
REFUSED = Retryable("Incorrect API key", Trouble.UNAUTHORIZED)
ANSWERS: list[Outcome[Any]] = [Answered(1), NotFound("no"), NotOffered("no"), Rejected(400, "no")]


async def note(world: Any, outcome: Outcome[Any], call: str = "job 1") -> None:
    async with world.transaction() as session:
        await parking.note_trouble(session, name=DEFAULT, call=call, outcome=outcome, probing=PROBING)


async def fail(world: Any, times: int, outcome: Outcome[Any] = NO_ANSWER) -> None:
    for number in range(times):
        await note(world, outcome, f"job {number}")


async def answer(world: Any) -> None:
    async with world.transaction() as session:
        await parking.note_answer(session, name=DEFAULT)


async def standing(world: Any) -> Any:
    async with world.transaction() as session:
        return await parking.standing(session, name=DEFAULT, fingerprint=KEY)


async def begin_probe(world: Any) -> Any:
    async with world.transaction() as session:
        return await parking.begin_probe(session, name=DEFAULT, probing=PROBING)


async def probe(world: Any, outcome: Outcome[Any]) -> None:
    """Let the next probe be due, and come to this."""
    await world.sql("UPDATE platform_credentials SET probe_at = now() WHERE probe_at IS NOT NULL")
    begun = await begin_probe(world)
    async with world.transaction() as session:
        await parking.finish_probe(session, begun, name=DEFAULT, outcome=outcome, probing=PROBING)


async def tell(world: Any) -> int:
    async with world.transaction() as session:
        return await parking.tell_jobs(session, await standing(world))


async def refuse_upload(world: Any) -> None:
    plan = await world.begin_upload()
    async with world.transaction() as session:
        await uploading.finish_upload(session, plan, {plan.sources[0].file_id: REFUSED})
    await note(world, REFUSED)


async def fail_stalled(world: Any) -> int:
    async with world.transaction() as session:
        return await upkeep.fail_stalled(session, JobState.UPLOADING)


async def seconds(world: Any, column: str) -> float:
    asked = f"SELECT extract(epoch FROM {column} - now()) FROM platform_credentials"  # noqa: S608 - constants
    return float(await world.value(asked) or 0)


async def tracked(world: Any) -> Any:
    """Make a job that is with the platform."""
    job = await world.create()
    with_platform = "state = 'tracking', platform_training_file = 'p', platform_job_id = id"
    await world.sql(f"UPDATE jobs SET {with_platform} WHERE id = :id", id=job.id)  # noqa: S608 - constants
    return job


async def claimable(world: Any) -> int:
    """How many jobs can be claimed as soon as they are due."""
    await world.sql("UPDATE jobs SET next_step_at = now()")
    async with world.transaction() as session:
        rows = await claims.claim_tracked(session, lease=timedelta(seconds=9), limit=10)
        rows += await claims.claim_advancing(session, lease=timedelta(seconds=9), limit=10)
    for job in rows:
        await world.hand_back(job)
    return len(rows)


@pytest.mark.parametrize("outcome", [NO_ANSWER, Ambiguous("the platform answered 500")])
async def test_five_failures_in_a_row_open_the_breaker(world: Any, outcome: Outcome[Any]) -> None:
    await fail(world, 4, outcome)
    assert (await standing(world)).reason is None
    await note(world, outcome, "job 5")
    assert (await standing(world)).reason is Reason.UNAVAILABLE
    assert 9 < await seconds(world, "probe_at") <= 10
    assert 9 < await seconds(world, "parked_until") <= 10  # for workers that know of no probes


async def test_a_job_that_fails_on_and_on_opens_no_breaker(world: Any) -> None:
    for _ in range(9):
        await note(world, NO_ANSWER, "job broken")
    assert ((await standing(world)).failures, (await standing(world)).reason) == (1, None)


async def test_an_answer_in_between_begins_the_count_anew(world: Any) -> None:
    await fail(world, 4)
    await answer(world)
    await fail(world, 4)
    assert (await standing(world)).reason is None


@pytest.mark.parametrize("outcome", ANSWERS)
async def test_a_route_that_is_missing_is_an_answer(world: Any, outcome: Outcome[Any]) -> None:
    await fail(world, 4)
    await note(world, outcome, "events 1")
    assert (await standing(world)).failures == 4
    await fail(world, 5)
    await probe(world, outcome)
    assert ((await standing(world)).reason, (await standing(world)).failures) == (None, 0)


async def test_what_was_under_way_when_the_breaker_opened_does_not_put_the_probe_off(world: Any) -> None:
    await fail(world, 48)
    assert (await standing(world)).failures == 5
    assert await seconds(world, "probe_at") <= 10


async def test_probes_come_less_and_less_often_until_one_is_answered(world: Any) -> None:
    await fail(world, 5)
    waits = []
    for _ in range(5):
        await probe(world, NO_ANSWER)
        waits.append(round(await seconds(world, "probe_at")))
    assert waits == [20, 40, 80, 120, 120]
    await probe(world, Answered(1))
    assert (await standing(world)).reason is None
    assert await world.value("SELECT parked_until FROM platform_credentials") is None


async def test_of_many_workers_one_sends_the_probe_and_another_if_it_dies(world: Any) -> None:
    await fail(world, 5)
    assert await begin_probe(world) is None  # not due
    await world.sql("UPDATE platform_credentials SET probe_at = now()")
    begun = await asyncio.gather(*(begin_probe(world) for _ in range(4)))
    assert sum(each is not None for each in begun) == 1
    assert 19 < await seconds(world, "probe_at") <= 20


async def test_a_probe_that_comes_back_after_another_was_sent_decides_nothing(world: Any) -> None:
    await fail(world, 5)
    await world.sql("UPDATE platform_credentials SET probe_at = now()")
    zombie = await begin_probe(world)
    await probe(world, REFUSED)
    async with world.transaction() as session:
        await parking.finish_probe(session, zombie, name=DEFAULT, outcome=Answered(1), probing=PROBING)
    assert (await standing(world)).reason is Reason.UNAUTHORIZED


async def test_jobs_wait_for_the_breaker_without_a_failure_and_go_on_apart(world: Any) -> None:
    for _ in range(5):
        await tracked(world)
    await fail(world, 5)
    await world.sql("UPDATE platform_credentials SET parked_until = now()")  # the probe is not back yet
    assert await claimable(world) == 0
    await answer(world)
    due = await world.sql(
        "SELECT CAST(extract(epoch FROM next_step_at - now()) AS float), failures FROM jobs"
    )
    assert len({round(wait, 3) for wait, _ in due}) > 1
    assert all(-1 < wait <= 3 and failures == 0 for wait, failures in due)
    assert await claimable(world) == 5


@pytest.mark.parametrize(
    ("asked", "parked"),
    [(None, 10), (timedelta(seconds=30), 30), (timedelta(0), 1), (timedelta(days=366), 900)],
)
async def test_a_429_parks_the_account_as_long_as_it_says_within_bounds(
    world: Any, asked: timedelta | None, parked: float
) -> None:
    await note(world, Retryable("slow down", Trouble.THROTTLED, asked))
    assert parked - 1 < await seconds(world, "parked_until") <= parked
    assert (await standing(world)).reason is Reason.THROTTLED


async def test_a_longer_parking_stands_with_its_reason(world: Any) -> None:
    await note(world, REFUSED)
    await probe(world, REFUSED)
    await note(world, Retryable("slow down", Trouble.THROTTLED, timedelta(seconds=5)))
    assert await seconds(world, "parked_until") > 50
    assert await world.value("SELECT parked_reason FROM platform_credentials") == "unauthorized"


async def test_the_rate_halves_once_per_parking_and_comes_back(world: Any) -> None:
    share = "SELECT rate_share FROM platform_credentials"
    throttled = Retryable("slow down", Trouble.THROTTLED, timedelta(seconds=2))
    await note(world, throttled)
    await note(world, throttled)  # it was under way with the first
    assert await world.value(share) == 0.5
    past = "UPDATE platform_credentials SET parked_until = now(), rate_share_at = now() - interval '20 s'"
    await world.sql(past)
    await note(world, throttled)
    assert await world.value(share) == pytest.approx(0.3, abs=0.01)  # half of 0.5 and two twentieths


async def test_a_refused_call_parks_the_account_until_a_probe_tells_whether_it_is_the_key(world: Any) -> None:
    await tracked(world)
    await note(world, REFUSED)
    assert await claimable(world) == 0
    assert await seconds(world, "probe_at") <= 0
    await probe(world, Answered(1))  # it was one route
    assert await claimable(world) == 1
    assert (await standing(world)).reason is None


async def test_jobs_are_told_once_that_the_key_is_refused_and_once_that_they_go_on(world: Any) -> None:
    jobs = [await tracked(world) for _ in range(2)]
    before = [len(await world.lines(job)) for job in jobs]
    await note(world, REFUSED)
    for _ in range(3):
        await probe(world, REFUSED)
        await tell(world)
    assert 59 < await seconds(world, "probe_at") <= 60
    fresh = await world.create()
    async with world.transaction() as session:
        (claimed,) = await claims.claim_advancing(session, lease=timedelta(seconds=9), limit=10)
        assert await uploading.begin_upload(session, claimed) is None
    assert "The job is held. The platform refused our key" in (await world.lines(fresh))[-1]
    await answer(world)  # one that was under way: it does not mean that the key is taken
    assert (await standing(world)).reason is Reason.UNAUTHORIZED
    await probe(world, Answered(1))
    assert await tell(world) == 3
    assert await tell(world) == 0
    for job, known in zip(jobs, before, strict=True):
        refused, goes_on = (await world.lines(job))[known:]
        assert refused == REFUSED_KEY
        assert goes_on == GOES_ON
    assert (await world.lines(fresh))[-1] == GOES_ON
    assert await claimable(world) == 3


async def test_a_job_that_says_itself_that_it_was_refused_is_not_told_again(world: Any) -> None:
    job = await world.create()
    plan = await world.begin_upload()
    async with world.transaction() as session:
        await uploading.finish_upload(session, plan, {plan.sources[0].file_id: REFUSED})
    await refuse_upload(world)
    await probe(world, REFUSED)
    await tell(world)
    lines = await world.lines(job)
    assert [line for line in lines if "refused our key" in line] == lines[-1:]
    assert ((await world.get(job)).failures, (await world.get(job)).state) == (0, JobState.UPLOADING)


async def test_a_job_that_is_refused_alone_for_ever_parks_no_other_and_ends(world: Any) -> None:
    job = await world.create()
    await refuse_upload(world)
    await probe(world, Answered(1))
    for _ in range(2):
        await refuse_upload(world)
        assert (await standing(world)).reason is None
    await world.sql("UPDATE jobs SET state_since = now() - interval '40 days', warned_at = now()")
    since = await world.value("SELECT state_since FROM jobs")
    await world.sql("UPDATE jobs SET key_refused_at = now() - interval '4 min'")
    assert await tell(world) == 1
    assert await world.value("SELECT state_since FROM jobs") == since
    await refuse_upload(world)
    assert await fail_stalled(world) == 1
    assert (await world.get(job)).state is JobState.FAILED


async def test_a_key_that_was_taken_is_doubted_again_after_a_while(world: Any) -> None:
    await note(world, REFUSED)
    await probe(world, Answered(1))
    await world.sql("UPDATE platform_credentials SET doubted_at = doubted_at - interval '6 min'")
    await note(world, REFUSED)
    assert (await standing(world)).reason is Reason.UNAUTHORIZED


async def test_a_job_that_was_not_yet_told_that_the_key_is_taken_is_not_given_up(world: Any) -> None:
    await world.create()
    await world.hand_back((await world.begin_upload()).job)
    await note(world, REFUSED)
    await probe(world, REFUSED)
    await tell(world)
    await world.sql("UPDATE jobs SET state_since = now() - interval '40 days', warned_at = now()")
    await probe(world, Answered(1))
    assert await fail_stalled(world) == 0


async def test_what_failed_on_our_side_is_neither_a_failure_nor_an_answer(world: Any) -> None:
    await fail(world, 9, Retryable("no connection was free", ours=True))
    assert (await standing(world)).failures == 0
    await fail(world, 5)
    await probe(world, Retryable("no connection was free", ours=True))
    assert (await standing(world)).reason is Reason.UNAVAILABLE


async def test_the_time_that_a_job_was_parked_is_no_time_that_it_stood_still(world: Any) -> None:
    await world.create()
    await world.hand_back((await world.begin_upload()).job)
    await note(world, REFUSED)
    await probe(world, REFUSED)
    await tell(world)
    away = "interval '3 days'"
    await world.sql(f"UPDATE jobs SET state_since = now() - {away}, key_refused_at = now() - {away}")  # noqa: S608 - constants
    await world.sql("UPDATE jobs SET warned_at = now()")
    assert await fail_stalled(world) == 0
    await probe(world, Answered(1))
    await tell(world)
    assert await fail_stalled(world) == 0


async def test_another_key_is_probed_at_once_and_the_same_one_is_not(world: Any) -> None:
    await standing(world)
    await note(world, REFUSED)
    await probe(world, REFUSED)
    await standing(world)
    assert await seconds(world, "probe_at") > 50
    async with world.transaction() as session:
        seen = await parking.standing(session, name=DEFAULT, fingerprint=b"another")
    assert seen is not None
    assert seen.probe_due_at is not None
    assert await seconds(world, "probe_at") <= 0
    assert await world.value("SELECT parked_until FROM platform_credentials") is None


async def test_another_key_ends_no_throttling(world: Any) -> None:
    await standing(world)
    await note(world, Retryable("slow down", Trouble.THROTTLED, timedelta(minutes=5)))
    async with world.transaction() as session:
        seen = await parking.standing(session, name=DEFAULT, fingerprint=b"another")
    assert seen is not None
    assert seen.reason is Reason.THROTTLED


async def test_who_has_noted_its_key_once_takes_the_account_from_no_other(world: Any) -> None:
    await standing(world)
    async with world.transaction() as session:
        await parking.standing(session, name=DEFAULT, fingerprint=None)
    assert await world.value("SELECT key_fingerprint FROM platform_credentials") == KEY
