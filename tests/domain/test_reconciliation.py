from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.platform import Page, PlatformJob, PlatformStatus
from domain.reconciliation import Reach, Search, Sought, earliest

INTENT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OWN = Sought("sub_1", "file-p1", own_file=True, intent_at=INTENT)
SHARED = Sought("sub_1", "file-p1", own_file=False, intent_at=INTENT)


def job(id_: str, *, minutes: float | None = 1, **known: object) -> PlatformJob:
    """A job of the platform's list, created so many minutes after the intent."""
    created = None if minutes is None else INTENT + timedelta(minutes=minutes)
    fields = {"created_at": created, "training_file": "file-other", **known}
    return PlatformJob(id_, PlatformStatus.RUNNING, "running", **fields)  # type: ignore[arg-type]


def page(*items: PlatformJob, has_more: bool | None = True, skipped: int = 0) -> Page[PlatformJob]:
    return Page(items, has_more, skipped)


def marked(marker: str) -> dict[str, str]:
    return {"tuneward": marker}


@pytest.mark.parametrize(
    ("sought", "candidate", "is_ours"),
    [
        (SHARED, job("a", metadata=marked("sub_1")), True),
        (SHARED, job("a", metadata=marked("sub_2")), False),
        (SHARED, job("a", training_file="file-p1"), False),
        (SHARED, job("a", training_file="file-p1", metadata={}), False),
        (OWN, job("a", training_file="file-p1"), True),
        (OWN, job("a", training_file="file-p1", metadata={}), True),
        (OWN, job("a"), False),
        # Another submission of the same job has the same file; its marker tells it apart.
        (OWN, job("a", training_file="file-p1", metadata=marked("sub_0")), False),
    ],
)
def test_the_marker_decides_and_without_one_the_jobs_own_file(
    sought: Sought, candidate: PlatformJob, *, is_ours: bool
) -> None:
    search = Search(sought)
    search.read(page(job("z"), candidate))
    assert [found.id for found in search.found] == (["a"] if is_ours else [])


def test_the_reading_ends_at_a_job_older_than_the_intent_less_five_minutes() -> None:
    search = Search(OWN)
    assert search.read(page(job("c"), job("b", minutes=-4.9))) is Reach.MORE
    assert search.read(page(job("a", minutes=-5.1))) is Reach.ENOUGH
    assert search.doubt(Reach.ENOUGH) is None


def test_the_reading_ends_where_the_platform_says_so() -> None:
    search = Search(OWN)
    assert search.read(page(job("b"), has_more=False)) is Reach.ENOUGH
    assert search.doubt(Reach.ENOUGH) is None


def test_a_page_that_is_not_newest_first_does_not_end_the_reading() -> None:
    search = Search(OWN)
    assert search.read(page(job("a", minutes=-9), job("b"))) is Reach.MORE
    assert search.read(page(job("c", minutes=-9), job("d", minutes=2), job("e", minutes=-8))) is Reach.MORE
    assert (
        search.read(page(job("f", minutes=None), job("g", minutes=-7), job("h", minutes=-8))) is Reach.ENOUGH
    )


def test_a_page_of_jobs_created_all_at_once_does_not_show_that_the_list_is_newest_first() -> None:
    at_once = page(job("a", minutes=-9), job("b", minutes=-9))
    assert Search(OWN).read(at_once) is Reach.MORE
    assert Search(OWN).read(page(job("a", minutes=-9), has_more=None)) is Reach.ENOUGH


def test_an_empty_list_is_an_end_only_if_the_platform_says_so() -> None:
    assert Search(OWN).read(page(has_more=False)) is Reach.ENOUGH
    assert Search(OWN).read(page(has_more=None)) is Reach.SHORT
    assert Search(OWN).read(page(has_more=True)) is Reach.SHORT


@pytest.mark.parametrize("has_more", [None, True])
def test_a_platform_that_gives_the_same_page_again_cannot_page(*, has_more: bool | None) -> None:
    search = Search(OWN)
    same = page(job("b"), job("a"), has_more=has_more)
    assert [search.read(same), search.read(same)] == [Reach.MORE, Reach.SHORT]


def test_a_job_that_two_pages_show_is_found_once() -> None:
    search = Search(OWN)
    ours = job("a", training_file="file-p1")
    search.read(page(job("b"), ours))
    search.read(page(ours, job("c", minutes=-9)))
    assert search.found == [ours]


