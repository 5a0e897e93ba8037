import time

import pytest

from domain import ids

JOB_ID = ids.JOB + "0" * 26


def moment_of(text: str) -> int:
    """Read the milliseconds back, as the ULID specification says: ten characters, most significant first."""
    number = 0
    for character in text[:10]:
        number = number * 32 + "0123456789abcdefghjkmnpqrstvwxyz".index(character)
    return number


def test_an_id_carries_the_millisecond_it_was_made_in() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.new_id(ids.JOB)
    after = time.time_ns() // 1_000_000
    assert before <= moment_of(made.removeprefix("ftjob-")) <= after


def test_ids_are_in_order_of_time_when_compared_byte_by_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    # Across every power of two of the clock, where a digit of the id carries over.
    moments = sorted({(1 << bit) + shift for bit in range(1, 47) for shift in (-1, 0, 1)})
    made = []
    for milliseconds in moments:
        monkeypatch.setattr(time, "time_ns", lambda now=milliseconds: now * 1_000_000)
        made.append(ids.new_id(ids.FILE).encode())
    assert made == sorted(made)


def test_ids_of_one_millisecond_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now)
    assert len({ids.new_id(ids.EVENT) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        pytest.param(ids.new_id(ids.JOB), True, id="fresh"),
        pytest.param(ids.new_id(ids.FILE), False, id="another-prefix"),
        (JOB_ID, True),
        (JOB_ID + "0", False),
        (JOB_ID[:-1], False),
        (JOB_ID[:-1] + "u", False),
        (JOB_ID[:-1] + "A", False),
        (JOB_ID[:-1] + "\u0663", False),
        (JOB_ID + "\n", False),
        ("", False),
        ("ftjob-", False),
    ],
)
def test_what_looks_like_an_id(text: str, *, is_one: bool) -> None:
    assert ids.is_id(ids.JOB, text) is is_one


def test_an_events_id_is_derived_from_job_and_sequence_and_read_back() -> None:
    job_id = ids.new_id(ids.JOB)
    made = [ids.event_id(job_id, sequence) for sequence in (1, 9, 10, 99, 100, 12_345_678)]
    assert made == sorted(made)
    assert [ids.event_sequence(job_id, one) for one in made] == [1, 9, 10, 99, 100, 12_345_678]
    assert made[0] == f"ftevent-{job_id.removeprefix('ftjob-')}-00000001"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ftevent-",
        "after",
        "ftevent-x-00000001",
        "-1",
        "\u0660" * 7 + "\u0661",
        "0000000001",
        "+0000001",
        "0000 001",
    ],
)
def test_a_forged_event_id_is_none(text: str) -> None:
    assert ids.event_sequence(JOB_ID, text) is None
    assert ids.event_sequence(JOB_ID, f"ftevent-{'0' * 26}-{text}") is None


def test_another_jobs_event_id_is_none() -> None:
    assert ids.event_sequence(JOB_ID, ids.event_id(ids.new_id(ids.JOB), 1)) is None
