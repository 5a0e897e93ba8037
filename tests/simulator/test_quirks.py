"""Lasting oddities of the stand-in: how they are chosen, and that they change only what is shown."""

from typing import Any
from urllib.parse import quote

import httpx
import pytest

from simulator.options import Options
from simulator.quirks.moods import MOODS
from simulator.quirks.state import Quirks
from simulator.quirks.table import QUIRKS

from .conftest import Platform, Process


async def choose(platform: Platform, *names: str) -> httpx.Response:
    return await platform.http.post(
        f"{platform.url.removesuffix('/v1')}/simulator/quirks", json={"quirks": names}
    )


async def test_quirks_are_switched_while_it_runs_and_shown(platform: Platform) -> None:
    job = await platform.job()
    root = platform.url.removesuffix("/v1")
    assert (await choose(platform, "status_pending", "html_200@events")).json() == {
        "active": ["status_pending", "html_200@events"]
    }
    assert (await platform.get(f"/fine_tuning/jobs/{job['id']}"))["status"] == "pending"
    listed = (await platform.http.get(f"{root}/simulator/quirks")).json()
    assert listed["active"] == ["status_pending", "html_200@events"]
    assert listed["known"]["status_pending"] == "A job that waits is `pending`."
    page = (await platform.http.get(f"{root}/")).text
    assert "A job that waits is `pending`." in page
    assert "html_200@events" in page
    await choose(platform)
    assert (await platform.get(f"/fine_tuning/jobs/{job['id']}"))["status"] == "validating_files"
    assert "Quirks that are on" not in (await platform.http.get(f"{root}/")).text


@pytest.mark.parametrize("name", ["mischief", "html_200@nowhere", ""])
async def test_a_quirk_that_is_not_there_is_refused_and_changes_nothing(
    platform: Platform, name: str
) -> None:
    await choose(platform, "status_pending")
    assert (await choose(platform, name)).json()["error"]["code"] == "invalid_quirk"
    assert (await platform.job())["status"] == "pending"
    with pytest.raises(ValueError, match="There is no"):
        Quirks([name])


def test_every_quirk_and_mood_says_what_it_means() -> None:
    assert all(quirk.means.endswith(".") for quirk in QUIRKS.values())
    assert all(Quirks([mood]).active for mood in MOODS)


async def test_quirks_from_the_environment_are_on_from_the_start(process: Process) -> None:
    async with (
        process("--api-key", "any", SIMULATOR_QUIRKS="only_bare, list_bare") as (_, url),
        httpx.AsyncClient(headers={"authorization": "Bearer k"}) as http,
    ):
        assert (await http.get(f"{url}/fine_tuning/jobs")).status_code == 404
        assert (await http.get(f"{url.removesuffix('/v1')}/fine_tuning/jobs")).json() == []


def test_options_read_them_from_flags_before_the_environment() -> None:
    environ = {"SIMULATOR_QUIRKS": "worst"}
    assert Options.from_environment(environ).quirks == ("worst",)
    assert Options.from_environment(environ, quirks=("no_echo",)).quirks == ("no_echo",)


@pytest.mark.parametrize("name", [name for name in QUIRKS if name.startswith("ids_")])
async def test_odd_ids_lead_back_to_what_they_name(platform: Platform, name: str) -> None:
    await choose(platform, name)
    job, other = await platform.job(), await platform.job()
    assert job["id"] != other["id"]
    path = f"/fine_tuning/jobs/{quote(str(job['id']), safe='')}"
    assert (await platform.get(path))["training_file"] == job["training_file"]
    assert (await platform.get(f"{path}/events"))["data"]
    listed = await platform.get("/fine_tuning/jobs", after=str(other["id"]))
    assert [each["id"] for each in listed["data"]] == [job["id"]]
    assert (await platform.ledger())["counts"]["retrieve"] == 1
    await choose(platform)
    assert (await platform.get(path))["id"].startswith("ftjob-")


async def test_those_that_ruin_answers_take_turns_and_leave_a_good_one_on_each_path(
    platform: Platform,
) -> None:
    job = await platform.job()
    await choose(platform, "html_502", "server_errors")
    paths = ["/fine_tuning/jobs", f"/fine_tuning/jobs/{job['id']}"]
    seen: list[list[Any]] = [
        [(await platform.http.get(path)).status_code for _ in range(4)] for path in paths
    ]
    assert seen == [[502, 500, 200, 502]] * 2
    await choose(platform, "html_502", "relentless")
    assert [(await platform.http.get(paths[0])).status_code for _ in range(3)] == [502] * 3


async def test_a_job_that_was_ruined_on_its_way_out_is_there_and_one_that_was_refused_is_not(
    platform: Platform,
) -> None:
    training = await platform.upload()
    await choose(platform, "html_502@create", "server_errors@create")
    statuses = [(await platform.create(training_file=training)).status_code for _ in range(3)]
    assert statuses == [502, 500, 200]
    assert len((await platform.get("/fine_tuning/jobs"))["data"]) == 2


@pytest.mark.parametrize(
    "name", ["endless", "gzip_bomb", "length_wrong", "length_twice", "no_http", "truncated"]
)
async def test_a_ruined_answer_does_not_hold_up_the_next(platform: Platform, name: str) -> None:
    await choose(platform, f"{name}@models")
    try:
        async with platform.http.stream("GET", "/models") as answer:
            async for _ in answer.aiter_raw():
                break
    except httpx.RemoteProtocolError:
        assert name in {"length_wrong", "length_twice", "no_http"}
    assert (await platform.get("/models"))["data"]


async def test_without_quirks_nothing_is_different(platform: Platform) -> None:
    job = await platform.job(metadata={"a": "b"})
    plain = (await platform.http.get(f"/fine_tuning/jobs/{job['id']}")).content
    await choose(platform, "no_models")
    assert (await platform.get(f"/fine_tuning/jobs/{job['id']}")) == job
    await choose(platform)
    assert (await platform.http.get(f"/fine_tuning/jobs/{job['id']}")).content == plain
