"""Which jobs of the platform are one too many, and when a create call is looked at again."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.duplicates import (
    MOST_TRIES,
    Dealt,
    DuplicateSearch,
    Fate,
    LateLook,
    gathering,
    judge,
    told,
)
from domain.platform import Page, PlatformJob, PlatformStatus
from domain.reconciliation import Reach, Sought

INTENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CHECKS = (timedelta(minutes=2), timedelta(minutes=10))


def look(marker: str = "sub_1", *, own: bool = True, **known: Any) -> LateLook:
    fields: dict[str, Any] = {
        "submission_id": marker, "job_id": "job-1", "outcome": "created", "kept": "kept", "settled": True,
        "known": frozenset(), "checks": 0, "tries": 1,
    }  # fmt: skip
    return LateLook(sought=Sought(marker, "file-own", own, INTENT), **{**fields, **known})


def job(id_: str, marker: str | None = None, file: str = "file-own", **known: Any) -> PlatformJob:
    fields: dict[str, Any] = {"status": PlatformStatus.RUNNING, "created_at": INTENT, **known}
    metadata = {"tuneward": marker} if marker else None
    return PlatformJob(id_, raw_status="running", training_file=file, metadata=metadata, **fields)


def found(looks: list[LateLook], *jobs: PlatformJob) -> list[str]:
    search = DuplicateSearch(looks)
    search.read(Page(jobs, has_more=False))
    return [one.job.id for one in search.found]


@pytest.mark.parametrize(
    ("known", "candidate", "is_surplus"),
    [
        ({}, job("kept", "sub_1"), False),
        ({}, job("late", "sub_1"), True),
        ({}, job("late", "sub_2"), False),
        ({}, job("late"), True),  # by the job's own file
        ({"own": False}, job("late"), False),
        ({"own": False}, job("late", "sub_1"), True),
        ({}, job("late", file="file-other"), False),
        ({}, job("late", "sub_1", status=PlatformStatus.CANCELLED), True),  # it may not be told of yet
        ({}, job("late", "sub_1", status=PlatformStatus.SUCCEEDED), True),
        ({"known": frozenset({"late"})}, job("late", "sub_1"), False),
        # Our job may still adopt what has no marker: it is not ours to cancel yet.
        ({"kept": None, "settled": False, "outcome": "absent"}, job("late"), False),
        ({"kept": None, "settled": False, "outcome": "absent"}, job("late", "sub_1"), True),
        ({"kept": None, "outcome": "unconfirmed"}, job("late"), True),
    ],
)
def test_what_is_one_too_many(known: dict[str, Any], candidate: PlatformJob, *, is_surplus: bool) -> None:
    assert found([look(**known)], candidate) == (["late"] if is_surplus else [])


def test_the_job_of_an_absent_submission_is_surplus_beside_that_of_the_next() -> None:
    looks = [look("sub_1", outcome="absent"), look("sub_2")]
    assert found(looks, job("kept", "sub_2"), job("late", "sub_1")) == ["late"]
    assert found(looks, job("kept"), job("late")) == ["late"]


def test_the_kept_job_itself_leaves_no_doubt_though_the_list_shows_too_little_of_it() -> None:
    kept, other = job("kept"), job("other")
    of_kept, of_both = DuplicateSearch([look(own=False)]), DuplicateSearch([look(own=False)])
    of_kept.read(Page((kept,), has_more=False))
    of_both.read(Page((kept, other), has_more=False))
    assert [one.doubt(one.looks[0], Reach.ENOUGH) is None for one in (of_kept, of_both)] == [True, False]
    assert [of_kept.worth_a_look(one) for one in (kept, other)] == [False, True]


def test_one_reading_goes_back_to_the_oldest_intent_of_all() -> None:
    before = INTENT - timedelta(hours=1)
    earlier = look("sub_0")
    earlier = LateLook(
        **{**_fields(earlier), "sought": Sought("sub_0", "f", own_file=True, intent_at=before)}
    )
    search = DuplicateSearch([look(), earlier])
    minutes = (-6, -64, -66)
    jobs = [job(f"j{n}", file="x", created_at=INTENT + timedelta(minutes=n)) for n in minutes]
    assert search.read(Page(tuple(jobs[:2]), has_more=True)) is Reach.MORE
    assert search.read(Page(tuple(jobs[2:]), has_more=True)) is Reach.ENOUGH


def _fields(one: LateLook) -> dict[str, Any]:
    return {name: getattr(one, name) for name in LateLook.__slots__}


def test_a_look_that_could_tell_is_followed_by_the_next_until_the_last() -> None:
    first, last = judge(look(), [], None, CHECKS), judge(look(checks=1), [], None, CHECKS)
    assert (first.end, first.wait) == ("looked", timedelta(minutes=8))
    assert (last.end, last.wait, last.last_word) == ("looked", None, None)


def test_a_look_that_could_not_tell_is_put_off_longer_and_longer_and_given_up_in_the_end() -> None:
    verdicts = [judge(look(tries=n), [], "it hides", CHECKS) for n in range(1, MOST_TRIES + 1)]
    waits = [verdict.wait for verdict in verdicts]
    assert waits[:3] == [timedelta(minutes=2), timedelta(minutes=4), timedelta(minutes=8)]
    assert max(wait for wait in waits if wait) == timedelta(minutes=64)
    assert [verdict.end for verdict in verdicts] == ["put_off"] * (MOST_TRIES - 1) + ["given_up"]


@pytest.mark.parametrize(("outcome", "is_told"), [("created", False), ("absent", True), ("pending", True)])
def test_giving_up_is_told_where_the_submission_was_unclear(outcome: str, *, is_told: bool) -> None:
    verdict = judge(look(outcome=outcome, tries=MOST_TRIES), [], "it hides", CHECKS)
    assert (verdict.last_word is not None) is is_told
    if verdict.last_word is not None:
        assert "it hides" in verdict.last_word.message
        assert "tuneward=sub_1" in verdict.last_word.message


def test_a_cancel_without_effect_is_tried_again_and_told_only_when_given_up() -> None:
    unsure = Dealt("late", Fate.UNSURE, "refused")
    again, last = (judge(look(tries=n), [unsure], None, CHECKS) for n in (1, MOST_TRIES))
    assert (again.end, again.final) == ("put_off", ())
    assert (last.end, last.final) == ("given_up", (unsure,))


@pytest.mark.parametrize(
    ("fate", "level", "says"),
    [
        (Fate.CANCELLED, "warn", "it was cancelled there"),
        (Fate.ENDED, "warn", "may have been billed"),
        (Fate.RUNNING, "error", "cancel late on the platform by hand"),
        (Fate.UNSURE, "error", "cancel late on the platform by hand"),
    ],
)
def test_what_is_told_of_a_duplicate(fate: Fate, level: str, says: str) -> None:
    event = told(Dealt("late", fate, "no route"))
    assert (event.level, says in event.message) == (level, True)


def test_what_is_due_waits_for_others_for_a_part_of_the_first_interval() -> None:
    assert gathering(CHECKS) == timedelta(seconds=30)
