"""Names that tell whose a file on the platform is, and how far its list has to be read."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from domain import ids
from domain.platform import Page, PlatformFile
from domain.platform_uploads import (
    FileSearch,
    SoughtUpload,
    carried_upload_id,
    next_look,
    next_try,
    platform_filename,
)
from domain.reconciliation import Reach

ID = "pu_01k9abcdefghjkmnpqrstvwxyz"
BEGUN = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("train.jsonl", f"train.{ID}.jsonl"),
        ("Q3 data (final).v2.jsonl", f"Q3-data-final-v2.{ID}.jsonl"),
        ("训练.jsonl", f"file.{ID}.jsonl"),
        ("../../etc/passwd", f"etc-passwd.{ID}.jsonl"),
        ("n" * 9000, f"{'n' * 24}.{ID}.jsonl"),
        ("", f"file.{ID}.jsonl"),
        ("a.jsonl.\u202e", f"a-jsonl.{ID}.jsonl"),
        ("pu_01k9zzzzzzzzzzzzzzzzzzzzzz.jsonl", f"pu-01k9zzzzzzzzzzzzzzzzz.{ID}.jsonl"),
    ],
)
def test_a_file_travels_under_a_short_plain_name_that_carries_its_upload(said: str, sent: str) -> None:
    assert platform_filename(said, ID) == sent
    assert len(sent) < 70
    assert carried_upload_id(sent) == ID


@pytest.mark.parametrize(
    "name",
    [ID, ID.upper(), f"user-1/{ID}", f"20260301_train-{ID.replace('_', '-')}_jsonl", ID.replace("_", "")],
)
def test_a_name_that_the_platform_rewrote_still_tells(name: str) -> None:
    assert carried_upload_id(name) == ID


@pytest.mark.parametrize("name", [None, "", "train.jsonl", ID[:-1], "file-01k9abcdefghjkmnpqrstvwxyz.jsonl"])
def test_other_names_tell_nothing(name: str | None) -> None:
    assert carried_upload_id(name) is None


def test_no_name_of_a_users_file_can_pass_for_another_upload() -> None:
    rng = random.Random(4)
    other = ids.new_id(ids.PLATFORM_UPLOAD)
    for _ in range(500):
        cut = rng.randrange(len(other))
        said = other[:cut] + other * rng.randrange(3) + other[cut:] + rng.choice(["", ".jsonl", "pu-"])
        assert carried_upload_id(platform_filename(said, ID)) == ID


def upload(*, age: timedelta = HOUR, doubts: int = 0) -> SoughtUpload:
    return SoughtUpload(ID, "cred_1", BEGUN, age, looks=0, doubts=doubts)


def file(number: int, *, minutes: int = 0, name: str | None = "a.jsonl") -> PlatformFile:
    return PlatformFile(f"file-{number}", filename=name, created_at=BEGUN + timedelta(minutes=minutes))


def page(*files: PlatformFile, more: bool | None, skipped: int = 0) -> Page[PlatformFile]:
    return Page(files, more, skipped)


def test_the_list_is_read_until_it_shows_what_is_older_than_the_upload() -> None:
    search = FileSearch.of([upload()])
    ours = file(2, minutes=1, name=f"t.{ID}.jsonl")
    assert search.read(page(file(1, minutes=9), ours, more=True)) is Reach.MORE
    assert search.read(page(file(3, minutes=-4), more=True)) is Reach.MORE  # clocks may disagree by as much
    assert search.read(page(file(4, minutes=-6), more=True)) is Reach.ENOUGH
    assert (search.found, search.doubt(Reach.ENOUGH)) == ([(ID, "file-2")], None)


def test_a_page_the_wrong_way_round_shows_nothing_of_how_far_it_reaches() -> None:
    search = FileSearch.of([upload()])
    mixed = page(file(1, minutes=1), file(2, minutes=-9), file(3), file(4, minutes=-9), more=True)
    assert search.read(mixed) is Reach.MORE
    assert search.read(page(file(1, minutes=1), more=None)) is Reach.SHORT  # it begins anew


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (page(more=False), True),
        (page(more=None), False),
        (page(file(1, name=None), more=False), False),
        (page(file(1), more=False, skipped=1), False),
    ],
)
def test_what_a_list_without_the_file_tells(shown: Page[PlatformFile], *, told: bool) -> None:
    search = FileSearch.of([upload()])
    assert (search.doubt(search.read(shown)) is None) is told


def test_looks_come_at_their_times_and_doubts_ever_later_for_three_days() -> None:
    minutes = [timedelta(minutes=number) for number in (2, 10)]
    assert [next_look(minutes, looks) for looks in (1, 2)] == [timedelta(minutes=8), None]
    waits = [next_try(upload(doubts=doubts)) for doubts in (0, 1, 5, 6, 99)]
    assert waits == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=32), HOUR, HOUR]
    assert next_try(upload(age=timedelta(days=3))) is None
