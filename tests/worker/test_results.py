"""The results file of a job that succeeded: the platform's, or one of our own."""

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from domain.jobs import Job
from domain.outcomes import Answered, NotOffered, Outcome, Retryable
from domain.platform import Page, PlatformEvent, PlatformJob
from domain.results import HEADER


class Differing:
    """The platform, but for what a test has it answer otherwise."""

    def __init__(self, platform: Any, **answers: Callable[..., Any]) -> None:
        self._platform, self._answers = platform, answers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._platform, name)

    async def job(self, id_: str) -> Outcome[PlatformJob]:
        came: Outcome[PlatformJob] = await self._platform.job(id_)
        changed = self._answers.get("job_")
        return Answered(changed(came.value)) if isinstance(came, Answered) and changed else came

    async def events(self, id_: str, **query: Any) -> Outcome[Page[PlatformEvent]]:
        changed = self._answers.get("events")
        came: Outcome[Page[PlatformEvent]] = await self._platform.events(id_, **query)
        return changed(came) if changed else came

    async def file_content(self, id_: str, *, limit_bytes: int) -> Outcome[bytes]:
        changed = self._answers.get("file_content")
        came: Outcome[bytes] = await self._platform.file_content(id_, limit_bytes=limit_bytes)
        return changed(id_, came) if changed else came


async def ended(rig: Any, created: Job | None = None, **answers: Callable[..., Any]) -> Job:
    job = created or await rig.create()
    async with rig.context() as context:
        differing = replace(context, platform=Differing(context.platform, **answers))
        async with rig.moving(differing):
            found: Job = await rig.ends(job)
    return found


async def result(rig: Any, job: Job) -> bytes:
    """The one results file of a job, as it is kept; its row says how long it is."""
    (file_id,) = job.result_files
    kept = bytes((rig.folder / "blobs" / "files" / file_id).read_bytes())
    assert await rig.sql("SELECT bytes, purpose FROM files WHERE id = :id", id=file_id) == [
        (len(kept), "fine-tune-results")
    ]
    return kept


async def metrics(rig: Any) -> dict[int, dict[str, Any]]:
    return dict(await rig.sql("SELECT step, numbers FROM job_metrics"))


async def test_plain_text_of_the_platform_is_kept_in_base64(rig: Any) -> None:
    csv = b"step,train_loss\n1,0.5\n"
    job = await ended(rig, file_content=lambda _, __: Answered(b"\xef\xbb\xbf" + csv))
    assert await result(rig, job) == base64.b64encode(csv)


async def test_where_the_platform_has_no_content_route_results_are_made_of_our_metrics(rig: Any) -> None:
    job = await ended(rig, file_content=lambda _, __: NotOffered("404"))
    header, *rows = base64.b64decode(await result(rig, job), validate=True).decode().splitlines()
    known = await metrics(rig)
    assert header == HEADER
    assert [row.split(",") for row in rows] == [
        [str(step), repr(known[step]["train_loss"]), repr(known[step]["train_mean_token_accuracy"]), "", ""]
        for step in sorted(known)
    ]
    assert len(rows) > 10
    assert any("did not give: result file" in line for line in await rig.lines(job))


async def test_what_was_recorded_on_the_way_events_and_checkpoints_all_count(rig: Any) -> None:
    job = await rig.create()
    await rig.sql("INSERT INTO job_metrics VALUES (:id, 0, '{\"train_loss\": 4}')", id=job.id)

    def hostile(_: Any) -> Outcome[Page[PlatformEvent]]:
        data = {"step": 1, "train_loss": "=1+1", "valid_loss": 0.5}
        return Answered(Page((PlatformEvent("e", None, "info", "x", "metrics", data),), has_more=False))

    job = await ended(rig, job, events=hostile, job_=lambda job: replace(job, result_files=()))
    rows = base64.b64decode(await result(rig, job)).decode().splitlines()
    assert rows[:3] == [HEADER, "0,4,,,", "1,,,0.5,"]
    checkpoints = await rig.sql("SELECT step_number FROM checkpoints ORDER BY 1")
    assert [int(row.partition(",")[0]) for row in rows[3:]] == [row[0] for row in checkpoints]


async def test_a_job_without_numbers_or_without_success_has_no_results(rig: Any) -> None:
    rig.platform("training_fails")
    assert (await ended(rig)).result_files == []


async def test_a_round_that_came_to_nothing_leaves_no_blob(rig: Any) -> None:
    asked: list[str] = []

    def second_is_away_at_first(id_: str, came: Outcome[bytes]) -> Outcome[bytes]:
        asked.append(id_)
        if id_ != "file-second":
            return came
        return Retryable("away") if asked.count(id_) == 1 else Answered(b"a,b\n")

    job = await ended(
        rig,
        job_=lambda job: replace(job, result_files=(*job.result_files, "file-second")),
        file_content=second_is_away_at_first,
    )
    assert (asked.count("file-second"), len(job.result_files)) == (2, 2)
    folder = rig.folder / "blobs" / "files"
    assert {path.name for path in folder.iterdir()} == {rig.file_id, *job.result_files}
