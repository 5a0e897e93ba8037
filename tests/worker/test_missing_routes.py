"""What a platform lacks is asked for once a day; where it keeps its routes is a setting."""

from typing import Any

from domain.job_state import JobState
from services import credentials

OPTIONAL = ("events", "checkpoints", "content")


async def finish(rig: Any) -> list[str]:
    job = await rig.create()
    async with rig.worker():
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    lines: list[str] = await rig.lines(job)
    return lines


async def test_a_route_that_is_not_there_is_asked_for_once_a_day(rig: Any) -> None:
    rig.stand_in.quirks.choose(["no_events", "no_checkpoints_405", "no_content_501"])
    for _ in range(3):
        assert any("did not give: events, checkpoints, result file" in line for line in await finish(rig))
    assert {route: rig.requests(route) for route in OPTIONAL} == dict.fromkeys(OPTIONAL, 1)

    rig.stand_in.quirks.choose([])
    await finish(rig)
    assert {route: rig.requests(route) for route in OPTIONAL} == dict.fromkeys(OPTIONAL, 1)
    passed = (
        "jsonb_object_agg(name, until::float8 - 86400) FROM jsonb_each(missing_routes) AS r (name, until)"
    )
    await rig.sql(f"UPDATE platform_credentials SET missing_routes = (SELECT {passed})")  # noqa: S608 - constant
    assert not any("did not give" in line for line in await finish(rig))
    assert all(rig.requests(route) > 1 for route in OPTIONAL)


async def test_a_route_that_has_come_is_asked_for_as_soon_as_somebody_says_so(rig: Any) -> None:
    rig.stand_in.quirks.choose(["no_events", "no_checkpoints"])
    await finish(rig)
    rig.stand_in.quirks.choose([])
    async with rig.database.transaction() as session:
        known = await credentials.missing_routes(session, credential_id=rig.credential_id)
        await credentials.remember_routes(
            session, credential_id=rig.credential_id, missing=["cancel"], present=["events", "checkpoints"]
        )
        now = await credentials.missing_routes(session, credential_id=rig.credential_id)
    assert (known, now) == ({"events", "checkpoints"}, {"cancel"})
    assert not any("did not give" in line for line in await finish(rig))


async def test_a_platform_that_lives_under_v1_twice_works_by_settings(rig: Any) -> None:
    rig.stand_in.quirks.choose(["only_v1_v1"])
    job = await rig.create()
    paths = {"xpulink_files_path": "/v1/files", "xpulink_jobs_path": "/v1/fine_tuning/jobs"}
    async with rig.worker(**paths):
        assert (await rig.ends(job)).state is JobState.SUCCEEDED
    assert {received.status for received in rig.stand_in.ledger.requests} == {200}