def test_a_job_without_a_time_never_ends_the_reading() -> None:
    assert Search(OWN).read(page(job("b", minutes=None))) is Reach.MORE


def test_absence_means_nothing_if_an_item_could_not_be_read() -> None:
    search = Search(OWN)
    search.read(page(job("b"), skipped=1))
    search.read(page(job("a", minutes=-9), has_more=False))
    assert search.doubt(Reach.ENOUGH) is not None


def test_absence_means_nothing_with_a_shared_file_unless_every_job_shows_its_metadata() -> None:
    shows_all, hides_one = Search(SHARED), Search(SHARED)
    shows_all.read(page(job("b", metadata={}), job("a", metadata=marked("sub_9")), has_more=False))
    hides_one.read(page(job("b", metadata={}), job("a", metadata=None), has_more=False))
    assert shows_all.doubt(Reach.ENOUGH) is None
    assert hides_one.doubt(Reach.ENOUGH) is not None


@pytest.mark.parametrize(
    ("listed", "sought", "is_worth_it"),
    [
        (job("a"), SHARED, True),
        (job("a", training_file=None), OWN, True),
        (job("a", training_file="file-p1", metadata={}), SHARED, True),
        (job("a", minutes=None), SHARED, True),
        (job("a", minutes=-4.9), SHARED, True),
        (job("a", minutes=-5.1), SHARED, False),
        (job("a", metadata={}), SHARED, False),
        (job("a", metadata=marked("sub_9")), SHARED, False),
        (job("a"), OWN, False),
    ],
)
def test_what_is_unclear_and_not_older_than_the_intent_is_worth_a_look(
    listed: PlatformJob, sought: Sought, *, is_worth_it: bool
) -> None:
    assert Search(sought).worth_a_look(listed) is is_worth_it


def test_a_job_too_old_for_a_look_leaves_a_doubt_all_the_same() -> None:
    search = Search(SHARED)
    search.read(page(job("a", minutes=-9), has_more=False))
    assert search.doubt(Reach.ENOUGH) is not None


@pytest.mark.parametrize("metadata", [{}, {"tuneward": ""}, {"team": "blue"}])
def test_absence_means_nothing_if_a_list_may_show_our_job_without_its_marker(
    metadata: dict[str, str],
) -> None:
    """Its file is the shared one: nobody else's job has that."""
    search = Search(SHARED)
    search.read(page(job("a", metadata=metadata, training_file="file-p1"), has_more=False))
    assert search.found == []
    assert "without the metadata" in (search.doubt(Reach.ENOUGH) or "")


@pytest.mark.parametrize("sought", [OWN, SHARED])
def test_absence_means_nothing_if_a_list_shows_neither_marker_nor_file(sought: Sought) -> None:
    hides_both, hides_the_file = Search(sought), Search(sought)
    hides_both.read(page(job("a", metadata={}, training_file=None), has_more=False))
    hides_the_file.read(page(job("a", metadata=marked("sub_9"), training_file=None), has_more=False))
    assert hides_both.doubt(Reach.ENOUGH) is not None
    assert hides_the_file.doubt(Reach.ENOUGH) is None


def test_the_doubt_is_named() -> None:
    unreadable, hiding, clear = Search(OWN), Search(SHARED), Search(OWN)
    unreadable.read(page(skipped=1, has_more=False))
    hiding.read(page(job("a"), has_more=False))
    assert "read far enough" in (clear.doubt(Reach.SHORT) or "")
    assert "cannot be read" in (unreadable.doubt(Reach.ENOUGH) or "")
    assert "without the metadata" in (hiding.doubt(Reach.ENOUGH) or "")
    assert clear.doubt(Reach.ENOUGH) is None


def test_the_job_created_first_is_kept_and_one_without_a_time_is_not() -> None:
    late, early, timeless = job("a", minutes=2), job("c", minutes=1), job("b", minutes=None)
    assert earliest([timeless, late, early]) == (early, [late, timeless])


def test_a_job_that_came_to_nothing_is_kept_only_if_all_did() -> None:
    running = job("b", minutes=2)
    cancelled = replace(job("a"), status=PlatformStatus.CANCELLED)
    assert earliest([cancelled, running]) == (running, [cancelled])
    assert earliest([cancelled]) == (cancelled, [])


def test_of_two_created_at_once_the_same_is_kept_however_they_are_listed() -> None:
    one, two = job("a"), job("b")
    assert earliest([one, two]) == earliest([two, one]) == (one, [two])
