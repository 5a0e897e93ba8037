"""The stand-in as a process, as `docker compose` and the embedded stack start it."""

import asyncio
import signal
import sys
from pathlib import Path

import httpx
import pytest

from simulator.options import Options

from .conftest import Platform, Process, Start


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def create(url: str) -> str:
    async with httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as http:
        files = {"file": ("t.jsonl", b'{"messages": []}\n')}
        file = (await http.post("/files", data={"purpose": "fine-tune"}, files=files)).json()["id"]
        job = await http.post("/fine_tuning/jobs", json={"model": "qwen3-32b", "training_file": file})
        return str(job.json()["id"])


async def test_it_says_when_it_is_ready_and_ends_cleanly(process: Process, tmp_path: Path) -> None:
    async with process("--port", "0", "--api-key", "any", TMPDIR=str(tmp_path)) as (running, url):
        assert url.startswith("http://127.0.0.1:")
        assert await create(url)
        assert left_in(tmp_path)
        running.send_signal(signal.SIGTERM)
        assert await running.wait() == 0
    assert not left_in(tmp_path)


async def test_what_was_answered_is_still_there_after_a_kill(process: Process, tmp_path: Path) -> None:
    flags = ("--api-key", "any", "--data-dir", str(tmp_path))
    async with process(*flags) as (running, url):
        first = await create(url)
        running.kill()
        await running.wait()
    journal = tmp_path / "journal.jsonl"
    journal.write_bytes(journal.read_bytes() + b'{"change":"job","row":{"id":"ftj')  # killed in the middle
    for _ in range(2):
        async with (
            process(*flags) as (running, url),
            httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as http,
        ):
            jobs = (await http.get("/fine_tuning/jobs")).json()["data"]
            assert jobs[-1]["id"] == first
            file = jobs[-1]["training_file"]
            assert (await http.get(f"/files/{file}/content")).content == b'{"messages": []}\n'
            await create(url)
    assert len(jobs) == 2


async def test_every_change_survives_a_restart(start: Start, tmp_path: Path) -> None:
    options = Options(data_dir=tmp_path, job_seconds=10.0)
    async with start(options) as platform:
        training = await platform.upload()
        done, failed, cancelled = [
            (await platform.create(training_file=training, headers={"x-simulator-fault": fault})).json()["id"]
            for fault in ("delay;seconds=0", "training_fails", "delay;seconds=0")
        ]
        await platform.openai.fine_tuning.jobs.cancel(cancelled)
        await platform.openai.files.delete(training)
        platform.clock.pass_(10)
        model = (await platform.get(f"/fine_tuning/jobs/{done}"))["fine_tuned_model"]
        await platform.openai.models.delete(model)
        before = await everything(platform)
    async with start(options, platform.clock) as again:
        assert await everything(again) == before
        assert [job["status"] for job in before[0]] == ["cancelled", "failed", "succeeded"]
        assert {failed, done} < {job["id"] for job in before[0]}
        assert (await again.job())["id"] > max(job["id"] for job in before[0])


async def everything(platform: Platform) -> list[list[dict[str, object]]]:
    return [(await platform.get(path))["data"] for path in ("/fine_tuning/jobs", "/files", "/models")]


async def test_flags_win_over_the_environment(process: Process) -> None:
    settings = {"SIMULATOR_API_KEY": "k", "SIMULATOR_JOB_SECONDS": "0", "SIMULATOR_FAULTS": "server_error:1"}
    async with (
        process("--job-seconds", "50", **settings) as (_, url),
        httpx.AsyncClient(base_url=url, headers={"authorization": "Bearer k"}) as http,
    ):
        files = {"file": ("t.jsonl", b'{"messages": []}\n')}
        file = (await http.post("/files", data={"purpose": "fine-tune"}, files=files)).json()["id"]
        body = {"model": "qwen3-32b", "training_file": file}
        assert (await http.post("/fine_tuning/jobs", json=body)).status_code == 500
        job = (await http.post("/fine_tuning/jobs", json=body)).json()
    assert job["estimated_finish"] - job["created_at"] in {49, 50, 51}


@pytest.mark.parametrize("flag", [("--fault", "mischief"), ("--port", "many")])
async def test_a_wrong_flag_is_explained(flag: tuple[str, str]) -> None:
    command = (sys.executable, "-m", "simulator", *flag)
    running = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
    _, complaint = await asyncio.wait_for(running.communicate(), 20)
    assert running.returncode == 2
    assert flag[1] in complaint.decode()
