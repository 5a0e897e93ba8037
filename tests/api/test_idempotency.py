"""`Idempotency-Key`: one job comes of it, however often, and however many at once."""

import asyncio

import asyncpg
import pytest

from .served import Project, refused

JOBS = "/fine_tuning/jobs"


def keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": key}


async def test_a_replay_answers_with_the_job_as_it_is_now(project: Project) -> None:
    first = (await project.create(headers=keyed("k"), seed=1)).json()
    assert (await project.create(headers=keyed("k"), seed=1)).json() == first
    cancelled = (await project.post(f"{JOBS}/{first['id']}/cancel")).json()
    replayed = await project.create(headers=keyed("k"), seed=1)
    assert (replayed.status_code, replayed.json()) == (200, cancelled)
    assert len((await project.get(JOBS)).json()["data"]) == 1


async def test_another_key_makes_another_job(project: Project) -> None:
    answers = [await project.create(headers=keyed(key), seed=1) for key in ("a", "A", "a b", "a/b")]
    assert len({answer.json()["id"] for answer in answers}) == 4


async def test_the_key_with_another_body_is_409_and_not_tried_again(project: Project) -> None:
    first = (await project.create(headers=keyed("k"), seed=1)).json()
    answer = await project.create(headers=keyed("k"), seed=2)
    refused(answer, 409, "idempotency_key_reused", "Idempotency-Key")
    assert answer.headers["x-should-retry"] == "false"
    assert [job["id"] for job in (await project.get(JOBS)).json()["data"]] == [first["id"]]


async def test_keys_of_different_projects_do_not_meet(project: Project, other: Project) -> None:
    mine = (await project.create(headers=keyed("shared"), seed=1)).json()
    theirs = (await other.create(headers=keyed("shared"), seed=1)).json()
    assert mine["id"] != theirs["id"]


async def test_fifty_at_once_make_one_job(project: Project, sql: asyncpg.Connection) -> None:
    await project.training_file()
    # Open the pool's connections first: while the others connect, one alone would be done with it.
    await asyncio.gather(*(project.get(JOBS) for _ in range(50)))
    answers = await asyncio.gather(*(project.create(headers=keyed("k"), seed=1) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await sql.fetchval("SELECT count(*) FROM jobs WHERE project_id = $1", project.id) == 1


@pytest.mark.parametrize(("length", "status"), [(255, 200), (256, 400), (20_000, 400)])
async def test_a_key_has_255_characters_at_most(project: Project, length: int, status: int) -> None:
    answer = await project.create(headers=keyed("k" * length))
    if status == 200:
        assert answer.status_code == 200
    else:
        assert "255 characters" in refused(answer, status, "invalid_value", "idempotency-key")


async def test_a_refused_request_is_not_kept(project: Project) -> None:
    assert (await project.create(headers=keyed("k"), training_file="file-never")).status_code == 400
    assert (await project.create(headers=keyed("k"), model="no-such")).status_code == 404
    assert (await project.create(headers=keyed("k"), seed=-1)).status_code == 400
    assert (await project.create(headers=keyed("k"))).status_code == 200
